//! From a request to a handler of the table: the guard first, then the conditions, then the handler.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{
        RawPathParams, RawQuery, State,
        rejection::{BytesRejection, RawPathParamsRejection},
    },
    response::{IntoResponse, Response},
    routing::{MethodFilter, MethodRouter, on},
};
use http::{HeaderMap, HeaderName, StatusCode, header};

use super::{
    answer::Answer,
    call::Call,
    condition,
    problem::{Kind, Problem},
    query::Query,
    table::{Route, Verb},
};
use crate::{
    http::App,
    protocol::{
        error::{ErrorCode, OAuthError},
        userinfo::{bearer_token_among, challenge},
    },
    service::{
        admin_caller::{self, AdminCaller, NotAllowed},
        idempotency::{self, Attempt},
    },
    types::{Scope, origin::Origin},
};

/// Turns an `async fn` into a handler of the table.
macro_rules! handler {
    ($handler:path) => {
        |call| Box::pin($handler(call))
    };
}
pub(super) use handler;

/// The key of a request that must not be carried out twice.
const IDEMPOTENCY_KEY: HeaderName = HeaderName::from_static("idempotency-key");

/// What serves `route`.
pub(super) fn method(route: &'static Route) -> MethodRouter<Arc<App>> {
    let filter = match route.verb {
        Verb::Get => MethodFilter::GET,
        Verb::Post => MethodFilter::POST,
        Verb::Put => MethodFilter::PUT,
        Verb::Patch => MethodFilter::PATCH,
        Verb::Delete => MethodFilter::DELETE,
    };
    on(
        filter,
        move |State(app): State<Arc<App>>,
              Extension(origin): Extension<Origin>,
              names: Result<RawPathParams, RawPathParamsRejection>,
              RawQuery(query): RawQuery,
              headers: HeaderMap,
              body: Result<Bytes, BytesRejection>| async move {
            let issuer = app.ctx.protocol.issuer.clone();
            let (names, body) = match read(names, body) {
                Ok(read) => read,
                Err(problem) => return problem.respond(issuer.as_str(), &origin),
            };
            let arrived =
                Arrived { app, route, origin: origin.clone(), names, query, headers, body };
            match arrived.answer().await {
                Ok(answer) => answer.into_response(),
                Err(problem) => problem.respond(issuer.as_str(), &origin),
            }
        },
    )
}

/// The names in the path and the body, as far as they can be read.
fn read(
    names: Result<RawPathParams, RawPathParamsRejection>,
    body: Result<Bytes, BytesRejection>,
) -> Result<(Vec<String>, Bytes), Problem> {
    // What is no UTF-8 names nothing that there is, and neither does what no database can hold.
    let names = names.map_err(|_| Problem::not_found())?;
    if names.iter().any(|(_, value)| value.contains('\0')) {
        return Err(Problem::not_found());
    }
    let body = body.map_err(|broken| match broken.status() {
        StatusCode::PAYLOAD_TOO_LARGE => Problem::of(Kind::TooLarge),
        _ => Problem::of(Kind::Invalid).because("the body did not arrive"),
    })?;
    Ok((names.iter().map(|(_, value)| value.to_owned()).collect(), body))
}

/// A request whose caller is not known yet.
struct Arrived {
    app: Arc<App>,
    route: &'static Route,
    origin: Origin,
    names: Vec<String>,
    query: Option<String>,
    headers: HeaderMap,
    body: Bytes,
}

impl Arrived {
    async fn answer(self) -> Result<Answer, Problem> {
        let caller = self.caller().await?;
        let Self { app, route, origin, names, query, headers, body } = self;
        let query = Query::parse(query.as_deref().unwrap_or_default(), route)?;
        let seen = condition::seen(route, &headers)?;
        let call = Call { app, route, caller, origin, names, query, headers, body, seen };
        match route.verb {
            Verb::Post => once(call).await,
            Verb::Get | Verb::Put | Verb::Patch | Verb::Delete => (route.handler)(call).await,
        }
    }

    /// Who calls, if the route's permission is theirs. RFC 6750 §3.1.
    async fn caller(&self) -> Result<AdminCaller, Problem> {
        let presented: Vec<&str> = self
            .headers
            .get_all(header::AUTHORIZATION)
            .into_iter()
            .map(|value| value.to_str().unwrap_or_default())
            .collect();
        let query = self.query.as_deref().unwrap_or_default().as_bytes();
        let in_query = form_urlencoded::parse(query).any(|(name, _)| name == "access_token");
        let token =
            bearer_token_among(&presented, None, in_query.then_some("")).map_err(|error| {
                let error = error.error();
                let status = if error.is_some() { Kind::Invalid } else { Kind::Unauthorized };
                Problem::of(status).challenged(challenge(error.as_ref(), None))
            })?;
        let permission = self.route.permission;
        let admitted = admin_caller::admit(&self.app.ctx, token.expose(), permission).await;
        admitted.map_err(|why| refused(why, &self.origin))
    }
}

fn refused(why: NotAllowed, origin: &Origin) -> Problem {
    let detail = why.to_string();
    match why {
        NotAllowed::InvalidToken => {
            let error = OAuthError::new(
                ErrorCode::InvalidToken,
                "the access token is expired, revoked, or not for this API",
            );
            Problem::of(Kind::Unauthorized)
                .because(detail)
                .challenged(challenge(Some(&error), None))
        }
        NotAllowed::InsufficientScope(permission) => {
            let error = OAuthError::new(
                ErrorCode::InsufficientScope,
                "the access token does not allow this",
            );
            let needed = Scope::parse(permission).unwrap_or_default();
            Problem::of(Kind::InsufficientScope)
                .because(detail)
                .challenged(challenge(Some(&error), Some(&needed)))
        }
        NotAllowed::Service(error) => super::refusal::service(&error, origin),
    }
}

/// Carries a POST out, once for each `Idempotency-Key`.
async fn once(call: Call) -> Result<Answer, Problem> {
    let handler = call.route.handler;
    let Some(key) = key(&call.headers)? else { return handler(call).await };
    let (app, origin) = (Arc::clone(&call.app), call.origin.clone());
    let failed = |error| super::refusal::service(&error, &origin);
    let address = serde_json::to_string(&(call.route.path, &call.names)).unwrap_or_default();
    let attempt =
        idempotency::begin(&app.ctx, &call.caller.actor, &address, &key, &call.body).await;
    let ticket = match attempt.map_err(failed)? {
        Attempt::First(ticket) => ticket,
        Attempt::Replay { status, location } => return Ok(replayed(status, location)),
        Attempt::InProgress => return Err(Problem::of(Kind::InProgress).after(1)),
        Attempt::OtherRequest => return Err(Problem::of(Kind::KeyReused)),
    };
    match handler(call).await {
        Ok(answer) => {
            let (status, location) = (answer.status.as_u16(), answer.location.clone());
            idempotency::finish(&app.ctx, ticket, status, location).await.map_err(failed)?;
            Ok(answer)
        }
        Err(problem) => {
            idempotency::give_up(&app.ctx, ticket).await.map_err(failed)?;
            Err(problem)
        }
    }
}

/// A key is 1 to 128 characters that can be seen.
fn key(headers: &HeaderMap) -> Result<Option<String>, Problem> {
    let mut values = headers.get_all(IDEMPOTENCY_KEY).into_iter();
    let Some(value) = values.next() else { return Ok(None) };
    let text = value.to_str().unwrap_or_default();
    let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
    if !fits || values.next().is_some() {
        let rule = "it is sent once, with 1 to 128 characters that can be seen";
        return Err(Problem::parameter("Idempotency-Key", rule));
    }
    Ok(Some(text.to_owned()))
}

/// What was answered when the request was carried out. The body is not told again: it may have held a
/// secret.
#[derive(Debug, serde::Serialize, utoipa::ToSchema)]
pub(super) struct Replayed {
    /// The status of the first answer.
    status: u16,
    /// Where to look at what was made.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<String>,
}

fn replayed(status: u16, location: Option<String>) -> Answer {
    let body = Replayed { status, location: location.clone() };
    Answer::ok(&body).at(location)
}

/// 404 for addresses of the admin API that the table does not know.
pub(super) async fn not_found(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
) -> Response {
    Problem::not_found().respond(app.ctx.protocol.issuer.as_str(), &origin)
}

/// 405 for methods that an address does not know.
pub(super) async fn method_not_allowed(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
) -> Response {
    Problem::of(Kind::Method).respond(app.ctx.protocol.issuer.as_str(), &origin)
}
