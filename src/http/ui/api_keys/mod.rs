//! One's own API keys: the list, and what the pages that change them share.
//!
//! A key outlives the session that made it. So whoever makes or rotates one has signed in just now;
//! everybody else signs in first and comes back to where they were (SESS-10). To revoke one, being
//! signed in is enough: it takes something away from a thief, too.

pub(crate) mod new;
pub(crate) mod revoke;
pub(crate) mod rotate;

use std::sync::Arc;

use axum::{
    Extension,
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

use super::{Failure, messages, query, see_other, step};
use crate::{
    http::{
        App,
        extract::{Purpose, Visit},
        route,
        view::{
            self, ApiKeyMade, ApiKeyPermission, ApiKeyRow, ApiKeysNotice, ApiKeysPage, DisplayText,
        },
    },
    identity::api_key::{ApiKey, Owner},
    protocol::params::Params,
    service::{
        ServiceError,
        api_keys::{self, ApiKeyError, Created, Listed, Named},
        browser_session::{self, Current},
        errand::Errand,
    },
    types::{ApiKeyId, Timestamp, api_key, origin::Origin},
};

/// How many dead keys the list shows.
const PAST: usize = 10;

/// Shows the keys of whoever is signed in.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let params = query(raw)?;
        let visit = Visit::read(&app, &headers).await?;
        let Some(current) = &visit.visitor.current else { return Ok(see_other(route::LOGIN)) };
        let overview = api_keys::overview(&app.ctx, &owner(current)).await.map_err(failure)?;
        let (now, most) = (app.ctx.now(), app.ctx.policy.api_keys.most);
        let rows = |live: bool| {
            let keys = overview.keys.iter().filter(move |listed| listed.key.is_live(now) == live);
            keys.map(|listed| row(listed, now))
        };
        let page = ApiKeysPage {
            t: messages(&headers, &[]),
            csrf: visit.csrf(&app, Purpose::Account),
            keys: rows(true).collect(),
            past: rows(false).take(PAST).collect(),
            full_at: usize::try_from(most).is_ok_and(|most| overview.live >= most).then_some(most),
            notice: params.get("done").and_then(notice),
            now,
        };
        Ok(view::render(StatusCode::OK, &page))
    };
    shown.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// What was just done, as the page's own address says; any other text says nothing.
fn notice(done: &str) -> Option<ApiKeysNotice> {
    match done {
        "revoked" => Some(ApiKeysNotice::Revoked),
        "before" => Some(ApiKeysNotice::ShownBefore),
        _ => None,
    }
}

fn row(Listed { key, permissions }: &Listed, now: Timestamp) -> ApiKeyRow {
    let permission = |named: &Named| ApiKeyPermission {
        name: DisplayText::new(&named.permission),
        words: named.description.as_deref().map(DisplayText::new),
        is_held: named.is_held,
    };
    ApiKeyRow {
        id: key.id.to_string(),
        start: start(key.id),
        name: DisplayText::new(&key.name),
        permissions: permissions.iter().map(permission).collect(),
        addresses: key.addresses.iter().map(|network| network.to_string().into()).collect(),
        created_at: key.created_at,
        last_used_at: key.last_used_at,
        expires_at: key.expires_at,
        state: key.state(now),
    }
}

/// How the text of a key begins: as much of its id as tells two keys of one owner apart, the moment and
/// some of the random bits (RFC 9562 §5.7).
fn start(id: ApiKeyId) -> String {
    let digits: String = id.uuid().simple().to_string().chars().take(16).collect();
    format!("{}{digits}", api_key::PREFIX)
}

const fn owner(current: &Current) -> Owner {
    Owner::User(current.user.id)
}

/// The key that a page is about, if it is one's own and lives.
async fn live_key(app: &App, current: &Current, params: &Params) -> Result<ApiKey, Failure> {
    let id = params.get("key").and_then(|text| text.parse().ok()).ok_or(Failure::NotFound)?;
    let key = api_keys::find(&app.ctx, id, Some(&owner(current))).await.map_err(failure)?;
    if key.is_live(app.ctx.now()) { Ok(key) } else { Err(Failure::NotFound) }
}

/// Where somebody signs in who is not signed in, or not lately enough for `errand`. SESS-10.
fn sign_in_first(app: &App, visit: &Visit, errand: &Errand) -> Result<Response, Failure> {
    let sealed = errand.seal(&app.ctx, &visit.visitor.browser)?;
    let mut response = see_other(&format!("{}?next={sealed}", route::LOGIN));
    step::set_browser_cookie(app, visit, &mut response);
    Ok(response)
}

/// Whoever signed in just now.
fn fresh<'a>(app: &App, visit: &'a Visit) -> Option<&'a Current> {
    visit.visitor.current.as_ref().filter(|current| browser_session::is_fresh(&app.ctx, current))
}

/// The page on which a key is shown, once. `former_until` is when the key dies that it replaces.
fn made(
    app: &App,
    headers: &HeaderMap,
    created: Created,
    former_until: Option<Timestamp>,
) -> Response {
    let page = ApiKeyMade {
        t: messages(headers, &[]),
        name: DisplayText::new(&created.key.name),
        text: created.text,
        expires_at: created.key.expires_at,
        former_until,
        now: app.ctx.now(),
    };
    view::render(StatusCode::OK, &page)
}

/// The form was sent before: the key is there, and is not shown again.
fn made_before() -> Response {
    see_other(&format!("{}?done=before", route::API_KEYS))
}

/// What no form can mend.
fn failure(error: ApiKeyError) -> Failure {
    match error {
        ApiKeyError::NoKey(_) | ApiKeyError::Dead(_) => Failure::NotFound,
        ApiKeyError::NoOwner => Failure::Expired,
        ApiKeyError::Service(error) => error.into(),
        ApiKeyError::Name
        | ApiKeyError::Lifetime(_)
        | ApiKeyError::Overlap(_)
        | ApiKeyError::NotHeld(_)
        | ApiKeyError::NoPermission
        | ApiKeyError::TooMany(_)
        | ApiKeyError::Made
        | ApiKeyError::NotAServiceClient => {
            Failure::Service(ServiceError::Internal(error.to_string()))
        }
    }
}
