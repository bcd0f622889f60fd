//! The server: the real router behind its real edge, a real database, a clock that the test turns.

use std::{net::SocketAddr, num::NonZeroUsize, path::Path, sync::Arc};

use axum::{Router, body::Body, extract::ConnectInfo};
use doorward::{
    http::{
        self as floor, Explain,
        admin::{Administration, Served},
        layer::client_address::TrustedProxies,
    },
    identity::{
        session_policy::Acr,
        user::{Profile, User},
    },
    protocol::{
        client::{Client, ClientMetadata, GrantType},
        issuer::Issuer as IssuerUrl,
        policy::Policy,
    },
    service::{
        Context,
        apis::{self, NewApi},
        changes, client_registry,
        client_registry::NewSecret,
        password_pool::PasswordPool,
        policy::ServicePolicy,
        roles::{self, NewRole},
        start::{self, Means, StartError},
        users::{self, NewUser},
    },
    store::{Db, StorageOptions},
    types::{ClientId, Secret, audit::Actor, origin::Origin, seal::MasterKey},
};
use http::{HeaderMap, HeaderValue, Request, StatusCode};
use http_body_util::BodyExt;
use tokio::sync::OnceCell;
use tower::ServiceExt;

use super::{
    access::{NOTES_API, ROBOT},
    auditor::Auditor,
    clock::{MockClock, SeededRandom},
    figures::{edge, passwords, policy},
    log,
    oracle::Oracle,
};
use crate::engine::TestDb;

/// Who the server is.
pub(crate) const ISSUER: &str = "https://id.example";

/// The password of every user that a test makes without saying more.
pub(crate) const PASSWORD: &str = "correct horse battery staple";

/// A server of one test.
pub(crate) struct Issuer {
    /// Its means, for looking behind the pages.
    pub(crate) ctx: Arc<Context>,
    /// Its clock.
    pub(crate) clock: Arc<MockClock>,
    /// Who reads what its requests leave in the audit log; one for all nodes of a database.
    pub(crate) auditor: Arc<Auditor>,
    router: Router,
    place: Arc<TestDb>,
}

/// An answer of the server.
#[derive(Debug)]
pub(crate) struct Reply {
    /// The status.
    pub(crate) status: StatusCode,
    /// The headers.
    pub(crate) headers: HeaderMap,
    /// The body.
    pub(crate) body: Vec<u8>,
}

/// A client that a test registered.
#[derive(Debug, Clone)]
pub(crate) struct Registered {
    /// The client.
    pub(crate) client: Client,
    /// Its secret, if it has one.
    pub(crate) secret: Option<String>,
}

impl Issuer {
    /// A server with signing keys, and nothing else.
    pub(crate) async fn start() -> Self {
        Self::start_with(|_| {}).await
    }

    /// The same with other figures.
    pub(crate) async fn start_with(adjust: impl FnOnce(&mut ServicePolicy)) -> Self {
        log::listen();
        let db = template().await.copy().await;
        let mut policy = policy();
        adjust(&mut policy);
        let clock = Arc::new(MockClock::default());
        Self::over((*db).clone(), Arc::new(db), clock, (protocol(), policy)).await
    }

    /// A server whose operator switched `grant_type=password` on.
    pub(crate) async fn start_with_password_grant() -> Self {
        log::listen();
        let db = template().await.copy().await;
        let protocol = Policy { password_grant: true, ..protocol() };
        let clock = Arc::new(MockClock::default());
        Self::over((*db).clone(), Arc::new(db), clock, (protocol, policy())).await
    }

    async fn over(
        db: Db,
        place: Arc<TestDb>,
        clock: Arc<MockClock>,
        figures: (Policy, ServicePolicy),
    ) -> Self {
        // On the heap, like whatever else every test awaits: futures hold each other.
        let ctx = Box::pin(open(db, Arc::clone(&clock), figures, rand_seed())).await.unwrap();
        let administration = Administration {
            served: Served::ApiAndDocs,
            settings: vec![("issuer".to_owned(), format!("\"{ISSUER}\""))],
        };
        let inner = floor::router(Arc::clone(&ctx), Explain::ToDevelopers, &administration);
        let proxies = TrustedProxies::new(vec!["203.0.113.0/24".parse().unwrap()]);
        let router = edge(&ctx, proxies).around(inner);
        Self { ctx, clock, auditor: Arc::default(), router, place }
    }

    /// A second server on the same database, with the same clock: another node, or the same after a
    /// restart.
    pub(crate) async fn another_node(&self) -> Issuer {
        self.node_over(self.place.another().await).await
    }

    /// Whether another node would start on the same database.
    pub(crate) async fn would_start(&self) -> Result<(), StartError> {
        let figures = (self.ctx.protocol.clone(), self.ctx.policy.clone());
        let db = self.place.another().await;
        open(db, Arc::clone(&self.clock), figures, rand_seed()).await.map(drop)
    }

    /// How its database is opened.
    pub(crate) fn options(&self) -> &StorageOptions {
        &self.place.options
    }

    /// A second server on the same database, which is opened like this.
    pub(crate) async fn node_on(&self, options: &StorageOptions) -> Issuer {
        self.node_over(Db::open(options).await.unwrap()).await
    }

    async fn node_over(&self, db: Db) -> Issuer {
        let place = Arc::clone(&self.place);
        let figures = (self.ctx.protocol.clone(), self.ctx.policy.clone());
        let mut node = Self::over(db, place, Arc::clone(&self.clock), figures).await;
        node.auditor = Arc::clone(&self.auditor);
        node
    }

    /// What a start makes of the SQLite file in `folder`, at this moment.
    pub(crate) async fn found_in(&self, folder: tempfile::TempDir) -> Issuer {
        let place = Arc::new(TestDb::found_in(folder).await);
        let (db, clock) = ((**place).clone(), Arc::clone(&self.clock));
        Self::over(db, place, clock, (self.ctx.protocol.clone(), self.ctx.policy.clone())).await
    }

    /// What answers behind its edge, for an API to ask.
    pub(crate) fn router(&self) -> Router {
        self.router.clone()
    }

    /// The folder of its database, if that is files.
    pub(crate) fn folder(&self) -> Option<&Path> {
        self.place.folder()
    }

    /// The issuer identifier.
    pub(crate) fn url() -> &'static str {
        ISSUER
    }

    /// The path and query of a location on this server; `None` when it is elsewhere.
    pub(crate) fn path_of(location: &str) -> Option<String> {
        if location.starts_with('/') && !location.starts_with("//") {
            return Some(location.to_owned());
        }
        location
            .strip_prefix(ISSUER)
            .filter(|rest| rest.is_empty() || rest.starts_with('/'))
            .map(|rest| if rest.is_empty() { "/".to_owned() } else { rest.to_owned() })
    }

    /// Sends a request from 192.0.2.1, and holds the answer against every oracle.
    pub(crate) async fn send(&self, request: Request<String>) -> Reply {
        // On the heap: whoever sends many requests would else be large.
        Box::pin(self.send_from("192.0.2.1:40000", request)).await
    }

    /// Sends a request from `peer`.
    pub(crate) async fn send_from(&self, peer: &str, request: Request<String>) -> Reply {
        let oracle = Box::pin(Oracle::prepare(self, &request)).await;
        let mut request = request.map(Body::from);
        let peer: SocketAddr = peer.parse().unwrap();
        request.extensions_mut().insert(ConnectInfo(peer));
        // As every client does. RFC 9112 §3.2.
        let host = HeaderValue::from_static("id.example");
        request.headers_mut().entry(http::header::HOST).or_insert(host);
        let response = self.router.clone().oneshot(request).await.unwrap();
        let (parts, body) = response.into_parts();
        let body = body.collect().await.unwrap().to_bytes().to_vec();
        let reply = Reply { status: parts.status, headers: parts.headers, body };
        Box::pin(oracle.hold(self, &reply)).await;
        reply
    }

    /// Lets `seconds` pass; what the background job does four times a second has then been done.
    pub(crate) async fn wait(&self, seconds: i64) {
        self.clock.advance(seconds);
        changes::follow(&self.ctx).await.unwrap();
    }

    /// A user with [`PASSWORD`] and the role `user`.
    pub(crate) async fn user(&self, username: &str) -> User {
        self.new_user(NewUser {
            username: username.to_owned(),
            password: Some(Secret::new(PASSWORD.to_owned())),
            roles: vec!["user".to_owned()],
            ..NewUser::default()
        })
        .await
    }

    /// A user with every claim there is.
    pub(crate) async fn full_user(&self, username: &str) -> User {
        let profile: Profile = serde_json::from_value(serde_json::json!({
            "name": "Alice Liddell", "given_name": "Alice", "family_name": "Liddell",
            "middle_name": "Pleasance", "nickname": "Al",
            "profile": "https://people.example/alice", "picture": "https://people.example/alice.png",
            "website": "https://alice.example", "gender": "female", "birthdate": "1852-05-04",
            "zoneinfo": "Europe/London", "locale": "en-GB", "phone_number": "+44 20 7946 0000",
            "phone_number_verified": true,
            "address": {"street_address": "Christ Church", "locality": "Oxford",
                        "postal_code": "OX1 1DP", "country": "UK"},
        }))
        .unwrap();
        self.new_user(NewUser {
            username: username.to_owned(),
            password: Some(Secret::new(PASSWORD.to_owned())),
            email: Some(format!("{username}@example.com")),
            email_verified: true,
            roles: vec!["user".to_owned(), "moderator".to_owned()],
            profile,
        })
        .await
    }

    /// Any user.
    pub(crate) async fn new_user(&self, new: NewUser) -> User {
        new.password.iter().for_each(|password| log::keep_secret(password.expose()));
        Box::pin(users::create(&self.ctx, new, Actor::Operator, &origin())).await.unwrap()
    }

    /// Somebody who sees every write from now on.
    pub(crate) async fn witness(&self) -> super::witness::Witness {
        super::witness::Witness::at(&self.place.options.url).await
    }

    /// Registers a client.
    pub(crate) async fn client(&self, id: &str, metadata: ClientMetadata) -> Registered {
        let id = Some(ClientId::parse(id).unwrap());
        let new = NewSecret::Generated;
        let made = Box::pin(client_registry::create(
            &self.ctx,
            id,
            metadata,
            new,
            Actor::Operator,
            &origin(),
        ))
        .await
        .unwrap();
        // Machines of the tests read and write notes.
        let is_machine = made.client.may_use(GrantType::ClientCredentials);
        if is_machine && made.client.metadata.scope.contains("notes:read") {
            self.give_client(made.client.id.as_str(), ROBOT).await;
        }
        made.secret.iter().for_each(|secret| log::keep_secret(secret.expose()));
        Registered {
            client: made.client,
            secret: made.secret.map(|secret| secret.expose().clone()),
        }
    }

    /// How many events of `action` the audit log holds.
    pub(crate) async fn audited(&self, action: doorward::types::audit::Action) -> usize {
        self.events(action).await.len()
    }

    /// The events of `action`, oldest first.
    pub(crate) async fn events(
        &self,
        action: doorward::types::audit::Action,
    ) -> Vec<doorward::store::audit_event::AuditRecord> {
        let filter = doorward::store::audit_event::AuditFilter {
            action: Some(action),
            ..Default::default()
        };
        let mut reader = self.ctx.db.reader().await.unwrap();
        doorward::store::audit_event::list(&mut reader.conn(), &filter, 0, 1_000).await.unwrap()
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        if !std::thread::panicking() {
            log::hold_metrics();
        }
    }
}

impl Reply {
    /// The body as text.
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    /// The body as JSON.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body)
            .unwrap_or_else(|error| panic!("{error}: {} {}", self.status, self.text()))
    }

    /// The value of a header that must be there once.
    pub(crate) fn header(&self, name: impl AsRef<str>) -> &str {
        let name = name.as_ref();
        let mut values = self.headers.get_all(name).into_iter();
        let value = values.next().unwrap_or_else(|| panic!("no {name}: {self:?}"));
        assert!(values.next().is_none(), "{name} twice");
        value.to_str().unwrap()
    }

    /// The `error` of an OAuth error, after checking its form: JSON with the right status and words in
    /// US-ASCII (RFC 6749 §5.2).
    pub(crate) fn error(&self) -> String {
        assert!(self.status.is_client_error(), "{} {}", self.status, self.text());
        assert!(self.header(http::header::CONTENT_TYPE).starts_with("application/json"));
        let body = self.json();
        let description = body["error_description"].as_str().unwrap_or_default();
        let allowed = |b: u8| matches!(b, 0x20 | 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        assert!(description.bytes().all(allowed), "{description}");
        body["error"].as_str().expect("an error code").to_owned()
    }
}

/// The origin of what a test does by itself.
pub(crate) fn origin() -> Origin {
    Origin::command_line("test".to_owned())
}

fn protocol() -> Policy {
    let mut protocol = Policy::new(IssuerUrl::parse(ISSUER).unwrap());
    protocol.acr_values_supported = Acr::ALL.iter().map(|acr| acr.as_str().to_owned()).collect();
    protocol.ui_locales_supported = ["en", "de", "fr"].map(str::to_owned).to_vec();
    protocol
}

async fn open(
    db: Db,
    clock: Arc<MockClock>,
    (protocol, policy): (Policy, ServicePolicy),
    seed: u64,
) -> Result<Arc<Context>, StartError> {
    let pool = PasswordPool::start(passwords(NonZeroUsize::new(2).unwrap())).unwrap();
    start::open(Means {
        db,
        master_key: MasterKey::from_bytes([42; 32]),
        clock,
        random: Arc::new(SeededRandom::new(seed)),
        protocol,
        policy,
        passwords: pool,
    })
    .await
}

/// The API that machines of the tests call.
async fn know_notes(ctx: &Arc<Context>) {
    let permissions = ["notes:read", "notes:write", "notes:delete"];
    let of = |name: &str| (name.to_owned(), format!("May {name}"));
    let new = NewApi {
        audience: NOTES_API.to_owned(),
        name: "Notes".to_owned(),
        permissions: permissions.into_iter().map(of).collect(),
    };
    apis::create(ctx, new, Actor::Operator, &origin()).await.unwrap();
    let new = NewRole {
        name: ROBOT.to_owned(),
        permissions: vec!["notes:read".to_owned(), "notes:write".to_owned()],
        ..NewRole::default()
    };
    roles::create(ctx, new, Actor::Operator, &origin()).await.unwrap();
}

/// Two nodes must not draw the same bytes: each server of a process counts on.
fn rand_seed() -> u64 {
    static NEXT: std::sync::atomic::AtomicU64 = std::sync::atomic::AtomicU64::new(1);
    NEXT.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
}

/// A database whose signing keys were made already, which takes a second: made once, copied for each
/// test.
async fn template() -> &'static TestDb {
    static TEMPLATE: OnceCell<TestDb> = OnceCell::const_new();
    TEMPLATE
        .get_or_init(|| async {
            let db = TestDb::of_environment().await;
            let ctx = open((*db).clone(), Arc::default(), (protocol(), policy()), 0).await.unwrap();
            assert!(ctx.keys.is_complete());
            know_notes(&ctx).await;
            ctx.passwords.shutdown().await;
            db.close().await;
            db
        })
        .await
}
