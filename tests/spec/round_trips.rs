//! What an operation costs on PostgreSQL in round trips, counted on the wire. Each is the time of the network
//! and two context switches; the figures are those of `src/manual/decisions/two_engines_one_text.md`.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use axum::{body::Body, extract::ConnectInfo};
use doorward::{
    protocol::client::{AccessTokenFormat, ClientMetadata},
    store::Engine,
};
use http::{HeaderValue, Request, StatusCode, header};
use http_body_util::BodyExt;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{
        TcpListener, TcpStream,
        tcp::{OwnedReadHalf, OwnedWriteHalf},
    },
};
use tower::ServiceExt;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    relying_party::{CALLBACK, VERIFIER, machine, response_parameters, web_app},
};

/// The message with which a client asks whether the server speaks TLS.
const TLS_REQUEST: u32 = 80_877_103;

/// A wire to a PostgreSQL server on which the questions are counted.
struct Wire {
    port: u16,
    questions: Arc<AtomicUsize>,
}

impl Wire {
    async fn to(server: String) -> Self {
        let socket = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let (port, questions) = (socket.local_addr().unwrap().port(), Arc::default());
        let counter = Arc::clone(&questions);
        tokio::spawn(async move {
            while let Ok((client, _)) = socket.accept().await {
                let (from_client, mut to_client) = client.into_split();
                let server = TcpStream::connect(&server).await.unwrap();
                let (mut from_server, to_server) = server.into_split();
                tokio::spawn(count(from_client, to_server, Arc::clone(&counter)));
                tokio::spawn(async move {
                    tokio::io::copy(&mut from_server, &mut to_client).await.ok();
                });
            }
        });
        Self { port, questions }
    }

    /// How many questions `work` asks.
    async fn during(&self, work: impl Future<Output = ()>) -> usize {
        let before = self.questions.load(Ordering::SeqCst);
        work.await;
        self.questions.load(Ordering::SeqCst) - before
    }
}

/// Passes messages on and counts those after which a client waits: `Sync` and `Query`.
async fn count(mut client: OwnedReadHalf, mut server: OwnedWriteHalf, questions: Arc<AtomicUsize>) {
    let mut started = false;
    loop {
        let kind = if started { client.read_u8().await.ok() } else { None };
        let Ok(length) = client.read_u32().await else { return };
        let mut body = vec![0; usize::try_from(length).unwrap() - 4];
        if client.read_exact(&mut body).await.is_err() {
            return;
        }
        match kind {
            None => started = started || body.get(..4) != Some(&TLS_REQUEST.to_be_bytes()),
            Some(b'S' | b'Q') => {
                questions.fetch_add(1, Ordering::SeqCst);
            }
            Some(_) => {}
        }
        let head: Vec<u8> = kind.into_iter().chain(length.to_be_bytes()).collect();
        if server.write_all(&head).await.is_err() || server.write_all(&body).await.is_err() {
            return;
        }
    }
}

/// Sends a request past the oracles, which ask the database as well: the status and the body.
async fn send(node: &Issuer, request: Request<String>) -> (StatusCode, String) {
    let (status, _, body) = send_for(node, request).await;
    (status, body)
}

/// As [`send`], with the `Location` between.
async fn send_for(node: &Issuer, request: Request<String>) -> (StatusCode, String, String) {
    let mut request = request.map(Body::from);
    request.extensions_mut().insert(ConnectInfo(std::net::SocketAddr::from(([192, 0, 2, 1], 1))));
    let host = HeaderValue::from_static("id.example");
    request.headers_mut().insert(header::HOST, host);
    let (parts, body) = node.router().oneshot(request).await.unwrap().into_parts();
    let body = body.collect().await.unwrap().to_bytes();
    let location = parts.headers.get(header::LOCATION).map(|value| value.to_str().unwrap());
    let location = location.unwrap_or_default().to_owned();
    (parts.status, location, String::from_utf8(body.to_vec()).unwrap())
}

/// A node with one connection, which runs over a wire; `None` on SQLite, where nothing goes over one.
async fn wired(issuer: &Issuer) -> Option<(Wire, Issuer)> {
    if issuer.ctx.db.engine() == Engine::Sqlite {
        return None;
    }
    let mut options = issuer.options().clone();
    let mut url = url::Url::parse(&options.url).unwrap();
    let server = format!("{}:{}", url.host_str().unwrap(), url.port().unwrap_or(5432));
    let wire = Wire::to(server).await;
    url.set_port(Some(wire.port)).unwrap();
    (options.url, options.max_connections) = (url.into(), 1);
    let node = issuer.node_on(&options).await;
    Some((wire, node))
}

#[tokio::test]
async fn a_token_of_a_client_costs_no_round_trip() {
    let issuer = Issuer::start().await;
    let format = |access_token_format| ClientMetadata { access_token_format, ..machine() };
    let opaque = format(AccessTokenFormat::Opaque);
    let opaque = RelyingParty::register(&issuer, "opaque", opaque).await;
    let jwt = RelyingParty::register(&issuer, "jwt", format(AccessTokenFormat::Jwt)).await;
    let Some((wire, node)) = wired(&issuer).await else { return };
    for app in [opaque, jwt] {
        let ask = async || {
            let request = app.request("/token", &[("grant_type", "client_credentials")]);
            assert_eq!(send(&node, request).await.0, StatusCode::OK);
        };
        // What is prepared and remembered once.
        ask().await;
        assert_eq!(wire.during(ask()).await, 0);
    }
}

/// One question for a code that another node gave and what stands behind it, one to use it up and write the
/// row of its refresh token. What this node left of the family it remembers.
#[tokio::test]
async fn a_code_of_another_node_costs_two_round_trips_and_a_refresh_one() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let mut apps = Vec::new();
    for (id, format) in [("opaque", AccessTokenFormat::Opaque), ("jwt", AccessTokenFormat::Jwt)] {
        let metadata = ClientMetadata { access_token_format: format, ..web_app() };
        let app = RelyingParty::register(&issuer, id, metadata).await;
        apps.push(app.asking("openid offline_access"));
    }
    let Some((wire, node)) = wired(&issuer).await else { return };
    let mut browser = Browser::new(&issuer);
    for app in apps {
        let mut refresh = String::new();
        for round in 0..2 {
            let code = app.code(&mut browser, "alice").await;
            let fields = [
                ("grant_type", "authorization_code"),
                ("code", &code),
                ("redirect_uri", CALLBACK),
                ("code_verifier", VERIFIER),
            ];
            let trips = wire.during(async {
                let (status, body) = send(&node, app.request("/token", &fields)).await;
                assert_eq!(status, StatusCode::OK, "{body}");
                let tokens: serde_json::Value = serde_json::from_str(&body).unwrap();
                refresh = tokens["refresh_token"].as_str().unwrap().to_owned();
            });
            let trips = trips.await;
            assert!(round == 0 || trips == 2, "a code: {trips}");
        }
        for round in 0..2 {
            let fields = [("grant_type", "refresh_token"), ("refresh_token", &refresh)];
            let request = app.request("/token", &fields);
            let mut next = String::new();
            let trips = wire.during(async {
                let (status, body) = send(&node, request).await;
                assert_eq!(status, StatusCode::OK, "{body}");
                let tokens: serde_json::Value = serde_json::from_str(&body).unwrap();
                next = tokens["refresh_token"].as_str().unwrap().to_owned();
            });
            let trips = trips.await;
            assert!(round == 0 || trips == 1, "a refresh: {trips}");
            refresh = next;
        }
    }
}

/// The session, the consent, and the grant with its code; then the redemption.
#[tokio::test]
async fn a_known_browser_costs_three_round_trips_and_its_code_one() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    app.code(&mut browser, "alice").await;
    let Some((wire, node)) = wired(&issuer).await else { return };
    let cookies: Vec<String> = browser.cookies.iter().map(|(n, v)| format!("{n}={v}")).collect();
    let ask = async || {
        let request = Request::get(app.authorize_url()).header(header::COOKIE, cookies.join("; "));
        let request = request.body(String::new()).unwrap();
        let (status, location, _) = send_for(&node, request).await;
        assert_eq!(status, StatusCode::SEE_OTHER);
        response_parameters(&location)["code"].clone()
    };
    let redeem = async |code: String| {
        let fields = [
            ("grant_type", "authorization_code"),
            ("code", &code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ];
        let (status, body) = send(&node, app.request("/token", &fields)).await;
        assert_eq!(status, StatusCode::OK, "{body}");
    };
    redeem(ask().await).await;
    let mut code = String::new();
    assert_eq!(wire.during(async { code = ask().await }).await, 3);
    assert_eq!(wire.during(redeem(code)).await, 1);
}
