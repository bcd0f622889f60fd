//! SIGTERM under load: what was begun is finished, what was acknowledged holds, and the exit code is 0.

use std::{sync::Arc, time::Duration};

use anyhow::{Context, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{sleep, timeout},
};

use crate::{
    check::Findings,
    load::{Load, Worker},
    process::server::Server,
    site::Site,
};

/// Requests that are half sent when the signal comes.
const HALF_SENT: usize = 4;
/// How long the server may take to close its door, and to answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// Ends the server in order while it is busy, and starts it once more to check.
pub(crate) async fn end_in_order(
    site: &Arc<Site>,
    server: Server,
    workers: Vec<Worker>,
    findings: &mut Findings,
) -> anyhow::Result<()> {
    let load = Load::start(site, workers, 100);
    load.reached().await?;
    let mut half_sent = Vec::new();
    for _ in 0..HALF_SENT {
        half_sent.push(HalfSent::begin(site).await?);
    }
    server.terminate()?;
    timeout(PATIENCE, closed(site.port())).await.context("new connections are still accepted")?;
    for request in half_sent {
        let answer = timeout(PATIENCE, request.finish()).await.context("no answer")??;
        let issued = answer.starts_with("HTTP/1.1 200") && answer.contains("access_token");
        findings.checked += 1;
        if !issued {
            findings.violations.push(format!("cut off by SIGTERM: {answer:?}"));
        }
    }
    let status = server.ended().await?;
    ensure!(status.success(), "after SIGTERM the server ended with {status}");
    let mut workers = load.end(findings).await?;
    let (server, _) = site.start().await?;
    findings.check(site, &mut workers).await?;
    server.terminate()?;
    let status = server.ended().await?;
    ensure!(status.success(), "an idle server ended with {status}");
    Ok(())
}

/// Waits until the port is closed.
async fn closed(port: u16) {
    while TcpStream::connect(("127.0.0.1", port)).await.is_ok() {
        sleep(Duration::from_millis(2)).await;
    }
}

/// A request whose headers have arrived and whose body has not.
struct HalfSent {
    stream: TcpStream,
    rest: &'static str,
}

impl HalfSent {
    async fn begin(site: &Site) -> anyhow::Result<Self> {
        const BODY: &str = "grant_type=client_credentials";
        let authorization = site.machine.authorization()?.context("a client with a secret")?;
        let (sent, rest) = BODY.split_at(7);
        let head = format!(
            "POST /token HTTP/1.1\r\nHost: {}\r\nAuthorization: {}\r\n\
             Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {}\r\n\
             Expect: 100-continue\r\n\r\n",
            site.target.authority,
            authorization.to_str()?,
            BODY.len(),
        );
        let mut stream = TcpStream::connect(("127.0.0.1", site.port())).await?;
        stream.write_all(head.as_bytes()).await?;
        // The server asks for the body when somebody waits for it: the request is in progress.
        let mut word = [0; 25];
        timeout(PATIENCE, stream.read_exact(&mut word)).await.context("no 100 (Continue)")??;
        ensure!(word == *b"HTTP/1.1 100 Continue\r\n\r\n", "an early answer");
        stream.write_all(sent.as_bytes()).await?;
        Ok(Self { stream, rest })
    }

    async fn finish(mut self) -> anyhow::Result<String> {
        self.stream.write_all(self.rest.as_bytes()).await?;
        let mut answer = String::new();
        self.stream.read_to_string(&mut answer).await?;
        Ok(answer)
    }
}
