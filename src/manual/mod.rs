//! The handbook: how to run Doorward, what it promises, and why it is built as it is.
//!
//! | to | read |
//! |---|---|
//! | sign in to an app of yours | [`quick_start`] |
//! | protect an API of yours | [`apis`] |
//! | call an API without a sign-in | [`api_keys`] |
//! | administer it by a program of yours | [`admin_api`] |
//! | know every setting | [`configuration`] |
//! | put it on the internet, on one machine or several | [`deployment`] |
//! | rotate keys, read the audit log, watch it | [`operations`] |
//! | say who may do what | [`roles`] |
//! | keep all of it in a file, under version control | [`declarative`] |
//! | know which address answers what | [`endpoints`] |
//! | know how the standards were read | [`protocol`] |
//! | know what is defended, and what is not | [`threat_model`] |
//! | know why | [`decisions`] |
//!
//! The map of the code is the [front page](crate); the list of specifications is
//! [`SPECIFICATIONS`](crate::spec::SPECIFICATIONS).

pub mod decisions;

#[doc = include_str!("quick_start.md")]
pub mod quick_start {}

#[doc = include_str!("apis.md")]
pub mod apis {}

#[doc = include_str!("api_keys.md")]
pub mod api_keys {}

#[doc = include_str!("admin_api.md")]
pub mod admin_api {}

#[doc = include_str!("configuration.md")]
pub mod configuration {}

#[doc = include_str!("deployment.md")]
pub mod deployment {}

#[doc = include_str!("operations.md")]
pub mod operations {}

#[doc = include_str!("roles.md")]
pub mod roles {}

#[doc = include_str!("declarative.md")]
pub mod declarative {}

#[doc = include_str!("endpoints.md")]
pub mod endpoints {}

#[doc = include_str!("protocol.md")]
pub mod protocol {}

#[doc = include_str!("threat_model.md")]
pub mod threat_model {}
