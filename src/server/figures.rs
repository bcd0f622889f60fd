//! From the settings to the figures that the rules and the services apply.

use std::time::Duration;

use crate::{
    config::Config,
    identity::{
        api_key::ApiKeyPolicy,
        lockout::LockoutPolicy,
        rate::Rate,
        session_policy::{Acr, SessionPolicy},
    },
    protocol::{
        jose::key_ring::RotationPolicy,
        policy::{Lifetimes, Policy},
        token::refresh::RefreshPolicy,
    },
    service::policy::ServicePolicy,
    store::expiry::Retention,
};

/// The languages of the pages.
const UI_LOCALES: [&str; 3] = ["en", "de", "fr"];

/// How many tokens a node remembers.
const CACHED_TOKENS: u64 = 100_000;

/// The longest lifetime that a client can register for its access tokens: keys stay published as long.
const LONGEST_CLIENT_LIFETIME: Duration = Duration::from_hours(24);

const HOUR: Duration = Duration::from_hours(1);

/// The protocol's figures.
pub(super) fn protocol(config: &Config) -> Policy {
    let mut policy = Policy::new(config.issuer.clone());
    policy.acr_values_supported = Acr::ALL.iter().map(|acr| acr.as_str().to_owned()).collect();
    policy.ui_locales_supported = UI_LOCALES.map(str::to_owned).to_vec();
    policy.lifetimes = Lifetimes {
        code: config.tokens.code,
        access_token: config.tokens.access_token,
        id_token: config.tokens.id_token,
    };
    policy.max_token_bytes = config.tokens.max_token_bytes.count();
    policy.password_grant = config.legacy.password_grant;
    policy
}

/// The services' figures.
pub(super) fn services(config: &Config) -> ServicePolicy {
    let tokens = &config.tokens;
    ServicePolicy {
        rotating: RefreshPolicy {
            retry_window: tokens.refresh_window,
            idle: tokens.public_refresh_idle,
            absolute: tokens.public_refresh_absolute,
            ..RefreshPolicy::public_client()
        },
        fixed: RefreshPolicy {
            retry_window: tokens.refresh_window,
            idle: tokens.confidential_refresh_idle,
            absolute: tokens.confidential_refresh_absolute,
            ..RefreshPolicy::confidential_client()
        },
        sessions: SessionPolicy {
            idle: config.sessions.idle,
            absolute: config.sessions.absolute,
            ..SessionPolicy::default()
        },
        api_keys: api_keys(config),
        lockout: lockout(config),
        rotation: RotationPolicy {
            key_lifetime: config.keys.lifetime,
            jwks_max_age: config.keys.jwks_max_age,
            longest_token_lifetime: tokens
                .access_token
                .max(tokens.id_token)
                .max(LONGEST_CLIENT_LIFETIME),
        },
        flow_lifetime: config.sign_in.flow,
        flow_bytes: flow_bytes(config),
        known_device_lifetime: config.sign_in.known_device,
        retention: Retention {
            longest_access_token: tokens.access_token.max(LONGEST_CLIENT_LIFETIME),
            ..Retention::default()
        },
        cached_tokens: CACHED_TOKENS,
    }
}

/// What is left of an address beside the path of a page, and of a form beside a name and a password.
fn flow_bytes(config: &Config) -> usize {
    let in_an_address = config.limits.uri.count().saturating_sub(256);
    let in_a_form = config.limits.body.count().saturating_sub(3 * 1024);
    in_an_address.min(in_a_form)
}

const fn api_keys(config: &Config) -> ApiKeyPolicy {
    let keys = &config.api_keys;
    ApiKeyPolicy {
        default_lifetime: keys.default_lifetime,
        max_lifetime: keys.max_lifetime,
        max_overlap: keys.max_overlap,
        most: keys.most,
        token_lifetime: keys.token_lifetime,
    }
}

fn lockout(config: &Config) -> LockoutPolicy {
    let per_hour = config.sign_in.failures_per_address.max(2);
    LockoutPolicy {
        patience: config.sign_in.free_failures,
        longest_wait: config.sign_in.longest_wait,
        most: config.sign_in.most_failures,
        // Half at once, the other half evenly over the hour: never more than the setting says.
        network: Rate { burst: per_hour / 2, interval: 2 * HOUR / per_hour },
        ..LockoutPolicy::default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Bytes;

    #[test]
    fn an_hour_holds_as_many_failures_as_the_setting_says() {
        let rate = lockout(&Config::default()).network;
        let later = HOUR.as_millis() / rate.interval.as_millis();
        assert_eq!(u128::from(rate.burst) + later, 300);
    }

    /// What nobody sets is what the rules themselves say.
    #[test]
    fn the_default_figures_of_api_keys_are_those_of_the_rules() {
        assert_eq!(api_keys(&Config::default()), ApiKeyPolicy::default());
    }

    /// The edge lets every page pass that carries a request.
    #[test]
    fn a_request_in_progress_fits_into_addresses_and_forms() {
        let mut config = Config::default();
        assert_eq!(flow_bytes(&config), 13 * 1024);
        config.limits.uri = Bytes::kib(4);
        assert_eq!(flow_bytes(&config), 4 * 1024 - 256);
    }

    #[test]
    fn keys_outlive_every_token() {
        let rotation = services(&Config::default()).rotation;
        assert!(rotation.longest_token_lifetime >= Duration::from_hours(24));
    }
}
