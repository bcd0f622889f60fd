//! A backup in the place of the database: checked beside it, made the beginning of a new epoch there,
//! and only then put in its place, in one step. What it replaces stays beside it.

use std::{
    fs::{self, File},
    io::{self, Read},
    path::{Path, PathBuf},
};

use super::{
    backup::{BackupError, beside, create_private, sync_folder},
    in_use::{InUse, InUseError},
    open::{self, OpenError, make_private_folder},
    random::SystemRandom,
};
use crate::{
    config::{Config, DatabaseUrl},
    service::{
        ServiceError, epoch,
        start::{self, StartError},
    },
    store::{Db, StorageOptions, StoreError, db::backup, epoch::Ended},
    types::{audit::Actor, epoch::DatabaseEpoch, origin::Origin},
};

/// The first bytes of every SQLite database.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// Why nothing was restored. The database is as it was.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// The installation is on PostgreSQL.
    #[error("this installation is on PostgreSQL, which has tools of its own for this")]
    Postgres,
    /// The file is no SQLite database.
    #[error("{}: this is no SQLite database", .0.display())]
    NotSqlite(PathBuf),
    /// The file is only a part of a database: it was copied from under a server.
    #[error("{}: this is no whole backup: there is a write-ahead log beside it", .0.display())]
    NotWhole(PathBuf),
    /// The file is a database of something else.
    #[error("{}: this is no database of Doorward", .0.display())]
    NotOurs(PathBuf),
    /// The file has damaged pages.
    #[error("{}: the backup is damaged", .0.display())]
    Damaged(PathBuf),
    /// Somebody works on the database.
    #[error(transparent)]
    InUse(#[from] InUseError),
    /// The tables are those of another version, or cannot be read.
    #[error("the backup cannot be opened: {0}")]
    Store(#[from] StoreError),
    /// The master key is missing or another one, or the backup cannot be opened.
    #[error(transparent)]
    Open(#[from] OpenError),
    /// The new epoch did not begin.
    #[error("no new epoch began: {0}")]
    Epoch(#[from] ServiceError),
    /// A file cannot be read or written.
    #[error(transparent)]
    File(#[from] BackupError),
}

/// What was done.
#[derive(Debug)]
pub struct Restored {
    /// The file of the database.
    pub database: PathBuf,
    /// Where the database is kept that was replaced; `None` when there was none.
    pub replaced: Option<PathBuf>,
    /// The epoch that began.
    pub epoch: DatabaseEpoch,
    /// What ended with the one before.
    pub ended: Ended,
}

/// Puts the backup `from` in the place of the SQLite database of `config`, as the beginning of a new
/// epoch. The backup itself is only read.
///
/// # Errors
/// [`RestoreError`]; then the database is as it was.
pub async fn restore(config: &Config, from: &Path) -> Result<Restored, RestoreError> {
    let DatabaseUrl::Sqlite(database) = config.database_url() else {
        return Err(RestoreError::Postgres);
    };
    make_private_folder(&config.data_dir)?;
    let alone = InUse::alone(&database)?;
    let draft = beside(&database, "restore", &SystemRandom);
    let restored = replace(config, from, &draft, &database).await;
    for leftover in [draft.clone(), sibling(&draft, "-wal"), sibling(&draft, "-shm")] {
        fs::remove_file(leftover).ok();
    }
    drop(alone);
    restored
}

async fn replace(
    config: &Config,
    from: &Path,
    draft: &Path,
    database: &Path,
) -> Result<Restored, RestoreError> {
    copy(from, draft)?;
    check(from, draft).await?;
    let (epoch, ended) = begin_epoch(config, draft).await?;
    let replaced = swap(draft, database).await?;
    Ok(Restored { database: database.to_owned(), replaced, epoch, ended })
}

/// Copies the backup, if it is a whole SQLite database.
fn copy(from: &Path, draft: &Path) -> Result<(), RestoreError> {
    let unreadable = |reason| BackupError::io(from, reason);
    let mut source = File::open(from).map_err(unreadable)?;
    if !is_sqlite(&mut source) {
        return Err(RestoreError::NotSqlite(from.to_owned()));
    }
    if fs::metadata(sibling(from, "-wal")).is_ok_and(|log| log.len() > 0) {
        return Err(RestoreError::NotWhole(from.to_owned()));
    }
    let unwritable = |reason| BackupError::io(draft, reason);
    let mut target = create_private(draft).map_err(unwritable)?;
    io::copy(&mut io::Read::chain(&MAGIC[..], source), &mut target).map_err(unwritable)?;
    Ok(())
}

/// Whether `file` begins like every SQLite database; it has then been read so far.
fn is_sqlite(file: &mut File) -> bool {
    let mut head = [0; MAGIC.len()];
    file.read_exact(&mut head).is_ok() && head == *MAGIC
}

/// Whether the copy is a sound database of a version of Doorward that this one knows.
async fn check(from: &Path, draft: &Path) -> Result<(), RestoreError> {
    if !backup::is_sound(draft).await? {
        return Err(RestoreError::Damaged(from.to_owned()));
    }
    // The tables of something else get ours beside them, in the copy.
    let db = Db::open(&StorageOptions::new(format!("sqlite://{}", draft.display()))).await?;
    let ours = start::has_master_key(&db).await;
    db.close().await;
    match ours {
        Ok(true) => Ok(()),
        Ok(false) => Err(RestoreError::NotOurs(from.to_owned())),
        Err(StartError::Service(error)) => Err(error.into()),
        Err(error @ StartError::WrongMasterKey) => Err(OpenError::from(error).into()),
    }
}

/// Opens the copy as a server would, with the master key of the installation, and begins the epoch.
async fn begin_epoch(
    config: &Config,
    draft: &Path,
) -> Result<(DatabaseEpoch, Ended), RestoreError> {
    let mut config = config.clone();
    config.database.url = Some(DatabaseUrl::Sqlite(draft.to_owned()));
    let ctx = open::open(&config).await?;
    let origin = Origin::command_line("restore".to_owned());
    let begun = epoch::begin(&ctx, Actor::Operator, &origin).await;
    ctx.passwords.shutdown().await;
    ctx.db.close().await;
    Ok(begun?)
}

/// Puts the copy in the place of the database, which is kept under another name. Whenever this is
/// interrupted, there is a whole database under the old name: the one from before, or the restored one.
async fn swap(draft: &Path, database: &Path) -> Result<Option<PathBuf>, RestoreError> {
    backup::settle(draft).await?;
    let failed = |reason| BackupError::io(draft, reason);
    File::open(draft).and_then(|file| file.sync_all()).map_err(failed)?;
    let replaced = if database.exists() { Some(keep(database).await?) } else { None };
    fs::rename(draft, database).map_err(failed)?;
    sync_folder(database).map_err(failed)?;
    Ok(replaced)
}

/// Gives the old database a second name, and empties its write-ahead log into it: a log that stayed
/// behind would be taken for that of the new one. A damaged database keeps its log under that name.
async fn keep(database: &Path) -> Result<PathBuf, RestoreError> {
    let kept = beside(database, "replaced", &SystemRandom);
    let failed = |reason| BackupError::io(&kept, reason);
    // SQLite deletes the log of a file that has no page of a database.
    let settled = File::open(database).is_ok_and(|mut file| is_sqlite(&mut file))
        && backup::settle(database).await.is_ok();
    fs::hard_link(database, &kept).map_err(failed)?;
    let log = sibling(database, "-wal");
    if settled {
        fs::remove_file(&log).or_else(absent_is_fine).map_err(failed)?;
    } else {
        fs::rename(&log, sibling(&kept, "-wal")).or_else(absent_is_fine).map_err(failed)?;
    }
    fs::remove_file(sibling(database, "-shm")).or_else(absent_is_fine).map_err(failed)?;
    Ok(kept)
}

fn absent_is_fine(error: io::Error) -> io::Result<()> {
    if error.kind() == io::ErrorKind::NotFound { Ok(()) } else { Err(error) }
}

/// A file that SQLite keeps beside a database.
fn sibling(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
