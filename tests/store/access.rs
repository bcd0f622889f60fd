//! APIs, roles, groups, and who was given what.

use std::collections::{BTreeMap, BTreeSet};

use doorward::{
    identity::{
        group::Group,
        role::{Name, Role},
    },
    protocol::api::Api,
    store::{
        self, Db, StoreError, Unique, api as apis, group as groups, role as roles,
        role_assignment::{self as assignments, Holder},
    },
    types::{ApiId, GroupId, Permission, ResourceUri, RoleId, Status, change::Change},
};

use crate::{
    change::changes_after,
    engine::TestDb,
    samples::{NOW, at, client, user},
};

both![
    three_roles_are_there_from_the_beginning,
    an_api_goes_in_and_comes_out,
    audiences_and_permissions_are_unique,
    a_permission_that_is_gone_is_gone_from_every_role,
    a_role_goes_in_and_comes_out,
    what_a_role_names_must_exist,
    roles_are_given_and_taken_once,
    a_group_gives_its_roles_to_its_members,
    deleting_a_role_takes_it_from_everybody,
    deleting_an_api_takes_its_roles_along,
    lists_come_in_pages,
];

pub(crate) fn api(number: u8, permissions: &[&str]) -> Api {
    let of = |name: &&str| (permission(name), format!("May {name}"));
    Api {
        id: ApiId::new(NOW, [number; 10]),
        audience: ResourceUri::parse(&format!("https://api{number}.example")).unwrap(),
        name: format!("API {number}"),
        status: Status::Enabled,
        permissions: permissions.iter().map(of).collect(),
        built_in: false,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn permission(name: &str) -> Permission {
    Permission::parse(name).unwrap()
}

pub(crate) fn role(name: &str, permissions: &[&str], contains: &[&str]) -> Role {
    let number = name.bytes().fold(0, u8::wrapping_add);
    Role {
        id: RoleId::new(NOW, [number; 10]),
        name: Name::parse(name).unwrap(),
        description: format!("The role \"{name}\""),
        api: None,
        permissions: permissions.iter().map(|name| permission(name)).collect(),
        contains: contains.iter().map(|&name| name.to_owned()).collect(),
        built_in: false,
        created_at: NOW,
        updated_at: NOW,
    }
}

fn group(name: &str) -> Group {
    Group {
        id: GroupId::new(NOW, [7; 10]),
        name: Name::parse(name).unwrap(),
        description: "A group".to_owned(),
        roles: BTreeSet::new(),
        created_at: NOW,
        updated_at: NOW,
    }
}

/// An API with two permissions, and a role with one of them.
async fn notes(db: &Db) -> (Api, Role) {
    let (api, editor) =
        (api(1, &["notes:read", "notes:write"]), role("editor", &["notes:write"], &[]));
    commit!(db, [api], |tx| apis::insert(tx, &api)).unwrap();
    commit!(db, [editor], |tx| roles::insert(tx, &editor)).unwrap();
    (api, editor)
}

async fn three_roles_are_there_from_the_beginning(db: TestDb) {
    let all = read!(db, |conn| roles::all(conn)).unwrap();
    let names: Vec<_> = all.iter().map(|role| role.name.as_str()).collect();
    assert_eq!(names, ["admin", "moderator", "user"]);
    assert!(all.iter().all(|role| role.built_in && role.api.is_none()));
}

async fn an_api_goes_in_and_comes_out(db: TestDb) {
    let (mut api, _) = notes(&db).await;
    assert_eq!(read!(db, |conn| apis::find(conn, api.id)), Ok(Some(api.clone())));
    assert_eq!(read!(db, |conn| apis::all(conn)), Ok(vec![api.clone()]));
    api.name = "Better notes".to_owned();
    api.status = Status::Disabled;
    api.updated_at = at(5);
    api.permissions = BTreeMap::from([
        (permission("notes:read"), "In other words".to_owned()),
        (permission("notes:delete"), String::new()),
    ]);
    assert_eq!(commit!(db, [api], |tx| apis::update(tx, &api)), Ok(true));
    assert_eq!(read!(db, |conn| apis::find(conn, api.id)), Ok(Some(api.clone())));
    let moved = ResourceUri::parse("https://elsewhere.example").unwrap();
    for expected in [true, false] {
        let written = commit!(db, [api, moved], |tx| apis::set_audience(tx, api.id, &moved, at(6)));
        assert_eq!(written, Ok(expected));
    }
    for expected in [true, false] {
        assert_eq!(commit!(db, [api], |tx| apis::delete(tx, api.id, at(7))), Ok(expected));
    }
    assert_eq!(read!(db, |conn| apis::find(conn, api.id)), Ok(None));
    assert_eq!(commit!(db, [api], |tx| apis::update(tx, &api)), Ok(false));
    assert!(changes_after(&db, 0).await.iter().all(|change| *change == Change::Roles));
}

async fn audiences_and_permissions_are_unique(db: TestDb) {
    let (first, _) = notes(&db).await;
    let mut same_audience = api(2, &["mail:send"]);
    same_audience.audience = first.audience.clone();
    let same_permission = api(3, &["notes:read"]);
    for (api, taken) in [(same_audience, Unique::Audience), (same_permission, Unique::Permission)] {
        let refused = commit!(db, [api], |tx| apis::insert(tx, &api));
        assert_eq!(refused, Err(StoreError::Conflict(taken)));
    }
    let mut second = api(4, &[]);
    commit!(db, [second], |tx| apis::insert(tx, &second)).unwrap();
    second.permissions.insert(permission("notes:write"), String::new());
    let refused = commit!(db, [second], |tx| apis::update(tx, &second));
    assert_eq!(refused, Err(StoreError::Conflict(Unique::Permission)));
    assert_eq!(read!(db, |conn| apis::find(conn, first.id)), Ok(Some(first.clone())), "unchanged");
}

async fn a_permission_that_is_gone_is_gone_from_every_role(db: TestDb) {
    let (mut api, editor) = notes(&db).await;
    api.permissions.remove("notes:write");
    commit!(db, [api], |tx| apis::update(tx, &api)).unwrap();
    let stored = read!(db, |conn| roles::find(conn, editor.name.as_str())).unwrap().unwrap();
    assert!(stored.permissions.is_empty());
}

async fn a_role_goes_in_and_comes_out(db: TestDb) {
    let (api, editor) = notes(&db).await;
    let mut chief = role("chief", &["notes:read"], &["editor", "user"]);
    chief.api = Some(api.id);
    commit!(db, [chief], |tx| roles::insert(tx, &chief)).unwrap();
    assert_eq!(read!(db, |conn| roles::find(conn, "chief")), Ok(Some(chief.clone())));
    let all = read!(db, |conn| roles::all(conn)).unwrap();
    assert!(all.contains(&chief) && all.contains(&editor));
    chief.description = String::new();
    chief.permissions = [permission("notes:write")].into();
    chief.contains.clear();
    chief.updated_at = at(5);
    assert_eq!(commit!(db, [chief], |tx| roles::update(tx, &chief)), Ok(true));
    assert_eq!(read!(db, |conn| roles::find(conn, "chief")), Ok(Some(chief.clone())));
    for expected in [true, false] {
        assert_eq!(commit!(db, [chief], |tx| roles::delete(tx, chief.id, at(6))), Ok(expected));
    }
    assert_eq!(commit!(db, [chief], |tx| roles::update(tx, &chief)), Ok(false));
    let again = role("editor", &[], &[]);
    let refused = commit!(db, [again], |tx| roles::insert(
        tx,
        &Role { id: RoleId::new(NOW, [99; 10]), ..again }
    ));
    assert_eq!(refused, Err(StoreError::Conflict(Unique::RoleName)));
}

async fn what_a_role_names_must_exist(db: TestDb) {
    for role in [role("a", &["notes:read"], &[]), role("b", &[], &["nobody"])] {
        let refused = commit!(db, [role], |tx| roles::insert(tx, &role));
        assert_eq!(refused, Err(StoreError::MissingReference));
        assert_eq!(read!(db, |conn| roles::find(conn, role.name.as_str())), Ok(None), "undone");
    }
    let mut stranger = user(1);
    stranger.roles = ["nobody".to_owned()].into();
    let refused = commit!(db, [stranger], |tx| store::user::insert(tx, &stranger, "skeleton"));
    assert_eq!(refused, Err(StoreError::MissingReference));
}

async fn roles_are_given_and_taken_once(db: TestDb) {
    let (_, editor) = notes(&db).await;
    let (user, client) = (user(1), client("robot"));
    commit!(db, [user], |tx| store::user::insert(tx, &user, "skeleton")).unwrap();
    commit!(db, [client], |tx| store::client::insert(tx, &client)).unwrap();
    let before = read!(db, |conn| store::change_log::head(conn)).unwrap();
    let holders = [Holder::User(user.id), Holder::Client(client.id.clone())];
    for holder in &holders {
        for expected in [true, false] {
            let given =
                commit!(db, [holder], |tx| assignments::grant(tx, editor.id, &holder, at(1)));
            assert_eq!(given, Ok(expected), "{holder:?}");
        }
    }
    let told = [Change::User(user.id), Change::Client(client.id.clone())];
    assert_eq!(changes_after(&db, before).await, told);
    let stored = read!(db, |conn| store::user::find(conn, user.id)).unwrap().unwrap();
    assert_eq!(stored.roles, ["editor", "moderator", "user"].map(str::to_owned).into());
    let stored = read!(db, |conn| store::client::find(conn, &client.id, NOW)).unwrap().unwrap();
    assert_eq!(stored.roles, ["editor".to_owned()].into());
    let listed = read!(db, |conn| store::client::list(conn, None, 5, NOW)).unwrap();
    assert_eq!(listed[0].roles, stored.roles);
    for holder in &holders {
        for expected in [true, false] {
            let taken =
                commit!(db, [holder], |tx| assignments::revoke(tx, editor.id, &holder, at(2)));
            assert_eq!(taken, Ok(expected), "{holder:?}");
        }
    }
    let nobody = Holder::User(doorward::types::UserId::new(NOW, [99; 10]));
    let refused = commit!(db, [nobody], |tx| assignments::grant(tx, editor.id, &nobody, at(1)));
    assert_eq!(refused, Err(StoreError::MissingReference));
}

async fn a_group_gives_its_roles_to_its_members(db: TestDb) {
    let (_, editor) = notes(&db).await;
    let (user, group) = (user(1), group("staff"));
    commit!(db, [user], |tx| store::user::insert(tx, &user, "skeleton")).unwrap();
    commit!(db, [group], |tx| groups::insert(tx, &group)).unwrap();
    let again = Group { id: GroupId::new(NOW, [8; 10]), ..group.clone() };
    let refused = commit!(db, [again], |tx| groups::insert(tx, &again));
    assert_eq!(refused, Err(StoreError::Conflict(Unique::GroupName)));
    for expected in [true, false] {
        let joined = commit!(db, [], |tx| groups::add_member(tx, group.id, user.id, at(1)));
        assert_eq!(joined, Ok(expected));
    }
    let holder = Holder::Group(group.id);
    commit!(db, [holder], |tx| assignments::grant(tx, editor.id, &holder, at(1))).unwrap();
    let stored = read!(db, |conn| store::user::find(conn, user.id)).unwrap().unwrap();
    assert_eq!(stored.groups, ["staff".to_owned()].into());
    let stored = read!(db, |conn| groups::find(conn, "staff")).unwrap().unwrap();
    assert_eq!(stored.roles, ["editor".to_owned()].into());
    assert_eq!(read!(db, |conn| groups::all(conn)), Ok(vec![stored]));
    let members = read!(db, |conn| groups::members(conn, group.id, None, 5));
    let members = members.map(|members| members.iter().map(|member| member.id).collect());
    assert_eq!(members, Ok(vec![user.id]));
    assert_eq!(read!(db, |conn| groups::members(conn, group.id, Some(user.id), 5)), Ok(vec![]));
    assert_eq!(commit!(db, [], |tx| groups::update(tx, group.id, "Other words", at(2))), Ok(true));
    for expected in [true, false] {
        let left = commit!(db, [], |tx| groups::remove_member(tx, group.id, user.id, at(3)));
        assert_eq!(left, Ok(expected));
    }
    for expected in [true, false] {
        assert_eq!(commit!(db, [], |tx| groups::delete(tx, group.id, at(4))), Ok(expected));
    }
    assert_eq!(commit!(db, [], |tx| groups::update(tx, group.id, "Gone", at(5))), Ok(false));
}

async fn deleting_a_role_takes_it_from_everybody(db: TestDb) {
    let (_, editor) = notes(&db).await;
    let mut user = user(1);
    user.roles.insert("editor".to_owned());
    commit!(db, [user], |tx| store::user::insert(tx, &user, "skeleton")).unwrap();
    let chief = role("chief", &[], &["editor"]);
    commit!(db, [chief], |tx| roles::insert(tx, &chief)).unwrap();
    commit!(db, [], |tx| roles::delete(tx, editor.id, at(1))).unwrap();
    let stored = read!(db, |conn| store::user::find(conn, user.id)).unwrap().unwrap();
    assert!(!stored.roles.contains("editor"));
    let chief = read!(db, |conn| roles::find(conn, "chief")).unwrap().unwrap();
    assert!(chief.contains.is_empty());
}

async fn deleting_an_api_takes_its_roles_along(db: TestDb) {
    let (api, editor) = notes(&db).await;
    let own = Role { api: Some(api.id), ..role("writer", &["notes:write"], &[]) };
    commit!(db, [own], |tx| roles::insert(tx, &own)).unwrap();
    commit!(db, [], |tx| apis::delete(tx, api.id, at(1))).unwrap();
    assert_eq!(read!(db, |conn| roles::find(conn, "writer")), Ok(None));
    let stored = read!(db, |conn| roles::find(conn, editor.name.as_str())).unwrap().unwrap();
    assert!(stored.permissions.is_empty(), "a role across APIs stays, with less");
}

async fn lists_come_in_pages(db: TestDb) {
    for number in [3, 1, 2] {
        let api = api(number, &[&format!("p{number}")]);
        commit!(db, [api], |tx| apis::insert(tx, &api)).unwrap();
    }
    let first = read!(db, |conn| apis::list(conn, None, 2)).unwrap();
    let after = first[1].audience.clone();
    let rest = read!(db, |conn| apis::list(conn, Some(after.as_str()), 2)).unwrap();
    assert_eq!((first.len(), rest.len()), (2, 1));
    assert_eq!(rest[0], api(3, &["p3"]));
    let names = |page: Vec<Role>| -> Vec<String> {
        page.into_iter().map(|role| role.name.to_string()).collect()
    };
    let first = read!(db, |conn| roles::list(conn, None, 2)).unwrap();
    assert_eq!(names(first), ["admin", "moderator"]);
    let rest = read!(db, |conn| roles::list(conn, Some("moderator"), 2)).unwrap();
    assert_eq!(names(rest), ["user"]);
    assert_eq!(read!(db, |conn| groups::list(conn, None, 2)), Ok(vec![]));
}
