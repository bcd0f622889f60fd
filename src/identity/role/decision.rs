//! The one decision: may this subject do that? Default deny.

use std::collections::BTreeSet;

use super::Roles;

/// Whoever asks, as far as the decision reads: the names of the roles assigned to it, and of the
/// groups it is in. A service client is in no group.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// The roles that were assigned directly.
    pub roles: &'a BTreeSet<String>,
    /// The groups.
    pub groups: &'a BTreeSet<String>,
}

/// The answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Decision {
    /// A role that the subject holds permits it.
    Granted,
    /// No rule permits it.
    Denied,
}

impl Decision {
    /// Whether the subject may.
    #[must_use]
    pub const fn is_granted(self) -> bool {
        match self {
            Self::Granted => true,
            Self::Denied => false,
        }
    }
}

/// Whether `subject` may do what `permission` names, going by `roles`.
///
/// Granted when a role that the subject holds (assigned, through a group, or contained in one of
/// those) has the permission. Everything else is denied: an unknown role, an unknown group, an
/// unknown permission, no role at all.
#[must_use]
pub fn decide(subject: Subject<'_>, permission: &str, roles: &Roles) -> Decision {
    if roles.permits(subject, permission) { Decision::Granted } else { Decision::Denied }
}

#[cfg(test)]
mod tests {
    use proptest::{collection, prelude::*, sample::subsequence};

    use super::*;
    use crate::{
        identity::{
            group::Group,
            role::{Name, Role},
        },
        types::{ApiId, GroupId, Permission, RoleId, Timestamp},
    };

    const NOW: Timestamp = Timestamp::from_unix(1);
    const ROLES: [&str; 6] = ["r0", "r1", "r2", "r3", "r4", "r5"];
    const GROUPS: [&str; 3] = ["g0", "g1", "g2"];
    const PERMISSIONS: [&str; 5] = ["p0", "p1", "p2", "p3", "p4"];

    /// Roles, groups and a subject, of names that need not exist.
    #[derive(Debug, Clone)]
    struct World {
        roles: Vec<Role>,
        groups: Vec<Group>,
        held: BTreeSet<String>,
        member_of: BTreeSet<String>,
    }

    impl World {
        fn may(&self, permission: &str) -> bool {
            let directory = Roles::new(&self.roles, &self.groups);
            let subject = Subject { roles: &self.held, groups: &self.member_of };
            decide(subject, permission, &directory).is_granted()
        }

        fn all(&self) -> Vec<&'static str> {
            PERMISSIONS.into_iter().filter(|permission| self.may(permission)).collect()
        }
    }

    fn names(of: &'static [&'static str]) -> impl Strategy<Value = BTreeSet<String>> {
        subsequence(of, 0..=of.len())
            .prop_map(|names| names.into_iter().map(str::to_owned).collect())
    }

    fn role(name: &str, permissions: &[&str], contains: BTreeSet<String>) -> Role {
        Role {
            id: RoleId::new(NOW, [0; 10]),
            name: Name::parse(name).unwrap(),
            description: String::new(),
            api: None,
            permissions: permissions.iter().map(|name| Permission::parse(name).unwrap()).collect(),
            contains,
            built_in: false,
            created_at: NOW,
            updated_at: NOW,
        }
    }

    fn group(name: &str, roles: BTreeSet<String>) -> Group {
        let id = GroupId::new(NOW, [0; 10]);
        let name = Name::parse(name).unwrap();
        Group { id, name, description: String::new(), roles, created_at: NOW, updated_at: NOW }
    }

    /// Any number of roles, containing whatever they like: themselves, each other, nobody.
    fn world() -> impl Strategy<Value = World> {
        let role_of = |name: &'static str| {
            (subsequence(&PERMISSIONS[..], 0..=3), names(&ROLES))
                .prop_map(move |(permissions, contains)| role(name, &permissions, contains))
        };
        let some_roles = subsequence(&ROLES[..], 0..=ROLES.len())
            .prop_flat_map(move |names| names.into_iter().map(role_of).collect::<Vec<_>>());
        let some_groups = subsequence(&GROUPS[..], 0..=GROUPS.len()).prop_flat_map(|some| {
            let of = |name: &'static str| names(&ROLES).prop_map(move |roles| group(name, roles));
            some.into_iter().map(of).collect::<Vec<_>>()
        });
        (some_roles, some_groups, names(&ROLES), names(&GROUPS))
            .prop_map(|(roles, groups, held, member_of)| World { roles, groups, held, member_of })
    }

    /// The rule again, in other words: walk for as long as there is something new.
    fn by_walking(world: &World, permission: &str) -> bool {
        let in_group = |group: &&Group| world.member_of.contains(group.name.as_str());
        let mut held = world.held.clone();
        held.extend(world.groups.iter().filter(in_group).flat_map(|group| group.roles.clone()));
        for _ in 0..=ROLES.len() {
            let below: Vec<String> = world
                .roles
                .iter()
                .filter(|role| held.contains(role.name.as_str()))
                .flat_map(|role| role.contains.clone())
                .collect();
            held.extend(below);
        }
        world.roles.iter().any(|role| {
            held.contains(role.name.as_str())
                && role.permissions.iter().any(|known| known.as_str() == permission)
        })
    }

    proptest! {
        #[test]
        fn no_rule_means_deny(mut world in world()) {
            prop_assert!(!world.may("p5"), "a permission that no role has");
            world.held.clear();
            world.member_of.clear();
            prop_assert!(world.all().is_empty(), "somebody without roles and groups");
        }

        #[test]
        fn removing_anything_never_grants(
            world in world(), which in 0..6_usize, pick in any::<prop::sample::Index>(),
        ) {
            let before = world.all();
            let mut less = world.clone();
            match which {
                0 if !less.roles.is_empty() => { less.roles.remove(pick.index(world.roles.len())); }
                1 if !less.groups.is_empty() => { less.groups.remove(pick.index(world.groups.len())); }
                2 => { less.held.pop_first(); }
                3 => { less.member_of.pop_first(); }
                4 => for role in &mut less.roles { role.contains.pop_first(); },
                _ => for role in &mut less.roles { role.permissions.pop_first(); },
            }
            for permission in less.all() {
                prop_assert!(before.contains(&permission), "{permission} was granted by a removal");
            }
        }

        #[test]
        fn circles_end_and_the_answer_is_that_of_the_rule(world in world()) {
            for permission in PERMISSIONS {
                prop_assert_eq!(world.may(permission), by_walking(&world, permission));
            }
        }

        #[test]
        fn order_never_matters(
            (world, shuffled) in world().prop_flat_map(|world| {
                let roles = Just(world.roles.clone()).prop_shuffle();
                let groups = Just(world.groups.clone()).prop_shuffle();
                (Just(world), (roles, groups))
            }),
        ) {
            let (roles, groups) = shuffled;
            let other = World { roles, groups, ..world.clone() };
            prop_assert_eq!(world.all(), other.all());
        }

        #[test]
        fn no_circle_can_be_written(
            world in world(), contains in collection::btree_set("r[0-5]", 0..4),
        ) {
            let directory = Roles::new(&world.roles, &[]);
            let circle = directory.would_cycle("r0", &contains);
            let mut roles = world.roles.clone();
            roles.retain(|role| role.name.as_str() != "r0");
            roles.push(role("r0", &[], contains.clone()));
            let after = Roles::new(&roles, &[]);
            let one = |name: &String| BTreeSet::from([name.clone()]);
            let comes_back = contains.iter().any(|name| {
                let below = one(name);
                let subject = Subject { roles: &below, groups: &BTreeSet::new() };
                after.held_by(subject).contains("r0")
            });
            prop_assert_eq!(circle, comes_back);
        }
    }

    #[test]
    fn tokens_tell_the_roles_across_apis_and_those_of_their_own_apis() {
        let (notes, mail) = (ApiId::new(NOW, [1; 10]), ApiId::new(NOW, [2; 10]));
        let below = ["writer", "sender"].map(str::to_owned).into();
        let across = role("editor", &[], below);
        let writer = Role { api: Some(notes), ..role("writer", &[], BTreeSet::new()) };
        let sender = Role { api: Some(mail), ..role("sender", &[], BTreeSet::new()) };
        let roles = Roles::new(&[across, writer, sender], &[]);
        let held = BTreeSet::from(["editor".to_owned(), "gone".to_owned()]);
        let subject = Subject { roles: &held, groups: &BTreeSet::new() };
        assert_eq!(roles.told(subject, &[]), ["editor"]);
        assert_eq!(roles.told(subject, &[notes]), ["editor", "writer"]);
        assert_eq!(roles.told(subject, &[mail]), ["editor", "sender"]);
        assert_eq!(roles.held_by(subject).len(), 3);
    }
}
