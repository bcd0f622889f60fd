//! The page for trying the admin API out: Swagger UI, from assets within the binary, which signs in at
//! this server as any other app does. Its policy allows what the page needs, and no inline script.

use std::sync::{Arc, LazyLock};

use axum::{
    Extension,
    extract::{Path, State, rejection::PathRejection},
    response::{IntoResponse, Response},
};
use http::{HeaderValue, header};
use utoipa_swagger_ui::{Config, oauth};

use super::problem::Problem;
use crate::{
    http::{App, layer::security_headers::OPENER_POLICY, route},
    identity::role::built_in,
    service::built_in::DOCS_CLIENT,
    types::origin::Origin,
};

/// What the page may load: its own files, the small pictures that its stylesheet holds, and the API.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; \
                      font-src 'self'; connect-src 'self'; form-action 'none'; \
                      frame-ancestors 'none'; base-uri 'none'";

/// What the page is told: where the document is, and as which app to sign in.
static CONFIG: LazyLock<Arc<Config<'static>>> = LazyLock::new(|| {
    let scopes = built_in::PERMISSIONS.iter().map(|(name, _)| (*name).to_owned()).collect();
    let sign_in = oauth::Config::new()
        .client_id(DOCS_CLIENT)
        .scopes(scopes)
        // The pages of a sign-in keep the window that opened them only if they are told that it is one.
        .additional_query_string_params([("display".to_owned(), "popup".to_owned())].into())
        .use_pkce_with_authorization_code_grant(true);
    Arc::new(Config::with_oauth_config([route::ADMIN_OPENAPI], sign_in))
});

/// `/admin/api/docs` without a file name, whose files are one step below.
pub(super) async fn front() -> Response {
    crate::http::ui::see_other(&format!("{}/index.html", route::ADMIN_DOCS))
}

/// A file of the page.
pub(super) async fn file(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    name: Result<Path<String>, PathRejection>,
) -> Response {
    let found = name.ok().map(|Path(name)| utoipa_swagger_ui::serve(&name, Arc::clone(&CONFIG)));
    let Some(Ok(Some(file))) = found else {
        return Problem::not_found().respond(app.ctx.protocol.issuer.as_str(), &origin);
    };
    let media_type = HeaderValue::try_from(file.content_type);
    let headers = [
        (header::CONTENT_TYPE, media_type.unwrap_or(HeaderValue::from_static("text/plain"))),
        (header::CONTENT_SECURITY_POLICY, HeaderValue::from_static(POLICY)),
        // The sign-in comes back to a window that this page opened, and speaks to the page.
        (OPENER_POLICY, HeaderValue::from_static("unsafe-none")),
    ];
    let mut response = (headers, file.bytes.into_owned()).into_response();
    if file.gzpipped {
        let gzip = HeaderValue::from_static("gzip");
        response.headers_mut().insert(header::CONTENT_ENCODING, gzip);
    }
    response
}
