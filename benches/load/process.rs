//! A server as a process: started, watched through /proc, and ended.

use std::{
    collections::HashMap,
    fs,
    io::{Read, Seek},
    net::TcpListener,
    os::unix::process::CommandExt,
    path::PathBuf,
    process::{Child, Command, Stdio},
    time::Duration,
};

use anyhow::{Context, bail};
use tokio::time::{Instant, sleep};

use super::http::{Call, Connection};

/// How long a server may take to start.
const PATIENCE: Duration = Duration::from_mins(1);
/// How much is shown of what a server said that did not start, in bytes.
const LONGEST_LAST_WORDS: u64 = 4_096;
/// How often, every 20 ms, a server that is to end is looked at before it is killed.
const END_POLLS: u32 = 400;

/// A running server. It ends when this value does.
pub(crate) struct Server {
    child: Child,
    /// Its port on the loopback address.
    pub(crate) port: u16,
}

/// A server that has just answered for the first time.
pub(crate) struct Started {
    pub(crate) server: Server,
    /// From the start of the process to the first 200.
    pub(crate) first_answer: Duration,
}

impl Server {
    /// Runs `command` in a process group of its own until `path` answers 200 on `port`.
    pub(crate) async fn start(
        mut command: Command,
        port: u16,
        path: &'static str,
    ) -> anyhow::Result<Started> {
        let program = command.get_program().display().to_string();
        let mut log = tempfile::tempfile()?;
        command
            .process_group(0)
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(log.try_clone()?);
        let begun = Instant::now();
        let child = command.spawn().with_context(|| format!("cannot start {program}"))?;
        let mut server = Self { child, port };
        loop {
            if server.answers(path).await {
                return Ok(Started { server, first_answer: begun.elapsed() });
            }
            if let Some(status) = server.child.try_wait()? {
                let mut said = String::new();
                log.rewind()?;
                log.take(LONGEST_LAST_WORDS).read_to_string(&mut said)?;
                bail!("{program} ended with {status}: {said}");
            }
            if begun.elapsed() > PATIENCE {
                bail!("{program} does not answer {path}");
            }
            sleep(Duration::from_millis(1)).await;
        }
    }

    async fn answers(&self, path: &str) -> bool {
        let Ok(mut connection) = Connection::open(self.port, "localhost").await else {
            return false;
        };
        connection.send(&Call::get(path)).await.is_ok_and(|answer| answer.status == 200)
    }

    /// CPU time so far of the process and its descendants.
    pub(crate) fn cpu_times(&self) -> CpuTimes {
        CpuTimes(self.family().into_iter().flat_map(cpu_nanos).collect())
    }

    /// Memory of the process and its descendants in bytes: the proportional set size.
    pub(crate) fn memory(&self) -> u64 {
        self.family().iter().filter_map(|pid| proportional_set_size(*pid)).sum()
    }

    /// Ends the server.
    pub(crate) fn stop(self) {
        drop(self);
    }

    fn family(&self) -> Vec<u32> {
        let parents = parents();
        let mut family = vec![self.child.id()];
        let mut looked_at = 0;
        while let Some(parent) = family.get(looked_at).copied() {
            let children = parents.iter().filter(|(_, of)| **of == parent).map(|(child, _)| *child);
            family.extend(children);
            looked_at += 1;
        }
        family
    }
}

/// A port that was free a moment ago. The listener is closed again: the server binds it itself.
pub(crate) fn free_port() -> anyhow::Result<u16> {
    Ok(TcpListener::bind("127.0.0.1:0")?.local_addr()?.port())
}

impl Drop for Server {
    /// Ends the whole process group: a peer may be a script that started the server. A server that does
    /// not end in time is killed.
    fn drop(&mut self) {
        for signal in ["-TERM", "-KILL"] {
            let group = format!("-{}", self.child.id());
            // When nobody is left to end, `kill` says so: nobody needs to know.
            drop(Command::new("kill").args([signal, "--", &group]).stderr(Stdio::null()).status());
            for _ in 0..END_POLLS {
                if let Ok(Some(_)) = self.child.try_wait() {
                    return;
                }
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
}

/// The parent of every process.
fn parents() -> HashMap<u32, u32> {
    let Ok(entries) = fs::read_dir("/proc") else { return HashMap::new() };
    entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid: u32| Some((pid, stat(pid)?.get(1)?.parse().ok()?)))
        .collect()
}

/// The fields of /proc/PID/stat after the name, which may hold spaces: state, parent, …
fn stat(pid: u32) -> Option<Vec<String>> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    let (_, fields) = text.rsplit_once(')')?;
    Some(fields.split_whitespace().map(str::to_owned).collect())
}

/// What each thread has run, in nanoseconds (user and system).
pub(crate) struct CpuTimes(HashMap<PathBuf, u64>);

impl CpuTimes {
    /// Microseconds since `before`. What a thread ran that has ended meanwhile is not in it: those end that
    /// had nothing to do.
    pub(crate) fn micros_since(&self, before: &Self) -> u64 {
        let known = |thread| before.0.get(thread).copied().unwrap_or_default();
        let ran = self.0.iter().map(|(thread, nanos)| nanos.saturating_sub(known(thread)));
        ran.sum::<u64>() / 1_000
    }
}

/// What the threads of a process have run, in nanoseconds: the first field of schedstat in proc(5). The
/// times of /proc/PID/stat are counted in hundredths of a second, which is long for a short measurement.
fn cpu_nanos(pid: u32) -> Vec<(PathBuf, u64)> {
    let Ok(threads) = fs::read_dir(format!("/proc/{pid}/task")) else { return Vec::new() };
    let ran = |thread: PathBuf| {
        let text = fs::read_to_string(thread.join("schedstat")).ok()?;
        let nanos = text.split_whitespace().next()?.parse().ok()?;
        Some((thread, nanos))
    };
    threads.filter_map(|thread| ran(thread.ok()?.path())).collect()
}

fn proportional_set_size(pid: u32) -> Option<u64> {
    let text = fs::read_to_string(format!("/proc/{pid}/smaps_rollup")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("Pss:"))?;
    Some(line.trim().strip_suffix("kB")?.trim().parse::<u64>().ok()? * 1024)
}
