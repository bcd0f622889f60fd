//! The server as a process: started, asked to end, killed.

use std::{
    fs::File,
    io::{Read, Seek},
    net::TcpListener,
    process::{Child, Command, ExitStatus, Stdio},
    sync::atomic::{AtomicU16, Ordering},
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::time::{Instant, sleep};

use super::http::{Call, Connection};

/// How long a server may take to start, and to end: a busy machine is no failure.
const PATIENCE: Duration = Duration::from_mins(1);
/// How often a condition is looked at.
const LOOK: Duration = Duration::from_millis(2);

/// A running server. It is killed with this value.
pub(crate) struct Server {
    child: Child,
    log: File,
}

impl Server {
    /// Runs `command` until `/ready` says yes on `port`; also returned is the time that it took.
    pub(crate) async fn start(command: Command, port: u16) -> anyhow::Result<(Self, Duration)> {
        let begun = Instant::now();
        let mut server = Self::spawn(command)?;
        server.ready(port).await?;
        Ok((server, begun.elapsed()))
    }

    /// Runs `command`.
    pub(crate) fn spawn(mut command: Command) -> anyhow::Result<Self> {
        let log = tempfile::tempfile()?;
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(log.try_clone()?);
        Ok(Self { child: command.spawn().context("cannot start doorward")?, log })
    }

    /// Runs `command` with a log that nobody reads: a pipe that fills up.
    pub(crate) fn spawn_unheard(mut command: Command) -> anyhow::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        let child = command.spawn().context("cannot start doorward")?;
        Ok(Self { child, log: tempfile::tempfile()? })
    }

    /// The number of the process.
    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Waits until `/ready` says yes on `port`.
    pub(crate) async fn ready(&mut self, port: u16) -> anyhow::Result<()> {
        let begun = Instant::now();
        while !is_ready(port).await {
            if let Some(status) = self.child.try_wait()? {
                bail!("the server ended with {status}: {}", self.said()?);
            }
            if begun.elapsed() > PATIENCE {
                bail!("the server is not ready in time: {}", self.said()?);
            }
            sleep(LOOK).await;
        }
        Ok(())
    }

    /// Everything that the server logged.
    pub(crate) fn said(&mut self) -> anyhow::Result<String> {
        let mut said = String::new();
        self.log.rewind()?;
        self.log.read_to_string(&mut said)?;
        Ok(said)
    }

    /// `kill -9`, at once.
    pub(crate) fn kill(mut self) -> anyhow::Result<()> {
        self.child.kill()?;
        self.child.wait()?;
        Ok(())
    }

    /// Asks the server to end.
    pub(crate) fn terminate(&self) -> anyhow::Result<()> {
        let pid = self.child.id().to_string();
        let sent = Command::new("kill").args(["-TERM", &pid]).status()?;
        if sent.success() { Ok(()) } else { bail!("SIGTERM could not be sent") }
    }

    /// Waits for the end of the server.
    pub(crate) async fn ended(mut self) -> anyhow::Result<ExitStatus> {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait()? {
                return Ok(status);
            }
            if begun.elapsed() > PATIENCE {
                bail!("the server does not end: {}", self.said()?);
            }
            sleep(LOOK).await;
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // One that has ended by itself cannot be killed: nobody needs to know.
        self.child.kill().ok();
        self.child.wait().ok();
    }
}

async fn is_ready(port: u16) -> bool {
    let Ok(mut connection) = Connection::open(port, "localhost").await else { return false };
    connection.send(&Call::get("/ready")).await.is_ok_and(|answer| answer.status == 200)
}

/// A free port below those that the system gives to outgoing connections: a server that was killed must
/// find it free again.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    static NEXT: AtomicU16 = AtomicU16::new(0);
    for _ in 0..1_000 {
        let number = u32::from(NEXT.fetch_add(1, Ordering::Relaxed)) + std::process::id() * 31;
        let port = 10_000 + u16::try_from(number % 10_000)?;
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            return Ok(port);
        }
    }
    bail!("no free port")
}
