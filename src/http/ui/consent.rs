//! The consent page. OIDC Core §3.1.2.4.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

use super::{Failure, messages_of, own_form, shown, step};
use crate::{
    http::{
        App,
        extract::Purpose,
        route,
        view::{self, ClientTrust, Consent},
    },
    protocol::authorize::interaction::Asked,
    service::{
        access_model,
        authorize::{Advanced, pages},
    },
    types::origin::Origin,
};

/// Shows who asks, and for what.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let (visit, flow, client) = step::reopen(&app, raw, &headers).await?;
        let Some(current) = &visit.visitor.current else {
            return step::to_page(&app, &visit, route::LOGIN, &flow);
        };
        let identified = !client.is_public() || flow.request.redirect_uri.names_its_owner();
        let Asked { scope, claims } = pages::asked(&app.ctx, &flow, &current.user).await?;
        let model = access_model::current(&app.ctx).await?;
        let page = Consent {
            t: messages_of(&headers, &flow.request),
            flow: flow.seal(&app.ctx, &visit.visitor.browser)?,
            csrf: visit.csrf(&app, Purpose::Step),
            client: shown::client(&client),
            trust: if identified { ClientTrust::Verified } else { ClientTrust::PublicNative },
            account: shown::account(&current.user),
            scopes: shown::asked(&scope, &claims, &model),
            display: shown::display(&flow.request),
            form_action: shown::form_action(&flow.request),
        };
        Ok(view::render(StatusCode::OK, &page))
    };
    shown.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// Allows, refuses, or goes on with another account.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        let (visit, form) = own_form(&app, &headers, &body, Purpose::Step).await?;
        let sealed = form.get("flow").unwrap_or_default();
        match form.get("action") {
            Some("allow") => {
                let advanced = pages::allow(&app.ctx, sealed, &visit.visitor, &origin).await?;
                step::respond(&app, &visit, &headers, advanced)
            }
            Some("cancel") => {
                let step = pages::cancel(&app.ctx, sealed, &visit.visitor, &origin).await?;
                step::respond(&app, &visit, &headers, Advanced { step, cookies: None })
            }
            Some("another-account") => step::another_account(&app, &visit, sealed).await,
            // Neither yes nor no is no answer: the page stays as it is.
            Some(_) | None => Err(Failure::Expired),
        }
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}
