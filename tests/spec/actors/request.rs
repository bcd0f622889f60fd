//! Requests that a test writes by hand, and what it checks of many answers.

use doorward::{
    protocol::client::ClientMetadata,
    service::client_registry::{self, ClientError},
    types::{ClientId, audit::Actor},
};
use http::{Method, Request, StatusCode, header};

use super::issuer::{Issuer, Reply, origin};

/// A form of these fields, as it is sent.
pub(crate) fn form(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

impl Issuer {
    /// Fetches `address`.
    pub(crate) async fn fetch(&self, address: &str) -> Reply {
        self.send(Request::get(address).body(String::new()).unwrap()).await
    }

    /// Fetches `address` with one header.
    pub(crate) async fn fetch_with(&self, address: &str, name: &str, value: &str) -> Reply {
        let request = Request::get(address).header(name, value);
        self.send(request.body(String::new()).unwrap()).await
    }

    /// Sends `body` as a form, with these headers beside.
    pub(crate) async fn post(&self, path: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request =
            Request::post(path).header(header::CONTENT_TYPE, "application/x-www-form-urlencoded");
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.send(request.body(body.to_owned()).unwrap()).await
    }

    /// Sends nothing to `path` with `method`.
    pub(crate) async fn call(&self, method: Method, path: &str) -> Reply {
        self.send(Request::builder().method(method).uri(path).body(String::new()).unwrap()).await
    }
}

impl Reply {
    /// The answer is this OAuth error, in the form of RFC 6749 §5.2.
    #[track_caller]
    pub(crate) fn refused(&self, status: StatusCode, error: &str) {
        assert_eq!((self.status, self.error().as_str()), (status, error), "{}", self.text());
        for name in self.json().as_object().unwrap().keys() {
            assert!(["error", "error_description", "error_uri"].contains(&name.as_str()), "{name}");
        }
        assert_eq!(self.header(header::PRAGMA), "no-cache");
        let challenged = self.headers.contains_key(header::WWW_AUTHENTICATE);
        assert_eq!(challenged, status == StatusCode::UNAUTHORIZED, "{self:?}");
    }

    /// 400 `invalid_grant`.
    #[track_caller]
    pub(crate) fn is_invalid_grant(&self) {
        self.refused(StatusCode::BAD_REQUEST, "invalid_grant");
    }

    /// 400 `invalid_request`.
    #[track_caller]
    pub(crate) fn is_invalid_request(&self) {
        self.refused(StatusCode::BAD_REQUEST, "invalid_request");
    }

    /// 401 `invalid_client`, and no word on why (CAUTH-02).
    #[track_caller]
    pub(crate) fn is_invalid_client(&self) {
        self.refused(StatusCode::UNAUTHORIZED, "invalid_client");
        assert_eq!(self.json()["error_description"], "client authentication failed");
        assert!(self.header(header::WWW_AUTHENTICATE).starts_with("Basic "));
    }

    /// The answer is a success: its JSON.
    #[track_caller]
    pub(crate) fn granted(&self) -> serde_json::Value {
        assert_eq!(self.status, StatusCode::OK, "{}", self.text());
        assert_eq!(self.header(header::CONTENT_TYPE), "application/json");
        assert_eq!(self.header(header::PRAGMA), "no-cache");
        self.json()
    }
}

impl Issuer {
    /// Changes what a client registered.
    pub(crate) async fn change_client(&self, id: &str, metadata: ClientMetadata) {
        let id = ClientId::parse(id).unwrap();
        let keep = client_registry::NewSecret::Generated;
        client_registry::update(&self.ctx, &id, metadata, keep, Actor::Operator, &origin())
            .await
            .unwrap();
    }

    /// Registers a client, if its id and its metadata are allowed.
    pub(crate) async fn try_client(
        &self,
        id: &str,
        metadata: ClientMetadata,
    ) -> Result<(), ClientError> {
        let id = Some(ClientId::parse(id).unwrap());
        let secret = client_registry::NewSecret::Generated;
        client_registry::create(&self.ctx, id, metadata, secret, Actor::Operator, &origin())
            .await
            .map(drop)
    }
}
