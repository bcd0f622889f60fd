//! A backup of a SQLite database: one file that appears whole or not at all, and never in the place of
//! another one.

use std::{
    fs::{self, File, OpenOptions},
    io,
    path::{Path, PathBuf},
};

use crate::{
    store::{StoreError, db::backup},
    types::random::{self, Random},
};

/// Why there is no backup.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// There is a file of that name.
    #[error("{}: there is such a file already, and a backup replaces none", .0.display())]
    Exists(PathBuf),
    /// A file cannot be read or written.
    #[error("{}: {reason}", path.display())]
    Io {
        /// The file or its folder.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// The database cannot be copied.
    #[error("the database cannot be copied: {0}")]
    Store(#[from] StoreError),
    /// The copy has damaged pages, and so has the database.
    #[error("{}: the database is damaged: its copy does not pass SQLite's own check", .0.display())]
    Damaged(PathBuf),
}

impl BackupError {
    pub(super) fn io(path: &Path, reason: io::Error) -> Self {
        Self::Io { path: path.to_owned(), reason }
    }
}

/// Copies the database in `database` into the new file `to`, which only its owner can read. The server
/// goes on meanwhile. Returned is the length in bytes.
///
/// # Errors
/// [`BackupError`]; then there is no file `to`.
pub async fn back_up(database: &Path, to: &Path, random: &dyn Random) -> Result<u64, BackupError> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let draft = beside(to, "partial", random);
    create_private(&draft).map_err(|reason| BackupError::io(&draft, reason))?;
    let copied = copy(database, &draft, to).await;
    fs::remove_file(&draft).ok();
    copied
}

async fn copy(database: &Path, draft: &Path, to: &Path) -> Result<u64, BackupError> {
    backup::copy(database, draft).await?;
    if !backup::is_sound(draft).await? {
        return Err(BackupError::Damaged(database.to_owned()));
    }
    let file = File::open(draft).map_err(|reason| BackupError::io(draft, reason))?;
    file.sync_all().map_err(|reason| BackupError::io(draft, reason))?;
    let bytes = file.metadata().map_err(|reason| BackupError::io(draft, reason))?.len();
    // A link, unlike a new name, never replaces what came in between.
    match fs::hard_link(draft, to) {
        Ok(()) => {}
        Err(reason) if reason.kind() == io::ErrorKind::AlreadyExists => {
            return Err(BackupError::Exists(to.to_owned()));
        }
        Err(reason) => return Err(BackupError::io(to, reason)),
    }
    sync_folder(to).map_err(|reason| BackupError::io(to, reason))?;
    Ok(bytes)
}

/// A name beside `path` that nobody else has.
pub(super) fn beside(path: &Path, what: &str, random: &dyn Random) -> PathBuf {
    let number = u64::from_be_bytes(random::bytes(random));
    let mut name = path.as_os_str().to_owned();
    name.push(format!(".{what}-{number:016x}"));
    name.into()
}

/// Makes an empty file that only its owner can read.
pub(super) fn create_private(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)
}

/// Makes the names in the folder of `path` survive a power cut.
pub(super) fn sync_folder(path: &Path) -> io::Result<()> {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new("."))).and_then(|folder| folder.sync_all())
}
