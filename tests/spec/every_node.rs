//! What is taken back on one node ends there at once, and on every other node within a second, whatever
//! they remember. RFC 7009 §2.1, RFC 7662 §4.

use doorward::{
    protocol::client::{AccessTokenFormat, ClientMetadata},
    service::{changes, client_registry, users},
    store::Engine,
    types::{UserId, audit::Actor},
};
use proptest::{prelude::*, test_runner::Config};

use crate::actors::{
    Browser, Issuer, RelyingParty,
    issuer::origin,
    relying_party::{machine, web_app},
};

/// How long another node may go on believing, in milliseconds.
const LIMIT: i64 = 1_000;
/// The users who sign in; who was disabled does not come back.
const USERS: [&str; 2] = ["alice", "bob"];

/// Something that happens on node 0 or 1. Numbers choose among what there is.
#[derive(Debug, Clone, Copy)]
enum Step {
    /// A machine gets a token: client 0 opaque, client 1 a JWT.
    Machine { node: usize, client: usize },
    /// A user allows an app something: client 2 opaque, client 3 a JWT.
    Grant { client: usize, user: usize },
    /// Somebody asks whether a token counts.
    Look { node: usize, token: usize },
    /// A token is revoked.
    Revoke { node: usize, token: usize },
    /// The grant of a token is revoked, by its refresh token.
    RevokeGrant { node: usize, token: usize },
    /// An operator disables a client and, when everybody knows, enables it again.
    DisableClient { node: usize, client: usize },
    /// An operator disables a user.
    DisableUser { node: usize, user: usize },
    /// Time passes.
    Pass { milliseconds: i64 },
    /// A node does what it does four times a second, or at least means to.
    Follow { node: usize },
}

fn step() -> impl Strategy<Value = Step> {
    let node = || 0..2_usize;
    let token = || any::<prop::sample::Index>().prop_map(|index| index.index(1_000));
    prop_oneof![
        3 => (node(), node()).prop_map(|(node, client)| Step::Machine { node, client }),
        2 => (2..4_usize, 0..2_usize).prop_map(|(client, user)| Step::Grant { client, user }),
        20 => (node(), token()).prop_map(|(node, token)| Step::Look { node, token }),
        3 => (node(), token()).prop_map(|(node, token)| Step::Revoke { node, token }),
        2 => (node(), token()).prop_map(|(node, token)| Step::RevokeGrant { node, token }),
        1 => (node(), 0..4_usize).prop_map(|(node, client)| Step::DisableClient { node, client }),
        1 => (node(), 0..2_usize).prop_map(|(node, user)| Step::DisableUser { node, user }),
        6 => (1..1_300_i64).prop_map(|milliseconds| Step::Pass { milliseconds }),
        4 => node().prop_map(|node| Step::Follow { node }),
    ]
}

/// That something ended: where that was acknowledged, and when in milliseconds.
#[derive(Debug, Clone, Copy)]
struct End {
    node: usize,
    at: i64,
}

/// A token that was handed out.
#[derive(Debug)]
struct Known {
    text: String,
    refresh: Option<String>,
    client: usize,
    user: Option<usize>,
    end: Option<End>,
}

/// Two nodes on one database, and what clients know of them.
struct World<'a> {
    nodes: [&'a Issuer; 2],
    clients: [RelyingParty<'a>; 4],
    users: [UserId; 2],
    browsers: [Browser<'a>; 2],
    disabled: [bool; 2],
    tokens: Vec<Known>,
    now: i64,
}

impl<'a> World<'a> {
    async fn begin(nodes: [&'a Issuer; 2]) -> Self {
        let format =
            |metadata, access_token_format| ClientMetadata { access_token_format, ..metadata };
        let register = async |id, metadata| RelyingParty::register(nodes[0], id, metadata).await;
        let app = async |id, access_token_format| {
            let app = register(id, format(web_app(), access_token_format)).await;
            app.asking("profile offline_access")
        };
        let clients = [
            register("machine-opaque", format(machine(), AccessTokenFormat::Opaque)).await,
            register("machine-jwt", format(machine(), AccessTokenFormat::Jwt)).await,
            app("app-opaque", AccessTokenFormat::Opaque).await,
            app("app-jwt", AccessTokenFormat::Jwt).await,
        ];
        let users = [nodes[0].user(USERS[0]).await.id, nodes[0].user(USERS[1]).await.id];
        let browsers = [Browser::new(nodes[0]), Browser::new(nodes[0])];
        let (disabled, tokens, now) = ([false; 2], Vec::new(), 0);
        Self { nodes, clients, users, browsers, disabled, tokens, now }
    }

    async fn take(&mut self, step: Step) {
        match step {
            Step::Machine { node, client } => {
                let fields = [("grant_type", "client_credentials")];
                let body = self.call(node, client, "/token", &fields).await;
                self.keep(&body, client, None);
            }
            Step::Grant { client, user } if !self.disabled[user] => {
                let browser = &mut self.browsers[user];
                let code = self.clients[client].code(browser, USERS[user]).await;
                let body = self.clients[client].redeem(&code).await.json();
                self.keep(&body, client, Some(user));
            }
            Step::Look { node, token } => self.look(node, token).await,
            Step::Revoke { node, token } => self.revoke(node, token).await,
            Step::RevokeGrant { node, token } => self.revoke_grant(node, token).await,
            Step::DisableClient { node, client } => self.disable_client(node, client).await,
            Step::DisableUser { node, user } if !self.disabled[user] => {
                let ctx = &self.nodes[node].ctx;
                let id = self.users[user];
                users::disable(ctx, id, Actor::Operator, &origin()).await.unwrap();
                self.disabled[user] = true;
                self.end(node, |token| token.user == Some(user));
            }
            Step::Grant { .. } | Step::DisableUser { .. } => {}
            Step::Pass { milliseconds } => self.pass(milliseconds),
            Step::Follow { node } => changes::follow(&self.nodes[node].ctx).await.unwrap(),
        }
    }

    fn pass(&mut self, milliseconds: i64) {
        self.nodes[0].clock.advance_millis(milliseconds);
        self.now += milliseconds;
    }

    /// Calls an endpoint of a node as a client that it must know.
    async fn call(
        &self,
        node: usize,
        client: usize,
        path: &str,
        fields: &[(&str, &str)],
    ) -> serde_json::Value {
        let request = self.clients[client].request(path, fields);
        let reply = self.nodes[node].send(request).await;
        assert_eq!(reply.status, 200, "{path}: {}", reply.text());
        if reply.body.is_empty() { serde_json::Value::Null } else { reply.json() }
    }

    fn keep(&mut self, body: &serde_json::Value, client: usize, user: Option<usize>) {
        let text = |name: &str| body[name].as_str().map(str::to_owned);
        let (access, refresh) = (text("access_token").unwrap(), text("refresh_token"));
        self.tokens.push(Known { text: access, refresh, client, user, end: None });
    }

    /// Notes that every live token which `concerns` says ends now.
    fn end(&mut self, node: usize, concerns: impl Fn(&Known) -> bool) {
        let end = End { node, at: self.now };
        for token in &mut self.tokens {
            if token.end.is_none() && concerns(token) {
                token.end = Some(end);
            }
        }
    }

    fn chosen(&self, token: usize) -> Option<usize> {
        (!self.tokens.is_empty()).then(|| token % self.tokens.len())
    }

    /// The property: live tokens count, and ended ones only elsewhere, and not for long.
    async fn look(&self, node: usize, token: usize) {
        let Some(chosen) = self.chosen(token) else { return };
        let known = &self.tokens[chosen];
        let body = self.call(node, known.client, "/introspect", &[("token", &known.text)]).await;
        let active = body["active"].as_bool().unwrap();
        let Some(end) = known.end else {
            assert!(active, "a live token does not count: {known:?}");
            return;
        };
        let late = end.node == node || self.now - end.at > LIMIT;
        assert!(!(active && late), "active on node {node} at {}: {known:?}", self.now);
    }

    async fn revoke(&mut self, node: usize, token: usize) {
        let Some(chosen) = self.chosen(token) else { return };
        let known = &self.tokens[chosen];
        let fields = [("token", known.text.as_str())];
        self.call(node, known.client, "/revoke", &fields).await;
        if self.tokens[chosen].end.is_none() {
            self.tokens[chosen].end = Some(End { node, at: self.now });
        }
    }

    async fn revoke_grant(&mut self, node: usize, token: usize) {
        let Some(chosen) = self.chosen(token) else { return };
        let known = &self.tokens[chosen];
        let Some(refresh) = known.refresh.clone() else { return };
        self.call(node, known.client, "/revoke", &[("token", &refresh)]).await;
        self.end(node, |token| token.refresh.as_ref() == Some(&refresh));
    }

    /// A client that is disabled is let in nowhere, and the grants to it end for ever.
    async fn disable_client(&mut self, node: usize, client: usize) {
        let id = self.clients[client].registered.client.id.clone();
        let operator = Actor::Operator;
        let ctx = &self.nodes[node].ctx;
        client_registry::disable(ctx, &id, operator, &origin()).await.unwrap();
        self.end(node, |token| token.client == client && token.user.is_some());
        assert!(!self.is_known(node, client).await, "a disabled client on its own node");
        self.pass(LIMIT + 1);
        for node in [0, 1] {
            assert!(!self.is_known(node, client).await, "a disabled client on node {node}");
        }
        let ctx = &self.nodes[node].ctx;
        client_registry::enable(ctx, &id, Actor::Operator, &origin()).await.unwrap();
        self.pass(LIMIT + 1);
    }

    /// Whether a node lets a client in.
    async fn is_known(&self, node: usize, client: usize) -> bool {
        let request = self.clients[client].request("/introspect", &[("token", "of nobody")]);
        self.nodes[node].send(request).await.status == 200
    }
}

async fn run(steps: Vec<Step>) {
    let first = Issuer::start().await;
    let second = first.another_node().await;
    let mut world = World::begin([&first, &second]).await;
    for step in steps {
        world.take(step).await;
    }
}

/// Where nodes tell each other, a node follows without looking: no clock moves here, and nobody looks.
#[tokio::test]
async fn a_node_that_is_told_of_a_revocation_knows_it_without_looking() {
    let first = Issuer::start().await;
    let second = first.another_node().await;
    if first.ctx.db.engine() == Engine::Sqlite {
        // Nobody tells on SQLite, which has one node.
        changes::listen(&second.ctx).await;
        return;
    }
    let mut world = World::begin([&first, &second]).await;
    for client in [0, 1] {
        world.take(Step::Machine { node: 0, client }).await;
    }
    for node in [0, 1] {
        changes::follow(&[&first, &second][node].ctx).await.unwrap();
        world.look(node, 0).await;
        world.look(node, 1).await;
    }
    let hears = async {
        changes::listen(&second.ctx).await;
        unreachable!("a node listens for ever");
    };
    let revokes = async {
        for token in [0, 1] {
            world.revoke(0, token).await;
            let told = first.ctx.caches.followed_to();
            while second.ctx.caches.followed_to() < told {
                tokio::task::yield_now().await;
            }
            let known = &world.tokens[token];
            let fields = [("token", known.text.as_str())];
            let body = world.call(1, known.client, "/introspect", &fields).await;
            assert_eq!(body["active"], false);
        }
    };
    tokio::select! {
        () = revokes => {}
        () = hears => {}
    }
}

proptest! {
    #![proptest_config(Config { cases: 24, max_shrink_iters: 40, failure_persistence: None, ..Config::default() })]

    /// No order of events makes a node that acknowledged a revocation say `active`, nor another one a
    /// second later, even if it never hears of it; and no token dies of somebody else's revocation.
    #[test]
    fn nothing_counts_a_second_after_an_acknowledged_revocation(
        steps in prop::collection::vec(step(), 250),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(run(steps));
    }
}
