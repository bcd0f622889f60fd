//! From what is declared and what there is to the steps between. Pure.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use super::state::{
    Change, Desired, Existing, FieldChange, Fields, Kind, Object, Plan, Step, members,
};

/// Why there is no plan.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// Something is named that is neither declared nor there, or that would be deleted.
    #[error("{of}: {field}: there is no {what} `{name}`")]
    Missing {
        /// The object that names it.
        of: String,
        /// The field.
        field: &'static str,
        /// What is missing.
        what: &'static str,
        /// Its name.
        name: String,
        /// The names that there are.
        known: Vec<String>,
    },
    /// An API without a name cannot be made.
    #[error("{0}: a new API needs a name")]
    Nameless(String),
    /// The role would contain itself.
    #[error("role {0}: contains: the role would contain itself")]
    Cycle(String),
    /// The API of a role never changes.
    #[error("role {0}: api: a role stays with its API; delete it first")]
    OtherApi(String),
    /// Part of Doorward itself.
    #[error("{0} is part of Doorward itself and stays as it is")]
    Fixed(String),
    /// With the API a role would go that was not made here.
    #[error("api {api} would be deleted, and with it the role {role}, which was not declared here")]
    RoleOfDeleted {
        /// The API.
        api: String,
        /// The role.
        role: String,
    },
}

/// What has to be done so that everything declared is so. What is made or changed comes in the order of
/// the kinds, and roles after those that they contain; deletions come last, in the opposite order.
///
/// # Errors
/// The first [`PlanError`] that applies.
pub(super) fn plan(desired: &Desired, actual: &[Existing]) -> Result<Plan, PlanError> {
    let declared: BTreeMap<(Kind, &str), &Object> = desired
        .objects
        .iter()
        .map(|object| ((object.kind, object.name.as_str()), object))
        .collect();
    let gone = |existing: &&Existing| {
        existing.managed
            && !existing.fixed
            && !declared.contains_key(&(existing.kind, existing.name.as_str()))
    };
    let (deleted, left): (Vec<&Existing>, Vec<&Existing>) =
        actual.iter().filter(gone).partition(|existing| desired.prune.contains(&existing.kind));
    let ids: BTreeSet<(Kind, &str)> =
        deleted.iter().map(|existing| (existing.kind, existing.id.as_str())).collect();
    let stays: Vec<&Existing> =
        actual.iter().filter(|one| !ids.contains(&(one.kind, one.id.as_str()))).collect();
    let world = World { declared: &declared, stays: &stays };
    for object in &desired.objects {
        world.check_references(object)?;
    }
    check_deleted_apis(&deleted, &stays)?;
    let order = world.order_of_roles()?;
    let mut steps = Vec::new();
    for object in &desired.objects {
        steps.extend(step(object, &world, &steps)?);
    }
    let rank = |order: &[String], step: &Step| order.iter().position(|name| *name == step.name);
    // APIs that give a permission away come before those that take it.
    let takes = |step: &Step| step.difference("permissions").1.is_empty();
    steps.sort_by_key(|step| match step.kind {
        Kind::Role => (step.kind, rank(&order, step), false),
        Kind::Api => (step.kind, None, takes(step)),
        Kind::Group | Kind::User | Kind::Client => (step.kind, None, false),
    });
    let mut deletions: Vec<Step> = deleted.iter().map(|existing| deletion(existing)).collect();
    let order = order_of_deleted_roles(&deleted)?;
    deletions.sort_by_key(|step| std::cmp::Reverse((step.kind, rank(&order, step))));
    steps.extend(deletions);
    let left_alone = left.iter().map(|existing| (existing.kind, existing.name.clone())).collect();
    Ok(Plan { steps, left_alone })
}

fn deletion(existing: &Existing) -> Step {
    Step {
        change: Change::Delete,
        kind: existing.kind,
        name: existing.name.clone(),
        id: Some(existing.id.clone()),
        fields: Vec::new(),
    }
}

/// With an API all its roles go: no role that somebody else made goes unsaid.
fn check_deleted_apis(deleted: &[&Existing], stays: &[&Existing]) -> Result<(), PlanError> {
    for api in deleted.iter().filter(|existing| existing.kind == Kind::Api) {
        let role = stays.iter().find(|one| {
            one.kind == Kind::Role && text(&one.fields, "api") == Some(api.name.as_str())
        });
        if let Some(role) = role {
            let (api, role) = (api.name.clone(), role.name.clone());
            return Err(PlanError::RoleOfDeleted { api, role });
        }
    }
    Ok(())
}

fn text<'a>(fields: &'a Fields, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

/// The step of one object, if there is anything to do. `before` are the steps of the kinds before.
fn step(object: &Object, world: &World<'_>, before: &[Step]) -> Result<Option<Step>, PlanError> {
    let Some(existing) = world.existing(object.kind, &object.name) else {
        if object.kind == Kind::Api && text(&object.fields, "name").is_none() {
            return Err(PlanError::Nameless(format!("api {}", object.name)));
        }
        let fields = object.fields.iter().map(|(field, new)| change(field, &Value::Null, new));
        return Ok(Some(Step {
            change: Change::Create,
            kind: object.kind,
            name: object.name.clone(),
            id: None,
            fields: fields.collect(),
        }));
    };
    let old = as_it_will_be(existing, object, before);
    let differs =
        |(field, new): &(&String, &Value)| old.get(*field).unwrap_or(&Value::Null) != *new;
    let fields: Vec<FieldChange> = object
        .fields
        .iter()
        .filter(differs)
        .map(|(field, new)| change(field, old.get(field).unwrap_or(&Value::Null), new))
        .collect();
    let step = Step {
        change: Change::Update,
        kind: object.kind,
        name: object.name.clone(),
        id: Some(existing.id.clone()),
        fields,
    };
    if step.fields.is_empty() {
        return Ok(None);
    }
    if existing.fixed {
        return Err(PlanError::Fixed(step.object()));
    }
    if object.kind == Kind::Role && step.becomes("api").is_some() {
        return Err(PlanError::OtherApi(object.name.clone()));
    }
    Ok(Some(step))
}

fn change(field: &str, old: &Value, new: &Value) -> FieldChange {
    FieldChange { field: field.to_owned(), old: old.clone(), new: new.clone() }
}

/// The fields as they are when the step of the object comes: an API that loses a permission has taken
/// it from every role, and a new address counts as unproven.
fn as_it_will_be(existing: &Existing, object: &Object, before: &[Step]) -> Fields {
    let mut fields = existing.fields.clone();
    match existing.kind {
        Kind::Role => {
            let lost: BTreeSet<String> = before
                .iter()
                .filter(|step| step.kind == Kind::Api && step.change == Change::Update)
                .flat_map(|step| step.difference("permissions").1)
                .collect();
            if let Some(Value::Array(permissions)) = fields.get_mut("permissions") {
                permissions.retain(|one| one.as_str().is_none_or(|one| !lost.contains(one)));
            }
        }
        Kind::User => {
            let email = object.fields.get("email");
            if email.is_some() && email != fields.get("email") {
                fields.insert("email_verified".to_owned(), Value::Bool(false));
            }
        }
        Kind::Api | Kind::Group | Kind::Client => {}
    }
    fields
}

/// What there is once everything is done.
struct World<'a> {
    declared: &'a BTreeMap<(Kind, &'a str), &'a Object>,
    stays: &'a [&'a Existing],
}

impl World<'_> {
    fn existing(&self, kind: Kind, name: &str) -> Option<&Existing> {
        self.stays.iter().find(|one| one.kind == kind && one.name == name).copied()
    }

    /// The names of all objects of that kind.
    fn names(&self, kind: Kind) -> BTreeSet<&str> {
        let declared = self.declared.keys().filter(|(of, _)| *of == kind).map(|(_, name)| *name);
        let stays = self.stays.iter().filter(|one| one.kind == kind).map(|one| one.name.as_str());
        declared.chain(stays).collect()
    }

    /// The field of an object: as declared, or as it is.
    fn members(&self, kind: Kind, name: &str, field: &str) -> BTreeSet<String> {
        let declared = self.declared.get(&(kind, name)).and_then(|object| object.fields.get(field));
        let value = declared.or_else(|| self.existing(kind, name)?.fields.get(field));
        value.map(members).unwrap_or_default()
    }

    fn permissions(&self) -> BTreeSet<String> {
        let apis = self.names(Kind::Api);
        apis.iter().flat_map(|api| self.members(Kind::Api, api, "permissions")).collect()
    }

    /// Whether everything that the object names will be there.
    fn check_references(&self, object: &Object) -> Result<(), PlanError> {
        let (references, permissions): (&[(&'static str, Kind)], bool) = match object.kind {
            Kind::Api => (&[], false),
            Kind::Role => (&[("api", Kind::Api), ("contains", Kind::Role)], true),
            Kind::Group | Kind::Client => (&[("roles", Kind::Role)], false),
            Kind::User => (&[("roles", Kind::Role), ("groups", Kind::Group)], false),
        };
        for (field, kind) in references {
            let known = self.names(*kind).into_iter().map(str::to_owned).collect();
            check_known(object, field, kind.as_str(), &known)?;
        }
        if permissions {
            check_known(object, "permissions", "permission", &self.permissions())?;
        }
        Ok(())
    }

    /// The names of all roles, each after those that it contains.
    fn order_of_roles(&self) -> Result<Vec<String>, PlanError> {
        let contains = |name| self.members(Kind::Role, name, "contains");
        let names = self.names(Kind::Role).into_iter();
        contained_first(names.map(|name| (name.to_owned(), contains(name))).collect())
    }
}

/// The names of the roles that go, each after those that it contains.
fn order_of_deleted_roles(deleted: &[&Existing]) -> Result<Vec<String>, PlanError> {
    let contains = |role: &Existing| role.fields.get("contains").map(members).unwrap_or_default();
    let roles = deleted.iter().filter(|one| one.kind == Kind::Role);
    contained_first(roles.map(|role| (role.name.clone(), contains(role))).collect())
}

/// The names of roles with what they contain, each after those that it contains.
fn contained_first(
    mut waiting: BTreeMap<String, BTreeSet<String>>,
) -> Result<Vec<String>, PlanError> {
    let mut order = Vec::with_capacity(waiting.len());
    loop {
        let free = waiting
            .iter()
            .find(|(_, contains)| !contains.iter().any(|name| waiting.contains_key(name)))
            .map(|(name, _)| name.clone());
        match (free, waiting.keys().next()) {
            (Some(name), _) => {
                waiting.remove(&name);
                order.push(name);
            }
            (None, Some(name)) => return Err(PlanError::Cycle(name.clone())),
            (None, None) => return Ok(order),
        }
    }
}

fn check_known(
    object: &Object,
    field: &'static str,
    what: &'static str,
    known: &BTreeSet<String>,
) -> Result<(), PlanError> {
    let named = match object.fields.get(field) {
        Some(Value::String(name)) => BTreeSet::from([name.clone()]),
        Some(value) => members(value),
        None => return Ok(()),
    };
    match named.into_iter().find(|name| !known.contains(name)) {
        None => Ok(()),
        Some(name) => Err(PlanError::Missing {
            of: format!("{} {}", object.kind.as_str(), object.name),
            field,
            what,
            name,
            known: known.iter().cloned().collect(),
        }),
    }
}

#[cfg(test)]
#[path = "planning_tests.rs"]
mod tests;
