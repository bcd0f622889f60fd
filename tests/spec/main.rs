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
mod rfc6749_authorization_code;
#[cfg(test)]
mod rfc6749_client_authentication;
#[cfg(test)]
mod rfc6749_token_endpoint;
#[cfg(test)]
mod rfc7523_client_assertions;
#[cfg(test)]
mod rfc7636_code_verifier;
