//! Asking the issuer, with a guard around it.
//!
//! No redirect is followed, an answer has five seconds and half a megabyte, and what is asked is
//! `https`, or an issuer on this very machine.

use std::{fmt::Debug, pin::Pin, time::Duration};

use http::{Request, Response};
use url::Url;

use super::ConfigError;

/// The longest answer of an issuer that is read, in bytes.
pub const MAX_ANSWER_BYTES: usize = 512 * 1024;
/// How long an answer may take, from the first byte sent to the last one read.
pub const ANSWER_TIME: Duration = Duration::from_secs(5);

/// An answer on its way: status, headers and the whole body, not longer than [`MAX_ANSWER_BYTES`].
pub type Answer<'a> =
    Pin<Box<dyn Future<Output = Result<Response<Vec<u8>>, Unreachable>> + Send + 'a>>;

/// The issuer gave no answer that could be read. The text is for the log and holds no secret.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Unreachable(pub String);

/// Sends one request to the issuer. [`HttpFetch`] does it over the network; tests can hand in a
/// router.
pub trait Fetch: Debug + Send + Sync + 'static {
    /// Sends `request`, whose address is absolute, and reads the answer. Redirects are not followed.
    fn fetch(&self, request: Request<String>) -> Answer<'_>;
}

/// HTTP over the network.
#[derive(Debug, Clone)]
pub struct HttpFetch(reqwest::Client);

impl HttpFetch {
    /// A client for the issuer at `issuer`, which trusts the certificates that this machine trusts.
    ///
    /// # Errors
    /// [`ConfigError::Tls`] when the machine has no certificates to trust.
    pub fn new(issuer: &IssuerUrl) -> Result<Self, ConfigError> {
        let client = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .timeout(ANSWER_TIME);
        let client = match issuer.transport {
            Transport::Https => client.https_only(true),
            // Plain http needs no certificates, and a bare machine may have none.
            Transport::LocalHttp => client.tls_certs_only([]),
        };
        client.build().map(Self).map_err(|error| ConfigError::Tls(reason(&error)))
    }

    async fn ask(&self, request: Request<String>) -> Result<Response<Vec<u8>>, Unreachable> {
        let unreachable = |error: reqwest::Error| Unreachable(reason(&error));
        let request = reqwest::Request::try_from(request).map_err(unreachable)?;
        let mut answer = self.0.execute(request).await.map_err(unreachable)?;
        let mut response = Response::new(Vec::new());
        *response.status_mut() = answer.status();
        std::mem::swap(response.headers_mut(), answer.headers_mut());
        while let Some(chunk) = answer.chunk().await.map_err(unreachable)? {
            let body = response.body_mut();
            if body.len() + chunk.len() > MAX_ANSWER_BYTES {
                return Err(Unreachable("the answer is longer than 512 KiB".to_owned()));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(response)
    }
}

impl Fetch for HttpFetch {
    fn fetch(&self, request: Request<String>) -> Answer<'_> {
        Box::pin(self.ask(request))
    }
}

/// The whole chain of causes, without the address.
fn reason(error: &reqwest::Error) -> String {
    let mut text = String::new();
    let mut cause: Option<&dyn std::error::Error> = std::error::Error::source(error);
    while let Some(error) = cause {
        if !text.is_empty() {
            text.push_str(": ");
        }
        text.push_str(&error.to_string());
        cause = error.source();
    }
    if text.is_empty() { "no answer in time".to_owned() } else { text }
}

/// An issuer identifier, as it stands in `iss`. RFC 8414 §2: `https`, without query and fragment; it
/// may have a path. Plain `http` is for an issuer on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerUrl {
    text: String,
    url: Url,
    transport: Transport,
}

/// How the issuer is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Transport {
    Https,
    LocalHttp,
}

impl IssuerUrl {
    /// Reads an issuer identifier. It is kept and compared exactly as it is written.
    ///
    /// # Errors
    /// [`ConfigError::Issuer`] when it is no such URL.
    pub fn parse(text: &str) -> Result<Self, ConfigError> {
        let url = Url::parse(text).map_err(|_| ConfigError::Issuer)?;
        let transport = transport(&url).ok_or(ConfigError::Issuer)?;
        if url.query().is_some() || url.fragment().is_some() {
            return Err(ConfigError::Issuer);
        }
        Ok(Self { text: text.to_owned(), url, transport })
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// The address.
    pub(super) fn into_url(self) -> Url {
        self.url
    }

    /// Where its metadata may be, the likelier place first. RFC 8414 §3.1 puts the path after the
    /// well-known part, OIDC Discovery §4 before it.
    pub(super) fn metadata_urls(&self) -> [Url; 2] {
        let path = self.url.path().trim_end_matches('/');
        let at = |path: String| {
            let mut url = self.url.clone();
            url.set_path(&path);
            url
        };
        [
            at(format!("/.well-known/oauth-authorization-server{path}")),
            at(format!("{path}/.well-known/openid-configuration")),
        ]
    }

    /// An address that the issuer named, if it may be asked: an issuer on `https` cannot send us to
    /// anything less.
    pub(super) fn allowed(&self, address: &str) -> Option<Url> {
        let url = Url::parse(address).ok()?;
        let fits = match (self.transport, transport(&url)?) {
            (Transport::Https | Transport::LocalHttp, Transport::Https)
            | (Transport::LocalHttp, Transport::LocalHttp) => true,
            (Transport::Https, Transport::LocalHttp) => false,
        };
        fits.then_some(url)
    }
}

/// `https`, or `http` to this machine; without user name and password.
fn transport(url: &Url) -> Option<Transport> {
    let host = url.host()?;
    if !url.username().is_empty() || url.password().is_some() {
        return None;
    }
    match url.scheme() {
        "https" => Some(Transport::Https),
        "http" if crate::protocol::issuer::is_this_machine(&host) => Some(Transport::LocalHttp),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8414 §2; OIDC Core §2 (`iss`).
    #[test]
    fn an_issuer_is_https_or_on_this_machine() {
        for good in ["https://id.example", "https://id.example/realms/a", "http://localhost:8000"] {
            assert_eq!(IssuerUrl::parse(good).unwrap().as_str(), good);
        }
        for bad in [
            "",
            "id.example",
            "http://id.example",
            "https://id.example?a",
            "https://id.example#a",
            "https://u:p@id.example",
            "ftp://localhost",
        ] {
            assert_eq!(IssuerUrl::parse(bad), Err(ConfigError::Issuer), "{bad}");
        }
    }

    /// RFC 8414 §3.1.
    #[test]
    fn the_well_known_part_stands_before_the_path_or_after_it() {
        let urls = |issuer| IssuerUrl::parse(issuer).unwrap().metadata_urls().map(String::from);
        assert_eq!(
            urls("https://id.example/realms/a"),
            [
                "https://id.example/.well-known/oauth-authorization-server/realms/a",
                "https://id.example/realms/a/.well-known/openid-configuration",
            ]
        );
        let [first, _] = urls("https://id.example");
        assert_eq!(first, "https://id.example/.well-known/oauth-authorization-server");
    }

    #[test]
    fn an_issuer_on_https_leads_to_https_alone() {
        let far = IssuerUrl::parse("https://id.example").unwrap();
        assert!(far.allowed("https://keys.example/jwks").is_some());
        for bad in ["http://localhost/jwks", "http://id.example/jwks", "file:///jwks", "/jwks"] {
            assert!(far.allowed(bad).is_none(), "{bad}");
        }
        let near = IssuerUrl::parse("http://localhost:8000").unwrap();
        assert!(near.allowed("http://localhost:8000/jwks").is_some());
        assert!(near.allowed("http://id.example/jwks").is_none());
    }

    /// An issuer on a port of this machine that answers `/` in one way.
    async fn answered(answer: axum::response::Response) -> Result<Response<Vec<u8>>, Unreachable> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let issuer = format!("http://{}", listener.local_addr().unwrap());
        let answer = std::sync::Arc::new(std::sync::Mutex::new(Some(answer)));
        let serve = move || {
            let answer = answer.lock().unwrap().take();
            async move { answer.expect("one request and no other") }
        };
        let router = axum::Router::new().fallback(serve);
        let serving = tokio::spawn(async move { axum::serve(listener, router).await });
        let url = IssuerUrl::parse(&issuer).unwrap();
        let request = Request::get(&issuer).body(String::new()).unwrap();
        let outcome = HttpFetch::new(&url).unwrap().fetch(request).await;
        serving.abort();
        outcome
    }

    #[tokio::test]
    async fn a_redirect_is_an_answer_and_not_followed() {
        use axum::response::{IntoResponse, Redirect};
        let answer = answered(Redirect::temporary("/elsewhere").into_response()).await.unwrap();
        assert_eq!(answer.status(), 307);
    }

    #[tokio::test]
    async fn an_answer_has_half_a_megabyte_at_most() {
        use axum::response::IntoResponse;
        let fits = answered("x".repeat(MAX_ANSWER_BYTES).into_response()).await.unwrap();
        assert_eq!(fits.body().len(), MAX_ANSWER_BYTES);
        let long = answered("x".repeat(MAX_ANSWER_BYTES + 1).into_response()).await;
        assert!(long.unwrap_err().0.contains("512 KiB"));
    }
}
