//! What a route asks for, said at the route: as an extractor or as a layer. RFC 6750 §3.1.

use std::{
    borrow::Cow,
    marker::PhantomData,
    ops::Deref,
    pin::Pin,
    task::{Context, Poll},
};

use axum::{
    extract::{FromRef, FromRequestParts, Request},
    response::{IntoResponse, Response},
};
use http::request::Parts;
use tower::{Layer, Service};

use super::{
    challenge::{Need, Refusal, Rejection},
    token::AccessToken,
    validator::Validator,
};

/// A permission as a type, made by [`permissions!`](crate::permissions).
pub trait Permission {
    /// Its name: one token of the scope.
    const NAME: &'static str;
}

/// A role as a type, made by [`roles!`](crate::roles).
pub trait Role {
    /// Its name.
    const NAME: &'static str;
}

/// Names permissions as types, for [`RequirePermission`].
///
/// ```
/// doorward::permissions! {
///     /// See the notes.
///     pub NotesRead = "notes:read";
///     /// Delete anybody's notes.
///     pub NotesDelete = "notes:delete";
/// }
/// # use doorward::resource_server::Permission;
/// assert_eq!(NotesDelete::NAME, "notes:delete");
/// ```
#[macro_export]
macro_rules! permissions {
    ($($(#[$meta:meta])* $vis:vis $name:ident = $text:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        $vis struct $name;

        impl $crate::resource_server::Permission for $name {
            const NAME: &'static str = $text;
        }
    )+};
}

/// Names roles as types, for [`RequireRole`].
///
/// ```
/// doorward::roles! {
///     /// May enter the dead zone.
///     pub Admin = "admin";
/// }
/// # use doorward::resource_server::Role;
/// assert_eq!(Admin::NAME, "admin");
/// ```
#[macro_export]
macro_rules! roles {
    ($($(#[$meta:meta])* $vis:vis $name:ident = $text:literal;)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy)]
        $vis struct $name;

        impl $crate::resource_server::Role for $name {
            const NAME: &'static str = $text;
        }
    )+};
}

/// The caller's token, which holds the permission `P`. Anybody else gets 401, or 403 with the scope
/// that is needed.
#[derive(Debug, Clone)]
pub struct RequirePermission<P>(AccessToken, PhantomData<fn() -> P>);

/// The same: a permission is one token of the scope, and some prefer that word.
pub type RequireScope<P> = RequirePermission<P>;

/// The caller's token, whose user has the role `R`. Anybody else gets 401 or 403.
#[derive(Debug, Clone)]
pub struct RequireRole<R>(AccessToken, PhantomData<fn() -> R>);

impl<P> Deref for RequirePermission<P> {
    type Target = AccessToken;

    fn deref(&self) -> &AccessToken {
        &self.0
    }
}

impl<R> Deref for RequireRole<R> {
    type Target = AccessToken;

    fn deref(&self) -> &AccessToken {
        &self.0
    }
}

impl<S, P> FromRequestParts<S> for RequirePermission<P>
where
    Validator: FromRef<S>,
    S: Send + Sync,
    P: Permission,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let need = Need::Permission(Cow::Borrowed(P::NAME));
        let token = Validator::from_ref(state).require(parts, Some(&need)).await?;
        Ok(Self(token, PhantomData))
    }
}

impl<S, R> FromRequestParts<S> for RequireRole<R>
where
    Validator: FromRef<S>,
    S: Send + Sync,
    R: Role,
{
    type Rejection = Rejection;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Rejection> {
        let need = Need::Role(Cow::Borrowed(R::NAME));
        let token = Validator::from_ref(state).require(parts, Some(&need)).await?;
        Ok(Self(token, PhantomData))
    }
}

impl Need {
    /// Whether `token` has what is needed.
    fn is_met_by(&self, token: &AccessToken) -> bool {
        match self {
            Self::Permission(name) => token.has_permission(name),
            Self::Role(name) => token.has_role(name),
        }
    }
}

impl Validator {
    /// A layer that lets only callers with a valid token pass.
    #[must_use]
    pub fn require_token(&self) -> Require {
        Require { api: self.clone(), need: None }
    }

    /// A layer that lets only tokens with the permission `name` pass.
    #[must_use]
    pub fn require_permission(&self, name: impl Into<Cow<'static, str>>) -> Require {
        Require { api: self.clone(), need: Some(Need::Permission(name.into())) }
    }

    /// The same as [`require_permission`](Self::require_permission).
    #[must_use]
    pub fn require_scope(&self, name: impl Into<Cow<'static, str>>) -> Require {
        self.require_permission(name)
    }

    /// A layer that lets only tokens of users with the role `name` pass.
    #[must_use]
    pub fn require_role(&self, name: impl Into<Cow<'static, str>>) -> Require {
        Require { api: self.clone(), need: Some(Need::Role(name.into())) }
    }

    /// The token of a request that meets `need`.
    ///
    /// # Errors
    /// The [`Rejection`] to answer with.
    async fn require(
        &self,
        parts: &mut Parts,
        need: Option<&Need>,
    ) -> Result<AccessToken, Rejection> {
        let token = self.authenticate(parts).await?;
        match need.filter(|need| !need.is_met_by(&token)) {
            None => Ok(token),
            Some(need) => Err(self.rejection(Refusal::Insufficient(need.clone()))),
        }
    }
}

/// A layer for `route_layer`: asks for a token, a permission or a role before a request reaches the
/// routes behind it.
#[derive(Debug, Clone)]
pub struct Require {
    api: Validator,
    need: Option<Need>,
}

impl<S> Layer<S> for Require {
    type Service = Required<S>;

    fn layer(&self, inner: S) -> Required<S> {
        Required { require: self.clone(), inner }
    }
}

/// What [`Require`] makes of the routes behind it.
#[derive(Debug, Clone)]
pub struct Required<S> {
    require: Require,
    inner: S,
}

impl<S> Service<Request> for Required<S>
where
    S: Service<Request, Response = Response> + Clone + Send + 'static,
    S::Future: Send,
    S::Error: Send,
{
    type Response = Response;
    type Error = S::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Response, S::Error>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), S::Error>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, request: Request) -> Self::Future {
        // The one that was polled ready is the one that is called.
        let waiting = self.inner.clone();
        let mut inner = std::mem::replace(&mut self.inner, waiting);
        let Require { api, need } = self.require.clone();
        Box::pin(async move {
            let (mut parts, body) = request.into_parts();
            match api.require(&mut parts, need.as_ref()).await {
                Ok(_) => inner.call(Request::from_parts(parts, body)).await,
                Err(rejection) => Ok(rejection.into_response()),
            }
        })
    }
}
