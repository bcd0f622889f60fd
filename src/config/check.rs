//! Settings that must fit together.

use super::issuer::Transport;
use super::settings::Config;

/// Two settings that contradict each other, and how to mend it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The issuer is https, and nobody speaks TLS.
    #[error(
        "`issuer` is https, but nothing here speaks TLS: set `tls.certificate` and `tls.key`, or \
         run a reverse proxy that does and name its network in `proxy.trusted`, for example \
         [\"127.0.0.1/32\"]"
    )]
    HttpsWithoutTls,
    /// The issuer is http, and the listener speaks TLS.
    #[error("`tls` is set, but `issuer` is http: write the issuer with https, or remove `tls`")]
    TlsWithoutHttps,
    /// One of the two TLS files is missing.
    #[error("`tls.certificate` and `tls.key` belong together: set both, or neither")]
    HalfTls,
    /// Both listeners have one address.
    #[error("`listen` and `management.listen` are the same address: give one another port")]
    SameAddress,
    /// The first setting must be at most the second one.
    #[error("`{0}` is more than `{1}`, so it would never apply: lower it, or raise `{1}`")]
    Above(&'static str, &'static str),
}

/// The checks that look at more than one setting.
pub(super) fn check(config: &Config) -> Result<(), Conflict> {
    transport(config)?;
    if config.management.listen == Some(config.listen) && config.listen.port() != 0 {
        return Err(Conflict::SameAddress);
    }
    let tokens = &config.tokens;
    let ordered = [
        (config.sessions.idle <= config.sessions.absolute, "sessions.idle", "sessions.absolute"),
        (
            tokens.public_refresh_idle <= tokens.public_refresh_absolute,
            "tokens.public_refresh_idle",
            "tokens.public_refresh_absolute",
        ),
        (
            tokens.confidential_refresh_idle <= tokens.confidential_refresh_absolute,
            "tokens.confidential_refresh_idle",
            "tokens.confidential_refresh_absolute",
        ),
        (
            config.api_keys.default_lifetime <= config.api_keys.max_lifetime,
            "api_keys.default_lifetime",
            "api_keys.max_lifetime",
        ),
        (config.limits.uri <= config.limits.headers, "limits.uri", "limits.headers"),
    ];
    match ordered.iter().find(|(fits, _, _)| !fits) {
        Some((_, low, high)) => Err(Conflict::Above(low, high)),
        None => Ok(()),
    }
}

/// The issuer's scheme must be what browsers will meet.
fn transport(config: &Config) -> Result<(), Conflict> {
    let tls = match (&config.tls.certificate, &config.tls.key) {
        (Some(_), Some(_)) => true,
        (None, None) => false,
        (Some(_), None) | (None, Some(_)) => return Err(Conflict::HalfTls),
    };
    match config.transport() {
        Transport::Https if !tls && config.proxy.trusted.is_empty() => {
            Err(Conflict::HttpsWithoutTls)
        }
        Transport::LocalHttp if tls => Err(Conflict::TlsWithoutHttps),
        Transport::Https | Transport::LocalHttp => Ok(()),
    }
}
