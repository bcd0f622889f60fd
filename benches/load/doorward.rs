//! Doorward as a subject of the load.

use super::{
    arguments::Arguments,
    cli::{Installation, Kind, TokenFormat},
    credentials::{Clients, USER},
    peer,
    process::{Server, Started, free_port},
    subject::{Paths, Rivals, Subject},
};

/// How often the start is timed.
const STARTS: usize = 5;

const PATHS: Paths = Paths {
    discovery: "/.well-known/openid-configuration",
    jwks: "/jwks",
    authorize: "/authorize",
    token: "/token",
    introspect: "/introspect",
    user_info: "/userinfo",
};

/// Where Doorward keeps its rows.
pub(crate) enum Engine {
    /// A file in a fresh folder.
    Sqlite,
    /// A fresh database at this URL.
    Postgres(String),
}

/// Starts Doorward on an empty folder, creates the user and the clients, and starts it again a few times:
/// the first start makes keys and tables, the later ones are what a restart takes.
pub(crate) async fn start(arguments: &Arguments, engine: Engine) -> anyhow::Result<Subject> {
    let folder = tempfile::Builder::new().prefix("doorward-load-").tempdir()?;
    let (name, database_url, durable) = match &engine {
        Engine::Sqlite => ("Doorward, SQLite", None, peer::ON_SQLITE),
        Engine::Postgres(url) => ("Doorward, PostgreSQL", Some(url.as_str()), peer::ON_POSTGRES),
    };
    let rivals = Rivals { in_memory: Some(peer::IN_MEMORY), durable: Some(durable) };
    let program = arguments.bin.canonicalize()?;
    let port = free_port()?;
    let installation =
        Installation { program: &program, data_dir: folder.path(), database_url, port };
    let serve = async || Server::start(installation.serve(), port, PATHS.discovery).await;
    serve().await?.server.stop();
    installation.create_user(USER.username)?;
    for number in 0..arguments.plan().users() {
        installation.create_user(&USER.other(number))?;
    }
    let create = |name, kind, format| installation.create_client(name, kind, format);
    let clients = Clients {
        machine_jwt: create("machine-jwt", Kind::Machine, TokenFormat::Jwt)?,
        machine_opaque: create("machine-opaque", Kind::Machine, TokenFormat::Opaque)?,
        app_jwt: create("app-jwt", Kind::Confidential, TokenFormat::Jwt)?,
        app_opaque: create("app-opaque", Kind::Confidential, TokenFormat::Opaque)?,
        public_jwt: create("public-jwt", Kind::Public, TokenFormat::Jwt)?,
        api_keys: Some(installation.create_api_keys()?),
    };
    let mut starts = Vec::with_capacity(STARTS);
    for _ in 1..STARTS {
        let Started { server, first_answer } = serve().await?;
        starts.push(first_answer);
        server.stop();
    }
    let Started { server, first_answer } = serve().await?;
    starts.push(first_answer);
    let authority = format!("localhost:{port}");
    let subject = Subject::new(name, server, authority, PATHS, clients, starts).await;
    Ok(subject.keeping(folder).against(rivals))
}
