//! Problems. RFC 9457.

use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, StatusCode, header};
use serde::Serialize;
use std::sync::Arc;

use crate::{
    http::{App, layer::refusal::Refusal},
    protocol::issuer::Issuer,
    types::origin::Origin,
};

macro_rules! kinds {
    ($($(#[doc = $advice:literal])+ $kind:ident = $status:ident $slug:literal $title:literal;)*) => {
        /// The kinds of problems. Their names are part of the API; a kind's documentation is what its
        /// address answers.
        #[derive(Debug, Clone, Copy, PartialEq, Eq)]
        pub(super) enum Kind { $($(#[doc = $advice])+ $kind,)* }

        impl Kind {
            /// Every kind.
            pub(super) const ALL: &[Self] = &[$(Self::$kind,)*];

            /// The last part of its address.
            pub(super) const fn slug(self) -> &'static str {
                match self { $(Self::$kind => $slug,)* }
            }

            /// A few words; the same for every problem of the kind.
            pub(super) const fn title(self) -> &'static str {
                match self { $(Self::$kind => $title,)* }
            }

            /// The status.
            pub(super) const fn status(self) -> StatusCode {
                match self { $(Self::$kind => StatusCode::$status,)* }
            }

            /// What it means and what to do.
            const fn advice(self) -> &'static str {
                match self { $(Self::$kind => concat!($($advice),+),)* }
            }
        }
    };
}

kinds! {
    /// Send an access token for this API in the `Authorization` header, one that has not expired and
    /// was not revoked.
    Unauthorized = UNAUTHORIZED "unauthorized" "An access token is needed";
    /// The token does not allow this. `WWW-Authenticate` names the scope that would.
    InsufficientScope = FORBIDDEN "insufficient-scope" "The access token does not allow this";
    /// Nobody gives what they do not have: this would give somebody a permission, or power over
    /// somebody with a permission, that you do not hold yourself; or you came with an API key, which makes
    /// no API keys.
    BeyondRights = FORBIDDEN "beyond-your-rights" "This is beyond your own rights";
    /// Something in the request cannot be used. `errors` says what: a JSON pointer into the body, or a
    /// parameter of the query.
    Invalid = BAD_REQUEST "invalid-request" "The request cannot be used";
    /// There is nothing under this address.
    NotFound = NOT_FOUND "not-found" "There is no such thing";
    /// This address does not know the method.
    Method = METHOD_NOT_ALLOWED "method-not-allowed" "The method is not allowed";
    /// What is there already is in the way: a name that is taken, for example.
    Conflict = CONFLICT "conflict" "Something else is in the way";
    /// It would leave the server without an administrator.
    LastAdministrator = CONFLICT "last-administrator" "The last administrator stays";
    /// It is a part of Doorward itself, and stays as it is.
    BuiltIn = CONFLICT "built-in" "This is part of Doorward";
    /// A request with the same `Idempotency-Key` is being carried out. Ask again in a moment.
    InProgress = CONFLICT "in-progress" "The same request is in progress";
    /// Somebody changed it since you looked. Fetch it again, and use the new `ETag`.
    Stale = PRECONDITION_FAILED "stale" "It was changed meanwhile";
    /// The request did not arrive in time.
    Timeout = REQUEST_TIMEOUT "request-timeout" "The request took too long to arrive";
    /// The body is larger than this server reads (`limits.body`).
    TooLarge = PAYLOAD_TOO_LARGE "content-too-large" "The body is too large";
    /// Path and query are longer than this server reads (`limits.uri`).
    LongUri = URI_TOO_LONG "uri-too-long" "The address is too long";
    /// Send the body as `application/json`, without `Content-Encoding`.
    MediaType = UNSUPPORTED_MEDIA_TYPE "unsupported-media-type" "The body is no JSON";
    /// The `Idempotency-Key` was used for another request within 24 hours. Use a new one.
    KeyReused = UNPROCESSABLE_ENTITY "idempotency-key-reused" "The key belongs to another request";
    /// Send the `ETag` of what you want to change as `If-Match`.
    ConditionMissing = PRECONDITION_REQUIRED "precondition-required" "If-Match is needed";
    /// Too many requests. `Retry-After` says when to ask again.
    TooMany = TOO_MANY_REQUESTS "too-many-requests" "Too many requests";
    /// The fault is the server's. `instance` names the request in its log.
    Internal = INTERNAL_SERVER_ERROR "internal" "The fault is the server's";
    /// The server is too busy, or cannot reach its database. `Retry-After` says when to ask again.
    Unavailable = SERVICE_UNAVAILABLE "unavailable" "The server cannot answer now";
}

/// What is wrong, and where.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub(super) struct FieldError {
    /// A JSON pointer into the body (RFC 6901).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) pointer: Option<String>,
    /// A parameter of the query, or a header.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) parameter: Option<&'static str>,
    /// What is wrong with it.
    pub(super) detail: String,
}

/// Why a request is not carried out.
#[derive(Debug)]
pub(super) struct Problem {
    pub(super) kind: Kind,
    detail: Option<String>,
    errors: Vec<FieldError>,
    /// `WWW-Authenticate`.
    challenge: Option<String>,
    /// `Retry-After`, in seconds.
    retry_after: Option<u64>,
}

impl Problem {
    /// A problem without details.
    pub(super) const fn of(kind: Kind) -> Self {
        Self { kind, detail: None, errors: Vec::new(), challenge: None, retry_after: None }
    }

    /// The same, with a sentence about this one.
    pub(super) fn because(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// The same, with a challenge. RFC 6750 §3.
    pub(super) fn challenged(self, challenge: String) -> Self {
        Self { challenge: Some(challenge), ..self }
    }

    /// The same, to be tried again.
    pub(super) fn after(self, seconds: u64) -> Self {
        Self { retry_after: Some(seconds.max(1)), ..self }
    }

    /// 404.
    pub(super) const fn not_found() -> Self {
        Self::of(Kind::NotFound)
    }

    /// 403: a permission that the caller may not give.
    pub(super) fn beyond_rights(permission: &str) -> Self {
        Self::of(Kind::BeyondRights)
            .because(format!("you may not give the permission `{permission}`"))
    }

    /// 400 for a member of the body.
    pub(super) fn field(pointer: &str, detail: impl Into<String>) -> Self {
        let (pointer, detail) = (Some(pointer.to_owned()), detail.into());
        let error = FieldError { pointer, parameter: None, detail };
        Self { errors: vec![error], ..Self::of(Kind::Invalid) }
    }

    /// 400 for a parameter of the query, or a header.
    pub(super) fn parameter(name: &'static str, detail: impl Into<String>) -> Self {
        let error = FieldError { pointer: None, parameter: Some(name), detail: detail.into() };
        Self { errors: vec![error], ..Self::of(Kind::Invalid) }
    }

    /// The answer to the request of `origin`. RFC 9457 §3.
    pub(super) fn respond(self, issuer: &str, origin: &Origin) -> Response {
        self.answer(issuer, &origin.request_id)
    }

    fn answer(self, issuer: &str, request_id: &str) -> Response {
        let status = self.kind.status();
        let body = ProblemBody {
            r#type: format!("{issuer}/admin/api/problems/{}", self.kind.slug()),
            title: self.kind.title(),
            status: status.as_u16(),
            detail: self.detail,
            instance: format!("urn:doorward:request:{request_id}"),
            errors: self.errors,
        };
        // Plain data with string keys: its serialisation has no way to fail.
        let body = serde_json::to_vec(&body).unwrap_or_default();
        let headers = [
            (header::CONTENT_TYPE, HeaderValue::from_static("application/problem+json")),
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
        ];
        let mut response = (status, headers, body).into_response();
        let headers = response.headers_mut();
        if let Some(challenge) = self.challenge.and_then(|text| HeaderValue::try_from(text).ok()) {
            headers.insert(header::WWW_AUTHENTICATE, challenge);
        }
        if let Some(seconds) = self.retry_after {
            headers.insert(header::RETRY_AFTER, HeaderValue::from(seconds));
        }
        response
    }
}

/// A problem as it is sent. RFC 9457 §3.1.
#[derive(Debug, Serialize, utoipa::ToSchema)]
#[schema(as = Problem)]
pub(super) struct ProblemBody {
    /// The kind; its address explains it.
    r#type: String,
    /// The kind in a few words.
    title: &'static str,
    /// The status of the answer.
    status: u16,
    /// What is special about this one.
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    /// This one: the request in the server's log.
    instance: String,
    /// What is wrong, and where.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    errors: Vec<FieldError>,
}

/// What the edge of the server answers by itself, as a problem.
pub(in crate::http) fn refused(refusal: Refusal, issuer: &Issuer, request_id: &str) -> Response {
    let problem = match refusal {
        Refusal::RequestTimeout => Problem::of(Kind::Timeout),
        Refusal::Host => Problem::parameter("Host", refusal.description()),
        Refusal::ContentTooLarge => Problem::of(Kind::TooLarge),
        Refusal::UriTooLong => Problem::of(Kind::LongUri),
        Refusal::ContentEncoding => Problem::of(Kind::MediaType).because(refusal.description()),
        Refusal::Panicked => Problem::of(Kind::Internal),
        Refusal::TooBusy => Problem::of(Kind::Unavailable).after(1),
    };
    problem.answer(issuer.as_str(), request_id)
}

/// What a kind means, for whoever follows its address.
pub(super) async fn explain(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    slug: Result<Path<String>, PathRejection>,
) -> Response {
    let named = |kind: &&Kind| slug.as_ref().is_ok_and(|Path(slug)| kind.slug() == slug);
    let Some(kind) = Kind::ALL.iter().find(named) else {
        return Problem::not_found().respond(app.ctx.protocol.issuer.as_str(), &origin);
    };
    let text = format!("{} {}\n\n{}\n", kind.status().as_u16(), kind.title(), kind.advice().trim());
    ([(header::CONTENT_TYPE, "text/plain; charset=utf-8")], text).into_response()
}
