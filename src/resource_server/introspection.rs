//! Asking the issuer about a token that does not speak for itself. RFC 7662.
//!
//! Only positive answers are remembered, under the hash of the token, for a few seconds and never past
//! the token's end. A flood of tokens reaches the issuer through a bounded number of requests.

use std::{net::IpAddr, sync::Arc, time::Duration};

use base64ct::{Base64, Encoding};
use http::{Request, header};
use moka::sync::Cache;
use serde_json::{Map, Value};
use tokio::sync::Semaphore;
use url::Url;

use super::{
    challenge::Refusal,
    fetch::{Fetch, Unreachable},
    issuer,
    token::{AccessToken, TokenError},
};
use crate::{
    protocol::jose::Claims,
    types::{Secret, Timestamp, digest::sha256, time::Clock},
};

/// The most questions that are on their way at one time.
const MOST_QUESTIONS: usize = 64;
/// What a caller is told to wait when there are too many, or the issuer gave no answer.
const PAUSE: Duration = Duration::from_secs(1);

/// The client that this API is to the issuer.
#[derive(Debug)]
pub(super) struct Introspection {
    client_id: String,
    client_secret: Secret<String>,
    /// How long an answer is remembered.
    lifetime: Duration,
    answers: Cache<[u8; 32], Answer>,
    questions: Semaphore,
}

/// A positive answer.
#[derive(Debug, Clone)]
struct Answer {
    token: AccessToken,
    /// The uptime from which on it is forgotten.
    until: Duration,
}

/// What is asked about.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    pub(super) token: &'a str,
    /// From where it was presented, when that is known and the issuer shall hear of it.
    pub(super) address: Option<IpAddr>,
}

impl Question<'_> {
    /// Under what its answer is remembered: what holds for one address is not true of another. No API
    /// key has a line break in it.
    fn key(self) -> [u8; 32] {
        match self.address {
            None => sha256(self.token.as_bytes()),
            Some(address) => sha256(format!("{}\n{address}", self.token).as_bytes()),
        }
    }
}

/// Whom a token must be of and for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Expected<'a> {
    pub(super) issuer: &'a str,
    pub(super) audience: &'a str,
    /// How long after its end a token still counts.
    pub(super) leeway: Duration,
}

impl Introspection {
    pub(super) fn new(
        client_id: String,
        client_secret: Secret<String>,
        lifetime: Duration,
        entries: u64,
    ) -> Self {
        Self {
            client_id,
            client_secret,
            lifetime,
            answers: Cache::new(entries),
            questions: Semaphore::new(MOST_QUESTIONS),
        }
    }

    /// A positive answer that is still remembered.
    pub(super) fn remembered(
        &self,
        question: Question<'_>,
        expected: Expected<'_>,
        clock: &dyn Clock,
    ) -> Option<AccessToken> {
        if self.lifetime.is_zero() {
            return None;
        }
        let answer = self.answers.get(&question.key())?;
        let alive = alive(&answer.token, expected.leeway, clock.now());
        (clock.uptime() < answer.until && alive).then_some(answer.token)
    }

    /// What the issuer says of a token, asked at `endpoint`.
    ///
    /// # Errors
    /// [`Refusal::InvalidToken`] when it says no; [`Refusal::Unavailable`] when it says nothing.
    pub(super) async fn ask(
        &self,
        question: Question<'_>,
        endpoint: &Url,
        fetch: &Arc<dyn Fetch>,
        expected: Expected<'_>,
        clock: &dyn Clock,
    ) -> Result<AccessToken, Refusal> {
        let Ok(_permit) = self.questions.try_acquire() else {
            return Err(Refusal::Unavailable(PAUSE));
        };
        let members = match self.question(question, endpoint, fetch).await {
            Ok(members) => members,
            Err(error) => {
                tracing::error!(issuer = expected.issuer, %error, "the issuer gave no answer about a token");
                return Err(Refusal::Unavailable(PAUSE));
            }
        };
        let token_facts = read(members, expected, clock.now())?;
        if !self.lifetime.is_zero() {
            let until = clock.uptime() + self.lifetime;
            let answer = Answer { token: token_facts.clone(), until };
            self.answers.insert(question.key(), answer);
        }
        Ok(token_facts)
    }

    /// RFC 7662 §2.1, authenticated by HTTP Basic (RFC 6749 §2.3.1). `client_address` is a parameter of
    /// Doorward's.
    async fn question(
        &self,
        question: Question<'_>,
        endpoint: &Url,
        fetch: &Arc<dyn Fetch>,
    ) -> Result<Map<String, Value>, Unreachable> {
        let encoded =
            |text: &str| form_urlencoded::byte_serialize(text.as_bytes()).collect::<String>();
        let pair = format!("{}:{}", encoded(&self.client_id), encoded(self.client_secret.expose()));
        let mut body = format!("token={}&token_type_hint=access_token", encoded(question.token));
        if let Some(address) = question.address {
            body.push_str("&client_address=");
            body.push_str(&encoded(&address.to_string()));
        }
        let request = Request::post(endpoint.as_str())
            .header(
                header::AUTHORIZATION,
                format!("Basic {}", Base64::encode_string(pair.as_bytes())),
            )
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(body)
            .map_err(|error| Unreachable(error.to_string()))?;
        let answer = fetch.fetch(request).await?;
        serde_json::from_slice(issuer::ok(&answer)?)
            .map_err(|_| Unreachable("the answer is malformed".to_owned()))
    }
}

/// Whether a token has not ended.
pub(super) fn alive(token: &AccessToken, leeway: Duration, now: Timestamp) -> bool {
    token.expires_at().is_none_or(|exp| exp.plus(leeway) > now)
}

/// Holds an answer against what this API expects. RFC 7662 §2.2, §4: `active` alone is not enough.
fn read(
    members: Map<String, Value>,
    expected: Expected<'_>,
    now: Timestamp,
) -> Result<AccessToken, TokenError> {
    if members.get("active") != Some(&Value::Bool(true)) {
        return Err(TokenError::Inactive);
    }
    // A refresh token of ours would have no type.
    let bearer = |kind: &Value| kind.as_str().is_some_and(|k| k.eq_ignore_ascii_case("Bearer"));
    if !members.get("token_type").is_none_or(bearer) {
        return Err(TokenError::Bound);
    }
    let claims = Claims::from_members(members)?;
    if claims.iss.as_deref().is_some_and(|issuer| issuer != expected.issuer) {
        return Err(TokenError::Issuer);
    }
    let future = claims.nbf.is_some_and(|nbf| nbf > now.plus(crate::protocol::jose::FUTURE_LEEWAY));
    let token = AccessToken::of_claims(claims, expected.audience)?;
    if future || !alive(&token, expected.leeway, now) {
        return Err(TokenError::Inactive);
    }
    Ok(token)
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn told(change: &[(&str, Value)]) -> Result<AccessToken, TokenError> {
        let mut members = json!({
            "active": true, "sub": "alice", "aud": "https://notes.example", "exp": 100,
            "iss": "https://id.example", "token_type": "Bearer",
        });
        for (name, value) in change {
            members[*name] = value.clone();
        }
        let expected = Expected {
            issuer: "https://id.example",
            audience: "https://notes.example",
            leeway: Duration::ZERO,
        };
        read(members.as_object().unwrap().clone(), expected, Timestamp::from_unix(99))
    }

    /// RFC 7662 §2.2, §4.
    #[test]
    fn active_alone_is_not_enough() {
        assert_eq!(told(&[]).unwrap().subject(), "alice");
        for (name, value, error) in [
            ("active", json!(false), TokenError::Inactive),
            ("active", json!("true"), TokenError::Inactive),
            ("active", json!(1), TokenError::Inactive),
            ("aud", json!("https://other.example"), TokenError::Audience),
            ("iss", json!("https://evil.example"), TokenError::Issuer),
            ("exp", json!(99), TokenError::Inactive),
            ("nbf", json!(160), TokenError::Inactive),
            ("token_type", json!("DPoP"), TokenError::Bound),
            ("cnf", json!({ "jkt": "x" }), TokenError::Bound),
        ] {
            assert_eq!(told(&[(name, value)]).unwrap_err(), error, "{name}");
        }
    }

    #[test]
    fn a_member_of_the_wrong_type_is_refused() {
        for (name, value) in [("exp", json!("100")), ("aud", json!(1)), ("scope", json!(["a"]))] {
            assert!(matches!(told(&[(name, value)]), Err(TokenError::Jwt(_))), "{name}");
        }
    }
}
