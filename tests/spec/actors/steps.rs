//! What is stopped between two of its steps.

use std::{future::poll_fn, pin::Pin, task::Poll};

/// What `work` comes to if it waits at most `waits` times. `None` leaves it where it waits once more: it can be
/// dropped there, or go on.
pub(crate) async fn within<T>(
    waits: usize,
    work: &mut (impl Future<Output = T> + Unpin),
) -> Option<T> {
    let mut left = waits;
    poll_fn(|context| match Pin::new(&mut *work).poll(context) {
        Poll::Ready(outcome) => Poll::Ready(Some(outcome)),
        Poll::Pending if left == 0 => Poll::Ready(None),
        Poll::Pending => {
            left -= 1;
            Poll::Pending
        }
    })
    .await
}
