//! Strangers who speak HTTP/2 as fast as they can, and hundreds who hardly speak at all: who is honest is
//! answered meanwhile, memory and descriptors stay bounded, and when the strangers have gone there is as
//! much room as before. SLOW-01, SLOW-04, FLOOD-03.
//!
//! Answers, descriptors and memory are counted; nothing is timed.

use base64ct::{Base64UrlUnpadded, Encoding};
use http::{HeaderName, HeaderValue, header};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    task::JoinSet,
};

use crate::{
    guess::guess,
    http2::{
        CONTINUATION, DATA, END_HEADERS, END_STREAM, GET, HEADERS, PING, PREFACE, PRIORITY,
        RST_STREAM, SETTINGS, WINDOW_UPDATE, fields, frame,
    },
    process::{
        credentials::USER,
        http::{Call, Connection},
        server::Server,
    },
    raw::until_closed,
    site::{Site, eventually, status},
};

/// Connections of one kind of flood.
const STRANGERS: usize = 20;
/// Connections that hardly speak.
const SLOW_STRANGERS: usize = 800;
/// What all strangers together may cost, in KiB.
const MOST_MEMORY: u64 = 32 * 1024;
/// What a thread that hashes keeps, in KiB.
const MOST_OF_ONE_HASH: u64 = 19 * 1024;
/// What eight thousand unknown names may cost, in KiB: a bucket for the rate of each network, no more.
const MOST_OF_NAMES: u64 = 8 * 1024;

/// A process, seen from outside.
struct Process(u32);

impl Process {
    fn of(server: &Server) -> Self {
        Self(server.pid())
    }

    /// The most memory that it ever had, in KiB.
    fn peak(&self) -> u64 {
        let text = std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
        line.trim().trim_end_matches(" kB").parse().unwrap()
    }

    fn descriptors(&self) -> usize {
        std::fs::read_dir(format!("/proc/{}/fd", self.0)).unwrap().count()
    }
}

/// `times` times what `make` says of a new stream of the client's.
fn streams(times: u32, make: impl Fn(u32) -> Vec<u8>) -> Vec<u8> {
    (0..times).flat_map(|number| make(2 * number + 1)).collect()
}

/// What a kind of flood sends behind the preface.
fn floods() -> Vec<(&'static str, Vec<u8>)> {
    let get = fields(&GET);
    let post = fields(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/token"),
        ("content-type", "application/x-www-form-urlencoded"),
    ]);
    let login = fields(&[
        (":method", "GET"),
        (":scheme", "http"),
        (":authority", "localhost"),
        (":path", "/login"),
    ]);
    let opened = frame(HEADERS, END_HEADERS, 1, &post);
    // SETTINGS_INITIAL_WINDOW_SIZE. RFC 9113 §6.5.2.
    let no_window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 0, 0]);
    let window = frame(SETTINGS, 0, 0, &[0, 4, 0, 0, 255, 255]);
    let shut = streams(10_000, |number| frame(HEADERS, END_STREAM | END_HEADERS, number, &login));
    vec![
        ("pings", frame(PING, 0, 0, &[0; 8]).repeat(50_000)),
        ("settings", window.repeat(50_000)),
        ("window updates", frame(WINDOW_UPDATE, 0, 0, &1_u32.to_be_bytes()).repeat(50_000)),
        ("priorities", frame(PRIORITY, 0, 3, &[0; 5]).repeat(50_000)),
        ("empty bodies", [opened, frame(DATA, 0, 1, &[]).repeat(50_000)].concat()),
        ("endless headers", {
            let more = frame(CONTINUATION, 0, 1, &fields(&[("x", "y")]));
            [frame(HEADERS, 0, 1, &get), more.repeat(50_000)].concat()
        }),
        ("open streams", streams(10_000, |number| frame(HEADERS, END_HEADERS, number, &post))),
        (
            "resets",
            streams(10_000, |number| {
                let asked = frame(HEADERS, END_STREAM | END_HEADERS, number, &get);
                [asked, frame(RST_STREAM, 0, number, &8_u32.to_be_bytes())].concat()
            }),
        ),
        ("answers without a window", [no_window, shut].concat()),
    ]
}

/// Sends everything; reads what comes, or never.
async fn stranger(port: u16, bytes: Vec<u8>, reads: bool) {
    let stream = TcpStream::connect(("127.0.0.1", port)).await.unwrap();
    let (mut reading, mut writing) = stream.into_split();
    let sending = async {
        writing.write_all(&[PREFACE, &frame(SETTINGS, 0, 0, &[])].concat()).await.ok();
        writing.write_all(&bytes).await.ok();
        // Whoever was not sent away stays.
        std::future::pending::<()>().await;
    };
    let receiving = async {
        let mut answer = Vec::new();
        if reads {
            reading.read_to_end(&mut answer).await.ok();
        } else {
            std::future::pending::<()>().await;
        }
    };
    tokio::select! {
        () = sending => {}
        () = receiving => {}
    }
}

/// Somebody honest, on a connection of their own: reads, a write, a page.
async fn honest(site: &Site, what: &str) {
    let mut connection: Connection = site.connect().await;
    for _ in 0..10 {
        let token = site.granted(&mut connection).await;
        assert!(site.is_active(&mut connection, &token).await, "{what}");
        assert_eq!(site.revoke(&mut connection, &token).await.status, 200, "{what}");
        for path in ["/live", "/jwks", "/login"] {
            assert_eq!(status(&mut connection, path).await, 200, "{what}: {path}");
        }
    }
}

/// SLOW-04: floods of every kind of frame, by strangers who read the answers and by such who do not.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_04_floods_cost_a_bounded_amount_and_others_are_answered() {
    let site = Site::build();
    let server = site.start().await;
    honest(&site, "nobody else").await;
    let process = Process::of(&server);
    let (memory, descriptors) = (process.peak(), process.descriptors());
    for (what, bytes) in floods() {
        let mut strangers = JoinSet::new();
        for number in 0..STRANGERS {
            strangers.spawn(stranger(site.port(), bytes.clone(), number % 2 == 0));
        }
        for _ in 0..3 {
            honest(&site, what).await;
        }
        let open = process.descriptors();
        assert!(open <= descriptors + STRANGERS + 2, "{what}: {open} descriptors");
        strangers.shutdown().await;
        let gone = async || process.descriptors() <= descriptors + 1;
        eventually(what, gone).await;
        let cost = process.peak() - memory;
        assert!(cost <= MOST_MEMORY, "{what}: {cost} KiB");
    }
}

/// A request in which nothing was ever heard of before: address, client, key, language, browser.
fn strange(number: usize) -> Call {
    let name = format!("stranger-{number}");
    let header =
        Base64UrlUnpadded::encode_string(format!(r#"{{"alg":"ES256","kid":"{name}"}}"#).as_bytes());
    let claims = Base64UrlUnpadded::encode_string(
        format!(r#"{{"iss":"{name}","sub":"{name}"}}"#).as_bytes(),
    );
    let fields = [
        ("grant_type", name.as_str()),
        ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
        ("client_assertion", &format!("{header}.{claims}.c2ln")),
        ("scope", &name),
    ];
    let address = format!("2001:db8:{:x}:{:x}::1", number / 0x1_0000, number % 0x1_0000);
    let value = |text: &str| HeaderValue::from_str(text).unwrap();
    Call::post("/token", fields)
        .with(header::USER_AGENT, value(&name))
        .with(header::ACCEPT_LANGUAGE, value(&format!("x{number:x}")))
        .with(HeaderName::from_static("x-forwarded-for"), value(&address))
}

/// DOS-07: ten thousand strangers leave next to nothing in memory.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dos_07_thousands_of_unknown_names_are_not_remembered() {
    const SENDERS: usize = 8;
    let site = Site::build();
    let mut command = site.installation.serve();
    command.env("DOORWARD_PROXY_TRUSTED", "127.0.0.0/8").env("DOORWARD_LOG_FILTER", "error");
    let server = site.start_as(command).await;
    honest(&site, "nobody else").await;
    let process = Process::of(&server);
    let send = async |numbers: std::ops::Range<usize>| {
        let mut senders = JoinSet::new();
        for sender in 0..SENDERS {
            let (mut connection, numbers) = (site.connect().await, numbers.clone());
            senders.spawn(async move {
                for number in numbers.skip(sender).step_by(SENDERS) {
                    let answer = connection.send(&strange(number)).await.unwrap();
                    assert!((400..500).contains(&answer.status), "{answer:?}");
                }
            });
        }
        senders.join_all().await;
    };
    send(0..2_000).await;
    let memory = process.peak();
    send(2_000..10_000).await;
    let cost = process.peak() - memory;
    assert!(cost <= MOST_OF_NAMES, "{cost} KiB");
    honest(&site, "afterwards").await;
}

/// The right password for a name, as it comes from an address of its own.
async fn from(site: &Site, connection: &mut Connection, username: &str, address: &str) -> Call {
    let call = guess(&site.target, connection, username, USER.password).await;
    let address = HeaderValue::from_str(address).unwrap();
    call.with(HeaderName::from_static("x-forwarded-for"), address)
}

/// FLOOD-03, FLOOD-06: while sign-ins come faster than passwords are hashed, from addresses and for names
/// of their own, tokens and pages are answered; whoever is sent away is told when to come back; memory is
/// that of the threads that hash; and afterwards the right password opens at once.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn flood_03_sign_ins_faster_than_hashes_keep_nobody_away() {
    const GUESSERS: usize = 64;
    const GUESSES: usize = 12;
    let site = Site::build();
    site.installation.create_user().unwrap();
    let mut command = site.installation.serve();
    command.env("DOORWARD_PROXY_TRUSTED", "127.0.0.0/8");
    command.env("DOORWARD_PASSWORDS_THREADS", "1").env("DOORWARD_PASSWORDS_QUEUE", "1s");
    let server = site.start_as(command).await;
    honest(&site, "nobody else").await;
    let process = Process::of(&server);
    let memory = process.peak();
    let mut guessers = JoinSet::new();
    for guesser in 0..GUESSERS {
        let mut connection = site.connect().await;
        let address = format!("10.0.0.{guesser}");
        let call = from(&site, &mut connection, &format!("nobody{guesser}"), &address).await;
        guessers.spawn(async move {
            for number in 0..GUESSES {
                let from = HeaderValue::from_str(&format!("10.{number}.1.{guesser}")).unwrap();
                let call = call.clone().with(HeaderName::from_static("x-forwarded-for"), from);
                let answer = connection.send(&call).await.unwrap();
                let waits = answer.headers.contains_key(header::RETRY_AFTER);
                assert!(
                    answer.status == 422 || ([429, 503].contains(&answer.status) && waits),
                    "{answer:?}"
                );
            }
        });
    }
    for _ in 0..5 {
        honest(&site, "sign-ins").await;
    }
    guessers.join_all().await;
    let mut connection = site.connect().await;
    let right = from(&site, &mut connection, USER.username, "10.255.0.1").await;
    assert_eq!(connection.send(&right).await.unwrap().status, 303);
    let cost = process.peak() - memory;
    assert!(cost <= MOST_OF_ONE_HASH + MOST_MEMORY, "{cost} KiB");
}

/// SLOW-01: while hundreds of connections stay in the middle of their first header, others are answered;
/// the slow ones are closed one and all.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn slow_01_hundreds_of_slow_connections_keep_nobody_away() {
    let site = Site::build();
    let mut command = site.installation.serve();
    command.env("DOORWARD_LIMITS_HEADER_TIMEOUT", "3s");
    let server = site.start_as(command).await;
    honest(&site, "nobody else").await;
    let process = Process::of(&server);
    let (memory, descriptors) = (process.peak(), process.descriptors());
    let mut strangers = JoinSet::new();
    for _ in 0..SLOW_STRANGERS {
        let mut stream = TcpStream::connect(("127.0.0.1", site.port())).await.unwrap();
        stream.write_all(b"GET /live HTTP/1.1\r\nhost: localhost\r\nx: ").await.unwrap();
        strangers.spawn(async move { until_closed(&mut stream).await });
    }
    for _ in 0..5 {
        honest(&site, "slow strangers").await;
    }
    while let Some(answer) = strangers.join_next().await {
        let answer = answer.unwrap();
        assert!(answer.is_empty() || answer.starts_with(b"HTTP/1.1 408"), "{answer:?}");
    }
    eventually("room again", async || process.descriptors() <= descriptors + 1).await;
    let cost = process.peak() - memory;
    assert!(cost <= MOST_MEMORY, "{cost} KiB");
}
