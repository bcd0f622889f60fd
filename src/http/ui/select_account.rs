//! The page that asks which account to go on with.

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
        view::{self, SelectAccount},
    },
    service::authorize::{Advanced, pages},
    types::origin::Origin,
};

/// Shows the accounts.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let (visit, flow, client) = step::reopen(&app, raw, &headers).await?;
        let page = SelectAccount {
            t: messages_of(&headers, &flow.request),
            flow: flow.seal(&app.ctx, &visit.visitor.browser)?,
            csrf: visit.csrf(&app, Purpose::Step),
            client: Some(shown::client(&client)),
            accounts: visit.visitor.current.iter().map(|c| shown::account(&c.user)).collect(),
            display: shown::display(&flow.request),
            form_action: shown::form_action(&flow.request),
        };
        Ok(view::render(StatusCode::OK, &page))
    };
    shown.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// Goes on with the chosen one, with another, or back.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        let (visit, form) = own_form(&app, &headers, &body, Purpose::Step).await?;
        let sealed = form.get("flow").unwrap_or_default();
        match (form.get("action"), form.get("account")) {
            (Some("cancel"), _) => {
                let step = pages::cancel(&app.ctx, sealed, &visit.visitor, &origin).await?;
                step::respond(&app, &visit, &headers, Advanced { step, cookies: None })
            }
            (_, Some(account)) => {
                let chosen = account.parse().map_err(|_| Failure::Expired)?;
                let advanced =
                    pages::select_account(&app.ctx, sealed, chosen, &visit.visitor, &origin);
                step::respond(&app, &visit, &headers, advanced.await?)
            }
            (Some("another-account"), None) => step::another_account(&app, &visit, sealed).await,
            (Some(_) | None, None) => Err(Failure::Expired),
        }
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}
