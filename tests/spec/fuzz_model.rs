//! A small model of sessions, codes and grants beside the server: whatever happens in whatever order, both
//! say the same. Attack catalogue, FUZZ-03.
//!
//! `DOORWARD_FUZZ_TIMES=1000 cargo test --test spec fuzz_03` takes a thousand times as many steps.

use proptest::prelude::*;
use serde_json::Value;

use crate::actors::{
    Browser, Issuer, RelyingParty, dice,
    issuer::Reply,
    relying_party::{public_app, response_parameters, web_app},
};

/// Something that happens. Numbers choose among what there is: two browsers, two apps, all codes.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// Alice signs in for her account page.
    SignIn { browser: usize },
    /// She signs out.
    SignOut { browser: usize },
    /// She allows an app what it asks for.
    Allow { browser: usize, app: usize },
    /// An app asks without showing a page.
    Ask { browser: usize, app: usize },
    /// A code is redeemed, the first time or again.
    Redeem { code: usize },
    /// The newest refresh token of a code's grant is used.
    Refresh { code: usize },
    /// It is revoked, and the grant with it.
    Revoke { code: usize },
    /// Somebody asks about every access token of a grant.
    Look { code: usize },
}

/// What the model knows of a code and of the grant behind it.
struct Code {
    text: String,
    app: usize,
    browser: usize,
    /// None until it is redeemed.
    tokens: Option<Tokens>,
    /// Whether the grant counts.
    alive: bool,
}

struct Tokens {
    refresh: String,
    access: Vec<String>,
}

/// The model, and the server beside it.
struct World<'a> {
    apps: [RelyingParty<'a>; 2],
    browsers: [Browser<'a>; 2],
    signed_in: [bool; 2],
    allowed: [bool; 2],
    codes: Vec<Code>,
}

fn text(tokens: &Value, name: &str) -> String {
    tokens[name].as_str().unwrap().to_owned()
}

impl World<'_> {
    async fn take(&mut self, step: Step) {
        match step {
            Step::SignIn { browser } => self.sign_in(browser).await,
            Step::SignOut { browser } => self.sign_out(browser).await,
            Step::Allow { browser, app } => self.allow(browser, app).await,
            Step::Ask { browser, app } => self.ask(browser, app).await,
            Step::Redeem { code } if !self.codes.is_empty() => {
                self.redeem(code % self.codes.len()).await;
            }
            Step::Refresh { code } if !self.codes.is_empty() => {
                self.refresh(code % self.codes.len()).await;
            }
            Step::Revoke { code } if !self.codes.is_empty() => {
                self.revoke(code % self.codes.len()).await;
            }
            Step::Look { code } if !self.codes.is_empty() => {
                self.look(code % self.codes.len()).await;
            }
            Step::Redeem { .. }
            | Step::Refresh { .. }
            | Step::Revoke { .. }
            | Step::Look { .. } => {}
        }
    }

    async fn sign_in(&mut self, browser: usize) {
        if !self.signed_in[browser] {
            self.browsers[browser].sign_in("alice").await;
            self.signed_in[browser] = true;
        }
    }

    async fn sign_out(&mut self, browser: usize) {
        if self.signed_in[browser] {
            let page = self.browsers[browser].open("/logout").await.page();
            self.browsers[browser].press(&page, "#sign-out").await;
            self.signed_in[browser] = false;
            // A code that nobody redeemed belongs to the session; offline access, once granted, does not.
            let unredeemed = self.codes.iter_mut().filter(|code| code.tokens.is_none());
            for code in unredeemed.filter(|code| code.browser == browser) {
                code.alive = false;
            }
        }
    }

    async fn allow(&mut self, browser: usize, app: usize) {
        let code = self.apps[app].code(&mut self.browsers[browser], "alice").await;
        (self.signed_in[browser], self.allowed[app]) = (true, true);
        self.codes.push(Code { text: code, app, browser, tokens: None, alive: true });
    }

    async fn ask(&mut self, browser: usize, app: usize) {
        let url = self.apps[app].clone().with("prompt", "none").authorize_url();
        let answer = response_parameters(&self.browsers[browser].open(&url).await.away());
        let refused = match (self.signed_in[browser], self.allowed[app]) {
            (false, _) => Some("login_required"),
            (true, false) => Some("consent_required"),
            (true, true) => None,
        };
        assert_eq!(answer.get("error").map(String::as_str), refused, "{answer:?}");
        if let Some(code) = answer.get("code") {
            self.codes.push(Code { text: code.clone(), app, browser, tokens: None, alive: true });
        }
    }

    /// A code works once; the second time ends what the first brought. RFC 6749 §4.1.2.
    async fn redeem(&mut self, code: usize) {
        let code = &mut self.codes[code];
        let reply = self.apps[code.app].redeem(&code.text).await;
        if code.tokens.is_none() && code.alive {
            let tokens = reply.granted();
            let access = vec![text(&tokens, "access_token")];
            code.tokens = Some(Tokens { refresh: text(&tokens, "refresh_token"), access });
        } else {
            reply.is_invalid_grant();
            code.alive = false;
        }
    }

    async fn refresh(&mut self, code: usize) {
        let code = &mut self.codes[code];
        let Some(tokens) = &mut code.tokens else { return };
        let reply: Reply = self.apps[code.app].refresh(&tokens.refresh).await;
        if !code.alive {
            reply.is_invalid_grant();
            return;
        }
        let new = reply.granted();
        tokens.access.push(text(&new, "access_token"));
        if let Some(refresh) = new["refresh_token"].as_str() {
            refresh.clone_into(&mut tokens.refresh);
        }
    }

    /// RFC 7009 §2.1: with a refresh token goes its grant.
    async fn revoke(&mut self, code: usize) {
        let code = &mut self.codes[code];
        let Some(tokens) = &code.tokens else { return };
        assert_eq!(self.apps[code.app].revoke(&tokens.refresh).await.status, 200);
        code.alive = false;
    }

    /// The app that may ask says of all its tokens what the model says.
    async fn look(&self, code: usize) {
        let code = &self.codes[code];
        let Some(tokens) = &code.tokens else { return };
        for token in &tokens.access {
            let status = self.apps[code.app].userinfo(token).await.status;
            assert_eq!(status, if code.alive { 200 } else { 401 });
        }
        if code.app == 0 {
            for token in tokens.access.iter().chain([&tokens.refresh]) {
                assert_eq!(self.apps[0].introspect(token).await["active"], code.alive);
            }
        }
    }
}

async fn run(steps: Vec<Step>) {
    let issuer = Issuer::start().await;
    issuer.user("alice").await;
    let scope = "openid offline_access";
    let mut world = World {
        apps: [
            RelyingParty::register(&issuer, "notes", web_app()).await.asking(scope),
            RelyingParty::register(&issuer, "spa", public_app()).await.asking(scope),
        ],
        browsers: [Browser::new(&issuer), Browser::new(&issuer)],
        signed_in: [false; 2],
        allowed: [false; 2],
        codes: Vec::new(),
    };
    for step in steps {
        world.take(step).await;
    }
    for code in 0..world.codes.len() {
        world.look(code).await;
    }
}

fn step() -> impl Strategy<Value = Step> {
    let two = || 0..2_usize;
    let code = any::<usize>;
    prop_oneof![
        1 => two().prop_map(|browser| Step::SignIn { browser }),
        1 => two().prop_map(|browser| Step::SignOut { browser }),
        2 => (two(), two()).prop_map(|(browser, app)| Step::Allow { browser, app }),
        2 => (two(), two()).prop_map(|(browser, app)| Step::Ask { browser, app }),
        4 => code().prop_map(|code| Step::Redeem { code }),
        4 => code().prop_map(|code| Step::Refresh { code }),
        1 => code().prop_map(|code| Step::Revoke { code }),
        2 => code().prop_map(|code| Step::Look { code }),
    ]
}

/// FUZZ-03: 30 runs of 40 steps.
#[test]
fn fuzz_03_the_server_says_what_the_model_says() {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    dice::throw(30, &prop::collection::vec(step(), 40), |steps| runtime.block_on(run(steps)));
}
