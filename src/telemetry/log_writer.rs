//! The thread that writes log lines, and what happens when nobody reads them.
//!
//! A pipe that is full would stop whoever logs, and so every request. Here a line waits in a bounded
//! queue; beyond it lines are dropped and counted. What must not be lost is in the audit log.

use std::{
    io::{self, Write},
    sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel},
    thread,
    time::Duration,
};

use tracing_subscriber::fmt::MakeWriter;

/// Lines that may wait.
const WAITING: usize = 4_096;
/// How long the end of the process waits for the lines that still wait.
const LAST_WORDS: Duration = Duration::from_secs(1);

enum Entry {
    Line(Vec<u8>),
    /// Everything before it was written.
    Mark(SyncSender<()>),
}

/// Where lines are left to be written.
#[derive(Debug, Clone)]
pub(super) struct LogWriter(SyncSender<Entry>);

/// Waits at its end until the lines so far were written, but not for ever.
#[derive(Debug)]
#[must_use = "the last lines of the process are written when this is dropped"]
pub struct LastWords(LogWriter);

impl LogWriter {
    /// Starts the thread, which writes to `sink`.
    ///
    /// # Errors
    /// What the operating system says when it gives no thread.
    pub(super) fn start(sink: impl Write + Send + 'static) -> io::Result<Self> {
        let (sender, receiver) = sync_channel(WAITING);
        thread::Builder::new().name("log".to_owned()).spawn(move || write_all(&receiver, sink))?;
        Ok(Self(sender))
    }

    /// What the process holds as long as it logs.
    pub(super) fn last_words(&self) -> LastWords {
        LastWords(self.clone())
    }
}

fn write_all(entries: &Receiver<Entry>, mut sink: impl Write) {
    for entry in entries {
        match entry {
            // There is nowhere to say that this failed.
            Entry::Line(line) => drop(sink.write_all(&line)),
            Entry::Mark(reached) => drop(reached.try_send(())),
        }
    }
}

impl Write for LogWriter {
    /// Takes one whole line, as `tracing` hands it over.
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        match self.0.try_send(Entry::Line(line.to_vec())) {
            Ok(()) => {}
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => {
                metrics::counter!("doorward_log_lines_dropped_total").increment(1);
            }
        }
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

impl Drop for LastWords {
    fn drop(&mut self) {
        let (reached, mark) = sync_channel(1);
        // A queue that is full has a sink that nobody reads.
        if self.0.0.try_send(Entry::Mark(reached)).is_ok() {
            mark.recv_timeout(LAST_WORDS).ok();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::*;

    #[derive(Clone, Default)]
    struct Sink(Arc<Mutex<Vec<u8>>>);

    impl Write for Sink {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().extend_from_slice(bytes);
            Ok(bytes.len())
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    #[test]
    fn the_last_words_are_written() {
        let sink = Sink::default();
        let mut writer = LogWriter::start(sink.clone()).unwrap();
        let last_words = writer.last_words();
        for number in 0..100 {
            writeln!(writer, "{number}").unwrap();
        }
        drop(last_words);
        let written = String::from_utf8(sink.0.lock().unwrap().clone()).unwrap();
        assert_eq!(written.lines().count(), 100);
        assert!(written.ends_with("99\n"));
    }

    /// DISK-03: a sink that takes nothing stops nobody.
    #[test]
    fn disk_03_a_sink_that_is_stuck_stops_nobody() {
        let sink = Sink::default();
        let stuck = sink.0.lock().unwrap();
        let mut writer = LogWriter::start(sink.clone()).unwrap();
        for _ in 0..3 * WAITING {
            writer.write_all(b"a line\n").unwrap();
        }
        drop(stuck);
    }
}
