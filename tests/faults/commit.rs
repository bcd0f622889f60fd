//! The connection to PostgreSQL breaks at each step of a request in turn: just before a statement arrives,
//! or when it was done and its answer is on the way. One of the steps is the commit. DBX-04, RT-18, REVO-05.

use std::{cell::RefCell, fmt::Debug};

use crate::{
    cluster::Cluster,
    process::{
        cli::Installation,
        credentials::Client,
        http::{Answer, Call, Connection},
        server::Server,
        sign_in::{self, Browser, Tokens, Wish},
    },
    site::Site,
    wire::{Broken, Cut, Wire},
};

/// More steps than any request has.
const MOST_STEPS: usize = 20;
/// How often a step is tried that somebody else took: a job of the server, or the pool.
const TRIES: usize = 5;
/// How often a test goes through the steps until it has met all there is to meet.
const WALKS: usize = 20;

/// A server behind the wire.
struct Story {
    site: Site,
    wire: Wire,
    app: Client,
    browser: Browser,
    connection: Connection,
    _server: Server,
    _cluster: Cluster,
}

impl Story {
    async fn begin() -> Self {
        let cluster = Cluster::start();
        let site = Site::on(Some(cluster.url.clone()));
        site.installation.create_user().unwrap();
        let app = site.installation.create_client("spa", &["--access-token-format", "opaque"]);
        let wire = Wire::to(&cluster).await;
        let behind =
            Installation { database_url: Some(wire.url.clone()), ..site.installation.clone() };
        let server = site.start_as(behind.serve()).await;
        let connection = site.connect().await;
        let (app, browser) = (app.unwrap(), Browser::default());
        Self { site, wire, app, browser, connection, _server: server, _cluster: cluster }
    }

    /// Makes requests and breaks the connection at each of their steps, before and after it; each time one
    /// broke, `check` is told which way and with which request, and says what came of it. Begins anew until
    /// each of `outcomes` was met: a step that a job of the server took is one that the request did not
    /// have broken.
    async fn at_each_step<T: PartialEq + Debug>(
        &mut self,
        outcomes: &[T],
        make: impl AsyncFn(&mut Self) -> Call,
        check: impl AsyncFn(&mut Self, Cut, Call) -> T,
    ) {
        let mut met = Vec::new();
        for _ in 0..WALKS {
            self.walk(&mut met, &make, &check).await;
            if outcomes.iter().all(|outcome| met.contains(outcome)) {
                return;
            }
        }
        panic!("{outcomes:?} were to be met: {met:?}");
    }

    /// Breaks each step once, and adds what came of it to `met`.
    async fn walk<T>(
        &mut self,
        met: &mut Vec<T>,
        make: &impl AsyncFn(&mut Self) -> Call,
        check: &impl AsyncFn(&mut Self, Cut, Call) -> T,
    ) {
        for cut in [Cut::Before, Cut::After] {
            let before = met.len();
            'steps: for step in 1..=MOST_STEPS {
                for _ in 0..TRIES {
                    let call = make(self).await;
                    match self.wire.break_at(cut, step, &mut self.connection, &call).await {
                        Broken::Elsewhere => {}
                        Broken::Nowhere => break 'steps,
                        Broken::Here => {
                            met.push(check(self, cut, call).await);
                            break;
                        }
                    }
                }
            }
            let broken = met.len() - before;
            assert!(broken < MOST_STEPS, "{cut:?}: {broken} steps");
        }
    }

    async fn send(&mut self, call: &Call) -> Answer {
        self.connection.send(call).await.unwrap()
    }

    /// The redemption of a new code.
    async fn redemption(&mut self) -> Call {
        let wish = Wish { client: &self.app, scope: sign_in::PLAIN };
        let code = self.browser.authorize(&mut self.connection, &self.site.target, wish).await;
        sign_in::redemption(&self.site.target, &self.app, &code.unwrap()).unwrap()
    }

    async fn tokens(&mut self) -> Tokens {
        let call = self.redemption().await;
        sign_in::tokens(&self.send(&call).await).unwrap()
    }

    fn refresh(&self, tokens: &Tokens) -> Call {
        let token = tokens.refresh_token.as_deref().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        sign_in::token_request(&self.site.target, &self.app, &fields).unwrap()
    }
}

/// DBX-04: a code whose redemption did not arrive works; one that was redeemed, though nobody heard of
/// it, does not, and the app signs in anew.
#[tokio::test]
async fn dbx_04_a_code_is_redeemed_at_most_once_whatever_is_heard_of_it() {
    let mut story = Story::begin().await;
    let again = async |story: &mut Story, cut: Cut, redemption: Call| {
        let mut answers = vec![story.send(&redemption).await.status];
        answers.push(story.send(&redemption).await.status);
        match answers[..] {
            // Also after a step that only made the statement known, or read something.
            [200, 400] => (cut, "works"),
            [400, 400] if cut == Cut::After => (cut, "spent"),
            _ => panic!("{cut:?}: {answers:?}"),
        }
    };
    let outcomes = [(Cut::Before, "works"), (Cut::After, "spent")];
    story.at_each_step(&outcomes, Story::redemption, again).await;
    story.tokens().await;
    story.site.installation.run(&["audit", "verify"], "").unwrap();
}

/// DBX-04, RT-18: a refresh that nobody heard of is tried again, and nobody is signed out.
#[tokio::test]
async fn rt_18_a_refresh_is_tried_again_whatever_was_heard_of_it() {
    let mut story = Story::begin().await;
    let make = async |story: &mut Story| {
        let tokens = story.tokens().await;
        story.refresh(&tokens)
    };
    let again = async |story: &mut Story, cut, refresh: Call| {
        let tokens = sign_in::tokens(&story.send(&refresh).await).unwrap();
        let next = story.refresh(&tokens);
        sign_in::tokens(&story.send(&next).await).unwrap();
        cut
    };
    story.at_each_step(&[Cut::Before, Cut::After], make, again).await;
    story.site.installation.run(&["audit", "verify"], "").unwrap();
}

/// REVO-05: a revocation that was not done is never acknowledged; asked for again, it is.
#[tokio::test]
async fn revo_05_a_revocation_is_acknowledged_once_it_is_done() {
    let mut story = Story::begin().await;
    let token = RefCell::new(String::new());
    let make = async |story: &mut Story| {
        let granted = story.site.granted(&mut story.connection).await;
        let authorization = story.site.machine.authorization().unwrap();
        let fields = [("token", granted.as_str())];
        let call = Call::post("/revoke", fields).authorized(authorization);
        token.replace(granted);
        call
    };
    let again = async |story: &mut Story, cut: Cut, revoke: Call| {
        let token = token.borrow().clone();
        // One that was done and not acknowledged may be believed a little longer.
        let undone =
            cut == Cut::Before && story.site.is_active(&mut story.connection, &token).await;
        assert_eq!(story.send(&revoke).await.status, 200);
        assert!(!story.site.is_active(&mut story.connection, &token).await);
        undone
    };
    story.at_each_step(&[true], make, again).await;
}
