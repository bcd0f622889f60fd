//! The specifications, clause by clause: the real router in process, a real database, real forms.
//!
//! `DOORWARD_TEST_ENGINE` chooses the engine: `sqlite` (the default) or `postgres`, whose server
//! `DOORWARD_TEST_POSTGRES` names.

#[cfg(test)]
mod actors;
#[cfg(test)]
#[path = "../store/engine.rs"]
mod engine;
#[cfg(test)]
mod flows_in_progress;
#[cfg(test)]
mod form_post_response_mode;
#[cfg(test)]
mod oidc_core_authorization_request;
#[cfg(test)]
mod oidc_core_claims_parameter;
#[cfg(test)]
mod oidc_core_consent;
#[cfg(test)]
mod oidc_core_prompt_and_max_age;
#[cfg(test)]
mod rfc6749_authorization_response;
#[cfg(test)]
mod rfc6749_redirect_uri;
#[cfg(test)]
mod rfc7636_authorization_request;
#[cfg(test)]
mod rfc8252_native_apps;
#[cfg(test)]
mod rp_initiated_logout;
