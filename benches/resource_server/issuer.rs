//! An issuer without a network: one key, its documents, and a token of usual size.

use std::io;

use aws_lc_rs::signature::{
    ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ED25519, ParsedPublicKey,
    RSA_PKCS1_2048_8192_SHA256, RSA_PSS_2048_8192_SHA256, RsaPublicKeyComponents,
};
use base64ct::{Base64UrlUnpadded, Encoding};
use doorward::{
    protocol::jose::{JwtType, PublicKey, SigningAlg, SigningKey},
    resource_server::{Answer, Fetch, Unreachable},
};
use http::{Request, Response};
use serde_json::json;

/// Its identifier.
pub(crate) const ISSUER: &str = "https://id.example";
/// Whom the token is for.
pub(crate) const AUDIENCE: &str = "https://notes.example/api";

/// The issuer.
pub(crate) struct Issuer {
    /// The token that is checked.
    pub(crate) token: String,
    /// What it publishes.
    pub(crate) published: Published,
    bare: ParsedPublicKey,
    signature: Vec<u8>,
}

/// Metadata and keys.
#[derive(Debug, Clone)]
pub(crate) struct Published {
    metadata: String,
    jwks: String,
}

impl Issuer {
    /// An issuer that signs by `alg`.
    pub(crate) fn new(alg: SigningAlg) -> io::Result<Self> {
        let key = SigningKey::generate(alg).map_err(io::Error::other)?.key;
        let token = key.sign(JwtType::AccessToken, &claims()).map_err(io::Error::other)?;
        let signature = token.rsplit_once('.').map_or("", |(_, signature)| signature);
        let signature = Base64UrlUnpadded::decode_vec(signature).map_err(io::Error::other)?;
        let metadata = json!({ "issuer": ISSUER, "jwks_uri": format!("{ISSUER}/jwks") });
        let jwks = json!({ "keys": [key.public_jwk()] });
        let published = Published { metadata: metadata.to_string(), jwks: jwks.to_string() };
        let bare = bare(key.public_jwk().key(), alg).map_err(io::Error::other)?;
        Ok(Self { token, published, bare, signature })
    }

    /// Nothing but the signature.
    pub(crate) fn verify_bare(&self) -> bool {
        let signed = self.token.rsplit_once('.').map_or("", |(signed, _)| signed);
        self.bare.verify_sig(signed.as_bytes(), &self.signature).is_ok()
    }
}

/// What a user's token says, with ten permissions and two roles.
fn claims() -> serde_json::Value {
    let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap_or_default().as_secs();
    json!({
        "iss": ISSUER, "sub": "01990a5e-7a4e-7cc3-9d5b-0a8f1c2b3d4e", "aud": [ISSUER, AUDIENCE],
        "client_id": "notes", "iat": now, "nbf": now, "exp": now + 3_600,
        "jti": "AZkKXnpOfMOdWwqPHCs9TgAAAAAAAAAAAAAAAAAAAAA", "auth_time": now, "acr": "1",
        "amr": ["pwd"], "roles": ["moderator", "user"],
        "scope": "notes:read notes:write notes:delete notes:share notes:export files:read \
                  files:write files:delete files:share openid",
    })
}

fn bare(key: &PublicKey, alg: SigningAlg) -> io::Result<ParsedPublicKey> {
    let key = match key {
        PublicKey::Rsa { n, e } => {
            let scheme = match alg {
                SigningAlg::PS256 => &RSA_PSS_2048_8192_SHA256,
                SigningAlg::RS256 | SigningAlg::ES256 | SigningAlg::EdDSA => {
                    &RSA_PKCS1_2048_8192_SHA256
                }
            };
            return RsaPublicKeyComponents { n, e }
                .to_parsed_public_key(scheme)
                .map_err(io::Error::other);
        }
        PublicKey::Ed25519(point) => ParsedPublicKey::new(&ED25519, point),
        PublicKey::P256(point) => ParsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, point),
        PublicKey::P384(point) => ParsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, point),
    };
    key.map_err(io::Error::other)
}

impl Fetch for Published {
    fn fetch(&self, request: Request<String>) -> Answer<'_> {
        let body = match request.uri().path() {
            "/jwks" => Ok(self.jwks.clone()),
            "/.well-known/oauth-authorization-server" => Ok(self.metadata.clone()),
            _ => Err(Unreachable("there is no such page".to_owned())),
        };
        Box::pin(async { body.map(|body| Response::new(body.into_bytes())) })
    }
}
