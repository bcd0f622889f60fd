//! The audit log: read, and nothing else.

use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use super::{answer::Answer, call::Call, problem::Problem, refusal};
use crate::{
    service::audit_log::{self, AuditFilter, AuditRecord, ChainCheck},
    types::{Timestamp, audit::Action},
};

/// An event of the audit log.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Event {
    /// Its place in the log.
    seq: i64,
    /// Its id.
    id: String,
    /// When, in seconds since 1970.
    at: i64,
    /// Who.
    actor: String,
    /// What was done.
    action: String,
    /// To what.
    object: String,
    /// `success` or `refused`.
    outcome: String,
    /// The request in the server's log.
    request_id: String,
    /// From which address.
    address: Option<String>,
    /// With which browser.
    user_agent: Option<String>,
    /// More about it.
    #[schema(value_type = Object)]
    detail: Box<RawValue>,
}

impl From<&AuditRecord> for Event {
    fn from(record: &AuditRecord) -> Self {
        let detail = RawValue::from_string(record.detail.clone()).unwrap_or_default();
        Self {
            seq: record.seq,
            id: record.id.to_string(),
            at: record.at.unix(),
            actor: record.actor.clone(),
            action: record.action.clone(),
            object: record.object.clone(),
            outcome: record.outcome.clone(),
            request_id: record.request_id.clone(),
            address: record.address.clone(),
            user_agent: record.user_agent.clone(),
            detail,
        }
    }
}

/// Whether the log is whole.
#[derive(Debug, Serialize, ToSchema)]
pub(super) struct Chain {
    /// Whether no event is missing and each is as it was written.
    intact: bool,
    /// How many events there are, when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    events: Option<u64>,
    /// The place of the first event that is not as it was, when it is not.
    #[serde(skip_serializing_if = "Option::is_none")]
    broken_at: Option<i64>,
}

fn filter(call: &Call) -> Result<AuditFilter, Problem> {
    let text = |name: &'static str| match call.query.get(name) {
        Some(text) if text.len() > 512 => Err(Problem::parameter(name, "it is too long")),
        text => Ok(text.map(str::to_owned)),
    };
    let moment = |name: &'static str| match call.query.get(name) {
        None => Ok(None),
        Some(text) => {
            let refused = |_| Problem::parameter(name, "it is a number of seconds since 1970");
            text.parse::<i64>().map(|at| Some(Timestamp::from_unix(at))).map_err(refused)
        }
    };
    let action = call.query.get("action").map(|name| {
        let found = Action::ALL.iter().copied().find(|action| action.as_str() == name);
        found.ok_or_else(|| Problem::parameter("action", "there is no such action"))
    });
    Ok(AuditFilter {
        actor: text("actor")?,
        object: text("object")?,
        action: action.transpose()?,
        from: moment("from")?,
        until: moment("until")?,
    })
}

pub(super) async fn list(call: Call) -> Result<Answer, Problem> {
    let asked = call.page()?;
    let filter = filter(&call)?;
    let refused = |_| Problem::parameter("cursor", "it is none of this list");
    let after = asked.after.as_deref().map(str::parse::<i64>).transpose().map_err(refused)?;
    let found = audit_log::list(call.ctx(), &filter, after.unwrap_or(0), asked.limit).await;
    let found = found.map_err(|error| refusal::service(&error, &call.origin))?;
    let key = |record: &AuditRecord| record.seq.to_string();
    Ok(Answer::ok(&call.page_of(&asked, &found, key, |record| Event::from(record))))
}

pub(super) async fn verify(call: Call) -> Result<Answer, Problem> {
    let check = audit_log::verify(call.ctx()).await;
    let check = check.map_err(|error| refusal::service(&error, &call.origin))?;
    let chain = match check {
        ChainCheck::Intact { events } => {
            Chain { intact: true, events: Some(events), broken_at: None }
        }
        ChainCheck::Broken { seq } => Chain { intact: false, events: None, broken_at: Some(seq) },
    };
    Ok(Answer::ok(&chain))
}
