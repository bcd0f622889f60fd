//! From the configuration to a working [`Context`]: database, master key, password threads, figures.

use std::{
    io,
    num::NonZeroUsize,
    path::{Path, PathBuf},
    sync::Arc,
};

use super::{
    clock::SystemClock,
    figures,
    in_use::InUseError,
    master_key::{self, MasterKeyError},
    random::SystemRandom,
};
use crate::{
    config::{Config, DatabaseUrl, Passwords},
    identity::password::{Argon2Params, hash::ParamsError},
    service::{
        Context,
        password_pool::{HashTime, PasswordPool, PasswordPoolConfig},
        start::{self, Means, StartError},
    },
    store::{Db, StorageOptions, StoreError},
    types::seal::MasterKey,
};

/// Why the server, or a command beside it, cannot begin. Nothing was written over.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The data folder cannot be made.
    #[error("{}: the data folder cannot be made: {reason}", path.display())]
    DataDir {
        /// The folder.
        path: PathBuf,
        /// What the operating system said.
        reason: io::Error,
    },
    /// The database is being replaced, or its lock cannot be taken.
    #[error(transparent)]
    InUse(#[from] InUseError),
    /// The database cannot be opened.
    #[error("{database}: {reason}")]
    Database {
        /// Which one, without its password.
        database: String,
        /// What went wrong.
        reason: StoreError,
    },
    /// The database has been in use, and its key is not there.
    #[error(
        "{}: the master key of this database is missing; restore the file from a backup: without \
         it nothing sealed in the database can be opened",
        path.display()
    )]
    MasterKeyMissing {
        /// Where the key is expected.
        path: PathBuf,
    },
    /// The key file cannot be used.
    #[error(transparent)]
    MasterKey(#[from] MasterKeyError),
    /// The cost of password hashes is out of bounds.
    #[error("passwords: {0}")]
    PasswordCost(#[from] ParamsError),
    /// The threads that hash passwords cannot be started.
    #[error("the threads that hash passwords cannot be started: {0}")]
    PasswordThreads(io::Error),
    /// The first steps of the services failed.
    #[error(transparent)]
    Start(#[from] StartError),
}

/// Opens everything that `config` names: makes the data folder, the database and the master key on the
/// first start, and refuses a key that is missing, wrong or open to others.
///
/// # Errors
/// [`OpenError`].
pub async fn open(config: &Config) -> Result<Arc<Context>, OpenError> {
    let protocol = figures::protocol(config);
    make_private_folder(&config.data_dir)?;
    let db = open_database(config).await?;
    let master_key = master_key(config, &db).await?;
    let means = Means {
        db,
        master_key,
        clock: Arc::new(SystemClock::start()),
        random: Arc::new(SystemRandom),
        protocol,
        policy: figures::services(config),
        passwords: start_passwords(&config.passwords)?,
    };
    Ok(start::open(means).await?)
}

/// Makes the data folder, closed to others; one that exists is left as it is.
pub(super) fn make_private_folder(path: &Path) -> Result<(), OpenError> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path).map_err(|reason| OpenError::DataDir { path: path.to_owned(), reason })
}

async fn open_database(config: &Config) -> Result<Db, OpenError> {
    let url = config.database_url();
    let address = match &url {
        DatabaseUrl::Sqlite(path) => format!("sqlite://{}", path.display()),
        DatabaseUrl::Postgres(address) => address.expose().clone(),
    };
    let options = StorageOptions {
        read_connections: config.database.read_connections,
        max_connections: config.database.connections,
        ..StorageOptions::new(address)
    };
    Db::open(&options)
        .await
        .map_err(|reason| OpenError::Database { database: url.to_string(), reason })
}

/// The key of the file, or a new one for a database that has none yet.
async fn master_key(config: &Config, db: &Db) -> Result<MasterKey, OpenError> {
    let path = config.master_key_file();
    if let Some(key) = master_key::read(&path)? {
        return Ok(key);
    }
    let in_use = start::has_master_key(db).await?;
    if in_use {
        return Err(OpenError::MasterKeyMissing { path });
    }
    Ok(master_key::create(&path, &SystemRandom)?)
}

fn start_passwords(settings: &Passwords) -> Result<PasswordPool, OpenError> {
    let params = Argon2Params::new(
        u32::try_from(settings.argon2_memory.count() / 1024).unwrap_or(u32::MAX),
        settings.argon2_iterations,
        settings.argon2_parallelism,
    )?;
    let config = PasswordPoolConfig {
        threads: threads(settings.threads),
        params,
        hash_time: HashTime::Measured,
        longest_wait: settings.queue,
    };
    PasswordPool::start(config).map_err(OpenError::PasswordThreads)
}

/// The configured number; for zero that of the cores.
fn threads(configured: u32) -> NonZeroUsize {
    let configured = usize::try_from(configured).ok().and_then(NonZeroUsize::new);
    let cores = || std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    configured.unwrap_or_else(cores)
}
