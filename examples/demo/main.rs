//! `cargo run --example demo`: Doorward on an empty database, and beside it *Notes*, a small web app
//! that signs in with it. Open Notes in a browser; Ctrl-C stops both.

mod authorization_server;
mod notes;

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::Context;
use clap::Parser;
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use tokio::{net::TcpListener, sync::watch};

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
    #[command(flatten)]
    elsewhere: authorization_server::Elsewhere,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    // From here on Ctrl-C waits until there is something to stop, and nothing is left behind.
    let stop = doorward::server::stop_signal()?;
    let own = format!("http://localhost:{}", arguments.notes_port);
    // Notes binds its port first: when that fails, nothing else has been started.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.notes_port));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another with --notes-port"))?;
    let doorward = authorization_server::open(arguments.port, &own, arguments.elsewhere).await?;
    let notes = Notes::new(&own, registration(&doorward)?)?;
    print(&doorward, &own)?;
    let (first, second) = to_both(stop);
    tokio::try_join!(async { Ok(notes.serve(listener, first).await?) }, doorward.serve(second),)?;
    Ok(())
}

/// Two futures that are ready when `stop` is.
fn to_both(
    stop: impl Future<Output = ()> + Send + 'static,
) -> (impl Future<Output = ()> + Send + 'static, impl Future<Output = ()> + Send + 'static) {
    let (stopping, stopped) = watch::channel(());
    tokio::spawn(async move {
        stop.await;
        drop(stopping);
    });
    let ready = |mut stopped: watch::Receiver<()>| async move {
        // The one change there is: the sender is gone.
        stopped.changed().await.ok();
    };
    (ready(stopped.clone()), ready(stopped))
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
fn print(doorward: &Doorward, notes: &str) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "Doorward  {}", doorward.issuer)?;
    writeln!(out, "Notes     {notes}")?;
    writeln!(out)?;
    for user in &doorward.users {
        writeln!(out, "{:<8}  {:<28}  {}", user.username, user.password, user.role)?;
    }
    writeln!(out)?;
    writeln!(out, "Open {notes} in a browser. Ctrl-C stops both.")?;
    out.flush()
}
