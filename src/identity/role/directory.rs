//! Every role and group of the installation, with what each amounts to. Made once, never changed.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::{Role, Subject};
use crate::{
    identity::group::Group,
    types::{ApiId, Permission},
};

/// All roles and groups at one moment.
#[derive(Debug, Clone, Default)]
pub struct Roles {
    roles: BTreeMap<String, Held>,
    groups: HashMap<String, BTreeSet<String>>,
}

/// A role, and what holding it means.
#[derive(Debug, Clone)]
struct Held {
    role: Role,
    /// The names of the role itself and of all roles below it.
    names: BTreeSet<String>,
    /// What all of them permit.
    permissions: HashSet<Permission>,
}

impl Roles {
    /// The directory of these roles and groups. What names a role that is not there names nothing;
    /// roles that contain each other hold the same.
    #[must_use]
    pub fn new(roles: &[Role], groups: &[Group]) -> Self {
        let by_name: BTreeMap<&str, &Role> =
            roles.iter().map(|role| (role.name.as_str(), role)).collect();
        let held = roles.iter().map(|role| {
            let names = closure(&by_name, role.name.as_str());
            let below = names.iter().filter_map(|name| by_name.get(name.as_str()));
            let permissions = below.flat_map(|role| role.permissions.iter().cloned()).collect();
            (role.name.as_str().to_owned(), Held { role: role.clone(), names, permissions })
        });
        Self {
            roles: held.collect(),
            groups: groups
                .iter()
                .map(|group| (group.name.as_str().to_owned(), group.roles.clone()))
                .collect(),
        }
    }

    /// The role of that name.
    #[must_use]
    pub fn find(&self, name: &str) -> Option<&Role> {
        self.roles.get(name).map(|held| &held.role)
    }

    /// Every role, in the order of the names.
    pub fn iter(&self) -> impl Iterator<Item = &Role> {
        self.roles.values().map(|held| &held.role)
    }

    /// The names of the groups, in no order.
    pub fn groups(&self) -> impl Iterator<Item = &str> {
        self.groups.keys().map(String::as_str)
    }

    /// The roles that include `permission`, themselves or through a role below them, in the order of
    /// the names.
    pub fn with_permission<'a>(&'a self, permission: &'a str) -> impl Iterator<Item = &'a Role> {
        let holds = move |held: &&Held| held.permissions.contains(permission);
        self.roles.values().filter(holds).map(|held| &held.role)
    }

    /// Whether one of the roles that `subject` holds permits it.
    pub(super) fn permits(&self, subject: Subject<'_>, permission: &str) -> bool {
        self.assigned(subject).any(|held| held.permissions.contains(permission))
    }

    /// The names of all roles that `subject` holds: assigned, through a group, or below one of those.
    #[must_use]
    pub fn held_by<'a>(&'a self, subject: Subject<'a>) -> BTreeSet<&'a str> {
        self.assigned(subject).flat_map(|held| held.names.iter().map(String::as_str)).collect()
    }

    /// The names to tell in a token for these APIs: roles across APIs, and roles of one of them. The
    /// roles of any other API are nobody's business there.
    #[must_use]
    pub fn told(&self, subject: Subject<'_>, apis: &[ApiId]) -> Vec<String> {
        let here = |name: &&str| {
            self.find(name).is_some_and(|role| role.api.is_none_or(|api| apis.contains(&api)))
        };
        self.held_by(subject).into_iter().filter(here).map(str::to_owned).collect()
    }

    /// Whether `role`, if it contained `contains`, would contain itself in the end.
    #[must_use]
    pub fn would_cycle(&self, role: &str, contains: &BTreeSet<String>) -> bool {
        let leads_back = |held: &Held| {
            let mut below = held.names.iter().filter_map(|name| self.find(name));
            below.any(|other| other.name.as_str() == role || other.contains.contains(role))
        };
        contains.iter().any(|name| name == role || self.roles.get(name).is_some_and(leads_back))
    }

    fn assigned<'a>(&'a self, subject: Subject<'a>) -> impl Iterator<Item = &'a Held> {
        let through_groups =
            subject.groups.iter().filter_map(|name| self.groups.get(name)).flatten();
        subject.roles.iter().chain(through_groups).filter_map(|name| self.roles.get(name))
    }
}

/// The role and everything below it, each once: a circle ends where it began.
fn closure(by_name: &BTreeMap<&str, &Role>, start: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    let mut open = vec![start];
    while let Some(name) = open.pop() {
        let Some(role) = by_name.get(name) else { continue };
        if names.insert(name.to_owned()) {
            open.extend(role.contains.iter().map(String::as_str));
        }
    }
    names
}
