//! What is declared and what there is, in one shape: objects with named fields.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// What can be declared, in the order in which it is made; it is deleted in the opposite order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// An API with its permissions, named by its audience.
    Api,
    /// A role.
    Role,
    /// A group.
    Group,
    /// A user, named by its username.
    User,
    /// A client, named by its `client_id`.
    Client,
}

impl Kind {
    /// Every kind, in the order in which they are made.
    pub const ALL: [Self; 5] = [Self::Api, Self::Role, Self::Group, Self::User, Self::Client];

    /// The name of the kind.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Api => "api",
            Self::Role => "role",
            Self::Group => "group",
            Self::User => "user",
            Self::Client => "client",
        }
    }
}

/// Fields by name. A set is a sorted array of texts, what is absent is null.
pub type Fields = BTreeMap<String, Value>;

/// An object as it is declared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Object {
    /// Its kind.
    pub kind: Kind,
    /// Its name, in its canonical form.
    pub name: String,
    /// The fields that are declared; the others stay as they are.
    pub fields: Fields,
}

/// Everything that is declared.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Desired {
    /// Under which name the objects that are made are remembered.
    pub owner: String,
    /// Of which kinds objects are deleted that were made under this name and are declared no more.
    pub prune: BTreeSet<Kind>,
    /// The objects; no two of one kind have the same name.
    pub objects: Vec<Object>,
}

/// An object as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Existing {
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its id.
    pub id: String,
    /// All its fields.
    pub fields: Fields,
    /// Whether it is part of Doorward itself and stays as it is.
    pub fixed: bool,
    /// Whether it was made under the name of the owner.
    pub managed: bool,
}

/// What becomes of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// It is made.
    Create,
    /// It is changed.
    Update,
    /// It is deleted.
    Delete,
}

impl Change {
    /// The name of the change.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Create => "create",
            Self::Update => "update",
            Self::Delete => "delete",
        }
    }
}

/// A field that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldChange {
    /// Its name.
    pub field: String,
    /// What it is; null for an object that is made.
    pub old: Value,
    /// What it becomes.
    pub new: Value,
}

/// One object that changes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// What becomes of it.
    pub change: Change,
    /// Its kind.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// Its id; `None` when it is made.
    pub id: Option<String>,
    /// The fields that change; none when it is deleted.
    pub fields: Vec<FieldChange>,
}

impl Step {
    /// The object in words, such as `role editor`.
    #[must_use]
    pub fn object(&self) -> String {
        format!("{} {}", self.kind.as_str(), self.name)
    }

    /// What the field becomes, if it changes.
    #[must_use]
    pub fn becomes(&self, field: &str) -> Option<&Value> {
        self.fields.iter().find(|change| change.field == field).map(|change| &change.new)
    }

    /// The members of a set, or the keys of a map, that are added and that are taken away.
    #[must_use]
    pub fn difference(&self, field: &str) -> (Vec<String>, Vec<String>) {
        let change = self.fields.iter().find(|change| change.field == field);
        let (old, new) = change
            .map_or_else(Default::default, |change| (members(&change.old), members(&change.new)));
        (new.difference(&old).cloned().collect(), old.difference(&new).cloned().collect())
    }
}

/// The members of a set, or the keys of a map.
pub(super) fn members(value: &Value) -> BTreeSet<String> {
    match value {
        Value::Array(items) => {
            items.iter().filter_map(|item| item.as_str().map(str::to_owned)).collect()
        }
        Value::Object(map) => map.keys().cloned().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => BTreeSet::new(),
    }
}

/// What is to be done.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Plan {
    /// The steps, in their order.
    pub steps: Vec<Step>,
    /// Objects that were made under the name of the owner, are declared no more, and stay.
    pub left_alone: Vec<(Kind, String)>,
}
