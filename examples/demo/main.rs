//! `cargo run --example demo`: Doorward on an empty database, and beside it *Notes*, a small web app
//! that signs in with it. Open Notes in a browser; Ctrl-C stops both.

mod doorward;
mod notes;

use std::{
    io::{self, Write},
    net::{Ipv4Addr, SocketAddr},
};

use anyhow::Context;
use clap::Parser;
use openidconnect::{ClientId, ClientSecret, IssuerUrl};
use tokio::net::TcpListener;

use doorward::Doorward;
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
    elsewhere: doorward::Elsewhere,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let arguments = Arguments::parse();
    let own = format!("http://localhost:{}", arguments.notes_port);
    // Notes binds its port first: when that fails, nothing else has been started.
    let address = SocketAddr::from((Ipv4Addr::LOCALHOST, arguments.notes_port));
    let listener = TcpListener::bind(address)
        .await
        .with_context(|| format!("cannot listen on {address}; choose another with --notes-port"))?;
    let doorward = doorward::start(arguments.port, &own, arguments.elsewhere).await?;
    let notes = Notes::new(&own, registration(&doorward)?)?;
    print(&doorward, &own)?;
    Ok(notes.serve(listener, asked_to_stop()).await?)
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

/// Ends with Ctrl-C, or with the signal by which a supervisor stops a program.
async fn asked_to_stop() {
    use tokio::signal::{
        ctrl_c,
        unix::{SignalKind, signal},
    };
    let terminated = async {
        match signal(SignalKind::terminate()) {
            Ok(mut signal) => {
                signal.recv().await;
            }
            Err(_) => std::future::pending().await,
        }
    };
    tokio::select! {
        _ = ctrl_c() => {}
        () = terminated => {}
    }
}
