//! The listeners, over real sockets of this machine.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use axum::routing::get;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, ClientConnection, RootCertStore, StreamOwned};
use tokio::sync::{Notify, oneshot};
use tokio::task::JoinSet;

use super::tls::Reload;
use super::*;
use crate::config::Management;

fn config() -> Config {
    let listen = ([127, 0, 0, 1], 0).into();
    Config { listen, management: Management { listen: None }, ..Config::default() }
}

/// A running server: where it is, how to stop it, how it ended.
struct Running {
    address: SocketAddr,
    draining: Draining,
    stop: oneshot::Sender<()>,
    end: tokio::task::JoinHandle<Result<(), ServerError>>,
}

impl Running {
    fn start(config: &Config, router: Router) -> Self {
        let bound = bind(config).unwrap();
        let address = bound.public_address().unwrap();
        let (stop, stopped) = oneshot::channel();
        let draining = Draining::default();
        let stopped = async move { stopped.await.unwrap() };
        let end = tokio::spawn(bound.serve(router, Router::new(), draining.clone(), stopped));
        Self { address, draining, stop, end }
    }
}

/// Writes `request` and reads until the server closes.
async fn exchange(address: SocketAddr, request: &'static [u8]) -> String {
    tokio::task::spawn_blocking(move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(request).unwrap();
        let mut answer = Vec::new();
        // A reset after the answer is a close, too.
        let _ = stream.read_to_end(&mut answer);
        String::from_utf8_lossy(&answer).into_owned()
    })
    .await
    .unwrap()
}

const GET: &[u8] = b"GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn a_request_in_progress_finishes_and_nobody_else_is_accepted() {
    let (begun, go_on) = (Arc::new(Notify::new()), Arc::new(Notify::new()));
    let handler = {
        let (begun, go_on) = (Arc::clone(&begun), Arc::clone(&go_on));
        move || async move {
            begun.notify_one();
            go_on.notified().await;
            "finished"
        }
    };
    let server = Running::start(&config(), Router::new().route("/", get(handler)));
    let address = server.address;
    let answer = tokio::spawn(exchange(address, GET));
    begun.notified().await;
    server.stop.send(()).unwrap();
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    assert!(server.draining.has_begun());
    assert!(!server.end.is_finished());
    go_on.notify_one();
    assert!(answer.await.unwrap().ends_with("finished"));
    server.end.await.unwrap().unwrap();
}

#[tokio::test]
async fn a_request_that_never_ends_is_cut_off_after_the_drain() {
    let begun = Arc::new(Notify::new());
    let handler = {
        let begun = Arc::clone(&begun);
        move || async move {
            begun.notify_one();
            std::future::pending::<()>().await;
        }
    };
    let mut config = config();
    config.shutdown.drain = Duration::ZERO;
    let server = Running::start(&config, Router::new().route("/", get(handler)));
    let answer = tokio::spawn(exchange(server.address, GET));
    begun.notified().await;
    server.stop.send(()).unwrap();
    server.end.await.unwrap().unwrap();
    assert_eq!(answer.await.unwrap(), "");
}

#[tokio::test]
async fn headers_that_never_end_are_not_waited_for() {
    let mut config = config();
    config.limits.header_timeout = Duration::from_millis(1);
    let server = Running::start(&config, Router::new());
    // The test would hang here if the connection stayed open.
    exchange(server.address, b"").await;
    exchange(server.address, b"GET / HT").await;
    exchange(server.address, b"GET / HTTP/1.1\r\nhost: localhost\r\n").await;
}

/// The bound on the first request is axum-server's; on the following ones it is hyper's.
#[tokio::test]
async fn headers_of_a_second_request_are_not_waited_for_either() {
    let mut config = config();
    config.limits.header_timeout = Duration::from_millis(250);
    let server = Running::start(&config, Router::new().route("/", get(|| async { "here" })));
    let requests = b"GET / HTTP/1.1\r\nhost: localhost\r\n\r\nGET / HT";
    assert!(exchange(server.address, requests).await.ends_with("here"));
}

#[tokio::test]
async fn headers_are_bounded() {
    let server = Running::start(&config(), Router::new());
    let head = "GET / HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\n";
    let large = format!("{head}x: {}\r\n\r\n", "x".repeat(64 * 1_024));
    assert!(exchange(server.address, large.leak().as_bytes()).await.starts_with("HTTP/1.1 431 "));
    let many = format!("{head}{}\r\n", "x: 1\r\n".repeat(300));
    assert!(exchange(server.address, many.leak().as_bytes()).await.starts_with("HTTP/1.1 431 "));
}

#[tokio::test]
async fn one_connection_too_many_is_closed() {
    let mut config = config();
    config.limits.connections = 1;
    let server = Running::start(&config, Router::new().route("/", get(|| async { "here" })));
    let first = tokio::net::TcpStream::connect(server.address).await.unwrap();
    assert_eq!(exchange(server.address, GET).await, "");
    drop(first);
    while !exchange(server.address, GET).await.ends_with("here") {
        tokio::task::yield_now().await;
    }
}

/// FLOOD-03: who comes with hundreds of others, while nobody is accepted, has a place all the same.
#[tokio::test]
async fn flood_03_a_burst_of_connections_waits() {
    const BURST: usize = 400;
    let bound = bind(&config()).unwrap();
    let address = bound.public_address().unwrap();
    let burst: JoinSet<_> = (0..BURST).map(|_| tokio::net::TcpStream::connect(address)).collect();
    let connected = tokio::time::timeout(Duration::from_mins(1), burst.join_all()).await;
    assert!(connected.expect("all have a place").iter().all(Result::is_ok));
}

#[tokio::test]
async fn a_taken_address_is_said_with_its_setting() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut config = config();
    config.listen = taken.local_addr().unwrap();
    let error = bind(&config).unwrap_err().to_string();
    assert!(error.contains("(`listen`)"), "{error}");
}

/// Writes a new self-signed certificate for localhost, and returns it.
fn write_certificate(folder: &Path) -> CertificateDer<'static> {
    let issued = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    std::fs::write(folder.join("cert.pem"), issued.cert.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), issued.signing_key.serialize_pem()).unwrap();
    issued.cert.der().clone()
}

/// Asks over TLS, trusting `root` only.
async fn exchange_tls(
    address: SocketAddr,
    root: CertificateDer<'static>,
) -> std::io::Result<String> {
    let ask = move || {
        let mut roots = RootCertStore::empty();
        roots.add(root).unwrap();
        let config = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let name = ServerName::try_from("localhost").unwrap();
        let connection = ClientConnection::new(Arc::new(config), name).unwrap();
        let mut stream = StreamOwned::new(connection, TcpStream::connect(address)?);
        stream.write_all(GET)?;
        let mut answer = Vec::new();
        let _ = stream.read_to_end(&mut answer);
        Ok(String::from_utf8_lossy(&answer).into_owned())
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

fn tls_config(folder: &Path) -> Config {
    install_crypto_provider();
    let mut config = config();
    config.tls.certificate = Some(folder.join("cert.pem"));
    config.tls.key = Some(folder.join("key.pem"));
    config
}

#[tokio::test]
async fn a_certificate_is_replaced_while_the_server_runs() {
    let folder = tempfile::tempdir().unwrap();
    let old = write_certificate(folder.path());
    let bound = bind(&tls_config(folder.path())).unwrap();
    let address = bound.public_address().unwrap();
    let mut certificate = bound.certificate.clone().unwrap();
    let router = Router::new().route("/", get(|| async { "here" }));
    tokio::spawn(bound.serve(router, Router::new(), Draining::default(), std::future::pending()));

    assert!(exchange_tls(address, old.clone()).await.unwrap().ends_with("here"));
    assert_eq!(certificate.reload(), Reload::Unchanged);

    std::fs::write(folder.path().join("cert.pem"), "half a file").unwrap();
    assert_eq!(certificate.reload(), Reload::Refused);
    assert!(exchange_tls(address, old.clone()).await.unwrap().ends_with("here"));

    let new = write_certificate(folder.path());
    assert_eq!(certificate.reload(), Reload::Done);
    assert!(exchange_tls(address, new).await.unwrap().ends_with("here"));
    assert!(exchange_tls(address, old).await.is_err());
}

/// A ClientHello without `supported_versions`, so that the version is the one in its head: 3.`minor`.
/// Everything else in it is what a TLS 1.2 server wants to see.
fn client_hello(minor: u8) -> Vec<u8> {
    let suites = [0xc0, 0x2b, 0xc0, 0x13];
    let groups = [0, 10, 0, 4, 0, 2, 0, 23];
    let point_formats = [0, 11, 0, 2, 1, 0];
    let signature_algorithms = [0, 13, 0, 4, 0, 2, 4, 3];
    let extensions = [&groups[..], &point_formats, &signature_algorithms].concat();
    let length = |bytes: &[u8]| u8::try_from(bytes.len()).unwrap();
    let mut body = vec![3, minor];
    body.extend([7; 32]);
    body.extend([0, 0, length(&suites)]);
    body.extend(suites);
    body.extend([1, 0, 0, length(&extensions)]);
    body.extend(extensions);
    let mut record = vec![22, 3, 1, 0, length(&body) + 4, 1, 0, 0, length(&body)];
    record.extend(body);
    record
}

/// The first seven bytes that the server answers to `hello`.
async fn first_bytes(address: SocketAddr, hello: Vec<u8>) -> [u8; 7] {
    let ask = move || {
        let mut stream = TcpStream::connect(address).unwrap();
        stream.write_all(&hello).unwrap();
        let mut answer = [0; 7];
        stream.read_exact(&mut answer).unwrap();
        answer
    };
    tokio::task::spawn_blocking(ask).await.unwrap()
}

/// RFC 8996: TLS 1.0 and 1.1 MUST NOT be negotiated.
#[tokio::test]
async fn tls_1_0_and_1_1_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    write_certificate(folder.path());
    let server = Running::start(&tls_config(folder.path()), Router::new());
    // The same hello as TLS 1.2 is answered with a ServerHello: the version alone makes the difference.
    let [kind, .., message, _] = first_bytes(server.address, client_hello(3)).await;
    assert_eq!((kind, message), (22, 2));
    for minor in [1, 2] {
        // A fatal alert, protocol_version. RFC 5246 §7.2.
        let [kind, .., level, description] = first_bytes(server.address, client_hello(minor)).await;
        assert_eq!((kind, level, description), (21, 2, 70), "3.{minor}");
    }
}

#[tokio::test]
async fn a_certificate_without_its_key_is_refused_at_the_start() {
    let (folder, other) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    write_certificate(folder.path());
    write_certificate(other.path());
    let mut config = tls_config(folder.path());
    config.tls.key = Some(other.path().join("key.pem"));
    assert!(matches!(bind(&config), Err(ServerError::Tls(TlsError::Pair(_)))));
    config.tls.key = Some(other.path().join("missing.pem"));
    assert!(matches!(bind(&config), Err(ServerError::Tls(TlsError::Key { .. }))));
}
