//! The figures of a server in process, for tests and for the benchmarks that work within one.

use std::{num::NonZeroUsize, sync::Arc, time::Duration};

use doorward::{
    http::layer::{
        client_address::TrustedProxies,
        edge::{Edge, RequestLimits},
    },
    identity::{
        api_key::ApiKeyPolicy, lockout::LockoutPolicy, password::Argon2Params,
        session_policy::SessionPolicy,
    },
    protocol::{jose::key_ring::RotationPolicy, token::refresh::RefreshPolicy},
    service::{
        Context,
        password_pool::{HashTime, PasswordPoolConfig},
        policy::ServicePolicy,
    },
    store::expiry::Retention,
};

/// The defaults of the configuration.
pub(crate) fn policy() -> ServicePolicy {
    ServicePolicy {
        rotating: RefreshPolicy::public_client(),
        fixed: RefreshPolicy::confidential_client(),
        sessions: SessionPolicy::default(),
        api_keys: ApiKeyPolicy::default(),
        lockout: LockoutPolicy::default(),
        rotation: RotationPolicy {
            key_lifetime: Duration::from_hours(90 * 24),
            jwks_max_age: Duration::from_mins(15),
            longest_token_lifetime: Duration::from_hours(24),
        },
        flow_lifetime: Duration::from_hours(1),
        flow_bytes: 13 * 1024,
        known_device_lifetime: Duration::from_hours(90 * 24),
        retention: Retention::default(),
        cached_tokens: 1_000,
    }
}

/// So many threads that hash, and nobody who is sent away.
pub(crate) const fn passwords(threads: NonZeroUsize) -> PasswordPoolConfig {
    PasswordPoolConfig {
        threads,
        params: Argon2Params::FLOOR,
        hash_time: HashTime::Fixed(Duration::from_millis(25)),
        longest_wait: Duration::from_mins(1),
    }
}

/// The edge around the routes of `ctx`, behind `proxies`.
pub(crate) fn edge(ctx: &Context, proxies: TrustedProxies) -> Edge {
    Edge {
        limits: RequestLimits { body: 16 * 1024, uri: 16 * 1024, time: Duration::from_mins(1) },
        proxies,
        clock: Arc::clone(&ctx.clock),
        random: Arc::clone(&ctx.random),
        issuer: ctx.protocol.issuer.clone(),
    }
}
