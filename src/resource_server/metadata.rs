//! Protected resource metadata: how a client finds out where to get a token. RFC 9728.

use axum::{Router, response::IntoResponse, routing::get};
use http::{HeaderValue, header};
use serde::Serialize;
use url::Url;

use super::{ConfigError, validator::Validator};

/// RFC 9728 §3.
const WELL_KNOWN: &str = "/.well-known/oauth-protected-resource";

/// The document. RFC 9728 §2. A list that would be empty is left out (§3.2).
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct ProtectedResourceMetadata<'a> {
    resource: &'a str,
    authorization_servers: [&'a str; 1],
    #[serde(skip_serializing_if = "<[String]>::is_empty")]
    scopes_supported: &'a [String],
    bearer_methods_supported: [&'static str; 1],
    #[serde(skip_serializing_if = "Option::is_none")]
    resource_name: Option<&'a str>,
}

/// Serves the metadata of `api`, and names it in every challenge from then on (§5.1).
///
/// The place follows from the audience: for `https://notes.example/api` it is
/// `/.well-known/oauth-protected-resource/api` on the same host (§3.1).
///
/// ```
/// # fn main() -> Result<(), doorward::resource_server::ConfigError> {
/// use doorward::resource_server::{Validator, protected_resource_metadata};
///
/// let api = Validator::for_api("https://id.example", "https://notes.example/api").build()?;
/// let app: axum::Router = axum::Router::new().merge(protected_resource_metadata(&api)?);
/// # Ok(()) }
/// ```
///
/// # Errors
/// [`ConfigError::NotServable`] when the audience is no `https` URL (or `http` on this machine).
pub fn protected_resource_metadata<S>(api: &Validator) -> Result<Router<S>, ConfigError>
where
    S: Clone + Send + Sync + 'static,
{
    let url = address(api.audience()).ok_or(ConfigError::NotServable)?;
    let inner = api.inner();
    let document = ProtectedResourceMetadata {
        resource: api.audience(),
        authorization_servers: [api.issuer()],
        scopes_supported: &inner.permissions,
        bearer_methods_supported: ["header"],
        resource_name: inner.name.as_deref(),
    };
    let body = serde_json::to_string(&document).map_err(|_| ConfigError::NotServable)?;
    let path = url.path().to_owned();
    inner.served_at.get_or_init(|| url.as_str().into());
    let headers = [
        (header::CONTENT_TYPE, HeaderValue::from_static("application/json")),
        (header::CACHE_CONTROL, HeaderValue::from_static("public, max-age=900")),
        // Apps in browsers read it before they have a token. It holds nothing secret.
        (header::ACCESS_CONTROL_ALLOW_ORIGIN, HeaderValue::from_static("*")),
    ];
    let serve = move || async move { (headers, body).into_response() };
    Ok(Router::new().route(&path, get(serve)))
}

/// The well-known part stands between host and path; a slash that ends the identifier is dropped.
/// RFC 9728 §3.1.
fn address(audience: &str) -> Option<Url> {
    let mut url = super::fetch::IssuerUrl::parse(audience).ok()?.into_url();
    let path = url.path().trim_end_matches('/').to_owned();
    // The router would read these as patterns.
    let pattern = |segment: &str| segment.starts_with([':', '*']) || segment.contains(['{', '}']);
    if path.split('/').any(pattern) {
        return None;
    }
    url.set_path(&format!("{WELL_KNOWN}{path}"));
    Some(url)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 9728 §3.1.
    #[test]
    fn rfc9728_section_3_1_the_well_known_part_comes_before_the_path() {
        let place = |audience| address(audience).map(String::from);
        for (audience, wanted) in [
            ("https://n.example", "https://n.example/.well-known/oauth-protected-resource"),
            ("https://n.example/", "https://n.example/.well-known/oauth-protected-resource"),
            ("https://n.example/a", "https://n.example/.well-known/oauth-protected-resource/a"),
            (
                "https://n.example/a/b/",
                "https://n.example/.well-known/oauth-protected-resource/a/b",
            ),
            ("http://localhost:8002", "http://localhost:8002/.well-known/oauth-protected-resource"),
        ] {
            assert_eq!(place(audience).as_deref(), Some(wanted));
        }
        for bad in ["http://n.example", "urn:notes", "https://n.example/:a", "https://n.example/*"]
        {
            assert_eq!(place(bad), None, "{bad}");
        }
    }
}
