//! Forms of our own pages, and of no others. RFC 9700 §4.7.

use axum::body::Bytes;
use http::HeaderMap;

use super::Failure;
use crate::{
    http::{
        App,
        extract::{self, Purpose, Visit},
    },
    protocol::params::Params,
};

/// A form that one of our pages sent from this browser; anything else changes nothing.
pub(super) async fn own_form(
    app: &App,
    headers: &HeaderMap,
    body: &Bytes,
    purpose: Purpose,
) -> Result<(Visit, Params), Failure> {
    if !extract::is_form(headers) {
        return Err(Failure::NotAForm);
    }
    let form = extract::form(headers, body).map_err(Failure::Request)?;
    let visit = Visit::read(app, headers).await?;
    if visit.is_own_form(app, headers, &form, purpose) {
        Ok((visit, form))
    } else {
        Err(Failure::ForeignForm)
    }
}
