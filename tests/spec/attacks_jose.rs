//! Forged JWTs at every door that takes one: client assertions, access tokens at UserInfo and
//! introspection, `id_token_hint` at the authorization and logout endpoints. Attack catalogue, 26.

use base64ct::{Base64, Base64UrlUnpadded, Encoding};
use doorward::protocol::{
    client::{ClientMetadata, TokenEndpointAuthMethod},
    jose::SigningAlg,
};
use serde_json::{Value, json};

use crate::actors::{
    Browser, Issuer, RelyingParty, Signer,
    browser::Place,
    clock::START,
    issuer::ISSUER,
    relying_party::{SIGNED_OUT, claims, jose_header, machine, response_parameters},
    request::form,
    signer::{hmac_jwt, signing_input},
};

/// A token that nobody should believe, and what is wrong with it.
struct Forgery {
    what: String,
    token: String,
}

/// Every way to forge a token without its key. `genuine` is a token that the right key signed, `public`
/// that key's public half.
fn forgeries(genuine: &str, public: &Value) -> Vec<Forgery> {
    let forger = Forger {
        genuine,
        public,
        header: jose_header(genuine),
        claims: claims(genuine),
        signature: genuine.rsplit_once('.').unwrap().1,
    };
    let mut made = forger.without_signature();
    made.extend(forger.with_what_everybody_knows());
    made.extend(forger.with_another_alg());
    made.extend(forger.with_a_broken_signature());
    made.extend(forger.with_a_header_that_asks_for_more());
    made.extend(forger.with_another_key());
    made.extend(forger.in_another_shape());
    made
}

/// Who has seen a genuine token, and the public key.
struct Forger<'a> {
    genuine: &'a str,
    public: &'a Value,
    header: Value,
    claims: Value,
    signature: &'a str,
}

fn forgery(what: impl Into<String>, token: String) -> Forgery {
    Forgery { what: what.into(), token }
}

impl Forger<'_> {
    fn header_with(&self, name: &str, value: &Value) -> Value {
        let mut header = self.header.clone();
        header[name] = value.clone();
        header
    }

    /// Another header over the old claims, under the old signature.
    fn altered(&self, name: &str, value: &Value) -> Forgery {
        let header = self.header_with(name, value).to_string();
        let signed = signing_input(&header, &self.claims.to_string());
        forgery(format!("{name} {value}"), format!("{signed}.{}", self.signature))
    }

    /// JOSE-01.
    fn without_signature(&self) -> Vec<Forgery> {
        let (signed, _) = self.genuine.rsplit_once('.').unwrap();
        let mut made = vec![
            forgery("an empty signature", format!("{signed}.")),
            forgery("no signature at all", signed.to_owned()),
        ];
        for alg in ["none", "None", "nOnE", "NONE", ""] {
            let header = self.header_with("alg", &json!(alg)).to_string();
            let signed = signing_input(&header, &self.claims.to_string());
            made.push(forgery(format!("alg {alg}, no signature"), format!("{signed}.")));
            made.push(self.altered("alg", &json!(alg)));
        }
        let text = self.header.to_string();
        let twice = format!("{},\"alg\":\"none\"}}", text.strip_suffix('}').unwrap());
        let signed = signing_input(&twice, &self.claims.to_string());
        made.push(forgery("alg twice", format!("{signed}.")));
        made
    }

    /// JOSE-02, JOSE-03: an HMAC with the public key, or with nothing.
    fn with_what_everybody_knows(&self) -> Vec<Forgery> {
        let public = self.public;
        let der = subject_public_key_info(public);
        let pem = pem(&der);
        let texts = [public.to_string(), part(public, "n"), part(public, "x"), String::new()];
        let secrets = [der, pem.trim_end().as_bytes().to_vec(), pem.into_bytes()];
        let mut made = Vec::new();
        for secret in texts.iter().map(String::as_bytes).chain(secrets.iter().map(Vec::as_slice)) {
            for alg in ["HS256", "HS384", "HS512"] {
                let what = format!("{alg} with {} public bytes", secret.len());
                let header = self.header_with("alg", &json!(alg));
                made.push(forgery(what, hmac_jwt(secret, &header, &self.claims)));
            }
        }
        made
    }

    /// JOSE-03, JOSE-06: an alg that is not the key's, or no text.
    fn with_another_alg(&self) -> Vec<Forgery> {
        let names = "RS384 PS512 ES384 ES512 ES256K HS256 RS1 A128KW PBES2-HS256+A128KW";
        let mut algs: Vec<Value> = names.split(' ').map(Value::from).collect();
        algs.extend([json!(null), json!(1), json!(["ES256"]), json!({ "alg": "ES256" })]);
        algs.iter().map(|alg| self.altered("alg", alg)).collect()
    }

    /// JOSE-05, and RFC 7515 §2: base64url without padding, in the one canonical way.
    fn with_a_broken_signature(&self) -> Vec<Forgery> {
        let (signed, signature) = self.genuine.rsplit_once('.').unwrap();
        let bytes = Base64UrlUnpadded::decode_vec(signature).unwrap();
        let mut flipped = bytes.clone();
        flipped[0] ^= 1;
        let broken = [
            ("a signature of zeros", vec![0; bytes.len()]),
            ("a signature of ones", vec![0xff; bytes.len()]),
            ("a cut signature", bytes[..bytes.len() - 1].to_vec()),
            ("a longer signature", [bytes.as_slice(), &[0]].concat()),
            ("half a signature", bytes[..bytes.len() / 2].to_vec()),
            ("a turned signature", bytes.iter().rev().copied().collect()),
            ("a flipped bit", flipped),
        ];
        let encode = |bytes: &[u8]| format!("{signed}.{}", Base64UrlUnpadded::encode_string(bytes));
        let mut made: Vec<Forgery> =
            broken.iter().map(|(what, bytes)| forgery(*what, encode(bytes))).collect();
        made.extend([
            forgery("padding", format!("{}=", self.genuine)),
            forgery("white space", format!("{} ", self.genuine)),
            forgery("a line break", format!("{}\n", self.genuine)),
            forgery(
                "the other alphabet",
                format!("{signed}.{}+/", &signature[..signature.len() - 2]),
            ),
        ]);
        made
    }

    /// JOSE-07, JOSE-14: extensions, keys, and places to fetch them.
    fn with_a_header_that_asks_for_more(&self) -> Vec<Forgery> {
        [
            ("crit", json!(["exp"])),
            ("crit", json!([])),
            ("b64", json!(false)),
            ("zip", json!("DEF")),
            ("enc", json!("A256GCM")),
            ("jwk", self.public.clone()),
            ("jku", json!("https://evil.example/jwks")),
            ("x5u", json!("https://evil.example/cert")),
            ("x5c", json!(["AAAA"])),
            ("kid", json!("../../dev/null")),
            ("kid", json!("")),
            ("kid", json!(null)),
            ("typ", json!("nonsense")),
            ("typ", json!(1)),
        ]
        .iter()
        .map(|(name, value)| self.altered(name, value))
        .collect()
    }

    /// An attacker's own key, presented in every way.
    fn with_another_key(&self) -> Vec<Forgery> {
        let own = Signer::new(SigningAlg::ES256);
        let mut posing = own.header();
        for name in ["kid", "typ"] {
            posing[name] = self.header[name].clone();
        }
        let mut carrying = posing.clone();
        carrying["jwk"] = own.jwk();
        let claims = &self.claims;
        vec![
            forgery("another key, its own header", own.sign(claims)),
            forgery("another key under the same kid", own.sign_as(&posing, claims)),
            forgery("another key that it carries itself", own.sign_as(&carrying, claims)),
        ]
    }

    /// JOSE-08, JOSE-10: what is no compact JWS.
    fn in_another_shape(&self) -> Vec<Forgery> {
        let brackets = Base64UrlUnpadded::encode_string("[".repeat(4_000).as_bytes());
        vec![
            forgery("seven thousand dots", ".".repeat(7_000)),
            forgery("five segments", format!("{}.a.b", self.genuine)),
            forgery("two segments", "a.b".to_owned()),
            forgery("a header of brackets", format!("{brackets}.e30.AA")),
            forgery("the JSON form", json!({ "payload": "e30", "signatures": [] }).to_string()),
        ]
    }
}

/// The public key as certificates have it. RFC 5280 §4.1.2.7, RFC 8410 §4.
fn subject_public_key_info(jwk: &Value) -> Vec<u8> {
    let bytes = |name: &str| Base64UrlUnpadded::decode_vec(&part(jwk, name)).unwrap();
    match jwk["kty"].as_str() {
        Some("RSA") => {
            // A number begins with a zero where it would else be negative.
            let modulus = tlv(0x02, &[&[0], &bytes("n")[..]].concat());
            let key = tlv(0x30, &[modulus, tlv(0x02, &bytes("e"))].concat());
            let algorithm = b"\x30\x0d\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x01\x01\x05\x00";
            tlv(0x30, &[&algorithm[..], &tlv(0x03, &[vec![0], key].concat())].concat())
        }
        Some("EC") => {
            let algorithm = b"\x30\x13\x06\x07\x2a\x86\x48\xce\x3d\x02\x01\
                              \x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07";
            let point = [vec![0, 4], bytes("x"), bytes("y")].concat();
            tlv(0x30, &[&algorithm[..], &tlv(0x03, &point)].concat())
        }
        _ => {
            let algorithm = b"\x30\x05\x06\x03\x2b\x65\x70";
            let key = [vec![0], bytes("x")].concat();
            tlv(0x30, &[&algorithm[..], &tlv(0x03, &key)].concat())
        }
    }
}

/// Tag, length and value of DER.
fn tlv(tag: u8, value: &[u8]) -> Vec<u8> {
    let length = value.len().to_be_bytes();
    let short: Vec<u8> = length.iter().copied().skip_while(|byte| *byte == 0).collect();
    let mut made = vec![tag];
    if value.len() >= 0x80 {
        made.push(0x80 | u8::try_from(short.len()).unwrap());
    }
    made.extend(short);
    made.extend(value);
    made
}

/// RFC 7468 §13.
fn pem(der: &[u8]) -> String {
    let text = Base64::encode_string(der);
    let lines: Vec<&str> =
        text.as_bytes().chunks(64).map(|line| std::str::from_utf8(line).unwrap()).collect();
    format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"))
}

/// The keys of the forgers have the form that they say they have.
#[test]
fn jose_02_the_forms_of_a_public_key_are_right() {
    use rustls::pki_types::{SubjectPublicKeyInfoDer, pem::PemObject};
    for alg in SigningAlg::ALL {
        let der = subject_public_key_info(&Signer::new(alg).jwk());
        let read = SubjectPublicKeyInfoDer::from_pem_slice(pem(&der).as_bytes()).unwrap();
        assert_eq!(read.as_ref(), der, "{alg}");
        assert_eq!(der[..2] == [0x30, 0x82], der.len() > 255, "{alg}");
    }
}

fn part(jwk: &Value, name: &str) -> String {
    jwk[name].as_str().unwrap_or_default().to_owned()
}

async fn published_key(issuer: &Issuer, token: &str) -> Value {
    let keys = issuer.fetch("/jwks").await.json();
    let kid = &jose_header(token)["kid"];
    keys["keys"].as_array().unwrap().iter().find(|key| key["kid"] == *kid).unwrap().clone()
}

/// JOSE-01 to JOSE-14 at the client's door.
#[tokio::test]
async fn jose_a_forged_client_assertion_is_invalid_client() {
    for alg in SigningAlg::ALL {
        let issuer = Issuer::start().await;
        let signer = Signer::new(alg);
        let metadata = ClientMetadata {
            token_endpoint_auth_method: TokenEndpointAuthMethod::PrivateKeyJwt,
            jwks: Some(signer.jwks()),
            ..machine()
        };
        RelyingParty::register(&issuer, "batch", metadata).await;
        let claims = json!({
            "iss": "batch", "sub": "batch", "aud": ISSUER, "jti": "1", "exp": START + 60,
        });
        let genuine = signer.sign(&claims);
        let present = async |assertion: &str| {
            let body = form(&[
                ("grant_type", "client_credentials"),
                ("client_id", "batch"),
                ("client_assertion_type", "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
                ("client_assertion", assertion),
            ]);
            issuer.post("/token", &[], &body).await
        };
        for Forgery { what, token } in forgeries(&genuine, &signer.jwk()) {
            let reply = present(&token).await;
            assert_eq!(reply.status, 401, "{alg}: {what}: {}", reply.text());
            reply.is_invalid_client();
        }
        present(&genuine).await.granted();
    }
}

/// JOSE-01 to JOSE-14 at the doors of access tokens.
#[tokio::test]
async fn jose_a_forged_access_token_is_dead() {
    for alg in SigningAlg::ALL {
        let issuer = Issuer::start().await;
        issuer.user("alice").await;
        let metadata = ClientMetadata {
            access_token_signed_response_alg: alg,
            ..crate::actors::relying_party::web_app()
        };
        let app = RelyingParty::register(&issuer, "notes", metadata).await;
        let tokens = app.tokens("alice").await;
        let genuine = tokens["access_token"].as_str().unwrap();
        let public = published_key(&issuer, genuine).await;
        for Forgery { what, token } in forgeries(genuine, &public) {
            assert_eq!(app.introspect(&token).await, json!({ "active": false }), "{alg}: {what}");
            let value = format!("Bearer {token}");
            // Some are no characters of a header at all; a trailing space is not part of the value.
            if http::HeaderValue::from_str(&value).is_ok() && !token.ends_with(' ') {
                let reply = issuer.fetch_with("/userinfo", "authorization", &value).await;
                assert!([400, 401].contains(&reply.status.as_u16()), "{alg}: {what}");
            }
        }
        assert_eq!(app.userinfo(genuine).await.status, 200);
    }
}

/// JOSE-01 to JOSE-14 at the authorization endpoint: with a forged hint nobody is silently signed in.
#[tokio::test]
async fn jose_a_forged_hint_signs_nobody_in() {
    for alg in [SigningAlg::RS256, SigningAlg::ES256] {
        let issuer = Issuer::start().await;
        issuer.user("alice").await;
        let metadata = ClientMetadata {
            id_token_signed_response_alg: alg,
            ..crate::actors::relying_party::web_app()
        };
        let app = RelyingParty::register(&issuer, "notes", metadata).await;
        let mut browser = Browser::new(&issuer);
        let code = app.code(&mut browser, "alice").await;
        let tokens = app.redeem(&code).await.granted();
        let genuine = tokens["id_token"].as_str().unwrap();
        let silent = app.clone().with("prompt", "none");
        let public = published_key(&issuer, genuine).await;
        for Forgery { what, token } in forgeries(genuine, &public) {
            let url = silent.clone().with("id_token_hint", &token).authorize_url();
            let away = match browser.open(&url).await {
                Place::Away(away) => away,
                Place::Page(page) => panic!("{alg}: {what}: {}", page.text()),
            };
            let answer = response_parameters(&away);
            assert_eq!(answer.get("error").map(String::as_str), Some("login_required"), "{what}");
        }
        let url = silent.with("id_token_hint", genuine).authorize_url();
        let answer = response_parameters(&browser.open(&url).await.away());
        assert!(answer.contains_key("code"), "{answer:?}");
    }
}

/// JOSE at the logout endpoint, checklist 180: a forged hint redirects nowhere and ends nothing.
#[tokio::test]
async fn jose_a_forged_hint_ends_no_session() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let app = RelyingParty::web(&issuer).await;
    let mut browser = Browser::new(&issuer);
    let code = app.code(&mut browser, "alice").await;
    let tokens = app.redeem(&code).await.granted();
    let genuine = tokens["id_token"].as_str().unwrap();
    let public = published_key(&issuer, genuine).await;
    let logout = |hint: &str| {
        let query = form(&[("id_token_hint", hint), ("post_logout_redirect_uri", SIGNED_OUT)]);
        format!("/logout?{query}")
    };
    for Forgery { what, token } in forgeries(genuine, &public) {
        match browser.open(&logout(&token)).await {
            Place::Page(_) => {}
            Place::Away(away) => panic!("{what}: sent to {away}"),
        }
    }
    let silent = app.clone().with("prompt", "none").authorize_url();
    let answer = response_parameters(&browser.open(&silent).await.away());
    assert!(answer.contains_key("code"), "the session was ended: {answer:?}");
}

/// TOK-12: an access token is no hint, nor is a signed UserInfo answer or a client's own JWT.
#[tokio::test]
async fn tok_12_other_jwts_are_no_hints() {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let metadata = ClientMetadata {
        userinfo_signed_response_alg: Some(SigningAlg::RS256),
        access_token_signed_response_alg: SigningAlg::RS256,
        ..crate::actors::relying_party::web_app()
    };
    let app = RelyingParty::register(&issuer, "notes", metadata).await;
    let mut browser = Browser::new(&issuer);
    let code = app.code(&mut browser, "alice").await;
    let tokens = app.redeem(&code).await.granted();
    let access = tokens["access_token"].as_str().unwrap();
    let userinfo = app.userinfo(access).await.text();
    let own = Signer::new(SigningAlg::RS256).sign(&claims(tokens["id_token"].as_str().unwrap()));
    for other in [access, &userinfo, &own] {
        let silent = app.clone().with("prompt", "none").with("id_token_hint", other);
        let answer = response_parameters(&browser.open(&silent.authorize_url()).await.away());
        assert_eq!(answer.get("error").map(String::as_str), Some("login_required"));
    }
}
