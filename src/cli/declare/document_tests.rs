//! Reading what is declared, and the mistakes in it.

use super::*;

fn read(text: &str) -> anyhow::Result<Document> {
    Document::parse(&format!("owner = \"shop\"\n{text}"), Path::new("/etc/shop"))
}

fn only(text: &str) -> Object {
    read(text).unwrap().desired.objects.pop().unwrap()
}

#[test]
fn the_example_declares_one_of_everything() {
    let document = Document::parse(super::super::EXAMPLE, Path::new("")).unwrap();
    let kinds: BTreeSet<Kind> = document.desired.objects.iter().map(|one| one.kind).collect();
    assert_eq!(kinds, BTreeSet::from(Kind::ALL));
    assert_eq!(document.references.len(), 2);
}

#[test]
fn values_are_as_the_server_would_say_them() {
    let user = only("[user.Alice]\nemail = \"Alice@Example.com\"\nroles = [\"b\", \"a\", \"b\"]");
    assert_eq!(user.name, "alice");
    assert_eq!(user.fields["email"], "alice@example.com");
    assert_eq!(user.fields["roles"], json!(["a", "b"]));
    let client = only("[client.app]\nscope = \"profile openid\"\nclient_uri = \"\"");
    assert_eq!(client.fields["scope"], "openid profile");
    assert_eq!(client.fields["client_uri"], Value::Null);
    assert_eq!(client.fields.len(), 2, "what is not declared stays");
}

#[test]
fn a_type_says_where_a_client_starts_from() {
    let client = only("[client.app]\ntype = \"spa\"\nscope = \"openid\"");
    assert_eq!(client.fields["token_endpoint_auth_method"], "none");
    assert_eq!(client.fields["scope"], "openid", "what is declared counts for more");
}

#[test]
fn a_secret_is_referred_to_and_never_a_field() {
    let document = read("[client.app]\nsecret = { file = \"app.secret\" }").unwrap();
    let reference = document.references.values().next().unwrap();
    assert_eq!(*reference, Reference::File("/etc/shop/app.secret".into()));
    assert_eq!(document.desired.objects[0].fields["secret"], SECRET_AS_DECLARED);
    let user = read("[user.bob]\npassword = { env = \"BOB\" }").unwrap();
    assert!(user.desired.objects[0].fields.is_empty());
}

#[test]
fn mistakes_are_named_with_their_place() {
    for (text, message, hint) in [
        ("[users.bob]", "users: there is no such key", "did you mean `user`?"),
        ("[user.bob]\nemial = \"x\"", "user bob: emial: there is no such key", "`email`"),
        ("[client.app]\nredirect_uri = []", "no such key", "`redirect_uris`"),
        ("[user.bob]\npassword = \"secret\"", "user bob: password: say where it is", "env"),
        ("[user.bob]\nenabled = \"yes\"", "user bob: enabled: must be true or false", ""),
        ("[user.bob]\nroles = \"user\"", "user bob: roles: must be a list of names", ""),
        ("[user.bob]\nemail = \"bob\"", "user bob: email: ", ""),
        ("[user.bob]\nclaims = { nmae = \"Bob\" }", "there is no claim `nmae`", "`name`"),
        ("[user.bob]\n[user.BOB]", "is declared twice", ""),
        ("[role.Editor]", "role Editor: a name has 1 to 64 characters", ""),
        ("[api.notes]", "api notes: the audience", ""),
        ("[role.r]\npermissions = [\"a b\"]", "role r: permissions: `a b`", ""),
        ("[client.app]\ntype = \"site\"", "there is no type `site`", "web, spa"),
        ("[client.app]\nscope = 5", "client app: scope: ", ""),
        ("prune = [\"roles\"]", "prune: there is no kind `roles`", "role"),
        ("[user.bob", "TOML parse error", ""),
    ] {
        let error = read(text).unwrap_err();
        let told = format!("{:?}", error.downcast_ref::<Failure>());
        assert!(error.to_string().contains(message), "{text}: {error}");
        assert!(told.contains(hint), "{text}: {told}");
    }
    let nameless = Document::parse("[user.bob]", Path::new("")).unwrap_err();
    assert!(nameless.to_string().starts_with("owner:"), "{nameless}");
}
