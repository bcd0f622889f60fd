//! What the load is put on: a running server, its clients, and how to speak to it.

use std::{sync::Arc, time::Duration};

use tempfile::TempDir;
use tokio::time::sleep;

use super::{credentials::Clients, operation::Operation, process::Server};

/// How long a server rests before its idle memory is read.
const REST: Duration = Duration::from_millis(500);

/// Paths of the endpoints.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Paths {
    pub(crate) discovery: &'static str,
    pub(crate) jwks: &'static str,
    pub(crate) authorize: &'static str,
    pub(crate) token: &'static str,
    pub(crate) introspect: &'static str,
    pub(crate) user_info: &'static str,
}

/// Where requests go.
#[derive(Debug)]
pub(crate) struct Target {
    pub(crate) port: u16,
    /// The `Host` of every request, which is also the origin's.
    pub(crate) authority: String,
    pub(crate) paths: Paths,
    pub(crate) clients: Clients,
}

/// A server under load.
pub(crate) struct Subject {
    pub(crate) name: &'static str,
    server: Server,
    target: Arc<Target>,
    /// The same server without password hashing, where there is one.
    unhashed: Option<(Server, Arc<Target>)>,
    /// What it does not do at all.
    lacks: &'static [Operation],
    starts: Vec<Duration>,
    idle_memory: u64,
    loaded_memory: u64,
    _folder: Option<TempDir>,
}

/// What is known of a subject once it has stopped.
pub(crate) struct Portrait {
    pub(crate) name: &'static str,
    /// Median time from the start of the process to the first 200.
    pub(crate) first_answer: Duration,
    /// Bytes, before the load and after it.
    pub(crate) idle_memory: u64,
    pub(crate) loaded_memory: u64,
}

impl Subject {
    /// A server that has just started; rests a moment to read its idle memory.
    pub(crate) async fn new(
        name: &'static str,
        server: Server,
        authority: String,
        paths: Paths,
        clients: Clients,
        starts: Vec<Duration>,
    ) -> Self {
        sleep(REST).await;
        let idle_memory = server.memory();
        let target = Arc::new(Target { port: server.port, authority, paths, clients });
        Self {
            name,
            server,
            target,
            unhashed: None,
            lacks: &[],
            starts,
            idle_memory,
            loaded_memory: idle_memory,
            _folder: None,
        }
    }

    /// Keeps `folder` as long as the server runs.
    pub(crate) fn keeping(self, folder: TempDir) -> Self {
        Self { _folder: Some(folder), ..self }
    }

    /// Without the operations in `lacks`.
    pub(crate) fn lacking(self, lacks: &'static [Operation]) -> Self {
        Self { lacks, ..self }
    }

    /// With a second server that does not hash passwords.
    pub(crate) fn with_unhashed(self, server: Server, authority: String) -> Self {
        let Target { paths, ref clients, .. } = *self.target;
        let target = Target { port: server.port, authority, paths, clients: clients.clone() };
        Self { unhashed: Some((server, Arc::new(target))), ..self }
    }

    /// Whether `operation` can be measured here.
    pub(crate) fn offers(&self, operation: Operation) -> bool {
        let measurable = operation != Operation::SignInUnhashed || self.unhashed.is_some();
        measurable && !self.lacks.contains(&operation)
    }

    /// The server that `operation` is measured on, and where it listens.
    pub(crate) fn serving(&self, operation: Operation) -> (&Server, Arc<Target>) {
        match &self.unhashed {
            Some((server, target)) if operation == Operation::SignInUnhashed => {
                (server, Arc::clone(target))
            }
            Some(_) | None => (&self.server, Arc::clone(&self.target)),
        }
    }

    /// Reads the memory after the load.
    pub(crate) fn note_loaded_memory(&mut self) {
        self.loaded_memory = self.server.memory();
    }

    /// Ends the server and says what stays to be told.
    pub(crate) fn stop(mut self) -> Portrait {
        self.starts.sort_unstable();
        let first_answer = self.starts.get(self.starts.len() / 2).copied().unwrap_or_default();
        Portrait {
            name: self.name,
            first_answer,
            idle_memory: self.idle_memory,
            loaded_memory: self.loaded_memory,
        }
    }
}
