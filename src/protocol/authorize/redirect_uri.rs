//! The redirect URI, and the one type that can become a `Location`. RFC 6749 §3.1.2, RFC 9700 §2.1,
//! RFC 8252 §7.3.

use serde::{Deserialize, Serialize};

use super::{AuthorizationRequest, Draft, Input, Resumed};
use crate::protocol::{
    client::{ApplicationType, Client},
    error::{ErrorCode, OAuthError},
    params::Params,
};

/// An address that the client registered. Only [`RedirectTarget::matching`] makes one, so that no
/// response can go anywhere else; it cannot be read back from anywhere without a new match.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct RedirectTarget(String);

/// A `redirect_uri` that was once matched, as it comes back from the browser. It leads nowhere until
/// it is matched again: the client may have lost it in between.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Unmatched(String);

impl From<RedirectTarget> for Unmatched {
    fn from(target: RedirectTarget) -> Self {
        Self(target.0)
    }
}

/// Whether a request had a `redirect_uri`: where it had, the token request must repeat it.
/// RFC 6749 §4.1.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Presence {
    /// It had.
    #[default]
    Sent,
    /// It had none, and the only registered address is meant.
    LeftOut,
}

impl Presence {
    #[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands in a reference")]
    pub(super) fn is_sent(&self) -> bool {
        *self == Self::Sent
    }
}

/// The ways a `redirect_uri` can be wrong. None of them is ever answered with a redirect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum RedirectUriError {
    /// The client has registered no such address.
    #[error("redirect_uri is not registered")]
    NotRegistered,
    /// OIDC Core §3.1.2.1: `redirect_uri` is REQUIRED.
    #[error("redirect_uri is missing in an OpenID Connect request")]
    MissingWithOpenid,
    /// RFC 6749 §3.1.2.3: required unless exactly one is registered.
    #[error("redirect_uri is missing and not exactly one is registered")]
    MissingAndAmbiguous,
}

impl From<RedirectUriError> for OAuthError {
    fn from(error: RedirectUriError) -> Self {
        let description = match error {
            RedirectUriError::NotRegistered => "redirect_uri is not registered for this client",
            RedirectUriError::MissingWithOpenid | RedirectUriError::MissingAndAmbiguous => {
                "redirect_uri is missing"
            }
        };
        Self::new(ErrorCode::InvalidRequest, description).with_detail(error.to_string())
    }
}

impl RedirectTarget {
    /// The presented URI must be one of the client's, character by character; a native client's
    /// loopback address may differ in the port alone. OIDC Core §3.1.2.1, RFC 8252 §7.3.
    ///
    /// # Errors
    /// [`RedirectUriError::NotRegistered`].
    pub fn matching(client: &Client, presented: &str) -> Result<Self, RedirectUriError> {
        let any_port = client.metadata.application_type == ApplicationType::Native;
        let matches = |registered: &String| {
            registered == presented || (any_port && same_but_for_port(registered, presented))
        };
        if client.metadata.redirect_uris.iter().any(matches) {
            Ok(Self(presented.to_owned()))
        } else {
            Err(RedirectUriError::NotRegistered)
        }
    }

    /// Without a `redirect_uri`, the only registered one is meant, and only in plain OAuth.
    /// RFC 6749 §3.1.2.3, OIDC Core §3.1.2.1.
    ///
    /// # Errors
    /// The two ways of [`RedirectUriError`] in which it can be missing.
    fn implied(client: &Client, params: &Params) -> Result<Self, RedirectUriError> {
        let scope = params.get("scope").unwrap_or_default();
        if scope.split(' ').any(|token| token == "openid") {
            return Err(RedirectUriError::MissingWithOpenid);
        }
        match client.metadata.redirect_uris.as_slice() {
            [only] => Ok(Self(only.clone())),
            [] | [_, _, ..] => Err(RedirectUriError::MissingAndAmbiguous),
        }
    }

    /// The address, as it was presented.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether whoever answers at the address is known: only https names its owner. A loopback port
    /// and a scheme of its own can be taken by any app on the device. RFC 8252 §8.6.
    #[must_use]
    pub fn names_its_owner(&self) -> bool {
        self.0.starts_with("https://")
    }
}

/// Row of the table.
pub(super) fn check(draft: &mut Draft, input: &Input<'_>) -> Result<(), OAuthError> {
    let (target, presence) = match input.params.get("redirect_uri") {
        Some(presented) => {
            let target = RedirectTarget::matching(input.client, presented)
                .map_err(|error| hinted(error, input.client, presented))?;
            (target, Presence::Sent)
        }
        None => (RedirectTarget::implied(input.client, input.params)?, Presence::LeftOut),
    };
    draft.target = Some(target);
    draft.request.redirect_uri_presence = presence;
    Ok(())
}

/// Row of the table, when a request comes back: the address must still be registered (RURI-16).
pub(super) fn resume(draft: &mut Draft, resumed: &Resumed<'_>) -> Result<(), OAuthError> {
    let AuthorizationRequest { redirect_uri: Unmatched(presented), .. } = resumed.request;
    draft.target = Some(
        RedirectTarget::matching(resumed.client, presented)
            .map_err(|error| hinted(error, resumed.client, presented))?,
    );
    Ok(())
}

fn hinted(error: RedirectUriError, client: &Client, presented: &str) -> OAuthError {
    let registered = client.metadata.redirect_uris.join("`, `");
    OAuthError::from(error).with_hint(format!(
        "redirect_uri `{presented}` is not registered for this client; registered: `{registered}`"
    ))
}

/// Whether both are the same http address on 127.0.0.1 or on \[::1\], whatever their ports.
/// `localhost` is a name that can be resolved elsewhere, and gets no such freedom (RFC 8252 §8.3).
fn same_but_for_port(registered: &str, presented: &str) -> bool {
    match (loopback(registered), loopback(presented)) {
        (Some(registered), Some(presented)) => registered == presented,
        (None, _) | (_, None) => false,
    }
}

/// The host of a loopback address, and what follows its port.
fn loopback(uri: &str) -> Option<(&'static str, &str)> {
    let after_host = |host: &'static str| Some((host, uri.strip_prefix(host)?));
    let (host, rest) = after_host("http://127.0.0.1").or_else(|| after_host("http://[::1]"))?;
    let rest = match rest.strip_prefix(':') {
        Some(port_and_rest) => after_port(port_and_rest)?,
        None => rest,
    };
    (rest.is_empty() || rest.starts_with(['/', '?'])).then_some((host, rest))
}

/// What follows a port from 1 to 65535 without leading zeros.
fn after_port(text: &str) -> Option<&str> {
    let end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (port, rest) = text.split_at_checked(end)?;
    let plain = !port.starts_with('0') && port.parse::<u16>().is_ok();
    plain.then_some(rest)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::protocol::authorize::testing::{native_client, params, web_client};

    const REGISTERED: &str = "https://app.example.com/cb";

    fn refused(uri: &str) {
        let client = web_client(&[REGISTERED]);
        assert_eq!(
            RedirectTarget::matching(&client, uri),
            Err(RedirectUriError::NotRegistered),
            "{uri:?}"
        );
    }

    #[test]
    fn ruri_01_each_registered_uri_is_matched_exactly() {
        let registered = [REGISTERED, "https://app.example.com/other?x=1", "https://b.example/"];
        let client = web_client(&registered);
        for uri in registered {
            assert_eq!(RedirectTarget::matching(&client, uri).unwrap().as_str(), uri);
        }
    }

    #[test]
    fn ruri_02_03_04_lookalikes_are_refused() {
        for uri in [
            "https://app.example.com.evil.tld/cb",
            "https://evilapp.example.com/cb",
            "https://app.example.co",
            "https://app.example.com/cb/../evil",
            "https://app.example.com/cb/./",
            "https://app.example.com/cb%2f..%2fevil",
            "https://app.example.com/cb/",
            "https://app.example.com/%2563b",
            "https://app.example.com/c%62",
            "https://app.example.com/cb%00",
            "https://app.example.com/cb%20",
            "https://app.example.com./cb",
            "https://app.example.com:443/cb",
        ] {
            refused(uri);
        }
    }

    #[test]
    fn ruri_05_06_nothing_is_a_pattern_and_nothing_may_be_added() {
        for uri in ["https://appXexample.com/cb", "https://app.example.com/c.", "*", ""] {
            refused(uri);
        }
        for tail in ["?x=1", "?", "#", "#frag", "?code=attacker", ";a", " ", "\n"] {
            refused(&format!("{REGISTERED}{tail}"));
        }
    }

    #[test]
    fn ruri_07_a_native_client_may_vary_the_loopback_port_alone() {
        let client = native_client(&["http://127.0.0.1/cb"]);
        for good in ["http://127.0.0.1/cb", "http://127.0.0.1:1/cb", "http://127.0.0.1:65535/cb"] {
            assert_eq!(RedirectTarget::matching(&client, good).unwrap().as_str(), good);
        }
        for bad in [
            "http://localhost:1/cb",
            "http://127.0.0.1:1/other",
            "http://127.0.0.1:1/cb?x",
            "http://127.0.0.2:1/cb",
            "http://[::1]:1/cb",
            "http://127.0.0.1:99999/cb",
            "http://127.0.0.1:0/cb",
            "http://127.0.0.1:01/cb",
            "http://127.0.0.1:/cb",
            "http://127.0.0.1:+1/cb",
            "http://127.0.0.1:1@evil.tld/cb",
            "http://127.0.0.1.evil.tld/cb",
            "http://127.0.0.10/cb",
            "https://127.0.0.1:1/cb",
        ] {
            assert!(RedirectTarget::matching(&client, bad).is_err(), "{bad}");
        }
        let v6 = native_client(&["http://[::1]:80/cb?x=1"]);
        assert!(RedirectTarget::matching(&v6, "http://[::1]:4711/cb?x=1").is_ok());
        assert!(RedirectTarget::matching(&v6, "http://127.0.0.1:4711/cb?x=1").is_err());
        let web = web_client(&["http://127.0.0.1/cb"]);
        assert!(RedirectTarget::matching(&web, "http://127.0.0.1:1/cb").is_err());
    }

    #[test]
    fn ruri_08_09_10_11_13_tricks_are_refused() {
        for uri in [
            "https://app.example.com@evil.tld/cb",
            "https://evil.tld\\@app.example.com/cb",
            "https://localhost@evil.tld",
            "https://app.example.com/cb/..;/x",
            "https:/\\evil",
            "https:///evil",
            "https://app.example.com/\tcb",
            "https://app.example.com\n/cb",
            "javascript:alert(1)",
            "JaVaScRiPt:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "file:///etc/passwd",
            "blob:https://app.example.com/cb",
            " https://app.example.com/cb",
            "HTTPS://app.example.com/cb",
            "https://APP.example.com/cb",
            "https://app.example.com/CB",
            "https://\u{430}pp.example.com/cb",
        ] {
            refused(uri);
        }
    }

    #[test]
    fn ruri_12_a_missing_uri_is_implied_only_when_it_is_the_only_one_in_plain_oauth() {
        let one = web_client(&[REGISTERED]);
        let two = web_client(&[REGISTERED, "https://b.example/"]);
        let implied = |client, query| RedirectTarget::implied(client, &params(query));
        assert_eq!(implied(&one, "scope=notes").unwrap().as_str(), REGISTERED);
        assert_eq!(implied(&two, "scope=notes"), Err(RedirectUriError::MissingAndAmbiguous));
        for client in [&one, &two] {
            assert_eq!(
                implied(client, "scope=profile+openid"),
                Err(RedirectUriError::MissingWithOpenid)
            );
        }
        assert_eq!(
            implied(&web_client(&[]), "scope=x"),
            Err(RedirectUriError::MissingAndAmbiguous)
        );
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        /// RURI-14: every string that is not the registered one is refused.
        #[test]
        fn ruri_14_every_mutation_is_refused(
            position in 0..=REGISTERED.len(),
            removed in 0..4_usize,
            inserted in "[ -~\u{0}\t\n\u{e9}\u{2025}]{0,4}",
            native in any::<bool>(),
        ) {
            let end = (position + removed).min(REGISTERED.len());
            let mutated =
                format!("{}{inserted}{}", &REGISTERED[..position], &REGISTERED[end..]);
            prop_assume!(mutated != REGISTERED);
            let make = if native { native_client } else { web_client };
            prop_assert!(RedirectTarget::matching(&make(&[REGISTERED]), &mutated).is_err());
        }

        /// RURI-07: of a loopback address, only the digits of the port may change.
        #[test]
        fn ruri_07_every_other_mutation_of_a_loopback_address_is_refused(
            port in any::<u16>(), tail in "[ -~]{0,6}",
        ) {
            let client = native_client(&["http://127.0.0.1/cb"]);
            let presented = format!("http://127.0.0.1:{port}{tail}");
            let expected = tail == "/cb" && port != 0;
            prop_assert_eq!(RedirectTarget::matching(&client, &presented).is_ok(), expected);
        }
    }
}
