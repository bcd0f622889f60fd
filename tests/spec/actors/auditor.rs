//! The audit log, held against every answer: who knows what was asked, what was answered and what was
//! alive before knows which events there must be. Attack catalogue, oracle 5.

use std::{
    collections::{BTreeMap, HashMap},
    sync::atomic::{AtomicI64, AtomicUsize, Ordering},
};

use doorward::{
    http::route,
    protocol::{client::GrantType, token::refresh::PresentedRefreshToken},
    service::access_token,
    store::{self, audit_event::AuditRecord},
    types::{SessionId, TokenHash, UserId, audit::Action, token::TokenKind},
};
use http::{Method, Request, StatusCode, header};

use super::{
    admin::BASE,
    issuer::{Issuer, Reply},
};

/// The cookie that says who is signed in.
const SESSION_COOKIE: &str = "__Host-doorward-session";

const TOKEN_EXCHANGE: &str = GrantType::TokenExchange.as_str();

/// Where it matters whether the browser is signed in.
const ENDS_SESSIONS: [&str; 5] =
    [route::LOGIN, route::CONSENT, route::SELECT_ACCOUNT, route::LOGOUT, route::END_SESSION];

/// How far the audit log of one database was read, and who is at work on it.
#[derive(Debug, Default)]
pub(crate) struct Auditor {
    read: AtomicI64,
    begun: AtomicUsize,
    ended: AtomicUsize,
}

impl Auditor {
    /// Does what is no request, at the same time as requests: none of them is alone meanwhile.
    pub(crate) async fn beside<T>(&self, act: impl Future<Output = T>) -> T {
        self.begun.fetch_add(1, Ordering::SeqCst);
        let done = act.await;
        self.ended.fetch_add(1, Ordering::SeqCst);
        done
    }
}

/// What the request speaks of, just before the request.
pub(crate) struct Before {
    /// How far the log was read: whatever the request writes comes later.
    read: i64,
    /// The number of the request.
    number: usize,
    /// Whether all requests before it were answered.
    first: bool,
    session: Option<(UserId, SessionId)>,
    other_sessions: usize,
    token: Token,
}

/// The code or token that the request brings.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Token {
    /// Nothing hangs from it that could still end.
    Dead,
    /// It counts, or its grant does.
    Alive,
}

/// What the audit log must say of one request.
struct Expected {
    /// These events exactly.
    events: Vec<Action>,
    /// One of these beside, where neither request nor answer tells.
    perhaps: &'static [Action],
}

impl Before {
    /// Looks; `None` when the database is away, which lets nobody change anything either.
    pub(crate) async fn look(issuer: &Issuer, request: &Request<String>) -> Option<Self> {
        drop(issuer.ctx.db.reader().await.ok()?);
        let auditor = &issuer.auditor;
        let read = auditor.read.load(Ordering::SeqCst);
        let number = auditor.begun.fetch_add(1, Ordering::SeqCst);
        let first = auditor.ended.load(Ordering::SeqCst) == number;
        let (session, token) = (None, Token::Dead);
        let mut before = Self { read, number, first, session, other_sessions: 0, token };
        let path = request.uri().path();
        if ENDS_SESSIONS.contains(&path) {
            before.look_for_session(issuer, request).await;
        }
        let form = form(request);
        if path == route::TOKEN {
            if let Some(code) = form.get("code") {
                before.token = code_grant(issuer, code).await;
            } else if let Some(text) = form.get("refresh_token") {
                before.token = refresh_grant(issuer, text).await;
            }
        } else if let (route::REVOKE, Some(text)) = (path, form.get("token")) {
            before.token = match PresentedRefreshToken::parse(text) {
                Some(_) => refresh_grant(issuer, text).await,
                None => access(issuer, text).await,
            };
        }
        Some(before)
    }

    async fn look_for_session(&mut self, issuer: &Issuer, request: &Request<String>) {
        let Some(cookie) = session_cookie(request) else { return };
        let now = issuer.ctx.now();
        let mut reader = issuer.ctx.db.reader().await.unwrap();
        let mut conn = reader.conn();
        let found = store::session::find_live(&mut conn, &cookie, now).await.unwrap();
        let Some((session, user)) = found else { return };
        self.session = Some((user.id, session.id));
        // A new password can have ended all of them since.
        let live = store::session::list_live(&mut conn, user.id, now).await.unwrap();
        self.other_sessions = live.iter().filter(|other| other.id != session.id).count();
    }

    /// Holds what was written since against the answer.
    pub(crate) async fn hold(
        self,
        issuer: &Issuer,
        line: &str,
        request: &Request<String>,
        reply: &Reply,
    ) {
        // Closed in the middle of the request: there is nobody to ask.
        let Ok(mut reader) = issuer.ctx.db.reader().await else { return };
        let filter = store::audit_event::AuditFilter::default();
        let mut conn = reader.conn();
        let since = store::audit_event::list(&mut conn, &filter, self.read, 1_000).await.unwrap();
        let auditor = &issuer.auditor;
        auditor.ended.fetch_add(1, Ordering::SeqCst);
        let alone = self.first && auditor.begun.load(Ordering::SeqCst) == self.number + 1;
        auditor.read.fetch_max(since.last().map_or(0, |event| event.seq), Ordering::SeqCst);
        let id = reply.headers.get("x-request-id").expect("every answer names its request");
        let mine: Vec<_> = since
            .into_iter()
            .filter(|event| event.request_id.as_bytes() == id.as_bytes())
            .collect();
        self.compare(line, request, reply, &mine, alone);
    }

    /// Another request at the same time can have ended what was alive: then there can be fewer events.
    fn compare(
        &self,
        line: &str,
        request: &Request<String>,
        reply: &Reply,
        mine: &[AuditRecord],
        alone: bool,
    ) {
        let Expected { events, perhaps } = self.expected(request, reply);
        let mut left: BTreeMap<&str, usize> = BTreeMap::new();
        for action in &events {
            *left.entry(action.as_str()).or_default() += 1;
        }
        let mut perhaps: Vec<&str> = perhaps.iter().map(|action| action.as_str()).collect();
        for event in mine {
            let action = event.action.as_str();
            if let Some(count) = left.get_mut(action).filter(|count| **count > 0) {
                *count -= 1;
                continue;
            }
            let place = perhaps.iter().position(|known| *known == action);
            let place = place.unwrap_or_else(|| {
                panic!("{line}: {} has an event too many: {mine:?}", reply.status)
            });
            perhaps.remove(place);
        }
        let missing: Vec<_> = left.into_iter().filter(|(_, count)| *count > 0).collect();
        assert!(!alone || missing.is_empty(), "{line}: {} left no {missing:?}", reply.status);
    }

    /// The table: route and outcome, and what was alive before.
    fn expected(&self, request: &Request<String>, reply: &Reply) -> Expected {
        // Who must wait is told of once an hour.
        if reply.status == StatusCode::TOO_MANY_REQUESTS {
            let perhaps = &[Action::SignInsLimited, Action::ClientsLimited];
            return Expected { events: Vec::new(), perhaps };
        }
        let form = form(request);
        let action = form.get("action").map(String::as_str);
        match (request.method(), request.uri().path()) {
            (&Method::POST, route::LOGIN | route::CONSENT | route::SELECT_ACCOUNT)
                if action == Some("cancel") =>
            {
                let refused = leaves_with(reply, "error") && self.session.is_some();
                exactly(one_if(refused, Action::ConsentDenied))
            }
            (&Method::POST, route::LOGIN) => login(reply),
            (&Method::POST, route::CONSENT) => {
                let allowed = action == Some("allow") && leaves_with(reply, "code");
                exactly(one_if(allowed, Action::ConsentGranted))
            }
            // Who allowed an app something and was then asked for the account, or the password.
            (&Method::POST, route::SELECT_ACCOUNT) if leaves_with(reply, "code") => {
                Expected { events: Vec::new(), perhaps: &[Action::ConsentGranted] }
            }
            (&Method::GET | &Method::POST, route::LOGOUT) => {
                let signed_out = forgets_session(reply) && self.session.is_some();
                exactly(one_if(signed_out, Action::SignedOut))
            }
            (&Method::POST, route::END_SESSION) => exactly(match done(reply) {
                Some("session") => vec![Action::SignedOut],
                Some("others") => vec![Action::SignedOut; self.other_sessions],
                _ => Vec::new(),
            }),
            (&Method::POST, route::REVOKE_APP) => {
                exactly(one_if(done(reply) == Some("app"), Action::ConsentRevoked))
            }
            (&Method::POST, route::NEW_API_KEY) => {
                exactly(one_if(reply.status == StatusCode::OK, Action::ApiKeyCreated))
            }
            (&Method::POST, route::ROTATE_API_KEY) => {
                exactly(one_if(reply.status == StatusCode::OK, Action::ApiKeyRotated))
            }
            // One that is dead stays as it is.
            (&Method::POST, route::REVOKE_API_KEY) if reply.status == StatusCode::SEE_OTHER => {
                Expected { events: Vec::new(), perhaps: &[Action::ApiKeyRevoked] }
            }
            (&Method::POST, route::SETUP) => {
                exactly(one_if(reply.status == StatusCode::OK, Action::UserCreated))
            }
            (&Method::POST, route::TOKEN) => self.of_grant(&form, reply),
            (&Method::POST, route::REVOKE) => {
                let revoked = reply.status == StatusCode::OK && self.token == Token::Alive;
                exactly(one_if(revoked, Action::TokenRevoked))
            }
            (method, path) if path.starts_with(BASE) => administration(method, path, reply),
            _ => exactly(Vec::new()),
        }
    }

    /// The token endpoint. A password is a sign-in, and an exchange is somebody else's use of a key.
    fn of_grant(&self, form: &HashMap<String, String>, reply: &Reply) -> Expected {
        match form.get("grant_type").map(String::as_str) {
            Some("password") => by_password(reply),
            Some(TOKEN_EXCHANGE) if reply.status == StatusCode::OK => {
                Expected { events: vec![Action::ApiKeyExchanged], perhaps: &[Action::TokenLarge] }
            }
            _ if reply.status == StatusCode::OK => {
                Expected { events: Vec::new(), perhaps: &[Action::TokenLarge, Action::TokenLarge] }
            }
            _ => self.refused_grant(reply),
        }
    }

    /// What is granted leaves no event, and what is refused leaves one only when it ends what was alive.
    fn refused_grant(&self, reply: &Reply) -> Expected {
        if reply.status != StatusCode::BAD_REQUEST {
            return exactly(Vec::new());
        }
        let body = reply.json();
        let ended = |action| exactly(one_if(self.token == Token::Alive, action));
        match body["error_description"].as_str() {
            Some(text) if text.starts_with("the code was redeemed before") => {
                ended(Action::CodeReused)
            }
            Some("the refresh token was revoked") => ended(Action::RefreshReused),
            Some(text) if text.starts_with("the token would be larger") => {
                exactly(vec![Action::TokenTooLarge])
            }
            Some("the refresh token was superseded") => exactly(vec![Action::RefreshRetriesSpent]),
            Some("the refresh token is not valid") => {
                Expected { events: Vec::new(), perhaps: &[Action::RefreshFromFuture] }
            }
            _ => exactly(Vec::new()),
        }
    }
}

/// A password that an app sent is told of when it was right; and, like on the sign-in page, the try after
/// which others must wait.
fn by_password(reply: &Reply) -> Expected {
    let granted = reply.status == StatusCode::OK;
    Expected {
        events: one_if(granted, Action::PasswordGranted),
        perhaps: &[Action::SignInBlocked, Action::TokenLarge],
    }
}

/// What an administrator changed. What was so before leaves no event, and nor does what was refused, or
/// told once more.
fn administration(method: &Method, path: &str, reply: &Reply) -> Expected {
    let perhaps = |perhaps| Expected { events: Vec::new(), perhaps };
    let replayed = *method == Method::POST
        && reply.status == StatusCode::OK
        && reply.json().get("status").is_some();
    let looks = [Method::GET, Method::HEAD].contains(method);
    if looks || !reply.status.is_success() || replayed {
        return exactly(Vec::new());
    }
    let parts: Vec<&str> = path.trim_start_matches(BASE).split('/').skip(1).collect();
    let give = *method == Method::PUT;
    match (parts.as_slice(), method) {
        (["signing-keys", "rotate"], _) => perhaps(&KEYS_MOVE),
        (["signing-keys", _, "revoke"], _) => {
            Expected { events: vec![Action::KeyRevoked], perhaps: &KEYS_MOVE }
        }
        ([_, _, "roles", _], _) if give => perhaps(&[Action::RoleGranted]),
        ([_, _, "roles", _], _) => perhaps(&[Action::RoleRevoked]),
        ([_, _, "members", _], _) if give => perhaps(&[Action::GroupMemberAdded]),
        ([_, _, "members", _], _) => perhaps(&[Action::GroupMemberRemoved]),
        (["users", _, "disable"], _) => perhaps(&[Action::UserDisabled]),
        (["users", _, "enable"], _) => perhaps(&[Action::UserEnabled]),
        (["clients", _, "disable"], _) => perhaps(&[Action::ClientDisabled]),
        (["clients", _, "enable"], _) => perhaps(&[Action::ClientEnabled]),
        (["users", _, "password"], _) => exactly(vec![Action::UserPasswordSet]),
        (["clients", _, "secret"], _) => exactly(vec![Action::ClientSecretRotated]),
        (["users" | "clients", _, "api-keys"], _) => exactly(vec![Action::ApiKeyCreated]),
        (["api-keys", _, "rotate"], _) => exactly(vec![Action::ApiKeyRotated]),
        (["api-keys", _], _) => perhaps(&[Action::ApiKeyRevoked]),
        (["sessions", _], _) => exactly(vec![Action::SessionEnded]),
        (["grants", _], _) => exactly(vec![Action::GrantRevoked]),
        ([noun], _) => exactly(vec![of_noun(noun).0]),
        ([noun, _], &Method::DELETE) => exactly(vec![of_noun(noun).2]),
        ([noun, _], _) => exactly(vec![of_noun(noun).1]),
        _ => panic!("what does {method} {path} write to the audit log?"),
    }
}

/// What a rotation can do to the keys.
const KEYS_MOVE: [Action; 8] = [
    Action::KeyCreated,
    Action::KeyCreated,
    Action::KeyCreated,
    Action::KeyActivated,
    Action::KeyActivated,
    Action::KeyRetired,
    Action::KeyRetired,
    Action::KeyRemoved,
];

/// Made, changed, deleted.
fn of_noun(noun: &str) -> (Action, Action, Action) {
    match noun {
        "users" => (Action::UserCreated, Action::UserUpdated, Action::UserDeleted),
        "clients" => (Action::ClientCreated, Action::ClientUpdated, Action::ClientDeleted),
        "apis" => (Action::ApiCreated, Action::ApiUpdated, Action::ApiDeleted),
        "roles" => (Action::RoleCreated, Action::RoleUpdated, Action::RoleDeleted),
        "groups" => (Action::GroupCreated, Action::GroupUpdated, Action::GroupDeleted),
        other => panic!("what do {other} write to the audit log?"),
    }
}

const fn exactly(events: Vec<Action>) -> Expected {
    Expected { events, perhaps: &[] }
}

fn one_if(happened: bool, action: Action) -> Vec<Action> {
    if happened { vec![action] } else { Vec::new() }
}

/// A sign-in writes its event with the cookie. The try after which others must wait is told as well,
/// and nothing in its own answer says that it was that one.
fn login(reply: &Reply) -> Expected {
    let signed_in = hands_out_session(reply);
    let perhaps: &[Action] = match (signed_in, reply.status) {
        (true, _) if leaves_with(reply, "code") => &[Action::ConsentGranted, Action::SignInBlocked],
        (true, _) | (_, StatusCode::UNPROCESSABLE_ENTITY | StatusCode::SERVICE_UNAVAILABLE) => {
            &[Action::SignInBlocked]
        }
        (false, _) => &[],
    };
    Expected { events: one_if(signed_in, Action::SignedIn), perhaps }
}

/// Whether the grant of a code counts.
async fn code_grant(issuer: &Issuer, text: &str) -> Token {
    let Some(hash) = TokenKind::AuthorizationCode.recognise(text) else { return Token::Dead };
    let mut reader = issuer.ctx.db.reader().await.unwrap();
    let found = store::authorization_code::find(&mut reader.conn(), &hash).await.unwrap();
    alive_if(found.is_some_and(|(_, behind)| behind.grant.revoked.is_none()))
}

/// Whether the grant of a genuine refresh token counts.
async fn refresh_grant(issuer: &Issuer, text: &str) -> Token {
    let Some(presented) = PresentedRefreshToken::parse(text) else { return Token::Dead };
    let mut reader = issuer.ctx.db.reader().await.unwrap();
    let found = store::refresh_family::find(&mut reader.conn(), presented.family()).await.unwrap();
    let keys = &issuer.ctx.vault.refresh_tokens;
    let counts = found.filter(|(family, _)| presented.prove(keys, family).is_some());
    alive_if(counts.is_some_and(|(_, behind)| behind.grant.revoked.is_none()))
}

/// Whether an access token counts for this node, and was not revoked at another that it has not heard of.
async fn access(issuer: &Issuer, text: &str) -> Token {
    let Some(live) = access_token::resolve(&issuer.ctx, text).await.unwrap() else {
        return Token::Dead;
    };
    let key = &live.facts.revocation_key;
    let mut reader = issuer.ctx.db.reader().await.unwrap();
    let mut conn = reader.conn();
    let standing = store::revoked_token::standing(&mut conn, key, None).await.unwrap();
    alive_if(standing != store::revoked_token::Standing::Dead)
}

const fn alive_if(counts: bool) -> Token {
    if counts { Token::Alive } else { Token::Dead }
}

/// The fields of a form, the last of each name.
fn form(request: &Request<String>) -> HashMap<String, String> {
    form_urlencoded::parse(request.body().as_bytes()).into_owned().collect()
}

/// The one session cookie of a request; with two of them there is none.
fn session_cookie(request: &Request<String>) -> Option<TokenHash> {
    let cookies = request.headers().get_all(header::COOKIE).iter();
    let cookies = cookies.filter_map(|value| value.to_str().ok()).flat_map(|all| all.split("; "));
    let pairs = cookies.filter_map(|cookie| cookie.split_once('='));
    let mut values = pairs.filter(|(name, _)| *name == SESSION_COOKIE).map(|(_, value)| value);
    let value = values.next()?;
    values.next().is_none().then(|| TokenKind::Session.recognise(value)).flatten()
}

/// Whether the answer goes to an app with this parameter, by a redirect or by a form.
fn leaves_with(reply: &Reply, parameter: &str) -> bool {
    let Some(location) = reply.headers.get(header::LOCATION) else {
        return reply.status == StatusCode::OK
            && reply.text().contains(&format!("type=\"hidden\" name=\"{parameter}\""));
    };
    let location = location.to_str().unwrap();
    let parameters = location.split_once(['?', '#']).map_or("", |(_, parameters)| parameters);
    !location.starts_with('/')
        && form_urlencoded::parse(parameters.as_bytes()).any(|(name, _)| name == parameter)
}

fn hands_out_session(reply: &Reply) -> bool {
    set_cookies(reply).any(|cookie| session_value(cookie).is_some_and(|value| !value.is_empty()))
}

fn forgets_session(reply: &Reply) -> bool {
    set_cookies(reply).any(|cookie| session_value(cookie) == Some(""))
}

fn session_value(cookie: &str) -> Option<&str> {
    let pair = cookie.split(';').next().unwrap_or_default();
    pair.strip_prefix(SESSION_COOKIE)?.strip_prefix('=')
}

fn set_cookies(reply: &Reply) -> impl Iterator<Item = &str> {
    reply.headers.get_all(header::SET_COOKIE).iter().map(|value| value.to_str().unwrap())
}

/// What the account page is told that was done.
fn done(reply: &Reply) -> Option<&str> {
    let location = reply.headers.get(header::LOCATION)?.to_str().unwrap();
    location.strip_prefix(route::ACCOUNT)?.strip_prefix("?done=")
}

/// The oracle sees what is missing and what is too much.
#[test]
fn an_event_too_few_and_an_event_too_many_are_seen() {
    use doorward::types::{id::AuditEventId, time::Timestamp};

    let session = (UserId::from_uuid(uuid::Uuid::nil()), SessionId::from_uuid(uuid::Uuid::nil()));
    let before = Before {
        read: 0,
        number: 0,
        first: true,
        session: Some(session),
        other_sessions: 0,
        token: Token::Dead,
    };
    let request = Request::get(route::LOGOUT).body(String::new()).unwrap();
    let mut headers = http::HeaderMap::new();
    let cookie = format!("{SESSION_COOKIE}=; Path=/; Max-Age=0");
    headers.insert(header::SET_COOKIE, cookie.parse().unwrap());
    let reply = Reply { status: StatusCode::SEE_OTHER, headers, body: Vec::new() };
    let event = |action: Action| AuditRecord {
        seq: 1,
        id: AuditEventId::from_uuid(uuid::Uuid::nil()),
        at: Timestamp::from_unix(0),
        actor: String::new(),
        action: action.as_str().to_owned(),
        object: String::new(),
        outcome: String::new(),
        request_id: String::new(),
        address: None,
        user_agent: None,
        detail: String::new(),
        hash: [0; 32],
    };
    let passes = |events: &[AuditRecord], alone: bool| {
        let compare = || before.compare("GET /logout", &request, &reply, events, alone);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(compare)).is_ok()
    };
    let (right, wrong) = (event(Action::SignedOut), event(Action::SignedIn));
    assert!(passes(std::slice::from_ref(&right), true));
    assert!(!passes(&[], true));
    assert!(passes(&[], false));
    assert!(!passes(std::slice::from_ref(&wrong), false));
    assert!(!passes(&[right.clone(), right.clone()], true));
    assert!(!passes(&[right, wrong], true));
}
