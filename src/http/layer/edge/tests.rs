//! The edge around small routers, without sockets.

use axum::Extension;
use axum::body::Bytes;
use axum::routing::{get, post};
use tower::ServiceExt;

use super::*;
use crate::types::time::Timestamp;

#[derive(Debug)]
struct Fixed;

impl Clock for Fixed {
    fn now(&self) -> Timestamp {
        Timestamp::from_unix(1_000)
    }

    fn uptime(&self) -> Duration {
        Duration::ZERO
    }
}

impl Random for Fixed {
    fn fill(&self, out: &mut [u8]) {
        out.fill(7);
    }
}

fn edge(time: Duration) -> Edge {
    Edge {
        limits: RequestLimits { body: 16, uri: 64, time },
        proxies: TrustedProxies::new(vec!["10.0.0.0/8".parse().unwrap()]),
        clock: Arc::new(Fixed),
        random: Arc::new(Fixed),
        issuer: Issuer::parse("https://id.example").unwrap(),
    }
}

async fn whoami(Extension(origin): Extension<Origin>) -> String {
    format!("{:?} {:?}", origin.address, origin.user_agent)
}

async fn bug() {
    panic!("a bug with a secret")
}

fn router(time: Duration) -> Router {
    let router = Router::new()
        .route("/whoami", get(whoami))
        .route("/echo", post(|body: Bytes| async { body }))
        .route("/bug", get(bug))
        .route("/never", get(std::future::pending::<()>))
        .route("/slow-body", post(|body: Bytes| async { body }));
    edge(time).around(router)
}

async fn send(request: http::request::Builder, body: Body) -> Response {
    let request = request.header(HOST, "localhost").body(body).unwrap();
    router(Duration::from_mins(1)).oneshot(request).await.unwrap()
}

async fn text(response: Response) -> String {
    String::from_utf8(response.into_body().collect().await.unwrap().to_bytes().to_vec()).unwrap()
}

fn from(peer: &str) -> http::request::Builder {
    let peer: SocketAddr = format!("{peer}:4711").parse().unwrap();
    Request::get("/whoami").extension(ConnectInfo(peer))
}

#[tokio::test]
async fn handlers_learn_where_a_request_came_from() {
    let request =
        from("192.0.2.1").header("x-forwarded-for", "6.6.6.6").header(USER_AGENT, "x".repeat(300));
    let expected = format!("Some(192.0.2.1) Some({:?})", "x".repeat(256));
    assert_eq!(text(send(request, Body::empty()).await).await, expected);
    let request = from("10.0.0.1").header("x-forwarded-for", "198.51.100.7");
    assert_eq!(text(send(request, Body::empty()).await).await, "Some(198.51.100.7) None");
}

#[tokio::test]
async fn every_answer_names_its_request() {
    let answer = send(from("192.0.2.1").header(X_REQUEST_ID, "mine"), Body::empty()).await;
    assert_eq!(answer.headers()[X_REQUEST_ID].to_str().unwrap().len(), 36);
    let answer = send(from("10.0.0.1").header(X_REQUEST_ID, "mine"), Body::empty()).await;
    assert_eq!(answer.headers()[X_REQUEST_ID], "mine");
    let interaction = "c770aef3-6784-41f7-8e0e-ff5f97bddb3a";
    let request = from("192.0.2.1").header(X_FAPI_INTERACTION_ID, interaction);
    assert_eq!(send(request, Body::empty()).await.headers()[X_FAPI_INTERACTION_ID], interaction);
    let missing = send(Request::get("/missing"), Body::empty()).await;
    assert_eq!(missing.status(), StatusCode::NOT_FOUND);
    assert!(missing.headers().contains_key(X_REQUEST_ID), "the fallback is inside, too");
}

#[tokio::test]
async fn a_body_is_bounded_with_and_without_its_length() {
    let body = |length: usize| vec![b'x'; length];
    let chunked = |length: usize| {
        let bytes = Body::from(body(length));
        Body::new(bytes.with_trailers(async { None }))
    };
    let declared = |length: usize| Request::post("/echo").header(CONTENT_LENGTH, length);
    assert_eq!(send(declared(16), Body::from(body(16))).await.status(), StatusCode::OK);
    assert_eq!(send(declared(17), Body::empty()).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
    let undeclared = || Request::post("/echo");
    assert_eq!(text(send(undeclared(), chunked(16)).await).await.len(), 16);
    assert_eq!(send(undeclared(), chunked(17)).await.status(), StatusCode::PAYLOAD_TOO_LARGE);
}

#[tokio::test]
async fn compressed_bodies_and_endless_uris_are_refused() {
    for coding in ["gzip", "br", "identity, gzip"] {
        let request = Request::post("/echo").header(CONTENT_ENCODING, coding);
        let answer = send(request, Body::from("x")).await;
        assert_eq!(answer.status(), StatusCode::UNSUPPORTED_MEDIA_TYPE, "{coding}");
    }
    let uri = |length: usize| format!("/whoami?{}", "q".repeat(length - 8));
    let fits = from("192.0.2.1").uri(uri(64));
    assert_eq!(send(fits, Body::empty()).await.status(), StatusCode::OK);
    let long = from("192.0.2.1").uri(uri(65));
    assert_eq!(send(long, Body::empty()).await.status(), StatusCode::URI_TOO_LONG);
}

#[tokio::test]
async fn a_method_override_is_not_read() {
    let request = Request::get("/echo").header("x-http-method-override", "POST");
    assert_eq!(send(request, Body::empty()).await.status(), StatusCode::METHOD_NOT_ALLOWED);
}

/// CRASH-07.
#[tokio::test]
async fn crash_07_a_panic_is_the_end_of_one_request() {
    let answer = send(Request::get("/bug"), Body::empty()).await;
    assert_eq!(answer.status(), StatusCode::INTERNAL_SERVER_ERROR);
    assert!(answer.headers().contains_key(X_REQUEST_ID));
    let body = text(answer).await;
    assert!(body.contains("server_error") && !body.contains("secret"), "{body}");
    let page = Request::get("/bug").header("accept", "text/html");
    assert!(text(send(page, Body::empty()).await).await.starts_with("<!doctype html>"));
}

#[tokio::test]
async fn a_request_that_takes_too_long_says_whose_fault_it_was() {
    let router = router(Duration::ZERO);
    let never = Request::get("/never").header(HOST, "localhost").body(Body::empty()).unwrap();
    let answer = router.clone().oneshot(never).await.unwrap();
    assert_eq!(answer.status(), StatusCode::SERVICE_UNAVAILABLE);
    assert_eq!(answer.headers()["retry-after"], "1");
    let stalled = Body::from("x").with_trailers(std::future::pending());
    let slow =
        Request::post("/slow-body").header(HOST, "localhost").body(Body::new(stalled)).unwrap();
    let answer = router.oneshot(slow).await.unwrap();
    assert_eq!(answer.status(), StatusCode::REQUEST_TIMEOUT);
}

/// RFC 9112 §3.2: a request of HTTP/1.1 has one `Host`, and it is one.
#[tokio::test]
async fn a_request_needs_one_host() {
    let status = async |hosts: &[&str], version| {
        let mut request = Request::get("/whoami").version(version);
        for host in hosts {
            request = request.header(HOST, *host);
        }
        let request = request.body(Body::empty()).unwrap();
        router(Duration::from_mins(1)).oneshot(request).await.unwrap().status()
    };
    for hosts in [&["localhost"][..], &["localhost:8000"], &["[::1]:8000"], &[""]] {
        assert_eq!(status(hosts, Version::HTTP_11).await, StatusCode::OK, "{hosts:?}");
    }
    for version in [Version::HTTP_10, Version::HTTP_2] {
        assert_eq!(status(&[], version).await, StatusCode::OK, "{version:?}");
    }
    for hosts in
        [&[][..], &["a", "a"], &["a", "b"], &["a b"], &["a/b"], &["user@a"], &["a,b c"], &["a:x:y"]]
    {
        assert_eq!(status(hosts, Version::HTTP_11).await, StatusCode::BAD_REQUEST, "{hosts:?}");
    }
    assert_eq!(status(&["a", "b"], Version::HTTP_2).await, StatusCode::BAD_REQUEST);
}
