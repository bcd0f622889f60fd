//! The page that says which role is missing, with the way back to the app. RFC 6749 §4.1.2.1
//! (`access_denied`).

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
        view::{self, DisplayText, MissingPermission, RoleMissing},
    },
    service::authorize::{
        Advanced,
        pages::{self, Lacking},
    },
    types::origin::Origin,
};

/// Says what the user lacks.
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
        let lacking = pages::lacking(&app.ctx, &flow, &client, &current.user).await?;
        if lacking.is_empty() {
            // The role was given meanwhile.
            return step::to_page(&app, &visit, route::CONSENT, &flow);
        }
        let page = RoleMissing {
            t: messages_of(&headers, &flow.request),
            flow: flow.seal(&app.ctx, &visit.visitor.browser)?,
            csrf: visit.csrf(&app, Purpose::Step),
            client: shown::client(&client),
            account: shown::account(&current.user),
            missing: lacking.iter().map(in_words).collect(),
            display: shown::display(&flow.request),
            form_action: shown::form_action(&flow.request),
        };
        Ok(view::render(StatusCode::OK, &page))
    };
    shown.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

fn in_words(lacking: &Lacking) -> MissingPermission {
    let words = lacking.description.as_ref().unwrap_or(&lacking.permission);
    MissingPermission {
        words: DisplayText::new(words),
        permission: DisplayText::new(&lacking.permission),
        roles: lacking.roles.iter().map(|name| DisplayText::new(name)).collect(),
    }
}

/// Goes back to the app, or on with another account.
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
            Some("back") => {
                let step = pages::leave(&app.ctx, sealed, &visit.visitor).await?;
                step::respond(&app, &visit, &headers, Advanced { step, cookies: None })
            }
            Some("another-account") => step::another_account(&app, &visit, sealed).await,
            Some(_) | None => Err(Failure::Expired),
        }
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}
