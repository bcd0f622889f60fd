//! Strangers who write or read slowly: the server's own limits end them. SLOW-01, SLOW-03.
//!
//! Nothing here is timed: each stranger stops for good, and the server must close by itself. The limits are
//! set to their shortest, a second.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpSocket, TcpStream},
    task::JoinSet,
    time::timeout,
};

use crate::{
    process::server::Server,
    raw::{statuses, until_closed},
    site::{Site, status},
};

/// Far beyond the limits.
const PATIENCE: Duration = Duration::from_mins(1);

async fn start(site: &Site) -> Server {
    let mut command = site.installation.serve();
    command
        .env("DOORWARD_LIMITS_HEADER_TIMEOUT", "1s")
        .env("DOORWARD_LIMITS_REQUEST_TIMEOUT", "1s");
    site.start_as(command).await
}

/// SLOW-01: who begins and never ends is closed, wherever they stop: before the first byte, in the line,
/// in the headers, in the body. Others are served meanwhile.
#[tokio::test]
async fn slow_01_who_never_ends_a_request_is_closed() {
    let site = Site::build();
    let _server = start(&site).await;
    let beginnings = [
        "",
        "G",
        "GET /live HTTP/1.1\r\n",
        "GET /live HTTP/1.1\r\nhost: localhost\r\nx: y",
        "POST /token HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/x-www-form-urlencoded\r\ncontent-length: 100\r\n\r\ngrant_type=",
        "POST /token HTTP/1.1\r\nhost: localhost\r\n\
         content-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n\r\n5\r\nab",
        // The pause after a whole request.
        "GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n",
    ];
    let mut strangers = JoinSet::new();
    for number in 0..40 {
        for beginning in beginnings {
            let port = site.port();
            strangers.spawn(async move {
                let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
                stream.write_all(beginning.as_bytes()).await.unwrap();
                (number, beginning, until_closed(&mut stream).await)
            });
        }
    }
    let mut served = 0;
    while let Some(closed) = strangers.join_next().await {
        let (_, beginning, answer) = closed.unwrap();
        let answer = String::from_utf8_lossy(&answer);
        let whole = beginning.ends_with("localhost\r\n\r\n");
        let fine =
            statuses(&answer).iter().all(|status| *status == 408 || (whole && *status == 200));
        assert!(fine, "{beginning:?}: {answer}");
        // The connection of an honest client is closed between its requests as well.
        let mut connection = site.connect().await;
        assert_eq!(status(&mut connection, "/live").await, 200);
        served += 1;
    }
    assert_eq!(served, 40 * beginnings.len());
}

/// SLOW-01: a byte now and then is no way round: the limit is on the whole.
#[tokio::test]
async fn slow_01_a_byte_now_and_then_does_not_help() {
    let site = Site::build();
    let _server = start(&site).await;
    let stream = TcpStream::connect(("127.0.0.1", site.port())).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    writing.write_all(b"GET /live HTTP/1.1\r\nhost: localhost\r\nx: ").await.unwrap();
    let dripping = tokio::spawn(async move {
        // Until the server has had enough.
        while writing.write_all(b"y").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    });
    let mut answer = Vec::new();
    timeout(PATIENCE, reading.read_to_end(&mut answer)).await.expect("closed in time").ok();
    assert!(!statuses(&String::from_utf8_lossy(&answer)).contains(&200));
    timeout(PATIENCE, dripping).await.expect("the writer is refused").unwrap();
}

/// SLOW-03: who asks and never reads holds one connection and no handler, and is closed as well.
#[tokio::test]
async fn slow_03_who_never_reads_is_closed() {
    let site = Site::build();
    let _server = start(&site).await;
    let socket = TcpSocket::new_v4().unwrap();
    socket.set_recv_buffer_size(2_048).unwrap();
    let address = ([127, 0, 0, 1], site.port()).into();
    let mut stream = socket.connect(address).await.unwrap();
    // More answers than the buffers of both sides hold.
    let request = b"GET /login HTTP/1.1\r\nhost: localhost\r\n\r\n".repeat(64);
    let asking = async { while stream.write_all(&request).await.is_ok() {} };
    timeout(PATIENCE, asking).await.expect("the server closes who never reads");
    let mut connection = site.connect().await;
    assert_eq!(status(&mut connection, "/live").await, 200);
}
