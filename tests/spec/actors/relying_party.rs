//! An app: makes requests, receives codes, calls the token endpoint.

use std::collections::BTreeSet;

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use doorward::{
    protocol::client::{ClientMetadata, GrantType, TokenEndpointAuthMethod},
    types::{Scope, digest::sha256},
};
use http::{Request, header};
use serde_json::Value;

use super::{
    Browser, Issuer,
    browser::{Page, Place},
    issuer::{PASSWORD, Registered, Reply},
};

/// Where the app's users come back to.
pub(crate) const CALLBACK: &str = "https://app.example/cb";
/// Where they go after signing out.
pub(crate) const SIGNED_OUT: &str = "https://app.example/bye";
/// RFC 7636 appendix B.
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";

/// An app that signs its users in with the server.
#[derive(Clone)]
pub(crate) struct RelyingParty<'a> {
    issuer: &'a Issuer,
    /// What it registered.
    pub(crate) registered: Registered,
    /// What its requests say besides what every request says.
    pub(crate) extra: Vec<(String, String)>,
    /// The scope it asks for.
    pub(crate) scope: String,
}

/// What a web app registers.
pub(crate) fn web_app() -> ClientMetadata {
    ClientMetadata {
        client_name: Some("Notes".to_owned()),
        redirect_uris: vec![CALLBACK.to_owned()],
        post_logout_redirect_uris: vec![SIGNED_OUT.to_owned()],
        grant_types: BTreeSet::from([GrantType::AuthorizationCode, GrantType::RefreshToken]),
        scope: Scope::parse("openid profile email address phone roles offline_access").unwrap(),
        ..ClientMetadata::default()
    }
}

/// What an app registers that runs in the browser.
pub(crate) fn public_app() -> ClientMetadata {
    ClientMetadata { token_endpoint_auth_method: TokenEndpointAuthMethod::None, ..web_app() }
}

/// What a machine registers.
pub(crate) fn machine() -> ClientMetadata {
    ClientMetadata {
        grant_types: BTreeSet::from([GrantType::ClientCredentials]),
        scope: Scope::parse("notes:read notes:write").unwrap(),
        ..ClientMetadata::default()
    }
}

impl<'a> RelyingParty<'a> {
    /// A confidential web app.
    pub(crate) async fn web(issuer: &'a Issuer) -> Self {
        Self::register(issuer, "notes", web_app()).await
    }

    /// A public app.
    pub(crate) async fn public(issuer: &'a Issuer) -> Self {
        Self::register(issuer, "spa", public_app()).await
    }

    /// Any app.
    pub(crate) async fn register(issuer: &'a Issuer, id: &str, metadata: ClientMetadata) -> Self {
        Self {
            issuer,
            registered: issuer.client(id, metadata).await,
            extra: Vec::new(),
            scope: "openid".to_owned(),
        }
    }

    /// An app that was registered before.
    pub(crate) fn known(issuer: &'a Issuer, registered: Registered) -> Self {
        Self { issuer, registered, extra: Vec::new(), scope: "openid".to_owned() }
    }

    /// The same app, talking to another node.
    #[must_use]
    pub(crate) fn on<'b>(&self, issuer: &'b Issuer) -> RelyingParty<'b> {
        let Self { issuer: _, registered, extra, scope } = self.clone();
        RelyingParty { issuer, registered, extra, scope }
    }

    /// The same app, asking for `scope`.
    #[must_use]
    pub(crate) fn asking(mut self, scope: &str) -> Self {
        self.scope = scope.to_owned();
        self
    }

    /// The same app, with one more parameter in its requests; an empty value takes one away.
    #[must_use]
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.extra.retain(|(known, _)| known != name);
        self.extra.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Its `client_id`.
    pub(crate) fn id(&self) -> &str {
        self.registered.client.id.as_str()
    }

    /// The parameters of its authorization request.
    pub(crate) fn parameters(&self) -> Vec<(String, String)> {
        let challenge = Base64UrlUnpadded::encode_string(&sha256(VERIFIER.as_bytes()));
        let mut parameters: Vec<(String, String)> = [
            ("response_type", "code"),
            ("client_id", self.id()),
            ("redirect_uri", CALLBACK),
            ("scope", &self.scope),
            ("state", "the state"),
            ("nonce", "the nonce"),
            ("code_challenge", &challenge),
            ("code_challenge_method", "S256"),
        ]
        .map(|(name, value)| (name.to_owned(), value.to_owned()))
        .to_vec();
        for (name, value) in &self.extra {
            parameters.retain(|(known, _)| known != name);
            if !value.is_empty() {
                parameters.push((name.clone(), value.clone()));
            }
        }
        parameters
    }

    /// The address to send a browser to.
    pub(crate) fn authorize_url(&self) -> String {
        format!("/authorize?{}", encode(&self.parameters()))
    }

    /// Signs `username` in with `browser`, allows everything, and returns where the browser went.
    pub(crate) async fn sign_in(&self, browser: &mut Browser<'_>, username: &str) -> String {
        Self::sign_in_at(browser, &self.authorize_url(), username).await
    }

    /// The same for an authorization request that somebody else made.
    pub(crate) async fn sign_in_at(
        browser: &mut Browser<'_>,
        address: &str,
        username: &str,
    ) -> String {
        let mut place = browser.open(address).await;
        for _ in 0..4 {
            place = match place {
                Place::Away(url) => return url,
                Place::Page(page) => press_on(browser, page, username).await,
            };
        }
        panic!("the sign-in does not end: {place:?}")
    }

    /// The code that a user's sign-in yields.
    pub(crate) async fn code(&self, browser: &mut Browser<'_>, username: &str) -> String {
        let url = self.sign_in(browser, username).await;
        let answer = response_parameters(&url);
        answer.get("code").unwrap_or_else(|| panic!("no code in {url}")).clone()
    }

    /// A whole sign-in of `username` in a fresh browser: the answer of the token endpoint.
    pub(crate) async fn tokens(&self, username: &str) -> Value {
        let mut browser = Browser::new(self.issuer);
        let code = self.code(&mut browser, username).await;
        let reply = self.redeem(&code).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// Redeems `code` as it should be.
    pub(crate) async fn redeem(&self, code: &str) -> Reply {
        self.token(&[
            ("grant_type", "authorization_code"),
            ("code", code),
            ("redirect_uri", CALLBACK),
            ("code_verifier", VERIFIER),
        ])
        .await
    }

    /// Uses a refresh token.
    pub(crate) async fn refresh(&self, refresh_token: &str) -> Reply {
        self.token(&[("grant_type", "refresh_token"), ("refresh_token", refresh_token)]).await
    }

    /// Calls the token endpoint.
    pub(crate) async fn token(&self, parameters: &[(&str, &str)]) -> Reply {
        self.call("/token", parameters).await
    }

    /// Calls an endpoint that clients authenticate to, by the method that the app registered.
    pub(crate) async fn call(&self, path: &str, parameters: &[(&str, &str)]) -> Reply {
        self.issuer.send(self.request(path, parameters)).await
    }

    /// The request of [`RelyingParty::call`], to be altered.
    pub(crate) fn request(&self, path: &str, parameters: &[(&str, &str)]) -> Request<String> {
        let mut body: Vec<(String, String)> =
            parameters.iter().map(|(n, v)| ((*n).to_owned(), (*v).to_owned())).collect();
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        match (&self.registered.secret, self.registered.client.metadata.token_endpoint_auth_method)
        {
            (Some(secret), TokenEndpointAuthMethod::ClientSecretBasic) => {
                request = request.header(header::AUTHORIZATION, basic(self.id(), secret));
            }
            (Some(secret), TokenEndpointAuthMethod::ClientSecretPost) => {
                body.push(("client_id".to_owned(), self.id().to_owned()));
                body.push(("client_secret".to_owned(), secret.clone()));
            }
            (_, _) => body.push(("client_id".to_owned(), self.id().to_owned())),
        }
        request.body(encode(&body)).unwrap()
    }

    /// Calls UserInfo with an access token.
    pub(crate) async fn userinfo(&self, access_token: &str) -> Reply {
        let request = Request::get("/userinfo")
            .header(header::AUTHORIZATION, format!("Bearer {access_token}"))
            .body(String::new())
            .unwrap();
        self.issuer.send(request).await
    }

    /// What introspection says of a token.
    pub(crate) async fn introspect(&self, token: &str) -> Value {
        let reply = self.call("/introspect", &[("token", token)]).await;
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    /// Revokes a token.
    pub(crate) async fn revoke(&self, token: &str) -> Reply {
        self.call("/revoke", &[("token", token)]).await
    }
}

/// Does what a friendly user does on a page.
pub(crate) async fn press_on(browser: &mut Browser<'_>, page: Page, username: &str) -> Place {
    assert!(page.status().is_success(), "{} {}", page.status(), page.text());
    let form = match page.path() {
        "/login" => page.form("#sign-in").fill("username", username).fill("password", PASSWORD),
        "/consent" => page.form("#allow"),
        "/select-account" => page.form("button[name=account]"),
        other => panic!("an unknown page on the way: {other} {}", page.text()),
    };
    browser.submit(&form).await
}

/// A form-encoded list of parameters.
pub(crate) fn encode(parameters: &[(String, String)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(parameters).finish()
}

/// HTTP Basic as RFC 6749 §2.3.1 wants it: both parts form-encoded first.
pub(crate) fn basic(id: &str, secret: &str) -> String {
    let encoded = |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
    let pair = format!("{}:{}", encoded(id), encoded(secret));
    format!("Basic {}", Base64::encode_string(pair.as_bytes()))
}

/// The parameters of an authorization response, from its query or its fragment; each once.
pub(crate) fn response_parameters(url: &str) -> std::collections::BTreeMap<String, String> {
    let parameters = url.split_once(['?', '#']).map_or("", |(_, parameters)| parameters);
    let mut answer = std::collections::BTreeMap::new();
    for (name, value) in form_urlencoded::parse(parameters.as_bytes()) {
        let former = answer.insert(name.into_owned(), value.into_owned());
        assert!(former.is_none(), "a parameter twice in {url}");
    }
    answer
}

/// The claims of a JWT, unverified: for looking at what the server says.
pub(crate) fn claims(jwt: &str) -> Value {
    part(jwt, 1)
}

/// The header of a JWT.
pub(crate) fn jose_header(jwt: &str) -> Value {
    part(jwt, 0)
}

fn part(jwt: &str, position: usize) -> Value {
    let segment = jwt.split('.').nth(position).expect("a compact JWS");
    serde_json::from_slice(&Base64UrlUnpadded::decode_vec(segment).unwrap()).unwrap()
}
