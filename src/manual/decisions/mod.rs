//! Decisions that somebody could later wonder about: what was the question, what was decided, and what
//! follows. One page each.

#[doc = include_str!("flows_in_the_browser.md")]
pub mod flows_in_the_browser {}

#[doc = include_str!("two_engines_one_text.md")]
pub mod two_engines_one_text {}

#[doc = include_str!("sqlite_in_the_asking_thread.md")]
pub mod sqlite_in_the_asking_thread {}

#[doc = include_str!("grouped_writer.md")]
pub mod grouped_writer {}

#[doc = include_str!("refresh_families.md")]
pub mod refresh_families {}

#[doc = include_str!("epochs.md")]
pub mod epochs {}

#[doc = include_str!("caches.md")]
pub mod caches {}

#[doc = include_str!("hashing_gives_way.md")]
pub mod hashing_gives_way {}

#[doc = include_str!("counted_builds.md")]
pub mod counted_builds {}

#[doc = include_str!("jti_carries_the_grant.md")]
pub mod jti_carries_the_grant {}

#[doc = include_str!("opaque_tokens_are_sealed.md")]
pub mod opaque_tokens_are_sealed {}

#[doc = include_str!("limits_by_node.md")]
pub mod limits_by_node {}

#[doc = include_str!("own_jose.md")]
pub mod own_jose {}

#[doc = include_str!("standby_keys.md")]
pub mod standby_keys {}

#[doc = include_str!("sign_in_failures.md")]
pub mod sign_in_failures {}

#[doc = include_str!("anti_forgery.md")]
pub mod anti_forgery {}

#[doc = include_str!("form_action.md")]
pub mod form_action {}

#[doc = include_str!("code_reuse.md")]
pub mod code_reuse {}

#[doc = include_str!("consent_and_offline_access.md")]
pub mod consent_and_offline_access {}

#[doc = include_str!("password_grant.md")]
pub mod password_grant {}

#[doc = include_str!("one_session_a_browser.md")]
pub mod one_session_a_browser {}

#[doc = include_str!("granted_scope.md")]
pub mod granted_scope {}

#[doc = include_str!("names_of_permissions_and_roles.md")]
pub mod names_of_permissions_and_roles {}

#[doc = include_str!("last_administrator.md")]
pub mod last_administrator {}

#[doc = include_str!("error_voices.md")]
pub mod error_voices {}

#[doc = include_str!("apis_check_offline.md")]
pub mod apis_check_offline {}

#[doc = include_str!("nobody_gives_more.md")]
pub mod nobody_gives_more {}

#[doc = include_str!("api_key_exchange.md")]
pub mod api_key_exchange {}

#[doc = include_str!("api_keys_on_the_account_page.md")]
pub mod api_keys_on_the_account_page {}

#[doc = include_str!("versions_of_rows.md")]
pub mod versions_of_rows {}
