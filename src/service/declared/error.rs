//! Why what is declared cannot be so.

use super::planning::PlanError;
use crate::service::{
    ServiceError, access_error::AccessError, client_registry::ClientError, users::UserError,
};

/// Why what is declared cannot be so.
#[derive(Debug, thiserror::Error)]
pub enum DeclaredError {
    /// There is no way there.
    #[error(transparent)]
    Plan(#[from] PlanError),
    /// An object would break a rule.
    #[error("{of}: {rule}")]
    Rule {
        /// The object.
        of: String,
        /// The rule.
        rule: String,
    },
    /// An API, a role or a group was refused.
    #[error(transparent)]
    Access(#[from] AccessError),
    /// A user was refused.
    #[error(transparent)]
    User(#[from] UserError),
    /// A client was refused.
    #[error(transparent)]
    Client(#[from] ClientError),
    /// A failure of the service.
    #[error(transparent)]
    Service(#[from] ServiceError),
}
