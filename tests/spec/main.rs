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
mod oidc_core_authorization_request;
#[cfg(test)]
mod oidc_core_prompt_and_max_age;
