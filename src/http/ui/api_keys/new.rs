//! The form of a new API key, and the page that shows the key once.

use std::{sync::Arc, time::Duration};

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

use super::{failure, fresh, made, made_before, owner, sign_in_first};
use crate::{
    http::{
        App,
        extract::{Purpose, Visit},
        ui::{Failure, messages, own_form, query},
        view::{self, DisplayText, NewApiKeyProblem, OfferedApi, OfferedPermission},
    },
    identity::{
        AddressList,
        address_list::AddressListError,
        api_key::{ApiKey, ApiKeyPolicy},
    },
    protocol::params::Params,
    service::{
        api_keys::{self, ApiKeyError, NewApiKey, Offer},
        browser_session::Current,
        errand::{Errand, KeyDraft},
    },
    types::{Scope, audit::Actor, origin::Origin},
};

/// What the names of the boxes begin with.
const PERMISSION: &str = "permission:";
/// What a key can hold that no API knows: what APIs may hear of the user.
const ABOUT_YOU: [&str; 2] = ["roles", "groups"];
/// The lifetimes to choose from, in days, as far as the policy goes.
const LIFETIMES: [u64; 5] = [7, 30, 90, 180, 365];

const DAY: Duration = Duration::from_hours(24);

/// Shows the form, filled in with what was typed before a sign-in.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let params = query(raw)?;
        let visit = Visit::read(&app, &headers).await?;
        let browser = &visit.visitor.browser;
        let errand = params.get("next").and_then(|next| Errand::open(&app.ctx, next, browser));
        let draft = match errand {
            Some(Errand::NewApiKey(draft)) => draft,
            Some(Errand::RotateApiKey(_)) | None => KeyDraft::default(),
        };
        match fresh(&app, &visit) {
            Some(current) => page(&app, &visit, &headers, current, (&draft, Vec::new())).await,
            None => sign_in_first(&app, &visit, &Errand::NewApiKey(draft)),
        }
    };
    shown.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// Makes the key: once for each form that was shown.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        let (visit, form) = own_form(&app, &headers, &body, Purpose::Account).await?;
        let draft = draft(&form);
        let Some(current) = fresh(&app, &visit) else {
            return sign_in_first(&app, &visit, &Errand::NewApiKey(draft));
        };
        let new = match read(&draft, &app.ctx.policy.api_keys) {
            Ok(new) => new,
            Err(problems) => {
                return page(&app, &visit, &headers, current, (&draft, problems)).await;
            }
        };
        let id = form.get("form");
        let id = id.and_then(|text| api_keys::form::id(&app.ctx, &visit.visitor.browser, text));
        let id = id.ok_or(Failure::Expired)?;
        let actor = Actor::User(current.user.id);
        match api_keys::create_once(&app.ctx, id, owner(current), new, actor, &origin).await {
            Ok(created) => Ok(made(&app, &headers, created, None)),
            Err(ApiKeyError::Made) => Ok(made_before()),
            Err(error) => {
                let problems = vec![problem(error)?];
                page(&app, &visit, &headers, current, (&draft, problems)).await
            }
        }
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// What was typed and ticked.
fn draft(form: &Params) -> KeyDraft {
    let text = |name: &str| form.get(name).unwrap_or_default().to_owned();
    let ticked = form.names().filter(|name| form.get(name).is_some());
    let permissions = ticked.filter_map(|name| name.strip_prefix(PERMISSION)).map(str::to_owned);
    KeyDraft {
        name: text("name"),
        permissions: permissions.collect(),
        days: text("days"),
        addresses: text("addresses"),
    }
}

/// The key that was asked for, or all that is wrong with it at first sight.
fn read(draft: &KeyDraft, policy: &ApiKeyPolicy) -> Result<NewApiKey, Vec<NewApiKeyProblem>> {
    let mut problems = Vec::new();
    let name = draft.name.trim();
    if name.is_empty() {
        problems.push(NewApiKeyProblem::NameMissing);
    } else if !ApiKey::is_name(name) {
        problems.push(NewApiKeyProblem::NameInvalid);
    }
    let permissions = Scope::parse(&draft.permissions.join(" ")).unwrap_or_else(|_| {
        problems.push(NewApiKeyProblem::NotHeld);
        Scope::default()
    });
    if draft.permissions.iter().all(|name| ABOUT_YOU.contains(&name.as_str())) {
        problems.push(NewApiKeyProblem::NoPermission);
    }
    let lifetime = match draft.days.as_str() {
        "" => None,
        text => Some(text.parse().map_or(Duration::ZERO, days)),
    };
    if policy.lifetime(lifetime).is_none() {
        problems.push(lifetime_problem(policy.max_lifetime));
    }
    let addresses = AddressList::parse(&draft.addresses).unwrap_or_else(|error| {
        problems.push(match error {
            AddressListError::NotANetwork(_) => NewApiKeyProblem::NotAnAddress,
            AddressListError::TooMany => NewApiKeyProblem::TooManyAddresses,
        });
        AddressList::default()
    });
    if !problems.is_empty() {
        return Err(problems);
    }
    Ok(NewApiKey { name: name.to_owned(), permissions, lifetime, addresses })
}

/// What the person can mend; anything else is no fault of theirs.
fn problem(error: ApiKeyError) -> Result<NewApiKeyProblem, Failure> {
    match error {
        ApiKeyError::Name => Ok(NewApiKeyProblem::NameInvalid),
        ApiKeyError::Lifetime(most) => Ok(lifetime_problem(most)),
        ApiKeyError::NotHeld(_) => Ok(NewApiKeyProblem::NotHeld),
        ApiKeyError::NoPermission => Ok(NewApiKeyProblem::NoPermission),
        ApiKeyError::TooMany(most) => Ok(NewApiKeyProblem::TooMany { most: most.unsigned_abs() }),
        ApiKeyError::Overlap(_)
        | ApiKeyError::Made
        | ApiKeyError::NoOwner
        | ApiKeyError::NotAServiceClient
        | ApiKeyError::NoKey(_)
        | ApiKeyError::Dead(_)
        | ApiKeyError::Service(_) => Err(failure(error)),
    }
}

const fn lifetime_problem(most: Duration) -> NewApiKeyProblem {
    NewApiKeyProblem::Lifetime { most: most.as_secs() / DAY.as_secs() }
}

const fn days(count: u64) -> Duration {
    Duration::from_secs(count.saturating_mul(DAY.as_secs()))
}

async fn page(
    app: &App,
    visit: &Visit,
    headers: &HeaderMap,
    current: &Current,
    (draft, problems): (&KeyDraft, Vec<NewApiKeyProblem>),
) -> Result<Response, Failure> {
    let offers = api_keys::offers(&app.ctx, &owner(current)).await.map_err(failure)?;
    let policy = &app.ctx.policy.api_keys;
    let lifetimes = lifetimes(policy);
    let usual = policy.lifetime(None).unwrap_or_default().as_secs() / DAY.as_secs();
    let status = match problems.as_slice() {
        [] => StatusCode::OK,
        [_, ..] => StatusCode::UNPROCESSABLE_ENTITY,
    };
    let page = view::NewApiKey {
        t: messages(headers, &[]),
        csrf: visit.csrf(app, Purpose::Account),
        form: api_keys::form::draw(&app.ctx, &visit.visitor.browser),
        name: draft.name.clone(),
        offered: offered(&offers, draft),
        days: draft.days.parse().ok().filter(|days| lifetimes.contains(days)).unwrap_or(usual),
        lifetimes,
        addresses: draft.addresses.clone(),
        problems,
    };
    Ok(view::render(status, &page))
}

/// The lifetimes that the policy allows, with the usual and the longest one among them.
fn lifetimes(policy: &ApiKeyPolicy) -> Vec<u64> {
    let own = [policy.default_lifetime.min(policy.max_lifetime), policy.max_lifetime];
    let own = own.map(|span| span.as_secs() / DAY.as_secs());
    let mut all: Vec<u64> = LIFETIMES.into_iter().chain(own).collect();
    all.retain(|count| *count > 0 && days(*count) <= policy.max_lifetime);
    all.sort_unstable();
    all.dedup();
    all
}

/// The boxes, API by API, and last what APIs may hear of the user.
fn offered(offers: &[Offer], draft: &KeyDraft) -> Vec<OfferedApi> {
    let mut numbers = 1..;
    let mut box_of = |name: &str, words: Option<&str>| OfferedPermission {
        number: numbers.next().unwrap_or_default(),
        name: name.to_owned(),
        words: words.map(DisplayText::new),
        is_chosen: draft.permissions.iter().any(|chosen| chosen == name),
    };
    let mut all: Vec<OfferedApi> = Vec::new();
    for of_one_api in offers.chunk_by(|a, b| a.api == b.api) {
        let permissions = of_one_api
            .iter()
            .map(|offer| box_of(offer.permission.as_str(), Some(&offer.description)))
            .collect();
        let name = of_one_api.first().map(|offer| DisplayText::new(&offer.api));
        all.push(OfferedApi { name, permissions });
    }
    let permissions = ABOUT_YOU.iter().map(|name| box_of(name, None)).collect();
    all.push(OfferedApi { name: None, permissions });
    all
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_lifetimes_follow_the_policy() {
        let policy = ApiKeyPolicy::default();
        assert_eq!(lifetimes(&policy), [7, 30, 90, 180, 365]);
        let short = ApiKeyPolicy { max_lifetime: 14 * DAY, ..policy };
        assert_eq!(lifetimes(&short), [7, 14]);
        let odd = ApiKeyPolicy { default_lifetime: 10 * DAY, max_lifetime: 40 * DAY, ..policy };
        assert_eq!(lifetimes(&odd), [7, 10, 30, 40]);
        let hours = ApiKeyPolicy { max_lifetime: Duration::from_hours(12), ..policy };
        assert!(lifetimes(&hours).is_empty(), "then nobody chooses");
    }
}
