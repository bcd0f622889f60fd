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
    /// Whom it is compared with.
    rivals: Rivals,
    /// What is not measured on it.
    lacks: Vec<Operation>,
    starts: Vec<Duration>,
    idle_memory: u64,
    loaded_memory: u64,
    _folder: Option<TempDir>,
}

/// The names of the subjects that another is compared with, where they take part.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Rivals {
    /// A peer that promises nothing to last.
    pub(crate) in_memory: Option<&'static str>,
    /// A peer with the same storage.
    pub(crate) durable: Option<&'static str>,
}

/// What is known of a subject once it has stopped.
pub(crate) struct Portrait {
    pub(crate) name: &'static str,
    pub(crate) rivals: Rivals,
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
            rivals: Rivals::default(),
            lacks: Vec::new(),
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

    /// Compared with the subjects of these names.
    pub(crate) fn against(self, rivals: Rivals) -> Self {
        Self { rivals, ..self }
    }

    /// Without the operations in `lacks` either.
    pub(crate) fn lacking(mut self, lacks: &[Operation]) -> Self {
        self.lacks.extend(lacks);
        self
    }

    /// Whether `operation` can be measured here.
    pub(crate) fn offers(&self, operation: Operation) -> bool {
        !self.lacks.contains(&operation)
    }

    /// The server, and where it listens.
    pub(crate) fn serving(&self) -> (&Server, Arc<Target>) {
        (&self.server, Arc::clone(&self.target))
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
            rivals: self.rivals,
            first_answer,
            idle_memory: self.idle_memory,
            loaded_memory: self.loaded_memory,
        }
    }
}
