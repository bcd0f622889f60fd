//! Bytes on a socket, as no client library would send them.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

/// How long the server may take to close: far beyond its own limits.
const PATIENCE: Duration = Duration::from_mins(1);

/// Sends `bytes` and reads until the server closes.
pub(crate) async fn exchange(port: u16, bytes: &[u8]) -> String {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    // A server that has refused the beginning need not take the rest.
    stream.write_all(bytes).await.ok();
    String::from_utf8_lossy(&until_closed(&mut stream).await).into_owned()
}

/// Reads until the server closes.
pub(crate) async fn until_closed(stream: &mut TcpStream) -> Vec<u8> {
    let mut answer = Vec::new();
    let closed = timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    // A reset after the answer is a close, too.
    let so_far = || String::from_utf8_lossy(&answer).into_owned();
    assert!(closed.is_ok(), "the server does not close {stream:?}; so far: {:?}", so_far());
    answer
}

/// The statuses of the answers in `text`, one after the other.
pub(crate) fn statuses(text: &str) -> Vec<u16> {
    let mut statuses = Vec::new();
    for part in text.split("HTTP/1.1 ").skip(1) {
        statuses.push(part.get(..3).and_then(|code| code.parse().ok()).unwrap_or_default());
    }
    statuses
}
