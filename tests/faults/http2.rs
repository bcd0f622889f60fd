//! HTTP/2 by hand: frames that no client library sends. SMUG-02, SLOW-04.

use std::time::Duration;

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};

use crate::site::{Site, status};

pub(crate) const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
pub(crate) const DATA: u8 = 0;
pub(crate) const HEADERS: u8 = 1;
pub(crate) const PRIORITY: u8 = 2;
pub(crate) const RST_STREAM: u8 = 3;
pub(crate) const SETTINGS: u8 = 4;
pub(crate) const PING: u8 = 6;
const GOAWAY: u8 = 7;
pub(crate) const WINDOW_UPDATE: u8 = 8;
pub(crate) const CONTINUATION: u8 = 9;
pub(crate) const END_STREAM: u8 = 1;
pub(crate) const END_HEADERS: u8 = 4;
/// Far beyond the limits.
const PATIENCE: Duration = Duration::from_mins(1);

/// A frame. RFC 9113 §4.1.
pub(crate) fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = u32::try_from(payload.len()).unwrap().to_be_bytes();
    let mut frame = vec![length[1], length[2], length[3], kind, flags];
    frame.extend(stream.to_be_bytes());
    frame.extend(payload);
    frame
}

/// Fields without any compression: literals with names of their own. RFC 7541 §6.2.2.
pub(crate) fn fields(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in pairs {
        block.push(0);
        for text in [name, value] {
            block.push(u8::try_from(text.len()).unwrap());
            block.extend(text.bytes());
        }
    }
    block
}

pub(crate) const GET: [(&str, &str); 4] =
    [(":method", "GET"), (":scheme", "http"), (":authority", "localhost"), (":path", "/live")];

/// What the server says until it closes or `enough` frames of `kind` came.
struct Spoken {
    /// Kind, flags, stream and payload.
    frames: Vec<(u8, u8, u32, Vec<u8>)>,
    closed: bool,
}

impl Spoken {
    fn goaway(&self) -> Option<u32> {
        let frame = self.frames.iter().find(|(kind, ..)| *kind == GOAWAY)?;
        Some(u32::from_be_bytes(frame.3[4..8].try_into().unwrap()))
    }

    fn has(&self, kind: u8, stream: u32) -> bool {
        self.frames.iter().any(|frame| frame.0 == kind && frame.2 == stream)
    }
}

/// Sends frames behind a preface and reads until the server closes, or says HEADERS, RST_STREAM or GOAWAY.
async fn exchange(port: u16, frames: &[u8]) -> Spoken {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let mut bytes = PREFACE.to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    bytes.extend(frames);
    stream.write_all(&bytes).await.ok();
    let mut spoken = Spoken { frames: Vec::new(), closed: false };
    loop {
        let mut head = [0; 9];
        if timeout(PATIENCE, stream.read_exact(&mut head)).await.expect("an answer").is_err() {
            spoken.closed = true;
            return spoken;
        }
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]);
        let mut payload = vec![0; length as usize];
        if stream.read_exact(&mut payload).await.is_err() {
            spoken.closed = true;
            return spoken;
        }
        let number = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        spoken.frames.push((head[3], head[4], number, payload));
        if [HEADERS, RST_STREAM, GOAWAY].contains(&head[3]) {
            return spoken;
        }
    }
}

async fn ask(port: u16, pairs: &[(&str, &str)]) -> Spoken {
    exchange(port, &frame(HEADERS, END_STREAM | END_HEADERS, 1, &fields(pairs))).await
}

/// The hand-made frames are right: an honest request is answered.
#[tokio::test]
async fn an_honest_request_is_answered() {
    let site = Site::build();
    let _server = site.start().await;
    assert!(ask(site.port(), &GET).await.has(HEADERS, 1));
}

/// SMUG-02, RFC 9113 §8.2.1, §8.2.2, §8.3: malformed requests end in an error of their stream or of the
/// connection, never in an answer of a handler.
#[tokio::test]
async fn smug_02_malformed_requests_are_stream_errors() {
    let site = Site::build();
    let _server = site.start().await;
    for (what, extra) in [
        ("a connection header", ("connection", "close")),
        ("a coding", ("transfer-encoding", "chunked")),
        ("an upgrade", ("upgrade", "h2c")),
        ("upper case", ("X-Upper", "1")),
        ("te", ("te", "gzip")),
        ("a line end in a value", ("x", "a\r\nb: c")),
        ("a zero in a value", ("x", "a\0b")),
        ("a line end in a name", ("x\r\ny", "z")),
        ("a colon in a name", ("x:y", "z")),
        ("a second path", (":path", "/login")),
        ("a second method", (":method", "POST")),
        ("an unknown pseudo-header", (":evil", "1")),
        ("a length without a body", ("content-length", "5")),
    ] {
        let mut pairs = GET.to_vec();
        pairs.push(extra);
        let spoken = ask(site.port(), &pairs).await;
        assert!(!spoken.has(HEADERS, 1) || is_refusal(&spoken), "{what}: {:?}", spoken.frames);
    }
    let without = |name: &str| GET.into_iter().filter(|(n, _)| *n != name).collect::<Vec<_>>();
    for missing in [":method", ":scheme", ":path"] {
        let spoken = ask(site.port(), &without(missing)).await;
        assert!(!spoken.has(HEADERS, 1) || is_refusal(&spoken), "{missing}: {:?}", spoken.frames);
    }
}

/// Whether the answer is `:status` 400 (index 12 of the static table, RFC 7541 appendix A).
fn is_refusal(spoken: &Spoken) -> bool {
    spoken.frames.iter().any(|(kind, _, _, block)| *kind == HEADERS && block.first() == Some(&0x8c))
}

/// SLOW-04: floods end with GOAWAY or a closed connection, and others are served.
#[tokio::test]
async fn slow_04_floods_end_the_connection() {
    let site = Site::build();
    let _server = site.start().await;
    let get = fields(&GET);
    let mut resets = Vec::new();
    for number in 0..5_000_u32 {
        resets.extend(frame(HEADERS, END_STREAM | END_HEADERS, 2 * number + 1, &get));
        resets.extend(frame(RST_STREAM, 0, 2 * number + 1, &8_u32.to_be_bytes()));
    }
    let mut continuations = frame(HEADERS, END_STREAM, 1, &get);
    for _ in 0..20_000 {
        continuations.extend(frame(CONTINUATION, 0, 1, &fields(&[("x", "yyyyyyyyyyyyyyyy")])));
    }
    let mut empty = frame(HEADERS, END_STREAM, 1, &get);
    empty.extend(frame(CONTINUATION, 0, 1, &[]).repeat(100_000));
    let too_long = frame(PING, 0, 0, &vec![0; 20_000]);
    for (what, frames) in [
        ("resets", resets),
        ("continuations", continuations),
        ("empty ones", empty),
        ("a long frame", too_long),
    ] {
        let spoken = flood(site.port(), &frames).await;
        assert!(spoken.closed || spoken.goaway().is_some_and(|code| code != 0), "{what}");
        let mut connection = site.connect().await;
        assert_eq!(status(&mut connection, "/live").await, 200, "{what}");
    }
}

/// Sends everything, reading meanwhile, until the server closes.
async fn flood(port: u16, frames: &[u8]) -> Spoken {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let mut bytes = PREFACE.to_vec();
    bytes.extend(frame(SETTINGS, 0, 0, &[]));
    bytes.extend(frames);
    let sending = tokio::spawn(async move {
        writing.write_all(&bytes).await.ok();
        writing
    });
    let mut answer = Vec::new();
    let closed = timeout(PATIENCE, reading.read_to_end(&mut answer)).await.is_ok();
    sending.abort();
    let mut spoken = Spoken { frames: Vec::new(), closed };
    let mut rest = answer.as_slice();
    while let Some((head, tail)) = rest.split_first_chunk::<9>() {
        let length = u32::from_be_bytes([0, head[0], head[1], head[2]]) as usize;
        let Some((payload, tail)) = tail.split_at_checked(length) else { break };
        let number = u32::from_be_bytes([head[5], head[6], head[7], head[8]]);
        spoken.frames.push((head[3], head[4], number, payload.to_vec()));
        rest = tail;
    }
    spoken
}
