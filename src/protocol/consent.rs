//! Consent: what a user allowed a client, remembered. OIDC Core §3.1.2.4.

use crate::types::{ClientId, Scope, Timestamp, UserId};

/// What one user allowed one client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Consent {
    /// The user who allowed it.
    pub user_id: UserId,
    /// The client that may have it.
    pub client_id: ClientId,
    /// What it may have.
    pub scope: Scope,
    /// The claims that were allowed one by one through the `claims` parameter, sorted.
    pub claims: Vec<String>,
    /// When it was first allowed.
    pub granted_at: Timestamp,
    /// When it was last widened.
    pub updated_at: Timestamp,
}

impl Consent {
    /// Whether everything that is asked for was allowed before.
    #[must_use]
    pub fn covers(&self, scope: &Scope, claims: &[String]) -> bool {
        scope.is_subset(&self.scope) && claims.iter().all(|claim| self.claims.contains(claim))
    }

    /// The consent after the user allowed more at `now`; nothing is taken back.
    #[must_use]
    pub fn widened(mut self, scope: &Scope, claims: &[String], now: Timestamp) -> Self {
        self.scope = self.scope.union(scope);
        self.claims.extend(claims.iter().cloned());
        self.claims.sort_unstable();
        self.claims.dedup();
        self.updated_at = now;
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn consent_covers_what_it_holds_and_grows() {
        let (then, now) = (Timestamp::from_unix(1), Timestamp::from_unix(2));
        let consent = Consent {
            user_id: UserId::new(then, [0; 10]),
            client_id: ClientId::parse("app").unwrap(),
            scope: Scope::parse("openid").unwrap(),
            claims: vec!["email".to_owned()],
            granted_at: then,
            updated_at: then,
        };
        let profile = Scope::parse("openid profile").unwrap();
        let names = ["email".to_owned(), "address".to_owned()];
        assert!(consent.covers(&consent.scope, &consent.claims));
        assert!(!consent.covers(&profile, &[]) && !consent.covers(&consent.scope, &names));
        let wider = consent.widened(&profile, &names, now);
        assert!(wider.covers(&profile, &names));
        assert_eq!(wider.claims, ["address", "email"]);
        assert_eq!((wider.granted_at, wider.updated_at), (then, now));
    }
}
