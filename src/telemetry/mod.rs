//! What the process tells its operator: log lines and metrics. Never a secret.

pub mod log;
mod log_writer;
pub mod metrics;
mod process;
