//! Plans: their order, what they leave alone, and that one is enough.

use proptest::{prelude::*, sample::subsequence};
use serde_json::json;

use super::*;

fn object(kind: Kind, name: &str, fields: Value) -> Object {
    let Value::Object(fields) = fields else { panic!("{fields} are no fields") };
    Object { kind, name: name.to_owned(), fields: fields.into_iter().collect() }
}

fn desired(objects: Vec<Object>) -> Desired {
    Desired { owner: "shop".to_owned(), prune: BTreeSet::new(), objects }
}

/// The fields of a new object, before anything is declared.
fn empty(kind: Kind) -> Fields {
    let fields = match kind {
        Kind::Api => json!({ "name": "", "enabled": true, "permissions": {} }),
        Kind::Role => json!({ "description": "", "api": null, "permissions": [], "contains": [] }),
        Kind::Group => json!({ "description": "", "roles": [] }),
        Kind::User => json!({
            "email": null, "email_verified": false, "enabled": true, "roles": [], "groups": [],
        }),
        Kind::Client => json!({ "enabled": true, "roles": [] }),
    };
    object(kind, "", fields).fields
}

/// Takes a name out of the set of everybody of that kind.
fn forget(actual: &mut [Existing], kind: Kind, field: &str, name: &str) {
    for one in actual.iter_mut().filter(|one| one.kind == kind) {
        if let Some(Value::Array(items)) = one.fields.get_mut(field) {
            items.retain(|item| item != name);
        }
    }
}

/// What the verbs make of a plan. Checks that what a step names is there when its turn comes.
fn after(mut actual: Vec<Existing>, plan: &Plan) -> Vec<Existing> {
    for step in &plan.steps {
        match step.change {
            Change::Create => actual.push(Existing {
                kind: step.kind,
                name: step.name.clone(),
                id: format!("id-{}", step.name),
                fields: empty(step.kind),
                fixed: false,
                managed: true,
            }),
            Change::Update => {}
            Change::Delete => {
                actual.retain(|one| (one.kind, &one.name) != (step.kind, &step.name));
                forget(&mut actual, Kind::User, "groups", &step.name);
                for kind in [Kind::Group, Kind::User, Kind::Client] {
                    forget(&mut actual, kind, "roles", &step.name);
                }
                forget(&mut actual, Kind::Role, "contains", &step.name);
                continue;
            }
        }
        if step.kind == Kind::Api {
            for lost in step.difference("permissions").1 {
                forget(&mut actual, Kind::Role, "permissions", &lost);
            }
        }
        for (field, kind) in
            [("contains", Kind::Role), ("roles", Kind::Role), ("groups", Kind::Group)]
        {
            for name in step.becomes(field).map(members).unwrap_or_default() {
                let there = actual.iter().any(|one| one.kind == kind && one.name == name);
                assert!(there, "{}: {field}: {name} is not there yet", step.object());
            }
        }
        let same = |one: &&mut Existing| one.kind == step.kind && one.name == step.name;
        let one = actual.iter_mut().find(same).unwrap();
        if step.becomes("email").is_some() {
            one.fields.insert("email_verified".to_owned(), false.into());
        }
        one.fields.extend(step.fields.iter().map(|c| (c.field.clone(), c.new.clone())));
    }
    actual
}

fn named(names: &'static [&'static str]) -> impl Strategy<Value = Value> {
    subsequence(names, 0..=names.len()).prop_map(|names| json!(names))
}

fn an_api(name: &'static str, own: &'static [&'static str]) -> impl Strategy<Value = Object> {
    subsequence(own, 0..=own.len()).prop_map(move |own| {
        let words: serde_json::Map<String, Value> =
            own.iter().map(|name| ((*name).to_owned(), json!(""))).collect();
        object(Kind::Api, name, json!({ "name": name, "permissions": words }))
    })
}

fn a_role(name: &'static str) -> impl Strategy<Value = Object> {
    (named(&["p0", "p1", "p2", "p3"]), named(&["r0", "r1", "r2"])).prop_map(
        move |(permissions, contains)| {
            object(Kind::Role, name, json!({ "permissions": permissions, "contains": contains }))
        },
    )
}

fn a_user(name: &'static str) -> impl Strategy<Value = Object> {
    (named(&["r0", "r1", "r2"]), named(&["g0"]), 0..3_u8, any::<bool>()).prop_map(
        move |(roles, groups, email, verified)| {
            let email = format!("{email}@example.com");
            let fields = json!({
                "roles": roles, "groups": groups, "email": email, "email_verified": verified,
            });
            object(Kind::User, name, fields)
        },
    )
}

fn a_declaration() -> impl Strategy<Value = Desired> {
    let group = named(&["r0", "r1", "r2"])
        .prop_map(|roles| object(Kind::Group, "g0", json!({ "roles": roles })));
    let all = (
        an_api("a0", &["p0", "p1"]),
        an_api("a1", &["p2", "p3"]),
        a_role("r0"),
        a_role("r1"),
        a_role("r2"),
        group,
        a_user("u0"),
        a_user("u1"),
    );
    let all = all.prop_map(|(a, b, c, d, e, f, g, h)| vec![h, g, f, e, d, c, b, a]);
    let some = (all, prop::collection::vec(prop::bool::weighted(0.85), 8));
    (some, subsequence(&Kind::ALL[..], 0..=5)).prop_map(|((all, there), prune)| {
        let objects = all.into_iter().zip(there).filter_map(|(one, there)| there.then_some(one));
        Desired { prune: prune.into_iter().collect(), ..desired(objects.collect()) }
    })
}

/// Only what is named and makes no circle, so that most declarations have a plan.
fn sound(mut desired: Desired) -> Desired {
    let of = |kind| -> BTreeSet<String> {
        let objects = desired.objects.iter().filter(|one| one.kind == kind);
        objects.map(|one| one.name.clone()).collect()
    };
    let (roles, groups) = (of(Kind::Role), of(Kind::Group));
    let apis = desired.objects.iter().filter(|one| one.kind == Kind::Api);
    let permissions: BTreeSet<String> =
        apis.flat_map(|api| members(&api.fields["permissions"])).collect();
    for one in &mut desired.objects {
        let own = one.name.clone();
        for (field, value) in &mut one.fields {
            if let Value::Array(items) = value {
                items.retain(|item| {
                    let item = item.as_str().unwrap();
                    match field.as_str() {
                        "permissions" => permissions.contains(item),
                        "groups" => groups.contains(item),
                        // Either way round, so that two declarations can turn a containment over.
                        "contains" if own.as_str() == "r1" => item == "r2" && roles.contains(item),
                        "contains" => item != own && roles.contains(item),
                        _ => roles.contains(item),
                    }
                });
            }
        }
    }
    desired
}

proptest! {
    /// Once a plan is carried out, nothing is left to do.
    #[test]
    fn what_was_applied_is_applied(first in a_declaration(), second in a_declaration()) {
        let (first, second) = (sound(first), sound(second));
        if let Ok(made) = plan(&first, &[]) {
            let actual = after(Vec::new(), &made);
            if let Ok(changed) = plan(&second, &actual) {
                let actual = after(actual, &changed);
                let again = plan(&second, &actual).unwrap();
                prop_assert_eq!(again.steps, Vec::new());
            }
        }
    }

    /// What was not made under the owner's name is never deleted, whatever is pruned.
    #[test]
    fn what_others_made_stays(first in a_declaration(), second in a_declaration()) {
        let (first, second) = (sound(first), sound(second));
        if let Ok(made) = plan(&first, &[]) {
            let mut actual = after(Vec::new(), &made);
            for one in &mut actual {
                one.managed = false;
            }
            if let Ok(changed) = plan(&second, &actual) {
                prop_assert!(changed.steps.iter().all(|step| step.change != Change::Delete));
            }
        }
    }
}

fn made(objects: Vec<Object>) -> Vec<Existing> {
    after(Vec::new(), &plan(&desired(objects), &[]).unwrap())
}

fn shop() -> Vec<Object> {
    vec![
        object(Kind::User, "alice", json!({ "roles": ["clerk"], "groups": ["staff"] })),
        object(Kind::Group, "staff", json!({ "roles": ["boss"] })),
        object(Kind::Role, "boss", json!({ "contains": ["clerk"] })),
        object(Kind::Role, "clerk", json!({ "permissions": ["shop:sell"] })),
        object(
            Kind::Api,
            "https://shop.example",
            json!({
                "name": "Shop", "permissions": { "shop:sell": "", "shop:buy": "" },
            }),
        ),
    ]
}

fn order(plan: &Plan) -> Vec<String> {
    plan.steps.iter().map(|step| format!("{} {}", step.change.as_str(), step.name)).collect()
}

#[test]
fn what_is_needed_is_made_first_and_deleted_last() {
    let plan_of = plan(&desired(shop()), &[]).unwrap();
    let api = "https://shop.example";
    let names = ["clerk", "boss", "staff", "alice"].map(|name| format!("create {name}"));
    assert_eq!(order(&plan_of)[0], format!("create {api}"));
    assert_eq!(order(&plan_of)[1..], names);
    let all = Desired { prune: BTreeSet::from(Kind::ALL), ..desired(Vec::new()) };
    let mut there = made(shop());
    // In whatever order they were read: ids of one moment have none.
    for _ in 0..2 {
        let deleted = order(&plan(&all, &there).unwrap());
        let names = ["alice", "staff", "boss", "clerk"].map(|name| format!("delete {name}"));
        assert_eq!(deleted[..4], names);
        assert_eq!(deleted[4], format!("delete {api}"));
        there.reverse();
    }
}

#[test]
fn what_is_not_pruned_is_left_alone_and_said() {
    let some = Desired { prune: BTreeSet::from([Kind::User]), ..desired(Vec::new()) };
    let plan = plan(&some, &made(shop())).unwrap();
    assert_eq!(order(&plan), ["delete alice"]);
    assert_eq!(plan.left_alone.len(), 4);
}

#[test]
fn a_field_that_is_not_declared_stays() {
    let some = vec![object(Kind::User, "alice", json!({ "enabled": false }))];
    let plan = plan(&desired(some), &made(shop())).unwrap();
    let [step] = &plan.steps[..] else { panic!("{plan:?}") };
    let changed = FieldChange { field: "enabled".to_owned(), old: json!(true), new: json!(false) };
    assert_eq!(step.fields, [changed]);
}

#[test]
fn a_containment_is_turned_over_without_a_circle() {
    let mut objects = shop();
    objects[2].fields.insert("contains".to_owned(), json!([]));
    objects[3].fields.insert("contains".to_owned(), json!(["boss"]));
    let plan = plan(&desired(objects), &made(shop())).unwrap();
    assert_eq!(order(&plan), ["update boss", "update clerk"]);
}

#[test]
fn what_cannot_be_is_refused_before_anything_is_done() {
    let api = "https://shop.example";
    let refused = |objects: Vec<Object>, actual: &[Existing]| {
        plan(&desired(objects), actual).unwrap_err().to_string()
    };
    let one = |kind, name, fields| vec![object(kind, name, fields)];
    let missing = refused(one(Kind::User, "bob", json!({ "roles": ["clerc"] })), &made(shop()));
    assert_eq!(missing, "user bob: roles: there is no role `clerc`");
    let missing =
        refused(one(Kind::Role, "r", json!({ "permissions": ["shop:steal"] })), &made(shop()));
    assert_eq!(missing, "role r: permissions: there is no permission `shop:steal`");
    let circle = refused(one(Kind::Role, "clerk", json!({ "contains": ["boss"] })), &made(shop()));
    assert!(circle.contains("would contain itself"), "{circle}");
    let other = refused(one(Kind::Role, "clerk", json!({ "api": api })), &made(shop()));
    assert!(other.contains("stays with its API"), "{other}");
    let nameless = refused(one(Kind::Api, "https://x.example", json!({})), &[]);
    assert!(nameless.contains("needs a name"), "{nameless}");
    let mut actual = made(shop());
    for one in &mut actual {
        one.fixed = true;
    }
    let fixed = refused(one(Kind::Role, "clerk", json!({ "description": "x" })), &actual);
    assert!(fixed.contains("part of Doorward itself"), "{fixed}");
}

/// Deleting an API deletes its roles: not one that somebody else made.
#[test]
fn an_api_is_not_deleted_with_a_role_of_somebody_else() {
    let mut actual = made(shop());
    let clerk = actual.iter_mut().find(|one| one.name == "clerk").unwrap();
    clerk.managed = false;
    clerk.fields.insert("api".to_owned(), json!("https://shop.example"));
    let all = Desired { prune: BTreeSet::from(Kind::ALL), ..desired(Vec::new()) };
    assert!(matches!(plan(&all, &actual), Err(PlanError::RoleOfDeleted { .. })));
}
