//! Log lines, to standard error: readable text or JSON.

use std::io::IsTerminal;

use tracing_subscriber::EnvFilter;
use tracing_subscriber::filter::ParseError;
use tracing_subscriber::util::{SubscriberInitExt, TryInitError};

use super::log_writer::LogWriter;
use crate::config::{Log, LogFormat};

pub use super::log_writer::LastWords;

/// Why the log cannot begin.
#[derive(Debug, thiserror::Error)]
pub enum LogError {
    /// `log.filter` is no filter.
    #[error(
        "`log.filter` = {filter:?}: {reason}; allowed: error, warn, info, debug, trace, or a list like info,doorward=debug"
    )]
    Filter {
        /// What was written.
        filter: String,
        /// What the parser says.
        reason: ParseError,
    },
    /// The thread that writes the lines cannot be started.
    #[error("the thread that writes the log cannot be started: {0}")]
    Thread(#[from] std::io::Error),
    /// The process has a log already.
    #[error(transparent)]
    Installed(#[from] TryInitError),
}

/// Begins to log as `settings` say, and logs panics from now on. Once in the life of a process, which
/// holds the result to its end.
///
/// # Errors
/// [`LogError::Filter`] when the filter cannot be read, [`LogError::Thread`] when the machine gives no
/// thread, [`LogError::Installed`] the second time.
pub fn install(settings: &Log) -> Result<LastWords, LogError> {
    let writer = LogWriter::start(std::io::stderr())?;
    let last_words = writer.last_words();
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter(&settings.filter)?)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(writer);
    match settings.format {
        LogFormat::Text => builder.finish().try_init()?,
        LogFormat::Json => builder.json().flatten_event(true).finish().try_init()?,
    }
    std::panic::set_hook(Box::new(log_panic));
    Ok(last_words)
}

/// Reads a filter.
///
/// # Errors
/// [`LogError::Filter`] when it cannot be read.
pub fn filter(text: &str) -> Result<EnvFilter, LogError> {
    EnvFilter::builder()
        .parse(text)
        .map_err(|reason| LogError::Filter { filter: text.to_owned(), reason })
}

/// Logs where a panic happened. Of its message only what stands in the source code: a formatted
/// one may hold what a user sent.
fn log_panic(info: &std::panic::PanicHookInfo<'_>) {
    let place = info.location().map(ToString::to_string).unwrap_or_default();
    let text = info.payload().downcast_ref::<&'static str>().copied().unwrap_or("(not shown)");
    tracing::error!(place, text, "panic");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_is_a_level_or_a_list() {
        for good in ["info", "debug", "info,doorward=debug", "off"] {
            assert!(filter(good).is_ok(), "{good}");
        }
        let error = filter("doorward=loud").unwrap_err().to_string();
        assert!(error.starts_with("`log.filter` = \"doorward=loud\": "), "{error}");
    }
}
