//! `cargo run --example demo`: Doorward on an empty database, and beside it *Notes*, a small web app
//! that signs in with it, and an API that takes its tokens. Open Notes in a browser; Ctrl-C stops all.

mod api;
mod authorization_server;
mod notes;

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
    time::Duration,
};

use anyhow::Context;
use clap::Parser;
use doorward::resource_server::{ConfigError, Validator};
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use tokio::{net::TcpListener, sync::watch};

use api::Doors;
use authorization_server::Doorward;
use notes::{Notes, provider::Registration};

/// What the command line says.
#[derive(Debug, Parser)]
#[command(name = "demo", about = "Doorward and Notes, an app that signs in with it.")]
struct Arguments {
    /// The port of Doorward.
    #[arg(long, default_value_t = 8000)]
    port: u16,
    /// The port of Notes.
    #[arg(long, default_value_t = 8001)]
    notes_port: u16,
    /// The port of the API.
    #[arg(long, default_value_t = 8002)]
    api_port: u16,
    #[command(flatten)]
    elsewhere: authorization_server::Elsewhere,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // From here on Ctrl-C waits until there is something to stop, and nothing is left behind.
    let stop = doorward::server::stop_signal()?;
    let own = format!("http://localhost:{}", arguments.notes_port);
    let own_api = format!("http://localhost:{}", arguments.api_port);
    // The ports are bound first: when that fails, nothing else has been started.
    let listener = bind(arguments.notes_port, "--notes-port").await?;
    let api_listener = bind(arguments.api_port, "--api-port").await?;
    let doorward =
        authorization_server::open(arguments.port, &own, &own_api, arguments.elsewhere).await?;
    let notes = Notes::new(&own, &own_api, registration(&doorward)?)?;
    let api = api::router(doors(&doorward, &own_api)?, doorward.bans.clone())?;
    print(&doorward, &own, &own_api)?;
    let [first, second, third] = to_all(stop);
    tokio::try_join!(
        async { Ok(notes.serve(listener, first).await?) },
        async { Ok(api::serve(api_listener, api, second).await?) },
        doorward.serve(third),
    )?;
    Ok(())
}

/// Listens on `port`, which `flag` changes.
async fn bind(port: u16, flag: &str) -> anyhow::Result<TcpListener> {
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another with {flag}"))
}

/// Futures that are ready when `stop` is, one for each server.
fn to_all(
    stop: impl Future<Output = ()> + Send + 'static,
) -> [impl Future<Output = ()> + Send + 'static; 3] {
    let (stopping, stopped) = watch::channel(());
    tokio::spawn(async move {
        stop.await;
        drop(stopping);
    });
    [(); 3].map(|()| {
        let mut stopped = stopped.clone();
        async move {
            // The one change there is: the sender is gone.
            stopped.changed().await.ok();
        }
    })
}

/// How the API knows its callers: most routes ask about every token, one believes it to its end.
fn doors(doorward: &Doorward, own: &str) -> Result<Doors, ConfigError> {
    let names = api::PERMISSIONS.map(|(name, _)| name);
    let offline = || Validator::for_api(&doorward.issuer, own).name("Notes API").permissions(names);
    let strict = match &doorward.api {
        Some(client) => offline()
            .introspection(&client.client_id, client.client_secret.clone())
            .strict()
            .introspection_cache(Duration::ZERO, 0),
        None => offline(),
    };
    Ok(Doors { strict: strict.build()?, offline: offline().build()? })
}

/// Notes' own registration, as a developer would paste it into a configuration file.
fn registration(doorward: &Doorward) -> anyhow::Result<Registration> {
    Ok(Registration {
        issuer: IssuerUrl::new(doorward.issuer.clone())?,
        client_id: ClientId::new(doorward.client_id.clone()),
        client_secret: ClientSecret::new(doorward.client_secret.clone()),
    })
}

/// The addresses, then who can sign in: name, password, role.
fn print(doorward: &Doorward, notes: &str, api: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Doorward  {}", doorward.issuer)?;
    writeln!(out, "Notes     {notes}")?;
    writeln!(out, "API       {api}")?;
    writeln!(out)?;
    for user in &doorward.users {
        writeln!(out, "{:<8}  {:<28}  {}", user.username, user.password, user.role)?;
    }
    writeln!(out)?;
    writeln!(out, "Open {notes} in a browser. Ctrl-C stops all.")?;
    out.flush()
}
