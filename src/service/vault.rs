//! Everything that is done with the master key: one sealer or MAC for each purpose, derived once.

use base64ct::{Base64UrlUnpadded, Encoding};

use crate::types::{
    TokenHash, UserId,
    seal::{Mac, MasterKey, Purpose, Sealer},
};

/// The keys that are derived from the master key.
#[derive(Debug)]
pub struct Vault {
    /// Seals authorization requests in progress into the browser.
    pub flows: Sealer,
    /// Seals the private halves of signing keys.
    pub signing_keys: Sealer,
    /// Seals the secrets of clients that authenticate with `client_secret_jwt`.
    pub client_secrets: Sealer,
    /// Seals the facts of opaque access tokens.
    pub access_tokens: Sealer,
    /// Authenticates refresh tokens.
    pub refresh_tokens: Mac,
    /// Seals the places in listings that callers of the admin API come back with.
    pub cursors: Sealer,
    /// Seals what somebody was about to do when they had to sign in again.
    pub errands: Sealer,
    /// Seals the id of an API key into the form that makes it.
    pub api_key_forms: Sealer,
    anti_forgery: Mac,
    known_devices: Mac,
    sign_in_attempts: Mac,
}

/// Whom a browser showed a form to.
#[derive(Debug, Clone, Copy)]
pub enum ShownTo<'a> {
    /// Nobody was signed in.
    Nobody,
    /// This user, whichever session it was.
    User(UserId),
    /// Who held this session.
    Session(&'a TokenHash),
}

impl ShownTo<'_> {
    /// Different for any two values: a letter for the kind, then who.
    fn encoded(self) -> Vec<u8> {
        match self {
            Self::Nobody => b"n".to_vec(),
            Self::User(user) => [b"u", user.uuid().as_bytes().as_slice()].concat(),
            Self::Session(session) => [b"s", session.as_bytes().as_slice()].concat(),
        }
    }
}

impl Vault {
    /// Derives every key of `master`.
    #[must_use]
    pub fn new(master: &MasterKey) -> Self {
        Self {
            flows: Sealer::new(master, Purpose::Flow),
            signing_keys: Sealer::new(master, Purpose::SigningKey),
            client_secrets: Sealer::new(master, Purpose::ClientSecret),
            access_tokens: Sealer::new(master, Purpose::AccessToken),
            refresh_tokens: Mac::new(master, Purpose::RefreshToken),
            cursors: Sealer::new(master, Purpose::Cursor),
            errands: Sealer::new(master, Purpose::Errand),
            api_key_forms: Sealer::new(master, Purpose::ApiKeyForm),
            anti_forgery: Mac::new(master, Purpose::AntiForgery),
            known_devices: Mac::new(master, Purpose::KnownDevice),
            sign_in_attempts: Mac::new(master, Purpose::SignInAttempt),
        }
    }

    /// The anti-forgery value of the forms that `browser` is shown while `shown_to` holds: base64url
    /// without padding.
    #[must_use]
    pub fn anti_forgery(&self, browser: &TokenHash, shown_to: ShownTo<'_>) -> String {
        Base64UrlUnpadded::encode_string(
            &self.anti_forgery.tag(&[browser.as_bytes(), &shown_to.encoded()]),
        )
    }

    /// Whether `presented` is that value.
    #[must_use]
    pub fn is_anti_forgery(
        &self,
        browser: &TokenHash,
        shown_to: ShownTo<'_>,
        presented: &str,
    ) -> bool {
        Base64UrlUnpadded::decode_vec(presented).is_ok_and(|tag| {
            self.anti_forgery.verify(&[browser.as_bytes(), &shown_to.encoded()], &tag)
        })
    }

    /// The cookie that says: `user` has signed in with this browser before. The 16 random bytes name
    /// the device, so that two devices of one user are counted apart.
    #[must_use]
    pub fn known_device(&self, user: UserId, device: [u8; 16]) -> String {
        let tag = self.known_devices.tag(&[user.uuid().as_bytes(), &device]);
        let mut bytes = Vec::with_capacity(48);
        bytes.extend_from_slice(&device);
        bytes.extend_from_slice(&tag);
        Base64UrlUnpadded::encode_string(&bytes)
    }

    /// The device of a cookie that was made for `user`.
    #[must_use]
    pub fn recognise_device(&self, user: UserId, cookie: &str) -> Option<[u8; 16]> {
        let bytes = Base64UrlUnpadded::decode_vec(cookie).ok()?;
        let (device, tag) = bytes.split_first_chunk::<16>()?;
        self.known_devices.verify(&[user.uuid().as_bytes(), device], tag).then_some(*device)
    }

    /// The key under which sign-ins are counted: people type passwords into the wrong field, so the
    /// database holds no name.
    #[must_use]
    pub fn attempt_key(&self, parts: &[&[u8]]) -> [u8; 32] {
        self.sign_in_attempts.tag(parts)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::{Timestamp, token::TokenKind};

    fn vault() -> Vault {
        Vault::new(&MasterKey::from_bytes([1; 32]))
    }

    fn hash(text: &str) -> TokenHash {
        TokenHash::of(TokenKind::Browser, text)
    }

    #[test]
    fn anti_forgery_values_are_bound_to_the_browser_and_whom_it_showed_the_form_to() {
        let (vault, a, b) = (vault(), hash("a"), hash("b"));
        let alice = UserId::new(Timestamp::from_unix(1), [1; 10]);
        let mallory = UserId::new(Timestamp::from_unix(1), [2; 10]);
        let shown = [
            ShownTo::Nobody,
            ShownTo::User(alice),
            ShownTo::User(mallory),
            ShownTo::Session(&a),
            ShownTo::Session(&b),
        ];
        for (i, to) in shown.into_iter().enumerate() {
            let value = vault.anti_forgery(&a, to);
            for (j, other) in shown.into_iter().enumerate() {
                assert_eq!(vault.is_anti_forgery(&a, other, &value), i == j, "{to:?} {other:?}");
                assert!(!vault.is_anti_forgery(&b, other, &value));
            }
            assert!(!vault.is_anti_forgery(&a, to, ""));
        }
    }

    #[test]
    fn a_known_device_is_known_for_its_user_only() {
        let vault = vault();
        let alice = UserId::new(Timestamp::from_unix(1), [1; 10]);
        let mallory = UserId::new(Timestamp::from_unix(1), [2; 10]);
        let cookie = vault.known_device(alice, [5; 16]);
        assert_eq!(vault.recognise_device(alice, &cookie), Some([5; 16]));
        assert_eq!(vault.recognise_device(mallory, &cookie), None);
        assert_eq!(vault.recognise_device(alice, &cookie[..40]), None);
    }
}
