//! The specifications, clause by clause: the real router in process, a real database, real forms.
//!
//! `DOORWARD_TEST_ENGINE` chooses the engine: `sqlite` (the default) or `postgres`, whose server
//! `DOORWARD_TEST_POSTGRES` names.

#[cfg(test)]
mod actors;
#[cfg(test)]
#[expect(dead_code, reason = "shared with the tests of the store, which use another part")]
#[path = "../store/engine.rs"]
mod engine;
#[cfg(test)]
mod oidc_core_authorization_request;
#[cfg(test)]
mod oidc_core_prompt_and_max_age;
#[cfg(test)]
mod rfc6749_authorization_code;
#[cfg(test)]
mod rfc6749_token_endpoint;
#[cfg(test)]
mod rfc7636_code_verifier;
