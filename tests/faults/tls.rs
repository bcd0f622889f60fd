//! What the https listener agrees to, seen from outside: TLS 1.2 and 1.3, and of the suites of TLS 1.2 only
//! those with forward secrecy and authenticated encryption. HDR-07, RFC 9325 §3.1.1, §4.2.

use std::{collections::BTreeSet, io::Write as _, process::Command, sync::Arc};

use rustls::{
    ClientConfig, ClientConnection, RootCertStore, StreamOwned, SupportedProtocolVersion,
    pki_types::{CertificateDer, ServerName},
    version::{TLS12, TLS13},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

use crate::{
    process::server::{Server, free_port},
    raw::exchange,
    site::eventually,
};

const SSL_30: u16 = 0x0300;
const TLS_10: u16 = 0x0301;
const TLS_11: u16 = 0x0302;
const TLS_12: u16 = 0x0303;

/// ECDHE with ECDSA, as the certificate is, and AES-GCM or ChaCha20-Poly1305.
const GOOD: [u16; 3] = [0xc02b, 0xc02c, 0xcca9];

/// What the server answers to a ClientHello.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// A ServerHello with this suite.
    Hello(u16),
    /// An alert of this description, and nothing else.
    Alert(u8),
}

/// A server with a certificate of its own.
struct Site {
    port: u16,
    certificate: CertificateDer<'static>,
    _server: Server,
    _folder: TempDir,
}

impl Site {
    async fn start() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
        let (certificate, key) = (folder.path().join("c.pem"), folder.path().join("k.pem"));
        std::fs::write(&certificate, made.cert.pem()).unwrap();
        std::fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let port = free_port().unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_doorward"));
        command.env_clear().current_dir(folder.path()).arg("serve");
        command.args(["--issuer", &format!("https://localhost:{port}")]);
        command.args(["--listen", &format!("127.0.0.1:{port}"), "--management-listen", ""]);
        command.arg("--data-dir").arg(folder.path());
        command.env("DOORWARD_TLS_CERTIFICATE", certificate).env("DOORWARD_TLS_KEY", key);
        let server = Server::spawn(command).unwrap();
        let connects = async || TcpStream::connect(("127.0.0.1", port)).await.is_ok();
        eventually("it listens", connects).await;
        Self { port, certificate: made.cert.der().clone(), _server: server, _folder: folder }
    }

    async fn greet(&self, version: u16, suites: &[u16]) -> Answer {
        let mut stream = TcpStream::connect(("127.0.0.1", self.port)).await.unwrap();
        stream.write_all(&client_hello(version, suites)).await.unwrap();
        let mut head = [0; 5];
        stream.read_exact(&mut head).await.unwrap();
        let mut body = vec![0; usize::from(u16::from_be_bytes([head[3], head[4]]))];
        stream.read_exact(&mut body).await.unwrap();
        match head[0] {
            0x15 => Answer::Alert(body[1]),
            0x16 => {
                // Behind type, length, version, random bytes and the session's identifier.
                let suite = 4 + 2 + 32 + 1 + usize::from(body[38]);
                Answer::Hello(u16::from_be_bytes([body[suite], body[suite + 1]]))
            }
            other => panic!("a record of type {other}"),
        }
    }

    /// A request by a client that speaks this version alone.
    fn ask(&self, version: &'static SupportedProtocolVersion) -> String {
        let mut roots = RootCertStore::empty();
        roots.add(self.certificate.clone()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_protocol_versions(&[version])
            .unwrap()
            .with_root_certificates(roots)
            .with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let socket = std::net::TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let mut stream = StreamOwned::new(connection, socket);
        let request = "GET /live HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        std::io::Read::read_to_string(&mut stream, &mut answer).unwrap();
        answer
    }
}

/// With a length of `WIDTH` bytes before it.
fn counted<const WIDTH: usize>(content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    [&length[length.len() - WIDTH..], content].concat()
}

/// RFC 5246 §7.4.1.2, with the extensions that ECDHE needs.
fn client_hello(version: u16, suites: &[u16]) -> Vec<u8> {
    let numbers = |list: &[u16]| list.iter().flat_map(|number| number.to_be_bytes()).collect();
    let extension = |kind: u16, content: &[u8]| {
        [kind.to_be_bytes().as_slice(), &counted::<2>(content)].concat()
    };
    let groups: Vec<u8> = numbers(&[0x001d, 0x0017, 0x0018]);
    let signatures: Vec<u8> = numbers(&[0x0403, 0x0503, 0x0804, 0x0401, 0x0203, 0x0201]);
    let name = [[0].as_slice(), &counted::<2>(b"localhost")].concat();
    let extensions = [
        extension(0, &counted::<2>(&name)),
        extension(10, &counted::<2>(&groups)),
        extension(11, &counted::<1>(&[0])),
        extension(13, &counted::<2>(&signatures)),
        extension(23, &[]),
    ]
    .concat();
    let suites: Vec<u8> = numbers(suites);
    let hello = [
        version.to_be_bytes().as_slice(),
        &[7; 32],
        &counted::<1>(&[]),
        &counted::<2>(&suites),
        &counted::<1>(&[0]),
        &counted::<2>(&extensions),
    ]
    .concat();
    let handshake = [[1].as_slice(), &counted::<3>(&hello)].concat();
    [[0x16, 3, 1].as_slice(), &counted::<2>(&handshake)].concat()
}

/// HDR-07: nothing older than TLS 1.2 is answered, whatever else is offered.
#[tokio::test]
async fn hdr_07_old_versions_are_refused() {
    let site = Site::start().await;
    let every: Vec<u16> =
        GOOD.into_iter().chain([0x002f, 0x0035, 0x000a, 0xc009, 0xc00a]).collect();
    for version in [SSL_30, TLS_10, TLS_11] {
        let answer = site.greet(version, &every).await;
        // protocol_version, handshake_failure
        assert!(matches!(answer, Answer::Alert(70 | 40)), "{version:#x}: {answer:?}");
    }
    assert!(matches!(site.greet(TLS_12, &every).await, Answer::Hello(_)));
    for version in [&TLS12, &TLS13] {
        let answer = site.ask(version);
        assert!(answer.starts_with("HTTP/1.1 200"), "{answer}");
        for name in ["strict-transport-security", "date"] {
            assert!(answer.contains(&format!("\r\n{name}: ")), "{answer}");
        }
    }
}

/// HDR-07: each suite offered alone, of all that were ever given a number for TLS 1.2 and before.
#[tokio::test]
async fn hdr_07_no_weak_suite_is_agreed_to() {
    let site = Site::start().await;
    let mut agreed = BTreeSet::new();
    for suite in [0x0001..=0x00ff_u16, 0xc001..=0xc0ff, 0xcca0..=0xccaf, 0xd001..=0xd00f] {
        for suite in suite {
            if site.greet(TLS_12, &[suite]).await == Answer::Hello(suite) {
                agreed.insert(suite);
            }
        }
    }
    assert_eq!(agreed, BTreeSet::from(GOOD));
}

/// Who speaks plain HTTP to it gets no answer from a handler.
#[tokio::test]
async fn plain_http_is_not_answered() {
    let site = Site::start().await;
    let answer = exchange(site.port, b"GET /live HTTP/1.1\r\nhost: localhost\r\n\r\n").await;
    assert!(!answer.contains("HTTP/1.1 2"), "{answer}");
}
