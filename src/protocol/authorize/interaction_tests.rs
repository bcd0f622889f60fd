//! The interaction policy, clause by clause.

use super::{
    super::{
        id_token_hint::HintFacts,
        testing::{CHALLENGE, native_client, params, policy, web_client},
        validate,
    },
    *,
};
use crate::{protocol::api::tests::apis, types::ClientId};

const NOW: Timestamp = Timestamp::from_unix(10_000);
const URI: &str = "https://app.example.com/cb";

/// A request of `client`, a session that is ten minutes old, and a consent to everything.
struct Case {
    client: Client,
    request: AuthorizationRequest,
    session: Option<SessionFacts>,
    flow: FlowFacts,
    consent: Option<Consent>,
}

fn user(n: u8) -> UserId {
    UserId::new(Timestamp::from_unix(1), [n; 10])
}

fn session(n: u8, auth_time: i64) -> SessionFacts {
    let auth_time = Timestamp::from_unix(auth_time);
    let authentication = Authentication { auth_time, acr: "1".into(), amr: vec!["pwd".into()] };
    let held = Scope::parse("openid profile email offline_access notes:read").unwrap();
    SessionFacts { user_id: user(n), authentication, held }
}

fn case_of(client: Client, uri: &str, more: &str) -> Case {
    let query = format!(
        "client_id=app&redirect_uri={uri}&response_type=code&scope=openid+profile\
         &code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    );
    let mut policy = policy();
    policy.acr_values_supported = vec!["1".into(), "2".into()];
    let request = validate(&client, &params(&query), &policy, &apis()).unwrap();
    let consent = Consent {
        user_id: user(1),
        client_id: client.id.clone(),
        scope: client.metadata.scope.clone(),
        claims: Vec::new(),
        granted_at: NOW,
        updated_at: NOW,
    };
    let session = Some(session(1, NOW.unix() - 600));
    Case { client, request, session, flow: FlowFacts::default(), consent: Some(consent) }
}

fn case(more: &str) -> Case {
    case_of(web_client(&[URI]), URI, more)
}

impl Case {
    fn next(&self) -> Next {
        next(
            self.session.as_ref(),
            &self.request,
            &self.flow,
            self.consent.as_ref(),
            &self.client,
            NOW,
        )
    }

    fn refused(&self) -> ErrorCode {
        let next = self.next();
        let Next::Refuse(error) = next else { panic!("{next:?}") };
        error.code
    }

    fn done(&self) -> Granted {
        let next = self.next();
        let Next::Done(granted) = next else { panic!("{next:?}") };
        granted
    }

    /// The user signs in within the flow.
    fn sign_in(mut self, n: u8) -> Self {
        self.session = Some(session(n, NOW.unix()));
        self.flow.authenticated_at = Some(NOW);
        self
    }

    fn consents_to(mut self, scope: &str) -> Self {
        let scope = Scope::parse(scope).unwrap();
        self.flow.consented = Some(Consented { user_id: user(1), scope, claims: Vec::new() });
        self
    }
}

#[test]
fn the_table_of_reasons() {
    let rows: Vec<String> = TABLE
        .iter()
        .map(|check| {
            let (reason, page) = (format!("{:?}", check.reason), format!("{:?}", check.page));
            format!("{reason:<21} | {page:<13} | {:<26} | {}", check.error.as_str(), check.spec)
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn core_section_3_1_2_1_a_session_with_consent_needs_no_page() {
    assert_eq!(case("").done().scope.to_string(), "openid profile");
    assert_eq!(case("&prompt=none").done().scope.to_string(), "openid profile");
}

#[test]
fn authz_06_prompt_none_is_answered_with_the_fitting_error() {
    let nobody = Case { session: None, ..case("&prompt=none") };
    assert_eq!(nobody.refused(), ErrorCode::LoginRequired);
    let unknown = Case { consent: None, ..case("&prompt=none") };
    assert_eq!(unknown.refused(), ErrorCode::ConsentRequired);
    let old = case("&prompt=none&max_age=60");
    assert_eq!(old.refused(), ErrorCode::LoginRequired);
}

#[test]
fn authz_07_prompt_login_is_satisfied_only_within_the_flow() {
    assert_eq!(case("&prompt=login").next(), Next::Login(Reason::PromptLogin));
    let mut fresh = case("&prompt=login");
    fresh.session = Some(session(1, NOW.unix()));
    assert_eq!(fresh.next(), Next::Login(Reason::PromptLogin), "a fresh session is not enough");
    case("&prompt=login").sign_in(1).done();
    let mut elsewhere = case("&prompt=login").sign_in(1);
    elsewhere.session = Some(session(1, NOW.unix() - 600));
    assert_eq!(elsewhere.next(), Next::Login(Reason::PromptLogin), "another session came between");
}

#[test]
fn authz_07_max_age_counts_from_auth_time() {
    assert_eq!(case("&max_age=599").next(), Next::Login(Reason::MaxAge));
    case("&max_age=600").done();
    case("&max_age=0").sign_in(1).done();
    let mut fresh = case("&max_age=0");
    fresh.session = Some(session(1, NOW.unix()));
    assert_eq!(fresh.next(), Next::Login(Reason::MaxAge));
    let mut by_client = case("");
    by_client.client.metadata.default_max_age = Some(60);
    assert_eq!(by_client.next(), Next::Login(Reason::MaxAge));
    let mut over = case("&max_age=3600");
    over.client.metadata.default_max_age = Some(60);
    over.done();
}

#[test]
fn core_section_3_1_2_1_select_account_is_asked_once() {
    let asked = case("&prompt=select_account");
    assert_eq!(asked.next(), Next::SelectAccount(Reason::PromptSelectAccount));
    let mut chosen = case("&prompt=select_account");
    chosen.flow.account_selected = Some(user(1));
    chosen.done();
    let mut another = case("&prompt=select_account");
    another.flow.account_selected = Some(user(2));
    assert_eq!(another.next(), Next::SelectAccount(Reason::PromptSelectAccount));
    case("&prompt=select_account").sign_in(1).done();
    let nobody = Case { session: None, ..case("&prompt=select_account") };
    assert_eq!(nobody.next(), Next::Login(Reason::NoSession));
}

#[test]
fn authz_17_a_hint_only_makes_a_request_stricter() {
    let hinted = |n, more: &str| {
        let mut case = case(more);
        case.flow.id_token_hint = IdTokenHint::Verified(HintFacts {
            user_id: user(n),
            session_id: None,
            client_id: ClientId::parse("app").unwrap(),
        });
        case
    };
    hinted(1, "&prompt=none").done();
    assert_eq!(hinted(2, "&prompt=none").refused(), ErrorCode::LoginRequired);
    assert_eq!(hinted(2, "").next(), Next::Login(Reason::HintNamesAnotherUser));
    assert_eq!(hinted(2, "").sign_in(1).next(), Next::Login(Reason::HintNamesAnotherUser));
    let nobody = Case { session: None, ..hinted(1, "&prompt=none") };
    assert_eq!(nobody.refused(), ErrorCode::LoginRequired);
    let mut invalid = case("&prompt=none");
    invalid.flow.id_token_hint = IdTokenHint::Invalid;
    assert_eq!(invalid.refused(), ErrorCode::LoginRequired);
    let mut with_pages = case("");
    with_pages.flow.id_token_hint = IdTokenHint::Invalid;
    with_pages.done();
}

/// `{"id_token":{"sub":{"value":…}}}`, percent-encoded.
fn claims(json: &str) -> String {
    format!("&claims={}", form_urlencoded::byte_serialize(json.as_bytes()).collect::<String>())
}

#[test]
fn core_section_3_1_2_2_sub_with_a_value_is_that_user_or_nobody() {
    let sub = |n| claims(&format!(r#"{{"id_token":{{"sub":{{"value":"{}"}}}}}}"#, user(n)));
    case(&sub(1)).done();
    assert_eq!(case(&sub(2)).next(), Next::Login(Reason::AnotherSubRequested));
    let none = case(&format!("{}&prompt=none", sub(2)));
    assert_eq!(none.refused(), ErrorCode::LoginRequired);
}

#[test]
fn core_section_5_5_1_1_an_essential_acr_is_met_or_refused() {
    let strong = claims(r#"{"id_token":{"acr":{"essential":true,"value":"2"}}}"#);
    assert_eq!(case(&strong).next(), Next::Login(Reason::AcrUnmet));
    assert_eq!(case(&strong).sign_in(1).refused(), ErrorCode::UnmetAuthenticationRequirements);
    case(&claims(r#"{"id_token":{"acr":{"value":"2"}}}"#)).done();
}

#[test]
fn core_section_3_1_2_4_what_is_new_is_asked_for() {
    let mut new = case("");
    new.consent.as_mut().unwrap().scope = Scope::parse("openid").unwrap();
    let Next::Consent(reason, asked) = new.next() else { panic!("profile is new") };
    assert_eq!(
        (reason, asked.scope.to_string()),
        (Reason::NotYetConsented, "openid profile".into())
    );
    assert_eq!(new.consents_to("openid profile").done().scope.to_string(), "openid profile");
    let less = Case { consent: None, ..case("") }.consents_to("openid");
    assert_eq!(less.done().scope.to_string(), "openid");
    let mut another = Case { consent: None, ..case("") }.consents_to("openid profile");
    another.session = Some(session(2, NOW.unix()));
    assert!(matches!(another.next(), Next::Consent(Reason::NotYetConsented, _)));
}

#[test]
fn core_section_5_5_claims_by_name_are_consented_to_by_name() {
    let email = claims(r#"{"userinfo":{"email":null,"name":null},"id_token":{"acr":null}}"#);
    let Next::Consent(_, asked) = case(&email).next() else { panic!("email is new") };
    assert_eq!(asked.claims, ["email"]);
    let granted = case(&email).consents_to("openid profile").done();
    assert!(!granted.claims.userinfo.contains_key("email"), "it was not allowed");
    assert!(
        granted.claims.userinfo.contains_key("name") && granted.claims.id_token.contains_key("acr")
    );
    let mut remembered = case(&email);
    remembered.consent.as_mut().unwrap().claims = vec!["email".into()];
    assert!(remembered.done().claims.userinfo.contains_key("email"));
}

#[test]
fn core_section_3_1_2_1_prompt_consent_asks_again() {
    let asked = case("&prompt=consent");
    assert!(matches!(asked.next(), Next::Consent(Reason::PromptConsent, _)));
    asked.consents_to("openid profile").done();
    let mut vouched = case("");
    vouched.client.metadata.consent = ConsentPolicy::Implied;
    vouched.consent = None;
    vouched.done();
}

#[test]
fn rt_16_offline_access_is_granted_as_far_as_it_was_consented_to() {
    let wanted = |more: &str| {
        let mut case = case("");
        case.request.scope = Scope::parse("openid offline_access").unwrap();
        case.consent.as_mut().unwrap().scope = Scope::parse(more).unwrap();
        case
    };
    assert!(wanted("openid offline_access").done().scope.contains("offline_access"));
    assert!(matches!(wanted("openid").next(), Next::Consent(Reason::NotYetConsented, _)));
    assert!(!wanted("openid").consents_to("openid").done().scope.contains("offline_access"));
}

#[test]
fn authz_24_an_app_that_anybody_could_be_is_always_shown() {
    for uri in ["http://127.0.0.1:4711/cb", "com.example.app:/cb"] {
        let app = |more: &str| case_of(native_client(&[uri]), uri, more);
        assert!(matches!(app("").next(), Next::Consent(Reason::UnidentifiedClient, _)));
        assert_eq!(app("&prompt=none").refused(), ErrorCode::ConsentRequired);
        assert!(matches!(app("").sign_in(1).next(), Next::Consent(Reason::UnidentifiedClient, _)));
        app("").consents_to("openid profile").done();
        let mut vouched = app("");
        vouched.client.metadata.consent = ConsentPolicy::Implied;
        assert!(matches!(vouched.next(), Next::Consent(Reason::UnidentifiedClient, _)));
        vouched.sign_in(1).done();
    }
    case_of(native_client(&[URI]), URI, "").done();
}

/// A role is missing for something that the client cannot do without: no consent, no code.
#[test]
fn rfc6749_section_4_1_2_1_an_essential_scope_without_a_role_is_access_denied() {
    let mut client = web_client(&[URI]);
    client.metadata.essential_scope = Scope::parse("notes:read").unwrap();
    let mut case = case_of(client, URI, "");
    case.request.scope = Scope::parse("openid notes:read notes:write").unwrap();
    if let Some(session) = &mut case.session {
        session.held = Scope::parse("openid notes:write").unwrap();
    }
    let missing = Scope::parse("notes:read").unwrap();
    assert_eq!(case.next(), Next::Missing(Reason::RoleMissing, missing));
    case.request.prompt = super::super::prompt::Prompts::parse("none").unwrap();
    let Next::Refuse(error) = case.next() else { panic!("a page, with prompt=none") };
    assert_eq!(error.code, ErrorCode::AccessDenied);
}

/// What is not essential is left out, and not even asked for.
#[test]
fn rfc6749_section_3_3_what_no_role_permits_is_left_out() {
    let mut case = case_of(web_client(&[URI]), URI, "&prompt=consent");
    case.request.scope = Scope::parse("openid notes:read notes:write").unwrap();
    let Next::Consent(_, asked) = case.next() else { panic!("consent was asked for") };
    assert_eq!(asked.scope.to_string(), "notes:read openid");
}

#[test]
fn when_nothing_could_be_granted_everything_is_missing() {
    let mut case = case_of(web_client(&[URI]), URI, "");
    case.request.scope = Scope::parse("mail:send notes:write").unwrap();
    let Next::Missing(Reason::RoleMissing, missing) = case.next() else { panic!("a page") };
    assert_eq!(missing, case.request.scope);
}
