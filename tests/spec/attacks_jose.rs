//! Forged JWTs at every door that takes one: client assertions, access tokens at UserInfo and
//! introspection, `id_token_hint` at the authorization and logout endpoints. Attack catalogue, 26.

use base64ct::{Base64UrlUnpadded, Encoding};
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

/// A forgery of a genuine token: header and claims as text, and the signature's text.
struct Forgery {
    what: String,
    token: String,
}

/// Every way to forge a token of `header` and `claims` without its key. `genuine` is a token that the
/// right key signed, `public` that key's public half.
#[expect(clippy::too_many_lines, reason = "a table")]
fn forgeries(genuine: &str, public: &Value) -> Vec<Forgery> {
    let (header, claims) = (jose_header(genuine), claims(genuine));
    let (signed, signature) = genuine.rsplit_once('.').unwrap();
    let bytes = Base64UrlUnpadded::decode_vec(signature).unwrap();
    let mut made = Vec::new();
    let mut forge = |what: &str, token: String| made.push(Forgery { what: what.to_owned(), token });
    let with = |name: &str, value: Value| {
        let mut header = header.clone();
        header[name] = value;
        header
    };
    // JOSE-01: no signature.
    for alg in ["none", "None", "nOnE", "NONE", ""] {
        let unsigned = signing_input(&with("alg", json!(alg)).to_string(), &claims.to_string());
        forge(&format!("alg {alg}, no signature"), format!("{unsigned}."));
        forge(&format!("alg {alg}, the old signature"), format!("{unsigned}.{signature}"));
    }
    forge("an empty signature", format!("{signed}."));
    forge("no signature at all", signed.to_owned());
    // JOSE-02, JOSE-03: an HMAC with what everybody knows.
    let texts = [public.to_string(), part(public, "n"), part(public, "x"), String::new()];
    for secret in texts.iter().map(String::as_bytes) {
        for alg in ["HS256", "HS384", "HS512"] {
            let name = format!("{alg} with {} public bytes", secret.len());
            forge(&name, hmac_jwt(secret, &with("alg", json!(alg)), &claims));
        }
    }
    // JOSE-03: another alg than the key's, twice, or not a text.
    for alg in [
        "RS384",
        "PS512",
        "ES384",
        "ES512",
        "ES256K",
        "HS256",
        "RS1",
        "A128KW",
        "PBES2-HS256+A128KW",
    ] {
        let other = signing_input(&with("alg", json!(alg)).to_string(), &claims.to_string());
        forge(&format!("alg {alg}"), format!("{other}.{signature}"));
    }
    for alg in [json!(null), json!(1), json!(["ES256"]), json!({ "alg": "ES256" })] {
        let other = signing_input(&with("alg", alg.clone()).to_string(), &claims.to_string());
        forge(&format!("alg {alg}"), format!("{other}.{signature}"));
    }
    let text = header.to_string();
    let twice = format!("{},\"alg\":\"none\"}}", text.strip_suffix('}').unwrap());
    forge("alg twice", format!("{}.", signing_input(&twice, &claims.to_string())));
    // JOSE-05: signatures that are none.
    for (what, forged) in [
        ("a signature of zeros", vec![0; bytes.len()]),
        ("a signature of ones", vec![0xff; bytes.len()]),
        ("a cut signature", bytes[..bytes.len() - 1].to_vec()),
        ("a longer signature", [bytes.as_slice(), &[0]].concat()),
        ("half a signature", bytes[..bytes.len() / 2].to_vec()),
        ("a turned signature", bytes.iter().rev().copied().collect()),
    ] {
        forge(what, format!("{signed}.{}", Base64UrlUnpadded::encode_string(&forged)));
    }
    let mut flipped = bytes.clone();
    flipped[0] ^= 1;
    forge("a flipped bit", format!("{signed}.{}", Base64UrlUnpadded::encode_string(&flipped)));
    // RFC 7515 §2: base64url without padding, in the one canonical way.
    forge("padding", format!("{genuine}="));
    forge("white space", format!("{signed}.{signature} "));
    forge("a line break", format!("{signed}.{signature}\n"));
    forge("the other alphabet", format!("{signed}.{}+/", &signature[..signature.len() - 2]));
    // JOSE-07, JOSE-10, JOSE-14: extensions, encryption, and keys in the header.
    for (name, value) in [
        ("crit", json!(["exp"])),
        ("crit", json!([])),
        ("b64", json!(false)),
        ("zip", json!("DEF")),
        ("enc", json!("A256GCM")),
        ("jwk", public.clone()),
        ("jku", json!("https://evil.example/jwks")),
        ("x5u", json!("https://evil.example/cert")),
        ("x5c", json!(["AAAA"])),
        ("kid", json!("../../dev/null")),
        ("kid", json!("")),
        ("kid", json!(null)),
        ("typ", json!("nonsense")),
        ("typ", json!(1)),
    ] {
        let other = signing_input(&with(name, value.clone()).to_string(), &claims.to_string());
        forge(&format!("{name} {value}"), format!("{other}.{signature}"));
    }
    // An attacker's own key, presented in every way.
    let own = Signer::new(SigningAlg::ES256);
    forge("another key, its own header", own.sign(&claims));
    let mut posing = own.header();
    posing["kid"] = header["kid"].clone();
    posing["typ"] = header["typ"].clone();
    forge("another key under the same kid", own.sign_as(&posing, &claims));
    posing["jwk"] = own.jwk();
    forge("another key that it carries itself", own.sign_as(&posing, &claims));
    // JOSE-08, JOSE-10: shapes that are no compact JWS.
    forge("ten thousand dots", ".".repeat(7_000));
    forge("five segments", format!("{genuine}.a.b"));
    forge("two segments", "a.b".to_owned());
    forge(
        "a header of brackets",
        format!("{}.e30.AA", Base64UrlUnpadded::encode_string("[".repeat(4_000).as_bytes())),
    );
    forge("the JSON serialisation", json!({ "payload": "e30", "signatures": [] }).to_string());
    made
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
