//! The whole table: order, places of errors, and the way through the browser and back.

use super::{
    testing::{CHALLENGE, native_client, params, policy, web_client},
    *,
};
use crate::{
    protocol::{api::tests::apis, client::GrantType, error::ErrorCode},
    types::{Scope, Status},
};

const URI: &str = "https://app.example.com/cb";

fn query(more: &str) -> String {
    format!(
        "client_id=app&redirect_uri={URI}&response_type=code&scope=openid+profile&state=st\
         &code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

fn ask(query: &str) -> Result<AuthorizationRequest, AuthorizeError> {
    validate(&web_client(&[URI]), &params(query), &policy(), &apis())
}

/// The code of an error that went to the client, with the state that it had.
fn redirected(answer: Result<AuthorizationRequest, AuthorizeError>) -> ErrorCode {
    match answer {
        Err(AuthorizeError::Redirect(to, error)) => {
            assert_eq!(to.target.as_str(), URI);
            assert_eq!(to.state.as_deref(), Some("st"));
            error.code
        }
        other => panic!("{other:?}"),
    }
}

fn page(answer: Result<AuthorizationRequest, AuthorizeError>) -> ErrorCode {
    match answer {
        Err(AuthorizeError::Page(error)) => error.code,
        other => panic!("{other:?}"),
    }
}

#[test]
fn the_table_of_checks() {
    let rows: Vec<String> = TABLE
        .iter()
        .map(|check| {
            let resume = if check.resume.is_some() { "authorize, resume" } else { "authorize" };
            format!("{:<14} | {:<18} | {}", check.rule, resume, check.spec)
        })
        .collect();
    insta::assert_snapshot!(rows.join("\n"));
}

#[test]
fn a_whole_request_is_understood() {
    let request = ask(&query(
        "&nonce=n&prompt=login&max_age=60&ui_locales=de+en&display=popup&login_hint=alice\
         &acr_values=1+2&claims=%7B%22userinfo%22%3A%7B%22email%22%3Anull%7D%7D\
         &response_mode=form_post&id_token_hint=a.b.c",
    ))
    .unwrap();
    insta::assert_json_snapshot!(request);
    assert_eq!(request.id_token_hint.as_deref(), Some("a.b.c"));
    assert!(request.is_openid());
}

#[test]
fn rfc6749_section_4_1_2_1_client_and_redirect_uri_errors_are_pages() {
    assert_eq!(page(ask("")), ErrorCode::InvalidRequest);
    assert_eq!(
        page(ask(&query("").replace("client_id=app", "client_id=other"))),
        ErrorCode::InvalidRequest
    );
    assert_eq!(page(ask(&query("").replace("/cb", "/cb2"))), ErrorCode::InvalidRequest);
    let mut disabled = web_client(&[URI]);
    disabled.status = Status::Disabled;
    let answer = validate(&disabled, &params(&query("")), &policy(), &apis());
    assert_eq!(page(answer), ErrorCode::UnauthorizedClient);
}

#[test]
fn authz_02_03_other_response_types_are_redirected_errors() {
    let without = query("").replace("response_type=code&", "");
    assert_eq!(redirected(ask(&without)), ErrorCode::InvalidRequest);
    for other in ["token", "id_token", "code+id_token", "code+token"] {
        let asked = query("").replace("response_type=code&", &format!("response_type={other}&"));
        assert_eq!(redirected(ask(&asked)), ErrorCode::UnsupportedResponseType);
    }
}

#[test]
fn authz_05_unknown_parameters_are_ignored() {
    let unknown: String = (0..20).map(|i| format!("&x{i}=%00y").replace("%00", "")).collect();
    assert!(ask(&query(&unknown)).is_ok());
}

#[test]
fn authz_06_07_prompt_and_max_age_are_checked() {
    for bad in ["&prompt=none+login", "&prompt=x", "&max_age=-1", "&max_age=99999999999999999999"] {
        assert_eq!(redirected(ask(&query(bad))), ErrorCode::InvalidRequest, "{bad}");
    }
}

#[test]
fn multiple_response_types_section_2_1_errors_use_the_mode_of_the_request() {
    let Err(AuthorizeError::Redirect(to, _)) = ask(&query("&response_mode=form_post&max_age=x"))
    else {
        panic!("a bad max_age is told to the client")
    };
    assert_eq!(to.response_mode, response_mode::ResponseMode::FormPost);
    assert_eq!(redirected(ask(&query("&response_mode=jwt"))), ErrorCode::InvalidRequest);
}

#[test]
fn core_section_3_1_2_6_request_objects_are_refused_with_their_own_codes() {
    assert_eq!(redirected(ask(&query("&request=x"))), ErrorCode::RequestNotSupported);
    assert_eq!(redirected(ask(&query("&request_uri=x"))), ErrorCode::RequestUriNotSupported);
    assert_eq!(redirected(ask(&query("&request_uri=x&request=x"))), ErrorCode::InvalidRequest);
}

#[test]
fn values_that_are_too_long_are_refused_and_never_cut() {
    let nonce = "n".repeat(1024);
    assert_eq!(ask(&query(&format!("&nonce={nonce}"))).unwrap().nonce, Some(nonce.clone()));
    assert_eq!(redirected(ask(&query(&format!("&nonce={nonce}n")))), ErrorCode::InvalidRequest);
    let long_state = query("").replace("state=st", &format!("state={}", "s".repeat(4097)));
    let Err(AuthorizeError::Redirect(to, error)) = ask(&long_state) else { panic!("too long") };
    assert_eq!((to.state, error.code), (None, ErrorCode::InvalidRequest));
}

#[test]
fn pkce_02_03_08_are_redirected_errors() {
    let method = "&code_challenge_method=S256";
    for bad in ["&code_challenge_method=plain", "&code_challenge_method=S512", ""] {
        let asked = query("").replace(method, bad);
        assert_eq!(redirected(ask(&asked)), ErrorCode::InvalidRequest);
    }
    let without = query("").replace(&format!("&code_challenge={CHALLENGE}"), "");
    assert_eq!(redirected(ask(&without)), ErrorCode::InvalidRequest);
}

#[test]
fn core_section_5_5_1_1_an_unreachable_essential_acr_is_refused_at_once() {
    let claims = "&claims=%7B%22id_token%22%3A%7B%22acr%22%3A%7B%22essential%22%3Atrue%2C\
                  %22value%22%3A%22urn%3Agold%22%7D%7D%7D";
    assert_eq!(redirected(ask(&query(claims))), ErrorCode::UnmetAuthenticationRequirements);
    let mut gold = policy();
    gold.acr_values_supported = vec!["urn:gold".to_owned()];
    assert!(validate(&web_client(&[URI]), &params(&query(claims)), &gold, &apis()).is_ok());
}

#[test]
fn rfc6749_section_4_1_2_1_a_client_without_the_grant_is_unauthorized() {
    let mut machine = web_client(&[URI]);
    machine.metadata.grant_types = [GrantType::ClientCredentials].into();
    let answer = validate(&machine, &params(&query("")), &policy(), &apis());
    assert_eq!(redirected(answer), ErrorCode::UnauthorizedClient);
}

fn through_the_browser(request: &AuthorizationRequest) -> SealedRequest {
    serde_json::from_str(&serde_json::to_string(&request.to_sealed()).unwrap()).unwrap()
}

#[test]
fn a_request_survives_the_browser() {
    let client = native_client(&["http://127.0.0.1/cb"]);
    let query =
        query("&nonce=n&prompt=login+consent&max_age=1").replace(URI, "http://127.0.0.1:81/cb");
    let request = validate(&client, &params(&query), &policy(), &apis()).unwrap();
    let back = through_the_browser(&request).revalidate(&client, &policy(), &apis()).unwrap();
    assert_eq!(back, request);
    assert_eq!(back.redirect_uri.as_str(), "http://127.0.0.1:81/cb");
}

/// RURI-16: an address that was taken from the client meanwhile gets nothing.
#[test]
fn ruri_16_what_the_registration_lost_is_noticed_at_the_end() {
    let request = ask(&query("")).unwrap();
    let gone = web_client(&["https://app.example.com/new"]);
    assert_eq!(
        page(through_the_browser(&request).revalidate(&gone, &policy(), &apis())),
        ErrorCode::InvalidRequest
    );
    let mut disabled = web_client(&[URI]);
    disabled.status = Status::Disabled;
    assert_eq!(
        page(through_the_browser(&request).revalidate(&disabled, &policy(), &apis())),
        ErrorCode::UnauthorizedClient
    );
    let mut narrowed = web_client(&[URI]);
    narrowed.metadata.scope = Scope::parse("openid").unwrap();
    let back = through_the_browser(&request).revalidate(&narrowed, &policy(), &apis()).unwrap();
    assert_eq!(back.scope.to_string(), "openid");
}

#[test]
fn pkce_an_excuse_that_was_withdrawn_is_noticed_at_the_end() {
    let mut excused = web_client(&[URI]);
    excused.metadata.require_pkce = false;
    let plain =
        format!("client_id=app&redirect_uri={URI}&response_type=code&scope=openid&state=st");
    let request = validate(&excused, &params(&plain), &policy(), &apis()).unwrap();
    let answer = through_the_browser(&request).revalidate(&web_client(&[URI]), &policy(), &apis());
    assert_eq!(redirected(answer), ErrorCode::InvalidRequest);
}
