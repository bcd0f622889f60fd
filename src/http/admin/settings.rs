//! The settings, as far as they are not at their defaults. Secrets are redacted where they are read.

use std::collections::BTreeMap;

use serde::Serialize;
use utoipa::ToSchema;

use super::{answer::Answer, call::Call, problem::Problem};

/// The settings.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Settings {
    /// The public URL of this server.
    issuer: String,
    /// Every setting that is not at its default, by name, its value as TOML.
    changed: BTreeMap<String, String>,
}

pub(super) async fn show(call: Call) -> Result<Answer, Problem> {
    Ok(Answer::ok(&Settings {
        issuer: call.ctx().protocol.issuer.to_string(),
        changed: call.app.admin.settings.iter().cloned().collect(),
    }))
}
