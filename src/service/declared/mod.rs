//! Users, clients, APIs, roles and groups as a file declares them: what differs, and how it comes to be
//! so. Every change is one of the verbs of an operator, with its rules and its audit event.

mod carry_out;
mod error;
mod marks;
mod planning;
mod reading;
mod state;

use std::{collections::BTreeMap, sync::Arc};

use super::{Context, client_registry::secret_is_needed};
use crate::{
    protocol::{client::ClientMetadata, registration},
    types::Secret,
};

pub use carry_out::carry_out;
pub use error::DeclaredError;
pub use planning::PlanError;
pub use reading::{SECRET_AS_DECLARED, SECRET_OTHER, metadata_fields};
pub use state::{Change, Desired, FieldChange, Fields, Kind, Object, Plan, Step};

/// The secrets of clients and the first passwords of users, by what they belong to.
pub type Secrets = BTreeMap<(Kind, String), Secret<String>>;

/// What has to be done so that everything declared is so. `secrets` holds those of the clients.
///
/// # Errors
/// [`DeclaredError`] when there is no way there, or a client would break a rule of registration.
pub async fn plan(
    ctx: &Arc<Context>,
    desired: &Desired,
    secrets: &Secrets,
) -> Result<Plan, DeclaredError> {
    let actual = reading::read(ctx, desired, secrets).await?;
    let plan = planning::plan(desired, &actual)?;
    for step in plan.steps.iter().filter(|step| step.kind == Kind::Client) {
        if step.change == Change::Delete {
            continue;
        }
        let existing = actual.iter().find(|one| one.kind == step.kind && one.name == step.name);
        let metadata = carry_out::metadata(existing.map(|one| &one.fields), step)?;
        let rule = |rule: String| DeclaredError::Rule { of: step.object(), rule };
        registration::validate(&metadata).map_err(|error| rule(error.to_string()))?;
        let given = secrets.contains_key(&(Kind::Client, step.name.clone()));
        check_secret(step, &metadata, given).map_err(|error| rule(error.to_owned()))?;
    }
    Ok(plan)
}

/// A secret that nobody knows is of no use, and one that is made here would end up in a log.
fn check_secret(step: &Step, after: &ClientMetadata, given: bool) -> Result<(), &'static str> {
    let is_needed = secret_is_needed(after.token_endpoint_auth_method);
    let is_new =
        step.change == Change::Create || step.becomes("token_endpoint_auth_method").is_some();
    if is_needed && is_new && !given {
        return Err("secret: it authenticates with one; say where it is");
    }
    if given && !is_needed {
        return Err("secret: a client that authenticates in this way has none");
    }
    Ok(())
}
