//! What a process leaves behind that dies: every state in which its writes can have got to the SQLite
//! file.
//!
//! The writer only ever appends to the write-ahead log, so a process that dies leaves a beginning of it.
//! A transaction counts from its last frame on. <https://www.sqlite.org/fileformat2.html#the_write_ahead_log>

use std::{ops::Range, path::Path};

use super::Issuer;

const LOG_HEADER: usize = 32;
const FRAME_HEADER: usize = 24;

/// The file and its log, as an operation found them and left them.
pub(crate) struct Tape {
    file: Vec<u8>,
    log: Vec<u8>,
    /// What the operation added to the log.
    added: Range<usize>,
}

impl Tape {
    /// Does `operation`; `None` where there is no file, on PostgreSQL, whose log is its own affair.
    pub(crate) async fn of<T>(
        issuer: &Issuer,
        operation: impl AsyncFnOnce() -> T,
    ) -> Option<(Self, T)> {
        let folder = issuer.folder()?;
        let (file, before) = (read(folder, "doorward.db"), read(folder, "doorward.db-wal"));
        let outcome = operation().await;
        let log = read(folder, "doorward.db-wal");
        assert!(log.starts_with(&before), "the log began anew");
        assert!(log.len() > before.len(), "nothing was written");
        Some((Self { file, added: before.len()..log.len(), log }, outcome))
    }

    /// How far the log can have got: before the operation, and at each transaction just before it
    /// counts and as soon as it does.
    pub(crate) fn points(&self) -> Vec<usize> {
        let size = u32::from_be_bytes(self.log[8..12].try_into().unwrap()) as usize;
        let mut points = vec![self.added.start];
        let frame = FRAME_HEADER + size;
        for end in (LOG_HEADER + frame..=self.log.len()).step_by(frame) {
            let begin = end - frame;
            // The last frame of a transaction says how large the file is then.
            let commits = self.log[begin + 4..begin + 8] != [0; 4];
            if commits && self.added.contains(&begin) {
                points.extend([end - size / 2, end]);
            }
        }
        points
    }

    /// The server that starts after a process that died at `point`.
    pub(crate) async fn start_at(&self, issuer: &Issuer, point: usize) -> Issuer {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("doorward.db"), &self.file).unwrap();
        std::fs::write(folder.path().join("doorward.db-wal"), &self.log[..point]).unwrap();
        issuer.found_in(folder).await
    }
}

fn read(folder: &Path, name: &str) -> Vec<u8> {
    std::fs::read(folder.join(name)).unwrap_or_default()
}
