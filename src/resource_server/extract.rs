//! Extractors: a handler that names one runs only for callers who may call it.

use axum::extract::{FromRef, FromRequestParts, OptionalFromRequestParts};
use http::request::Parts;

use super::{
    challenge::{Refusal, Rejection},
    token::AccessToken,
    validator::Validator,
};

impl<S> FromRequestParts<S> for AccessToken
where
    Validator: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        Validator::from_ref(state).authenticate(parts).await
    }
}

/// `None` for a caller who presents nothing. Whoever presents a bad token is refused, and not taken
/// for a guest.
impl<S> OptionalFromRequestParts<S> for AccessToken
where
    Validator: FromRef<S>,
    S: Send + Sync,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Option<Self>, Rejection> {
        match Validator::from_ref(state).authenticate(parts).await {
            Ok(token) => Ok(Some(token)),
            Err(Rejection { refusal: Refusal::Unauthenticated, .. }) => Ok(None),
            Err(rejection) => Err(rejection),
        }
    }
}
