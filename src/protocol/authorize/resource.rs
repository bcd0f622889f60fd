//! Which APIs the tokens are to be for. RFC 8707 §2.1.

use super::{Draft, Input, Resumed};
use crate::protocol::{error::OAuthError, grant::granted_scope as rules};

/// Row of the table: every `resource` is an API of this server that the client is registered for.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    let resources = rules::read_resources(input.params.all("resource"))?;
    let own = input.policy.issuer.as_str();
    rules::check_resources(&resources, &input.client.metadata.scope, own, input.apis)?;
    draft.request.resource = resources;
    Ok(())
}

/// Row of the table, when a request comes back: an API can be gone meanwhile.
pub(super) fn resume(draft: &mut Draft, resumed: &Resumed<'_>) -> Result<(), OAuthError> {
    let (resources, policy) = (&draft.request.resource, resumed.policy);
    let registered = &resumed.client.metadata.scope;
    Ok(rules::check_resources(resources, registered, policy.issuer.as_str(), resumed.apis)?)
}
