//! A new password puts everybody out who knew the old one, those as well who are just signing in.

use doorward::{
    service::{account, users},
    types::{Secret, audit::Actor},
};
use tokio::join;

use crate::actors::{
    Browser, Issuer,
    issuer::{PASSWORD, origin},
};

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
    let new = Secret::new("a quite different pass phrase".to_owned());
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
