//! API keys of the tests, and who exchanges them.

use doorward::{
    identity::{AddressList, api_key::Owner},
    protocol::{
        client::{ClientMetadata, GrantType},
        grant::token_exchange::API_KEY,
    },
    service::api_keys::{self, Created, NewApiKey},
    types::{Scope, audit::Actor},
};

use super::{
    Issuer, RelyingParty,
    access::NOTES_API,
    issuer::{Reply, origin},
};

/// A key of 90 days, for everywhere.
pub(crate) fn new_key(permissions: &str) -> NewApiKey {
    NewApiKey {
        name: "Backup".to_owned(),
        permissions: Scope::parse(permissions).unwrap(),
        lifetime: None,
        addresses: AddressList::default(),
    }
}

/// An API that may exchange the keys that it gets.
pub(crate) fn exchanger() -> ClientMetadata {
    ClientMetadata {
        grant_types: [GrantType::TokenExchange].into(),
        audiences: vec![NOTES_API.to_owned()],
        scope: Scope::default(),
        ..ClientMetadata::default()
    }
}

impl Issuer {
    /// Makes a key.
    pub(crate) async fn make_key(&self, owner: &Owner, new: NewApiKey) -> Created {
        let (ctx, owner) = (&self.ctx, owner.clone());
        api_keys::create(ctx, owner, new, Actor::Operator, &origin()).await.unwrap()
    }

    /// The text of a key with these permissions.
    pub(crate) async fn api_key(&self, owner: &Owner, permissions: &str) -> String {
        self.make_key(owner, new_key(permissions)).await.text.expose().clone()
    }
}

impl RelyingParty<'_> {
    /// Exchanges an API key, with more parameters.
    pub(crate) async fn exchange(&self, key: &str, more: &[(&str, &str)]) -> Reply {
        let whole = [
            ("grant_type", GrantType::TokenExchange.as_str()),
            ("subject_token", key),
            ("subject_token_type", API_KEY),
        ];
        self.token(&[&whole, more].concat()).await
    }
}
