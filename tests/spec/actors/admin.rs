//! Somebody who calls the admin API.

use std::collections::BTreeSet;

use doorward::{
    identity::role::built_in,
    identity::user::User,
    protocol::client::{AccessTokenFormat, ClientMetadata, GrantType, TokenEndpointAuthMethod},
    service::{roles, users::NewUser},
    types::{Scope, Secret, audit::Actor},
};
use http::{Method, Request, header};
use serde_json::Value;

use super::{
    Issuer, RelyingParty,
    issuer::{PASSWORD, Registered, Reply, origin},
    relying_party::{machine, web_app},
};

/// Where the admin API is.
pub(crate) const BASE: &str = "/admin/api/v1";

/// The name of nobody, in the form of an id.
pub(crate) const NOBODY: &str = "01900000-0000-7000-8000-0000000000ff";

/// Somebody with an access token for the admin API.
#[derive(Clone)]
pub(crate) struct Admin<'a> {
    issuer: &'a Issuer,
    /// The token.
    pub(crate) token: String,
}

/// Every permission of Doorward, as a scope.
pub(crate) fn everything() -> String {
    built_in::PERMISSIONS.map(|(name, _)| name).join(" ")
}

/// The app that administrators sign in to.
pub(crate) fn console() -> ClientMetadata {
    ClientMetadata {
        scope: Scope::parse(&format!("openid {}", everything())).unwrap(),
        token_endpoint_auth_method: TokenEndpointAuthMethod::None,
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]),
        ..web_app()
    }
}

impl<'a> Admin<'a> {
    /// An administrator `root` who signed in to the app `console`, both made now.
    pub(crate) async fn root(issuer: &'a Issuer) -> Self {
        issuer.client("console", console()).await;
        issuer.user_with_roles("root", &["admin"]).await;
        Self::sign_in(issuer, "root").await
    }

    /// A user of these roles, made now, who signs in to the app `console`, which is there.
    pub(crate) async fn with_roles(issuer: &'a Issuer, username: &str, roles: &[&str]) -> Self {
        issuer.user_with_roles(username, roles).await;
        Self::sign_in(issuer, username).await
    }

    /// A user who has these permissions alone, through a role of the same name.
    pub(crate) async fn with(issuer: &'a Issuer, username: &str, permissions: &[&str]) -> Self {
        let new = roles::NewRole {
            name: username.to_owned(),
            permissions: permissions.iter().map(|name| (*name).to_owned()).collect(),
            ..roles::NewRole::default()
        };
        roles::create(&issuer.ctx, new, Actor::Operator, &origin()).await.unwrap();
        Self::with_roles(issuer, username, &[username]).await
    }

    /// A user who is there signs in to the app `console`.
    pub(crate) async fn sign_in(issuer: &'a Issuer, username: &str) -> Self {
        let client = doorward::types::ClientId::parse("console").unwrap();
        let client = doorward::service::client_registry::find(&issuer.ctx, &client).await.unwrap();
        let app = RelyingParty::known(issuer, Registered { client, secret: None });
        let tokens = app.asking(&format!("openid {}", everything())).tokens(username).await;
        Self { issuer, token: tokens["access_token"].as_str().unwrap().to_owned() }
    }

    /// The bearer of any token.
    pub(crate) fn bearer(issuer: &'a Issuer, token: &str) -> Self {
        Self { issuer, token: token.to_owned() }
    }

    /// A service client of these roles, made now, with opaque tokens.
    pub(crate) async fn service(issuer: &'a Issuer, id: &str, held: &[&str]) -> Self {
        let metadata = ClientMetadata {
            scope: Scope::parse(&everything()).unwrap(),
            access_token_format: AccessTokenFormat::Opaque,
            ..machine()
        };
        let app = RelyingParty::register(issuer, id, metadata).await;
        for role in held {
            let to = roles::HolderName::Client(id.to_owned());
            roles::grant(&issuer.ctx, role, &to, Actor::Operator, &origin()).await.unwrap();
        }
        let asked = everything();
        let reply =
            app.token(&[("grant_type", "client_credentials"), ("scope", &asked)]).await.granted();
        Self { issuer, token: reply["access_token"].as_str().unwrap().to_owned() }
    }

    /// The same person at another node.
    pub(crate) fn on<'b>(&self, issuer: &'b Issuer) -> Admin<'b> {
        Admin { issuer, token: self.token.clone() }
    }

    /// Sends `METHOD path` with these headers and, unless it is `null`, this body.
    pub(crate) async fn send(&self, line: &str, headers: &[(&str, &str)], body: &Value) -> Reply {
        self.issuer.send(self.request(line, headers, body)).await
    }

    /// The request of [`Admin::send`].
    pub(crate) fn request(
        &self,
        line: &str,
        headers: &[(&str, &str)],
        body: &Value,
    ) -> Request<String> {
        let (method, path) = line.split_once(' ').expect("a method and a path");
        let path =
            if path.starts_with("/admin") { path.to_owned() } else { format!("{BASE}{path}") };
        let mut request = Request::builder()
            .method(method.parse::<Method>().unwrap())
            .uri(path)
            .header(header::AUTHORIZATION, format!("Bearer {}", self.token));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_null() {
            return request.body(String::new()).unwrap();
        }
        request.header(header::CONTENT_TYPE, "application/json").body(body.to_string()).unwrap()
    }

    /// Sends `METHOD path` with this body.
    pub(crate) async fn ask(&self, line: &str, body: Value) -> Reply {
        self.send(line, &[], &body).await
    }

    /// Fetches `path`: its JSON.
    pub(crate) async fn get(&self, path: &str) -> Value {
        let reply = self.ask(&format!("GET {path}"), Value::Null).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        reply.json()
    }

    /// The tag of what is at `path`.
    pub(crate) async fn tag(&self, path: &str) -> String {
        self.ask(&format!("GET {path}"), Value::Null).await.header(header::ETAG).to_owned()
    }

    /// Sends `METHOD path` with the newest tag of `path` as `If-Match`.
    pub(crate) async fn change(&self, line: &str, body: Value) -> Reply {
        let (_, path) = line.split_once(' ').unwrap();
        let tag = self.tag(path).await;
        self.send(line, &[("if-match", &tag)], &body).await
    }
}

impl Issuer {
    /// A user with [`PASSWORD`] and these roles.
    pub(crate) async fn user_with_roles(&self, username: &str, roles: &[&str]) -> User {
        self.new_user(NewUser {
            username: username.to_owned(),
            password: Some(Secret::new(PASSWORD.to_owned())),
            roles: roles.iter().map(|role| (*role).to_owned()).collect(),
            ..NewUser::default()
        })
        .await
    }
}

impl Reply {
    /// The answer is this problem, in the form of RFC 9457.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16, kind: &str) -> Value {
        assert_eq!(self.status, status, "{}", self.text());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/problem+json");
        let body = self.json();
        let kind = format!("https://id.example/admin/api/problems/{kind}");
        assert_eq!((&body["type"], &body["status"]), (&kind.into(), &status.into()), "{body}");
        body
    }

    /// The answer is 400 for this member of the body.
    #[track_caller]
    pub(crate) fn invalid(&self, pointer: &str) {
        let body = self.problem(400, "invalid-request");
        assert_eq!(body["errors"][0]["pointer"], pointer, "{body}");
    }

    /// The answer is 400 for this parameter.
    #[track_caller]
    pub(crate) fn invalid_parameter(&self, name: &str) {
        let body = self.problem(400, "invalid-request");
        assert_eq!(body["errors"][0]["parameter"], name, "{body}");
    }
}
