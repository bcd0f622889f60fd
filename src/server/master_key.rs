//! The file of the master key: made once, readable by its owner alone, never written over.

use std::{
    fs::{self, File, OpenOptions},
    io::{self, Write},
    path::{Path, PathBuf},
};

use crate::types::{random::Random, seal::MasterKey};

/// More than any key file has, in bytes.
const MAX_BYTES: u64 = 1024;

/// Why there is no master key.
#[derive(Debug, thiserror::Error)]
pub enum MasterKeyError {
    /// The file cannot be read or made.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file or its folder.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// Others than the owner may read the file.
    #[error(
        "{}: others may read the master key (mode {mode:03o}); run: chmod 600 {}",
        path.display(),
        path.display()
    )]
    Exposed {
        /// The file.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// The file holds something else.
    #[error(
        "{}: this is no master key: 43 characters of base64url are expected; restore the file from \
         a backup",
        path.display()
    )]
    Malformed {
        /// The file.
        path: PathBuf,
    },
}

/// Reads the key of `path`; `None` when there is no such file.
///
/// # Errors
/// [`MasterKeyError`] when the file cannot be read, is open to others, or holds no key.
pub fn read(path: &Path) -> Result<Option<MasterKey>, MasterKeyError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(reason) if reason.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(reason) => return Err(failed(path, reason)),
    };
    check_permissions(path, &file)?;
    let mut text = zeroize::Zeroizing::new(String::with_capacity(64));
    io::Read::read_to_string(&mut io::Read::take(file, MAX_BYTES), &mut text)
        .map_err(|reason| failed(path, reason))?;
    let key =
        MasterKey::parse(&text).map_err(|_| MasterKeyError::Malformed { path: path.to_owned() })?;
    Ok(Some(key))
}

/// Makes a key and its file. The file appears whole or not at all; if another process made it at the
/// same moment, its key is the one that counts.
///
/// # Errors
/// [`MasterKeyError`] when the file cannot be made.
pub fn create(path: &Path, random: &dyn Random) -> Result<MasterKey, MasterKeyError> {
    let key = MasterKey::from_bytes(crate::types::random::bytes(random));
    let suffix: [u8; 4] = crate::types::random::bytes(random);
    let draft = path.with_extension(format!("{:08x}.new", u32::from_be_bytes(suffix)));
    let made = write_new(&draft, &key).and_then(|()| fs::hard_link(&draft, path));
    // What matters is the file itself; a draft that stays behind is only untidy.
    fs::remove_file(&draft).ok();
    match made {
        Ok(()) => {}
        Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => {}
        Err(reason) => return Err(failed(path, reason)),
    }
    sync_folder(path).map_err(|reason| failed(path, reason))?;
    let gone = || failed(path, io::ErrorKind::NotFound.into());
    read(path)?.ok_or_else(gone)
}

fn write_new(path: &Path, key: &MasterKey) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(key.to_text().expose().as_bytes())?;
    file.write_all(b"\n")?;
    file.sync_all()
}

/// Makes the name of the file survive a power cut.
fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all())
}

/// The file must be closed to everybody but its owner.
#[cfg(unix)]
fn check_permissions(path: &Path, file: &File) -> Result<(), MasterKeyError> {
    use std::os::unix::fs::PermissionsExt;
    let mode = file.metadata().map_err(|reason| failed(path, reason))?.permissions().mode() & 0o777;
    let others = mode & 0o077;
    if others == 0 { Ok(()) } else { Err(MasterKeyError::Exposed { path: path.to_owned(), mode }) }
}

/// Elsewhere the access lists of the folder decide.
#[cfg(not(unix))]
fn check_permissions(_: &Path, _: &File) -> Result<(), MasterKeyError> {
    Ok(())
}

fn failed(path: &Path, reason: io::Error) -> MasterKeyError {
    MasterKeyError::Io { path: path.to_owned(), reason }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::random::SystemRandom;

    #[test]
    fn a_key_is_made_once_and_read_again() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        assert!(read(&path).unwrap().is_none());
        let made = create(&path, &SystemRandom).unwrap();
        let read_back = read(&path).unwrap().unwrap();
        assert_eq!(made.check_value(), read_back.check_value());
        let again = create(&path, &SystemRandom).unwrap();
        assert_eq!(made.check_value(), again.check_value());
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn a_key_that_others_may_read_is_refused() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        create(&path, &SystemRandom).unwrap();
        let mode = fs::metadata(&path).unwrap().permissions().mode() & 0o777;
        assert_eq!(mode, 0o600);
        fs::set_permissions(&path, fs::Permissions::from_mode(0o644)).unwrap();
        assert!(matches!(read(&path), Err(MasterKeyError::Exposed { mode: 0o644, .. })));
    }

    #[test]
    fn other_content_is_refused_and_kept() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("master.key");
        create(&path, &SystemRandom).unwrap();
        fs::write(&path, "not a key").unwrap();
        assert!(matches!(read(&path), Err(MasterKeyError::Malformed { .. })));
        assert!(matches!(create(&path, &SystemRandom), Err(MasterKeyError::Malformed { .. })));
        assert_eq!(fs::read_to_string(&path).unwrap(), "not a key");
    }
}
