//! APIs, roles and groups of the tests.

use doorward::{
    identity::user::User,
    service::{
        apis::{self, NewApi},
        groups::{self, Membership},
        roles::{self, HolderName, NewRole},
    },
    types::audit::Actor,
};

use super::issuer::{Issuer, origin};

/// The audience of the API that every test's server knows.
pub(crate) const NOTES_API: &str = "https://notes.example/api";
/// The role of machines there: it reads and writes notes, and deletes none.
pub(crate) const ROBOT: &str = "robot";

impl Issuer {
    /// An API with these permissions.
    pub(crate) async fn api(&self, audience: &str, permissions: &[&str]) {
        let of = |name: &&str| ((*name).to_owned(), format!("May {name}"));
        let new = NewApi {
            audience: audience.to_owned(),
            name: "An API".to_owned(),
            permissions: permissions.iter().map(of).collect(),
        };
        apis::create(&self.ctx, new, Actor::Operator, &origin()).await.unwrap();
    }

    /// A role across APIs.
    pub(crate) async fn role(&self, name: &str, permissions: &[&str]) {
        self.new_role(NewRole {
            name: name.to_owned(),
            permissions: permissions.iter().map(|&name| name.to_owned()).collect(),
            ..NewRole::default()
        })
        .await;
    }

    /// A role of one API.
    pub(crate) async fn role_of(&self, api: &str, name: &str, permissions: &[&str]) {
        self.new_role(NewRole {
            name: name.to_owned(),
            api: Some(api.to_owned()),
            permissions: permissions.iter().map(|&name| name.to_owned()).collect(),
            ..NewRole::default()
        })
        .await;
    }

    /// Any role.
    pub(crate) async fn new_role(&self, new: NewRole) {
        roles::create(&self.ctx, new, Actor::Operator, &origin()).await.unwrap();
    }

    /// Gives a user a role.
    pub(crate) async fn give(&self, user: &User, role: &str) {
        let to = HolderName::User(user.id.to_string());
        roles::grant(&self.ctx, role, &to, Actor::Operator, &origin()).await.unwrap();
    }

    /// Takes a role from a user.
    pub(crate) async fn take(&self, user: &User, role: &str) {
        let from = HolderName::User(user.id.to_string());
        roles::revoke(&self.ctx, role, &from, Actor::Operator, &origin()).await.unwrap();
    }

    /// Gives a machine a role.
    pub(crate) async fn give_client(&self, client: &str, role: &str) {
        let to = HolderName::Client(client.to_owned());
        roles::grant(&self.ctx, role, &to, Actor::Operator, &origin()).await.unwrap();
    }

    /// A group with a role and a member.
    pub(crate) async fn group(&self, name: &str, role: &str, member: &User) {
        let words = String::new();
        groups::create(&self.ctx, name, words, Actor::Operator, &origin()).await.unwrap();
        let to = HolderName::Group(name.to_owned());
        roles::grant(&self.ctx, role, &to, Actor::Operator, &origin()).await.unwrap();
        let member = member.id.to_string();
        let join = Membership::Join;
        groups::set_member(&self.ctx, name, &member, join, Actor::Operator, &origin())
            .await
            .unwrap();
    }
}
