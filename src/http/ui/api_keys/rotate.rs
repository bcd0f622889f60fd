//! The question how long a key lives on beside the one that takes its place, and that one, shown once.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

use super::{failure, fresh, live_key, made, made_before, owner, sign_in_first, start};
use crate::{
    http::{
        App,
        extract::{Purpose, Visit},
        ui::{Failure, messages, own_form, query},
        view::{self, DisplayText, RotateApiKey, RotateProblem},
    },
    identity::api_key::{ApiKey, ApiKeyPolicy},
    protocol::params::Params,
    service::{
        api_keys::{self, ApiKeyError},
        browser_session::Current,
        errand::Errand,
    },
    types::{ApiKeyId, audit::Actor, origin::Origin},
};

/// How long the old key can live on, in hours, as far as the policy goes.
const OVERLAPS: [u64; 4] = [0, 1, 24, 7 * 24];
const HOUR: Duration = Duration::from_hours(1);

/// Asks.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let params = query(raw)?;
        let visit = Visit::read(&app, &headers).await?;
        let Some(current) = fresh(&app, &visit) else {
            return sign_in_first(&app, &visit, &Errand::RotateApiKey(named(&params)?));
        };
        let key = rotatable(&app, current, &params).await?;
        let usual = app.ctx.policy.api_keys.usual_overlap().as_secs() / HOUR.as_secs();
        Ok(page(&app, &visit, &headers, &key, (usual, None)))
    };
    shown.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

fn named(params: &Params) -> Result<ApiKeyId, Failure> {
    params.get("key").and_then(|text| text.parse().ok()).ok_or(Failure::NotFound)
}

/// One's own key that lives and has no successor.
async fn rotatable(app: &App, current: &Current, params: &Params) -> Result<ApiKey, Failure> {
    let key = live_key(app, current, params).await?;
    if key.successor.is_some() { Err(Failure::NotFound) } else { Ok(key) }
}

/// Puts a new key in the place of the old one: once.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        let (visit, form) = own_form(&app, &headers, &body, Purpose::Account).await?;
        let id = named(&form)?;
        let Some(current) = fresh(&app, &visit) else {
            return sign_in_first(&app, &visit, &Errand::RotateApiKey(id));
        };
        let (actor, own) = (Actor::User(current.user.id), owner(current));
        let hours: u64 = form.get("overlap").and_then(|text| text.parse().ok()).unwrap_or(u64::MAX);
        let overlap = Duration::from_secs(hours.saturating_mul(HOUR.as_secs()));
        match api_keys::rotate(&app.ctx, id, Some(&own), overlap, actor, &origin).await {
            Ok(created) => {
                let old = api_keys::find(&app.ctx, id, Some(&own)).await.map_err(failure)?;
                Ok(made(&app, &headers, created, Some(old.expires_at)))
            }
            Err(ApiKeyError::Dead(_)) => Ok(made_before()),
            Err(error) => {
                let problem = problem(error)?;
                let key = rotatable(&app, current, &form).await?;
                let mut again = page(&app, &visit, &headers, &key, (hours, Some(problem)));
                *again.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                Ok(again)
            }
        }
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// What the person can mend; anything else is no fault of theirs.
fn problem(error: ApiKeyError) -> Result<RotateProblem, Failure> {
    match error {
        ApiKeyError::NoPermission => Ok(RotateProblem::NothingHeld),
        ApiKeyError::TooMany(most) => Ok(RotateProblem::TooMany { most: most.unsigned_abs() }),
        ApiKeyError::Overlap(_) => Ok(RotateProblem::Overlap),
        ApiKeyError::Name
        | ApiKeyError::Lifetime(_)
        | ApiKeyError::NotHeld(_)
        | ApiKeyError::Made
        | ApiKeyError::NoOwner
        | ApiKeyError::NotAServiceClient
        | ApiKeyError::NoKey(_)
        | ApiKeyError::Dead(_)
        | ApiKeyError::Service(_) => Err(failure(error)),
    }
}

fn page(
    app: &App,
    visit: &Visit,
    headers: &HeaderMap,
    key: &ApiKey,
    (chosen, problem): (u64, Option<RotateProblem>),
) -> Response {
    let overlaps = overlaps(&app.ctx.policy.api_keys);
    let page = RotateApiKey {
        t: messages(headers, &[]),
        csrf: visit.csrf(app, Purpose::Account),
        id: key.id.to_string(),
        start: start(key.id),
        name: DisplayText::new(&key.name),
        chosen: overlaps.iter().copied().filter(|hours| *hours <= chosen).max().unwrap_or(0),
        overlaps,
        problem,
    };
    view::render(StatusCode::OK, &page)
}

fn overlaps(policy: &ApiKeyPolicy) -> Vec<u64> {
    let most = policy.max_overlap.as_secs() / HOUR.as_secs();
    OVERLAPS.into_iter().filter(|hours| *hours <= most).collect()
}
