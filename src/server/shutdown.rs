//! When to stop.

use tokio::signal::unix::{SignalKind, signal};

/// Is ready at the first SIGTERM or SIGINT. It listens from the call on, not from the first poll.
///
/// # Errors
/// What the operating system says when it takes no handler.
pub fn stop_signal() -> std::io::Result<impl Future<Output = ()> + Send> {
    let mut terminate = signal(SignalKind::terminate())?;
    let mut interrupt = signal(SignalKind::interrupt())?;
    Ok(async move {
        tokio::select! {
            _ = terminate.recv() => {}
            _ = interrupt.recv() => {}
        }
    })
}
