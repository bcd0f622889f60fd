//! Doorward as a subject of the load.

use std::net::TcpListener;

use super::{
    arguments::Arguments,
    cli::{Installation, Kind, TokenFormat},
    credentials::{Clients, USER},
    process::{Server, Started},
    subject::{Paths, Subject},
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
    let (name, database_url) = match &engine {
        Engine::Sqlite => ("Doorward, SQLite", None),
        Engine::Postgres(url) => ("Doorward, PostgreSQL", Some(url.as_str())),
    };
    let program = arguments.bin.canonicalize()?;
    let port = free_port()?;
    let installation =
        Installation { program: &program, data_dir: folder.path(), database_url, port };
    let serve = async || Server::start(installation.serve(), port, PATHS.discovery).await;
    serve().await?.server.stop();
    installation.create_user(USER)?;
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
    Ok(Subject::new(name, server, authority, PATHS, clients, starts).await.keeping(folder))
}

/// A port that was free a moment ago. The listener is closed again: the server binds it itself.
fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}
