//! Client secrets: made or brought along, and how they are kept. RFC 6749 §2.3.1, OIDC Core §9.

use super::ClientError;
use crate::{
    protocol::client::{ClientSecret, TokenEndpointAuthMethod},
    service::Context,
    types::{Secret, TokenHash, id::ClientSecretId, seal::Cell, token::TokenKind},
};

/// The fewest characters of a secret that is brought along: HS256 wants 256 bits (RFC 7518 §3.2).
const MIN_CHARS: usize = 32;

/// The most characters.
const MAX_CHARS: usize = 255;

/// Where a client's secret comes from.
#[derive(Debug, Clone, Default)]
pub enum NewSecret {
    /// Made here, with 256 random bits, if the client needs one.
    #[default]
    Generated,
    /// Brought along by the operator.
    Own(Secret<String>),
}

/// A secret in both forms.
pub(super) struct MadeSecret {
    /// For the operator, once.
    pub(super) plain: Secret<String>,
    /// For the database.
    pub(super) kept: ClientSecret,
}

/// Whether clients of `method` authenticate with a secret.
pub(in crate::service) const fn is_needed(method: TokenEndpointAuthMethod) -> bool {
    match method {
        TokenEndpointAuthMethod::ClientSecretBasic
        | TokenEndpointAuthMethod::ClientSecretPost
        | TokenEndpointAuthMethod::ClientSecretJwt => true,
        TokenEndpointAuthMethod::None | TokenEndpointAuthMethod::PrivateKeyJwt => false,
    }
}

/// Whether a kept secret can be checked under `method`: a JWT needs the secret itself.
pub(super) const fn suits(kept: &ClientSecret, method: TokenEndpointAuthMethod) -> bool {
    match method {
        TokenEndpointAuthMethod::ClientSecretJwt => kept.sealed.is_some(),
        TokenEndpointAuthMethod::ClientSecretBasic
        | TokenEndpointAuthMethod::ClientSecretPost
        | TokenEndpointAuthMethod::None
        | TokenEndpointAuthMethod::PrivateKeyJwt => true,
    }
}

/// The secret that a client of `method` gets; `None` when it has none.
pub(super) fn for_method(
    ctx: &Context,
    method: TokenEndpointAuthMethod,
    new: NewSecret,
) -> Result<Option<MadeSecret>, ClientError> {
    let plain = match (is_needed(method), new) {
        (false, NewSecret::Generated) => return Ok(None),
        (false, NewSecret::Own(_)) => return Err(ClientError::NoSecret(method)),
        (true, NewSecret::Generated) => TokenKind::ClientSecret.mint(ctx.random()),
        (true, NewSecret::Own(secret)) if is_usable(secret.expose()) => secret,
        (true, NewSecret::Own(_)) => return Err(ClientError::BadSecret),
    };
    let now = ctx.now();
    let id = ClientSecretId::new(now, ctx.random());
    let sealed = match method {
        TokenEndpointAuthMethod::ClientSecretJwt => {
            let aad = cell(id.uuid().as_bytes()).aad();
            let sealer = &ctx.vault.client_secrets;
            Some(sealer.seal(ctx.random(), &aad, plain.expose().as_bytes()))
        }
        TokenEndpointAuthMethod::ClientSecretBasic
        | TokenEndpointAuthMethod::ClientSecretPost
        | TokenEndpointAuthMethod::None
        | TokenEndpointAuthMethod::PrivateKeyJwt => None,
    };
    let hash = TokenHash::of(TokenKind::ClientSecret, plain.expose());
    let kept = ClientSecret { id, hash, sealed, created_at: now, expires_at: None };
    Ok(Some(MadeSecret { plain, kept }))
}

/// Where the sealed copy of a secret is kept; `row` is the bytes of the secret's id.
pub(in crate::service) const fn cell(row: &[u8]) -> Cell<'_> {
    Cell { table: "client_secret", column: "sealed", row }
}

/// Long enough, and of characters that RFC 6749 appendix A.2 allows.
fn is_usable(text: &str) -> bool {
    (MIN_CHARS..=MAX_CHARS).contains(&text.len())
        && text.bytes().all(|b| (0x21..=0x7e).contains(&b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn own_secrets_are_long_and_printable() {
        assert!(is_usable("0123456789abcdef0123456789abcdef"));
        for bad in
            ["", "short", "0123456789abcdef 0123456789abcdef", &"ä".repeat(40), &"x".repeat(256)]
        {
            assert!(!is_usable(bad), "{bad}");
        }
    }

    #[test]
    fn a_secret_of_one_method_does_not_always_serve_another() {
        let hash = TokenHash::of(TokenKind::ClientSecret, "x");
        let now = crate::types::Timestamp::from_unix(1);
        let id = ClientSecretId::new(now, [0; 10]);
        let mut kept = ClientSecret { id, hash, sealed: None, created_at: now, expires_at: None };
        assert!(suits(&kept, TokenEndpointAuthMethod::ClientSecretPost));
        assert!(!suits(&kept, TokenEndpointAuthMethod::ClientSecretJwt));
        kept.sealed = Some(vec![1]);
        assert!(suits(&kept, TokenEndpointAuthMethod::ClientSecretJwt));
    }
}
