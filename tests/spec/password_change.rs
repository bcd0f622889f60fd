//! A new password puts everybody out who knew the old one, those as well who are just signing in.

use doorward::{
    service::{account, users},
    types::{Secret, audit::Actor},
};
use http::StatusCode;
use tokio::join;

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::{PASSWORD, origin},
    steps::within,
};

const NEW: &str = "a quite different pass phrase";

/// Passwords take their time to be checked. Who began to sign in with the old one while it was changed
/// must not come in after it was changed, and stay.
#[tokio::test]
async fn who_signs_in_while_the_password_is_changed_does_not_stay() {
    let issuer = Issuer::start().await;
    let user = issuer.user("alice").await.id;
    let mut browsers = [(); 4].map(|()| Browser::new(&issuer));
    let mut forms = Vec::new();
    for browser in &mut browsers {
        let page = browser.open("/login").await.page();
        let form = page.form("#sign-in").fill("username", "alice").fill("password", PASSWORD);
        forms.push(form);
    }
    let [first, second, third, fourth] = &mut browsers;
    let new = Secret::new(NEW.to_owned());
    let origin = origin();
    let (changed, ..) = join!(
        users::set_password(&issuer.ctx, user, new, Actor::Operator, &origin),
        first.submit(&forms[0]),
        second.submit(&forms[1]),
        third.submit(&forms[2]),
        fourth.submit(&forms[3]),
    );
    changed.unwrap();
    let left = account::overview(&issuer.ctx, user).await.unwrap().sessions;
    assert!(left.is_empty(), "{left:?}");
}

/// The same within the request of an app, changed at each step of the sign-in: the page asks once more, and
/// with the new password the request goes on.
#[tokio::test]
async fn who_signs_in_for_an_app_meanwhile_is_asked_again() {
    let issuer = Issuer::start().await;
    let user = issuer.user("alice").await.id;
    let app = RelyingParty::web(&issuer).await;
    let set = async |password: &str| {
        let password = Secret::new(password.to_owned());
        users::set_password(&issuer.ctx, user, password, Actor::Operator, &origin()).await.unwrap();
    };
    let mut asked_again = 0;
    for waits in 0.. {
        let mut browser = Browser::new(&issuer);
        let page = browser.open(&app.authorize_url()).await.page();
        let form = page.form("#sign-in").fill("username", "alice").fill("password", PASSWORD);
        let mut sign_in = Box::pin(browser.submit(&form));
        if let Some(place) = within(waits, &mut sign_in).await {
            assert!(place.page().has("#allow"));
            break;
        }
        set(NEW).await;
        let page = sign_in.await.page();
        if page.status() != StatusCode::OK {
            assert_eq!(page.status(), StatusCode::UNPROCESSABLE_ENTITY, "{}", page.text());
            let form = page.form("#sign-in").fill("password", NEW);
            assert!(browser.submit(&form).await.page().has("#allow"));
            asked_again += 1;
        }
        set(PASSWORD).await;
    }
    assert!(asked_again > 0);
}
