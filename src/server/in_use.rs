//! The lock of a SQLite database: many processes work on it, or one replaces it.
//!
//! SQLite's own locks do not say this: a file that is put in the place of another one is none of
//! theirs. The lock is of the operating system, so it goes with its process, however that ends.

use std::{
    fs::{File, OpenOptions, TryLockError},
    io,
    path::{Path, PathBuf},
};

use super::open::make_private_folder;
use crate::config::{Config, DatabaseUrl};

/// Why the lock was not taken.
#[derive(Debug, thiserror::Error)]
pub enum InUseError {
    /// Somebody replaces the database at this moment.
    #[error("{}: a backup is being restored into this database; wait until that has ended", .0.display())]
    BeingReplaced(PathBuf),
    /// Somebody works on the database.
    #[error("{}: a server or a command works on this database; stop it first", .0.display())]
    AtWork(PathBuf),
    /// The file of the lock cannot be made or locked.
    #[error("{}: the database cannot be locked: {reason}", path.display())]
    Io {
        /// The file of the lock.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
}

/// A lock that is held as long as this value lives. On PostgreSQL it holds nothing.
#[derive(Debug)]
pub struct InUse {
    _lock: Option<File>,
}

impl InUse {
    /// Takes a share of the database of `config`: nobody replaces it meanwhile.
    ///
    /// # Errors
    /// [`InUseError::BeingReplaced`] while somebody does.
    pub fn with_others(config: &Config) -> Result<Self, InUseError> {
        let DatabaseUrl::Sqlite(database) = config.database_url() else {
            return Ok(Self { _lock: None });
        };
        // Where the folder cannot be made or is not there, opening the database says so.
        let made = make_private_folder(&config.data_dir).is_ok();
        let file = match lock_file(&database) {
            Ok(file) => file,
            Err(InUseError::Io { reason, .. })
                if !made || reason.kind() == io::ErrorKind::NotFound =>
            {
                return Ok(Self { _lock: None });
            }
            Err(error) => return Err(error),
        };
        match file.try_lock_shared() {
            Ok(()) => Ok(Self { _lock: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(InUseError::BeingReplaced(database)),
            // A file system without locks: `restore` refuses to work on it.
            Err(TryLockError::Error(reason)) if reason.kind() == io::ErrorKind::Unsupported => {
                Ok(Self { _lock: None })
            }
            Err(TryLockError::Error(reason)) => Err(failed(&database, reason)),
        }
    }

    /// Takes the SQLite database in `database` for oneself: nobody works on it meanwhile.
    ///
    /// # Errors
    /// [`InUseError::AtWork`] while somebody does.
    pub fn alone(database: &Path) -> Result<Self, InUseError> {
        let file = lock_file(database)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _lock: Some(file) }),
            Err(TryLockError::WouldBlock) => Err(InUseError::AtWork(database.to_owned())),
            Err(TryLockError::Error(reason)) => Err(failed(database, reason)),
        }
    }
}

/// The file beside the database. It stays there: who deletes it while it is locked breaks the lock.
fn path_of(database: &Path) -> PathBuf {
    let mut path = database.as_os_str().to_owned();
    path.push(".lock");
    path.into()
}

fn lock_file(database: &Path) -> Result<File, InUseError> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(false);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path_of(database)).map_err(|reason| failed(database, reason))
}

fn failed(database: &Path, reason: io::Error) -> InUseError {
    InUseError::Io { path: path_of(database), reason }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn many_share_and_one_replaces() {
        let folder = tempfile::tempdir().unwrap();
        let config = Config { data_dir: folder.path().to_owned(), ..Config::default() };
        let database = folder.path().join("doorward.db");
        let sharing = [InUse::with_others(&config).unwrap(), InUse::with_others(&config).unwrap()];
        assert!(matches!(InUse::alone(&database), Err(InUseError::AtWork(_))));
        drop(sharing);
        let alone = InUse::alone(&database).unwrap();
        assert!(matches!(InUse::alone(&database), Err(InUseError::AtWork(_))));
        assert!(matches!(InUse::with_others(&config), Err(InUseError::BeingReplaced(_))));
        drop(alone);
        InUse::with_others(&config).unwrap();
    }
}
