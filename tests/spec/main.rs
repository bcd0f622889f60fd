//! The specifications, clause by clause: the real router in process, a real database, real forms.
//!
//! `DOORWARD_TEST_ENGINE` chooses the engine: `sqlite` (the default) or `postgres`, whose server
//! `DOORWARD_TEST_POSTGRES` names.

#[cfg(test)]
mod account_api_keys;
#[cfg(test)]
mod account_page;
#[cfg(test)]
mod actors;
#[cfg(test)]
mod admin_api_keys;
#[cfg(test)]
mod admin_bodies;
#[cfg(test)]
mod admin_conditions;
#[cfg(test)]
mod admin_holders;
#[cfg(test)]
mod admin_lists;
#[cfg(test)]
mod admin_matrix;
#[cfg(test)]
mod admin_nouns;
#[cfg(test)]
mod admin_openapi;
#[cfg(test)]
mod admin_rights;
#[cfg(test)]
mod admin_users;
#[cfg(test)]
mod api_keys;
#[cfg(test)]
mod attacks_api_keys;
#[cfg(test)]
mod attacks_http;
#[cfg(test)]
mod attacks_jose;
#[cfg(test)]
mod availability;
#[cfg(test)]
mod choke_point;
#[cfg(test)]
mod clocks;
#[cfg(test)]
mod crash_points;
#[cfg(test)]
mod cross_site_scripting;
#[cfg(test)]
mod csrf;
#[cfg(test)]
#[path = "../store/engine.rs"]
mod engine;
#[cfg(test)]
mod enumeration;
#[cfg(test)]
mod epochs;
#[cfg(test)]
mod every_node;
#[cfg(test)]
mod flows_in_progress;
#[cfg(test)]
mod form_post_response_mode;
#[cfg(test)]
mod fuzz_http;
#[cfg(test)]
mod fuzz_model;
#[cfg(test)]
mod fuzz_parsers;
#[cfg(test)]
mod jose_known_answers;
#[cfg(test)]
mod key_rotation;
#[cfg(test)]
mod lockout;
#[cfg(test)]
mod notes_api;
#[cfg(test)]
mod oidc_core_authorization_request;
#[cfg(test)]
mod oidc_core_claims_parameter;
#[cfg(test)]
mod oidc_core_consent;
#[cfg(test)]
mod oidc_core_id_token;
#[cfg(test)]
mod oidc_core_prompt_and_max_age;
#[cfg(test)]
mod oidc_core_userinfo;
#[cfg(test)]
mod oidc_discovery;
#[cfg(test)]
mod openid_client;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod password_change;
#[cfg(test)]
mod races;
#[cfg(test)]
mod reads;
#[cfg(test)]
mod recent;
#[cfg(test)]
mod rfc6749_authorization_code;
#[cfg(test)]
mod rfc6749_authorization_response;
#[cfg(test)]
mod rfc6749_client_authentication;
#[cfg(test)]
mod rfc6749_password_grant;
#[cfg(test)]
mod rfc6749_redirect_uri;
#[cfg(test)]
mod rfc6749_refresh_token;
#[cfg(test)]
mod rfc6749_token_endpoint;
#[cfg(test)]
mod rfc6750_bearer;
#[cfg(test)]
mod rfc6750_resource_server;
#[cfg(test)]
mod rfc7009_revocation;
#[cfg(test)]
mod rfc7523_client_assertions;
#[cfg(test)]
mod rfc7636_authorization_request;
#[cfg(test)]
mod rfc7636_code_verifier;
#[cfg(test)]
mod rfc7662_introspection;
#[cfg(test)]
mod rfc7662_resource_server;
#[cfg(test)]
mod rfc8252_native_apps;
#[cfg(test)]
mod rfc8414_metadata;
#[cfg(test)]
mod rfc8693_token_exchange;
#[cfg(test)]
mod rfc8707_resource_indicators;
#[cfg(test)]
mod rfc9068_access_tokens;
#[cfg(test)]
mod rfc9068_resource_server;
#[cfg(test)]
mod rfc9457_problem_details;
#[cfg(test)]
mod rfc9728_protected_resource_metadata;
#[cfg(test)]
mod roles;
#[cfg(test)]
mod round_trips;
#[cfg(test)]
mod rp_initiated_logout;
#[cfg(test)]
mod secrecy;
#[cfg(test)]
mod sessions;
#[cfg(test)]
mod setup_page;
#[cfg(test)]
mod unicode;
#[cfg(test)]
mod untrusted_headers;
