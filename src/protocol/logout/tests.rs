//! RP-Initiated Logout, clause by clause.

use super::*;
use crate::{
    protocol::authorize::{
        id_token_hint::HintFacts,
        testing::{params, web_client},
    },
    types::Timestamp,
};

const OUT: &str = "https://app.example.com/out";

fn client() -> Client {
    let mut client = web_client(&[]);
    client.metadata.post_logout_redirect_uris = vec![OUT.to_owned(), format!("{OUT}?x=1")];
    client
}

fn session(n: u8) -> CurrentSession {
    let then = Timestamp::from_unix(1);
    CurrentSession { id: SessionId::new(then, [n; 10]), user_id: UserId::new(then, [n; 10]) }
}

fn hint(n: u8) -> IdTokenHint {
    IdTokenHint::Verified(HintFacts {
        user_id: session(n).user_id,
        session_id: Some(session(n).id),
        client_id: ClientId::parse("app").unwrap(),
    })
}

fn answer(
    query: &str,
    hint: &IdTokenHint,
    session: Option<CurrentSession>,
) -> Result<Decision, LogoutError> {
    let request = LogoutRequest::parse(&params(query)).unwrap();
    decide(&request, hint, session, Some(&client()), Confirmation::Pending)
}

fn url(decision: &Decision) -> Option<String> {
    match decision {
        Decision::Confirm(target)
        | Decision::SignOut(_, target)
        | Decision::NothingToDo(target) => target.as_ref().map(PostLogoutTarget::url),
    }
}

#[test]
fn section_2_a_hint_of_this_very_session_signs_out_and_goes_with_state_alone() {
    let query = format!("post_logout_redirect_uri={OUT}&state=a+b");
    let decision = answer(&query, &hint(1), Some(session(1))).unwrap();
    assert!(matches!(decision, Decision::SignOut(id, _) if id == session(1).id));
    assert_eq!(url(&decision).unwrap(), format!("{OUT}?state=a%20b"));
    let query = format!("post_logout_redirect_uri={OUT}%3Fx%3D1&state=s");
    let decision = answer(&query, &hint(1), Some(session(1))).unwrap();
    assert_eq!(url(&decision).unwrap(), format!("{OUT}?x=1&state=s"));
    let decision = answer(&format!("post_logout_redirect_uri={OUT}"), &hint(1), None).unwrap();
    assert_eq!(
        decision,
        Decision::NothingToDo(Some(PostLogoutTarget { uri: OUT.into(), state: None }))
    );
}

#[test]
fn logo_01_without_a_hint_the_user_is_asked() {
    for query in
        ["", "state=x", "client_id=app", &format!("client_id=app&post_logout_redirect_uri={OUT}")]
    {
        let decision = answer(query, &IdTokenHint::Absent, Some(session(1))).unwrap();
        assert!(matches!(decision, Decision::Confirm(_)), "{query}");
    }
    let decision = answer("", &IdTokenHint::Invalid, Some(session(1))).unwrap();
    assert_eq!(decision, Decision::Confirm(None));
}

#[test]
fn section_2_a_confirmed_logout_is_done() {
    let request = LogoutRequest::default();
    let decided =
        decide(&request, &IdTokenHint::Absent, Some(session(1)), None, Confirmation::Given);
    assert_eq!(decided, Ok(Decision::SignOut(session(1).id, None)));
}

#[test]
fn logo_02_section_3_no_redirect_to_what_is_not_registered() {
    for bad in [
        "https://app.example.com/out/",
        "https://app.example.com/out%3Fy",
        "https://app.example.com/out%23",
        "https://evil.tld",
        "HTTPS://app.example.com/out",
    ] {
        let query = format!("post_logout_redirect_uri={bad}");
        let refused = answer(&query, &hint(1), Some(session(1)));
        assert_eq!(refused, Err(LogoutError::NotRegistered), "{bad}");
    }
    let query = format!("post_logout_redirect_uri={OUT}");
    let session = Some(session(1));
    assert_eq!(answer(&query, &IdTokenHint::Invalid, session), Err(LogoutError::InvalidHint));
    assert_eq!(answer(&query, &IdTokenHint::Absent, session), Err(LogoutError::NoClient));
    let another = format!("{query}&client_id=other");
    assert_eq!(answer(&another, &hint(1), session), Err(LogoutError::ClientMismatch));
    assert_eq!(answer(&another, &IdTokenHint::Absent, session), Err(LogoutError::UnknownClient));
}

#[test]
fn logo_08_a_hint_of_another_session_or_user_ends_nothing_unasked() {
    assert_eq!(answer("", &hint(2), Some(session(1))), Ok(Decision::Confirm(None)));
    let mut mixed = hint(1);
    if let IdTokenHint::Verified(facts) = &mut mixed {
        facts.user_id = session(2).user_id;
    }
    assert_eq!(answer("", &mixed, Some(session(1))), Ok(Decision::Confirm(None)));
    if let IdTokenHint::Verified(facts) = &mut mixed {
        facts.session_id = None;
    }
    assert_eq!(answer("", &mixed, Some(session(1))), Ok(Decision::Confirm(None)));
}

#[test]
fn a_disabled_client_redirects_nobody() {
    let mut disabled = client();
    disabled.status = Status::Disabled;
    let request =
        LogoutRequest::parse(&params(&format!("post_logout_redirect_uri={OUT}"))).unwrap();
    let decided =
        decide(&request, &hint(1), Some(session(1)), Some(&disabled), Confirmation::Pending);
    assert_eq!(decided, Err(LogoutError::NoClient));
}

#[test]
fn parameters_are_bounded() {
    let long = |name: &str| LogoutRequest::parse(&params(&format!("{name}={}", "x".repeat(9_000))));
    for name in ["id_token_hint", "state", "post_logout_redirect_uri"] {
        assert_eq!(long(name), Err(LogoutError::TooLong), "{name}");
    }
    assert_eq!(long("client_id"), Err(LogoutError::UnknownClient));
    assert_eq!(long("logout_hint").unwrap().logout_hint, None);
}
