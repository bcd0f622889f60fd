//! The static files: stylesheet, logo and scripts, compiled in and served under hashed names.
//!
//! A name contains the hash of its content, so a browser may keep a file for ever, and a new build
//! never meets an old stylesheet.

use std::fmt::Write;
use std::sync::LazyLock;

use axum::Router;
use axum::extract::{Path, rejection::PathRejection};
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::StatusCode;
use http::header::{CACHE_CONTROL, CONTENT_TYPE, X_CONTENT_TYPE_OPTIONS};

use crate::types::digest::sha256;

/// A file that pages load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asset {
    /// `static/doorward.css`, the one stylesheet.
    Stylesheet,
    /// `static/doorward.svg`, the logo and favicon.
    Logo,
    /// `static/form_post.js`, which submits the form of a `form_post` response.
    FormPost,
    /// `static/copy.js`, the button that copies an API key.
    Copy,
}

/// What is known of a file once the program runs.
struct Served {
    asset: Asset,
    url: String,
    content_type: &'static str,
    content: &'static [u8],
}

/// In the order of [`Asset`]'s variants.
static SERVED: LazyLock<[Served; 4]> = LazyLock::new(|| {
    [Asset::Stylesheet, Asset::Logo, Asset::FormPost, Asset::Copy].map(|asset| {
        let (stem, extension, content_type, content) = asset.source();
        let url = format!("/static/{stem}.{}.{extension}", content_hash(content));
        Served { asset, url, content_type, content }
    })
});

impl Asset {
    /// The path to put into a page, such as `/static/doorward.0123456789abcdef.css`.
    #[must_use]
    pub fn url(self) -> &'static str {
        SERVED.iter().find(|served| served.asset == self).map_or("", |served| &served.url)
    }

    /// Stem, extension, media type and content.
    const fn source(self) -> (&'static str, &'static str, &'static str, &'static [u8]) {
        match self {
            Self::Stylesheet => (
                "doorward",
                "css",
                "text/css; charset=utf-8",
                include_bytes!("../../static/doorward.css"),
            ),
            Self::Logo => {
                ("doorward", "svg", "image/svg+xml", include_bytes!("../../static/doorward.svg"))
            }
            Self::FormPost => (
                "form_post",
                "js",
                "text/javascript; charset=utf-8",
                include_bytes!("../../static/form_post.js"),
            ),
            Self::Copy => (
                "copy",
                "js",
                "text/javascript; charset=utf-8",
                include_bytes!("../../static/copy.js"),
            ),
        }
    }
}

/// The first 8 bytes of the SHA-256 of `content`, in hexadecimal.
fn content_hash(content: &[u8]) -> String {
    let digest = sha256(content);
    digest.iter().take(8).fold(String::with_capacity(16), |mut text, byte| {
        // Writing to a String cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The routes of the static files; everything else below `/static/` is 404.
pub fn router<S: Clone + Send + Sync + 'static>() -> Router<S> {
    Router::new().route("/static/{name}", get(serve))
}

/// A name whose bytes are no text is the name of no file.
async fn serve(name: Result<Path<String>, PathRejection>) -> Response {
    let name = name.map(|Path(name)| name).unwrap_or_default();
    let found = SERVED.iter().find(|served| served.url.strip_prefix("/static/") == Some(&*name));
    let Some(served) = found else {
        return StatusCode::NOT_FOUND.into_response();
    };
    let headers = [
        (CONTENT_TYPE, served.content_type),
        (CACHE_CONTROL, "public, max-age=31536000, immutable"),
        (X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    (headers, served.content).into_response()
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use http::Request;
    use tower::ServiceExt;

    use super::*;

    async fn fetch(path: &str) -> Response {
        let request = Request::get(path).body(Body::empty()).unwrap();
        router::<()>().oneshot(request).await.unwrap()
    }

    /// CACHE-04.
    #[tokio::test]
    async fn each_file_is_served_for_ever_under_its_hashed_name() {
        for served in SERVED.iter() {
            let response = fetch(&served.url).await;
            assert_eq!(response.status(), StatusCode::OK);
            assert_eq!(response.headers()[CONTENT_TYPE], served.content_type);
            assert_eq!(response.headers()[CACHE_CONTROL], "public, max-age=31536000, immutable");
            assert_eq!(response.headers()[X_CONTENT_TYPE_OPTIONS], "nosniff");
            assert_eq!(served.asset.url(), served.url);
        }
    }

    #[tokio::test]
    async fn other_names_are_not_found() {
        let paths = [
            "/static/doorward.css",
            "/static/doorward.0000000000000000.css",
            "/static/",
            "/static/..%2fCargo.toml",
            "/static/%2e%2e%2fCargo.toml",
            "/static/doorward.css%ff",
        ];
        for path in paths {
            let response = fetch(path).await;
            assert_eq!(response.status(), StatusCode::NOT_FOUND, "{path}");
            assert!(!response.headers().contains_key(CACHE_CONTROL), "{path}");
        }
    }
}
