//! What the process tells its operator: log lines and metrics. Never a secret.

pub mod log;
pub mod metrics;
mod process;
