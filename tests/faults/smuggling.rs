//! Requests whose end a proxy and this server could see in different places. RFC 9112 §6.3 and §11.2, the
//! catalogue's SMUG rows. Behind each stands a second request: who is fooled answers it.

use crate::{
    raw::{exchange, statuses},
    site::Site,
};

/// What would be smuggled: it says 200 when it is answered.
const SECOND: &str = "GET /live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

/// SMUG: two lengths, a length that is none, a coding that is none, a name that is none: refused, the
/// connection closed, and the rest never read as a request.
#[tokio::test]
async fn smug_ambiguous_lengths_are_refused() {
    let site = Site::build();
    let _server = site.start().await;
    let form = "content-type: application/x-www-form-urlencoded\r\n";
    for head in [
        "content-length: 5\r\ncontent-length: 6\r\n",
        "content-length: 5, 6\r\n",
        "content-length: +5\r\n",
        "content-length: -1\r\n",
        "content-length: 0x5\r\n",
        "content-length: 5 5\r\n",
        "content-length: 18446744073709551617\r\n",
        "transfer-encoding: chunked, identity\r\n",
        "transfer-encoding: xchunked\r\n",
        "transfer-encoding: chunked\r\ntransfer-encoding: x\r\n",
        "transfer-encoding: \u{b}chunked\r\n",
        "transfer-encoding : chunked\r\n",
        " transfer-encoding: chunked\r\n",
        "x: y\r\n transfer-encoding: chunked\r\n",
        "x: y\r\n\tfolded\r\n",
        "content length: 5\r\n",
        ": 5\r\n",
        "x\r\n",
        "x: a\0b\r\n",
        "x: a\rb\r\n",
    ] {
        let request =
            format!("POST /token HTTP/1.1\r\nhost: localhost\r\n{form}{head}\r\n0\r\n\r\n{SECOND}");
        let answer = exchange(site.port(), request.as_bytes()).await;
        assert_eq!(statuses(&answer), [400], "{head:?}: {answer}");
    }
}

/// RFC 9112 §6.3: with both headers the coding counts, and the connection ends with the answer, so
/// that whatever a proxy took for the next request is not one here.
#[tokio::test]
async fn smug_a_length_beside_a_coding_ends_the_connection() {
    let site = Site::build();
    let _server = site.start().await;
    for head in [
        "content-length: 5\r\ntransfer-encoding: chunked\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 5\r\n",
        "transfer-encoding: chunked\r\ncontent-length: 99\r\n",
    ] {
        let request = format!(
            "POST /token HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/x-www-form-urlencoded\r\n{head}\r\n0\r\n\r\n{SECOND}"
        );
        let answer = exchange(site.port(), request.as_bytes()).await;
        let statuses = statuses(&answer);
        assert_eq!(statuses.len(), 1, "{head:?}: {answer}");
        assert!((400..500).contains(&statuses[0]), "{head:?}: {answer}");
    }
}

/// Chunks that are none end the request and the connection. RFC 9112 §7.1.
#[tokio::test]
async fn smug_broken_chunks_are_refused() {
    let site = Site::build();
    let _server = site.start().await;
    for body in [
        "zz\r\na\r\n0\r\n\r\n",
        "-1\r\na\r\n0\r\n\r\n",
        "0x1\r\na\r\n0\r\n\r\n",
        "1\r\nab\r\n0\r\n\r\n",
        "fffffffffffffffff\r\na\r\n0\r\n\r\n",
        "ffffffffffffffff\r\na\r\n0\r\n\r\n",
        "\r\na\r\n0\r\n\r\n",
        "1\na\n0\n\n",
        "1;\r\r\na\r\n0\r\n\r\n",
    ] {
        let request = format!(
            "POST /token HTTP/1.1\r\nhost: localhost\r\n\
             content-type: application/x-www-form-urlencoded\r\n\
             transfer-encoding: chunked\r\n\r\n{body}{SECOND}"
        );
        let answer = exchange(site.port(), request.as_bytes()).await;
        assert!(!statuses(&answer).contains(&200), "{body:?}: {answer}");
        assert!(statuses(&answer).len() <= 1, "{body:?}: {answer}");
    }
}

/// RFC 9112 §3.2: a request without `Host`, with two, or with one that is none is refused; so are lines
/// that are no request line. Nothing of a `Host` comes back.
#[tokio::test]
async fn smug_requests_need_one_host() {
    let site = Site::build();
    let _server = site.start().await;
    for head in [
        "GET /login HTTP/1.1\r\n",
        "GET /login HTTP/1.1\r\nhost: localhost\r\nhost: evil.example\r\n",
        "GET /login HTTP/1.1\r\nhost: localhost\r\nhost: localhost\r\n",
        "GET /login HTTP/1.1\r\nhost: evil.example/path\r\n",
        "GET /login HTTP/1.1\r\nhost: a b\r\n",
    ] {
        let answer =
            exchange(site.port(), format!("{head}connection: close\r\n\r\n").as_bytes()).await;
        assert_eq!(statuses(&answer), [400], "{head:?}: {answer}");
        assert!(!answer.contains("evil.example"), "{answer}");
    }
    for line in [
        "GET /login",
        "GET  /login HTTP/1.1",
        "GET /login HTTP/9.9",
        "GET\t/login HTTP/1.1",
        "\0",
        "GET /lo\0gin HTTP/1.1",
    ] {
        let request = format!("{line}\r\nhost: localhost\r\nconnection: close\r\n\r\n");
        let answer = exchange(site.port(), request.as_bytes()).await;
        assert!(!statuses(&answer).contains(&200), "{line:?}: {answer}");
    }
}

/// SMUG-04: what comes in trailers is no header: no credentials, no host.
#[tokio::test]
async fn smug_04_trailers_are_ignored() {
    let site = Site::build();
    let _server = site.start().await;
    let authorization = site.machine.authorization().unwrap().unwrap();
    let authorization = authorization.to_str().unwrap();
    let body = "grant_type=client_credentials";
    let request = |header: &str, trailer: &str| {
        format!(
            "POST /token HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n{header}\
             content-type: application/x-www-form-urlencoded\r\ntransfer-encoding: chunked\r\n\
             trailer: authorization, host\r\n\r\n{:x}\r\n{body}\r\n0\r\n{trailer}\r\n",
            body.len()
        )
    };
    let line = format!("authorization: {authorization}\r\n");
    let granted = exchange(site.port(), request(&line, "").as_bytes()).await;
    assert_eq!(statuses(&granted), [200], "{granted}");
    let refused = exchange(site.port(), request("", &line).as_bytes()).await;
    assert!([400, 401].contains(&statuses(&refused)[0]), "{refused}");
    assert!(!refused.contains("access_token"));
    let evil = exchange(site.port(), request(&line, "host: evil.example\r\n").as_bytes()).await;
    assert!(!evil.contains("evil.example"), "{evil}");
}

/// HDR-06: what a request says of the connection changes nothing of who is asked and what is answered: no
/// other protocol is spoken, no part of an answer is cut out, and no header is left out because
/// `Connection` names it.
#[tokio::test]
async fn hdr_06_headers_of_the_connection_change_nothing() {
    let site = Site::build();
    let _server = site.start().await;
    for odd in [
        "upgrade: h2c\r\nconnection: close, upgrade, http2-settings\r\nhttp2-settings: AAMAAABk\r\n",
        "upgrade: websocket\r\nconnection: close, upgrade\r\nsec-websocket-version: 13\r\n\
         sec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n",
        "upgrade: tls/1.0\r\nconnection: close, upgrade\r\n",
        "connection: close, host, content-type\r\n",
        "range: bytes=0-1\r\nconnection: close\r\n",
        "expect: 100-continue\r\nconnection: close\r\n",
        "te: trailers, gzip\r\nconnection: close, te\r\n",
        "keep-alive: timeout=999999\r\nconnection: close\r\n",
        "proxy-connection: keep-alive\r\nconnection: close\r\n",
    ] {
        for path in ["/live", "/jwks", "/login"] {
            let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n{odd}\r\n");
            let answer = exchange(site.port(), request.as_bytes()).await;
            assert_eq!(statuses(&answer), [200], "{path} {odd:?}: {answer}");
        }
    }
    // A client that waits for leave gets it, and then its answer; any other expectation is not ours.
    let authorization = site.machine.authorization().unwrap().unwrap();
    let authorization = authorization.to_str().unwrap();
    let body = "grant_type=client_credentials";
    let request = |odd: &str| {
        format!(
            "POST /token HTTP/1.1\r\nhost: localhost\r\nauthorization: {authorization}\r\n\
             content-type: application/x-www-form-urlencoded\r\n{odd}\
             content-length: {}\r\n\r\n{body}",
            body.len()
        )
    };
    let leave = "expect: 100-continue\r\nconnection: close\r\n";
    let answer = exchange(site.port(), request(leave).as_bytes()).await;
    assert_eq!(statuses(&answer).last(), Some(&200), "{answer}");
    // `Connection` cannot take the credentials away, nor make two requests of one.
    for names in ["authorization", "content-length", "content-type", "x-forwarded-for"] {
        let odd = format!("connection: close, {names}\r\n");
        let answer = exchange(site.port(), request(&odd).as_bytes()).await;
        assert_eq!(statuses(&answer), [200], "{names}: {answer}");
    }
}
