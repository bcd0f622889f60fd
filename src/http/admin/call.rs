//! A request of the admin API whose caller was let in.

use std::{pin::Pin, sync::Arc};

use axum::body::Bytes;
use http::HeaderMap;

use super::{answer::Answer, problem::Problem, query::Query, table::Route};
use crate::{
    http::App,
    service::{Context, admin_caller::AdminCaller, editor::Editor},
    types::{audit::Actor, origin::Origin, version::Version},
};

/// What a handler answers: in time.
pub(super) type Answering = Pin<Box<dyn Future<Output = Result<Answer, Problem>> + Send>>;

/// Answers the requests of one route.
pub(super) type Handler = fn(Call) -> Answering;

/// A request whose bearer may make it.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) app: Arc<App>,
    pub(super) route: &'static Route,
    pub(super) caller: AdminCaller,
    pub(super) origin: Origin,
    /// The parts of the path that have names, in their order.
    pub(super) names: Vec<String>,
    pub(super) query: Query,
    pub(super) headers: HeaderMap,
    pub(super) body: Bytes,
    /// The version that `If-Match` names.
    pub(super) seen: Option<Version>,
}

impl Call {
    /// The means of the services.
    pub(super) fn ctx(&self) -> &Arc<Context> {
        &self.app.ctx
    }

    /// Who calls, for the audit log.
    pub(super) fn actor(&self) -> Actor {
        self.caller.actor.clone()
    }

    /// Who calls, and which version they have seen.
    pub(super) fn editor(&self) -> Editor {
        Editor { actor: self.actor(), seen: self.seen }
    }

    /// The first name in the path.
    pub(super) fn name(&self) -> &str {
        self.names.first().map_or("", String::as_str)
    }

    /// The second name in the path.
    pub(super) fn second_name(&self) -> &str {
        self.names.get(1).map_or("", String::as_str)
    }

    /// The first name in the path as an id; what is none names nothing that there is.
    pub(super) fn id<T: std::str::FromStr>(&self) -> Result<T, Problem> {
        self.name().parse().map_err(|_| Problem::not_found())
    }

    /// Refuses what is beyond the rights of the caller: the permission that is, if there is one.
    pub(super) fn refuse_beyond(beyond: Option<String>) -> Result<(), Problem> {
        beyond.map_or(Ok(()), |permission| Err(Problem::beyond_rights(&permission)))
    }
}
