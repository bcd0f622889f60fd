//! An API: routes behind the extractors and layers of `resource_server`, and a line to the issuer that a
//! test can cut, listen to and lie on.

use std::{
    collections::BTreeMap,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
};

use axum::{
    Json, Router,
    body::Body,
    extract::ConnectInfo,
    routing::{delete, get, post},
};
use doorward::resource_server::{
    AccessToken, Answer, Builder, Fetch, RequirePermission, RequireRole, Unreachable, Validator,
    protected_resource_metadata,
};
use doorward::types::time::Clock;
use http::{Request, Response, header};
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::{
    Issuer, Signer,
    clock::MockClock,
    issuer::{ISSUER, Reply},
};

/// The audience of the API.
pub(crate) const AUDIENCE: &str = "https://notes.example/api";

doorward::permissions! {
    /// Change notes.
    pub(crate) NotesWrite = "notes:write";
}

doorward::roles! {
    /// Looks after other people's notes.
    pub(crate) Moderator = "moderator";
}

/// An API of one test.
pub(crate) struct Api {
    /// What it checks tokens with.
    pub(crate) validator: Validator,
    /// Its line to the issuer.
    pub(crate) line: Line,
    router: Router,
}

/// The line between an API and its issuer.
#[derive(Debug, Clone)]
pub(crate) struct Line(Arc<Ends>);

#[derive(Debug)]
struct Ends {
    issuer: Option<Router>,
    cut: AtomicBool,
    asked: Mutex<Vec<String>>,
    /// Answers in place of the issuer's: status, headers, body by path.
    lies: Mutex<BTreeMap<String, (u16, String)>>,
}

impl Line {
    /// A line to a server.
    pub(crate) fn to(issuer: &Issuer) -> Self {
        Self::between(Some(issuer.router()))
    }

    /// A line to an issuer of this test's own making, that publishes the key of `signer`.
    pub(crate) fn to_foreign(signer: &Signer) -> Self {
        let line = Self::between(None);
        let metadata = json!({
            "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks"),
            "introspection_endpoint": format!("{ISSUER}/introspect"),
        });
        line.lie("/.well-known/oauth-authorization-server", 200, &metadata.to_string());
        line.publish(&[signer]);
        line
    }

    fn between(issuer: Option<Router>) -> Self {
        Self(Arc::new(Ends {
            issuer,
            cut: AtomicBool::new(false),
            asked: Mutex::default(),
            lies: Mutex::default(),
        }))
    }

    /// From now on the JWKS holds the keys of `signers`.
    pub(crate) fn publish(&self, signers: &[&Signer]) {
        let keys: Vec<Value> = signers.iter().map(|signer| signer.jwk()).collect();
        self.lie("/jwks", 200, &json!({ "keys": keys }).to_string());
    }

    /// Answers `path` in place of the issuer.
    pub(crate) fn lie(&self, path: &str, status: u16, body: &str) {
        self.0.lies.lock().unwrap().insert(path.to_owned(), (status, body.to_owned()));
    }

    /// Nothing goes through any more.
    pub(crate) fn cut(&self) {
        self.0.cut.store(true, Ordering::SeqCst);
    }

    /// It works again.
    pub(crate) fn mend(&self) {
        self.0.cut.store(false, Ordering::SeqCst);
    }

    /// How often `path` was asked for, in vain or not.
    pub(crate) fn asked(&self, path: &str) -> usize {
        self.0.asked.lock().unwrap().iter().filter(|asked| *asked == path).count()
    }

    async fn carry(&self, request: Request<String>) -> Result<Response<Vec<u8>>, Unreachable> {
        let (mut parts, body) = request.into_parts();
        let address = parts.uri.to_string();
        let path = address.strip_prefix(ISSUER).expect("only the issuer is asked").to_owned();
        self.0.asked.lock().unwrap().push(path.clone());
        // Others get their turn, as they would while an answer is on its way.
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        if self.0.cut.load(Ordering::SeqCst) {
            return Err(Unreachable("the line is cut".to_owned()));
        }
        if let Some((status, body)) = self.0.lies.lock().unwrap().get(&path).cloned() {
            return Ok(Response::builder().status(status).body(body.into_bytes()).unwrap());
        }
        parts.uri = path.parse().unwrap();
        let mut request = Request::from_parts(parts, Body::from(body));
        let peer: std::net::SocketAddr = "192.0.2.80:40000".parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        let host = http::HeaderValue::from_static("id.example");
        request.headers_mut().entry(http::header::HOST).or_insert(host);
        let router = self.0.issuer.clone().unwrap_or_default();
        let (parts, body) = router.oneshot(request).await.unwrap().into_parts();
        Ok(Response::from_parts(parts, body.collect().await.unwrap().to_bytes().to_vec()))
    }
}

impl Fetch for Line {
    fn fetch(&self, request: Request<String>) -> Answer<'_> {
        Box::pin(self.carry(request))
    }
}

impl Api {
    /// An API of `issuer` that checks JWTs alone.
    pub(crate) fn of(issuer: &Issuer) -> Self {
        Self::with(Line::to(issuer), &issuer.clock, |builder| builder)
    }

    /// An API with other settings.
    pub(crate) fn with(
        line: Line,
        clock: &Arc<MockClock>,
        adjust: impl FnOnce(Builder) -> Builder,
    ) -> Self {
        let clock = Arc::clone(clock) as Arc<dyn Clock>;
        let builder = Validator::for_api(ISSUER, AUDIENCE).fetch(line.clone()).clock(clock);
        let validator = adjust(builder).build().unwrap();
        let router = routes(&validator).with_state(validator.clone());
        Self { validator, line, router }
    }

    /// The same API, which serves its metadata.
    pub(crate) fn serving_metadata(mut self) -> Self {
        self.router = self.router.merge(protected_resource_metadata(&self.validator).unwrap());
        self
    }

    /// Sends a request.
    pub(crate) async fn send(&self, request: Request<String>) -> Reply {
        let response = self.router.clone().oneshot(request.map(Body::from)).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        Reply { status: parts.status, headers: parts.headers, body }
    }

    /// Calls `method path` with these headers.
    pub(crate) async fn call(&self, line: &str, headers: &[(&str, &str)]) -> Reply {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let mut request = Request::builder().method(method).uri(path);
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(String::new()).unwrap()).await
    }

    /// Calls `method path` with an access token.
    pub(crate) async fn call_with(&self, line: &str, token: &str) -> Reply {
        self.call(line, &[("authorization", &format!("Bearer {token}"))]).await
    }

    /// Who the API takes the bearer of `token` for.
    pub(crate) async fn me(&self, token: &str) -> Reply {
        self.call_with("GET /me", token).await
    }
}

impl Reply {
    /// The API refuses: this status, and this error in body and challenge (RFC 6750 §3).
    #[track_caller]
    pub(crate) fn refused_by_api(&self, status: u16, error: &str) {
        assert_eq!((self.status.as_u16(), self.json()["error"].as_str()), (status, Some(error)));
        let challenge = self.header(header::WWW_AUTHENTICATE);
        assert!(challenge.starts_with("Bearer realm=\""), "{challenge}");
        assert!(challenge.contains(&format!(", error=\"{error}\"")), "{challenge}");
        assert_eq!(self.header(header::CACHE_CONTROL), "no-store");
    }

    /// The API cannot say: 503 with `Retry-After`, and no challenge.
    #[track_caller]
    pub(crate) fn unavailable(&self) {
        assert_eq!(self.status.as_u16(), 503, "{}", self.text());
        assert!(self.header(header::RETRY_AFTER).parse::<u64>().unwrap() > 0);
        assert!(!self.headers.contains_key(header::WWW_AUTHENTICATE));
    }
}

fn routes(api: &Validator) -> Router<Validator> {
    Router::new()
        .route("/me", get(me))
        .route("/guest", get(guest))
        .route("/notes/1", delete(async |_: RequirePermission<NotesWrite>| "gone"))
        .route("/sweep", post(async || "swept").route_layer(api.require_permission("notes:write")))
        .route("/zone", get(async |_: RequireRole<Moderator>| "dead"))
        .route("/layered-zone", get(async || "dead").route_layer(api.require_role("moderator")))
        .route("/layered", get(me).route_layer(api.require_token()))
}

async fn me(token: AccessToken) -> Json<Value> {
    Json(json!({
        "sub": token.subject(), "client_id": token.client_id(),
        "scope": token.scope().to_string(), "roles": token.roles(),
    }))
}

async fn guest(token: Option<AccessToken>) -> String {
    token.map_or_else(|| "guest".to_owned(), |token| token.subject().to_owned())
}
