//! The PostgreSQL server dies in the middle of its work, and the one that followed it takes over: what was
//! acknowledged stands, what works once worked once, and nobody asks the follower before it leads.
//! RACE-09, RACE-11.

use std::sync::Arc;

use sqlx::{Connection as _, PgConnection};
use tokio::{sync::Barrier, task::JoinSet};

use crate::{
    cluster::Cluster,
    process::{
        cli::Installation,
        credentials::Client,
        http::{Answer, Call, Connection},
        sign_in::{self, Browser, Tokens, Wish},
    },
    site::{Site, eventually, status},
    wire::Wire,
};

/// Redemptions of one code at the moment at which the server dies.
const AT_ONCE: usize = 16;
/// More connections than the pool has: each of them is to be good.
const CONNECTIONS: usize = 32;

/// What was acknowledged before.
struct Acknowledged {
    /// Tokens that live, and one that was revoked.
    live: Vec<String>,
    revoked: String,
    /// A refresh token that was rotated twice, and the last of its family.
    old: Tokens,
    newest: Tokens,
    /// A code that nobody has redeemed, and one that somebody has.
    fresh: Call,
    spent: Call,
}

/// Until each commit is on both servers.
async fn is_followed(cluster: &Cluster) {
    let mut database = PgConnection::connect(&cluster.url).await.unwrap();
    eventually("followed", async || {
        let states: Vec<Option<String>> =
            sqlx::query_scalar("SELECT sync_state FROM pg_stat_replication")
                .fetch_all(&mut database)
                .await
                .unwrap();
        states.iter().flatten().any(|state| state == "sync")
    })
    .await;
}

/// An app and its user.
struct Story<'a> {
    site: &'a Site,
    app: Client,
    browser: Browser,
}

impl Story<'_> {
    async fn redemption(&mut self, connection: &mut Connection) -> Call {
        let wish = Wish { client: &self.app, scope: sign_in::PLAIN };
        let code = self.browser.authorize(connection, &self.site.target, wish).await.unwrap();
        sign_in::redemption(&self.site.target, &self.app, &code).unwrap()
    }

    fn refresh(&self, tokens: &Tokens) -> Call {
        let token = tokens.refresh_token.as_deref().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        sign_in::token_request(&self.site.target, &self.app, &fields).unwrap()
    }

    async fn acknowledge(&mut self, connection: &mut Connection) -> Acknowledged {
        let mut live = Vec::new();
        for _ in 0..4 {
            live.push(self.site.granted(connection).await);
        }
        let revoked = live.pop().unwrap();
        let authorization = self.site.machine.authorization().unwrap();
        let revoke = Call::post("/revoke", [("token", revoked.as_str())]);
        let answer = connection.send(&revoke.authorized(authorization)).await.unwrap();
        assert_eq!(answer.status, 200, "{answer:?}");
        let spent = self.redemption(connection).await;
        let old = granted(connection, &spent).await;
        let next = granted(connection, &self.refresh(&old)).await;
        let newest = granted(connection, &self.refresh(&next)).await;
        let fresh = self.redemption(connection).await;
        Acknowledged { live, revoked, old, newest, fresh, spent }
    }

    /// What was acknowledged stands.
    async fn assert_remembered(&self, connection: &mut Connection, known: &Acknowledged) {
        for token in &known.live {
            assert!(self.site.is_active(connection, token).await);
        }
        assert!(!self.site.is_active(connection, &known.revoked).await);
        granted(connection, &known.fresh).await;
        granted(connection, &self.refresh(&known.newest)).await;
        // The old ones are recognised, which ends the family.
        for call in [&self.refresh(&known.old), &self.refresh(&known.newest), &known.spent] {
            let answer = connection.send(call).await.unwrap();
            assert_eq!(answer.status, 400, "{answer:?}");
        }
    }
}

async fn granted(connection: &mut Connection, call: &Call) -> Tokens {
    sign_in::tokens(&connection.send(call).await.unwrap()).unwrap()
}

/// Sends `call` many times at one moment, and does `meanwhile` then.
async fn at_once(site: &Site, call: &Call, meanwhile: impl FnOnce()) -> Vec<Answer> {
    let begin = Arc::new(Barrier::new(AT_ONCE + 1));
    let mut senders = JoinSet::new();
    for _ in 0..AT_ONCE {
        let (mut connection, call) = (site.connect().await, call.clone());
        let begin = Arc::clone(&begin);
        senders.spawn(async move {
            begin.wait().await;
            connection.send(&call).await.unwrap()
        });
    }
    begin.wait().await;
    meanwhile();
    senders.join_all().await
}

/// RACE-09: one code is redeemed many times while the server dies; whatever came of it, and however often
/// it is tried again at the server that takes over, it was redeemed once at most.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn race_09_a_failover_redeems_nothing_twice_and_loses_nothing() {
    let cluster = Cluster::start();
    let site = Site::on(Some(cluster.url.clone()));
    site.installation.create_user().unwrap();
    let app = site.installation.create_client("spa", &["--access-token-format", "opaque"]);
    let follower = cluster.standby();
    is_followed(&cluster).await;
    let wire = Wire::to(&cluster).await;
    let behind = Installation { database_url: Some(wire.url.clone()), ..site.installation.clone() };
    let mut serve = behind.serve();
    serve.env("DOORWARD_LIMITS_REQUEST_TIMEOUT", "5s");
    // However long a busy machine takes: no code of this test ends by itself.
    serve.env("DOORWARD_TOKENS_CODE", "10m");
    let _server = site.start_as(serve).await;
    let mut story = Story { site: &site, app: app.unwrap(), browser: Browser::default() };
    let mut connection = site.connect().await;
    let known = story.acknowledge(&mut connection).await;

    // RACE-11: nobody works on a server that follows.
    let astray = Installation { database_url: Some(follower.clone()), ..site.installation.clone() };
    let refused = astray.run(&["client", "list"], "").unwrap_err().to_string();
    assert!(refused.contains("standby"), "{refused}");

    let contested = story.redemption(&mut connection).await;
    let first = at_once(&site, &contested, || cluster.kill()).await;
    for answer in &first {
        assert!([200, 400, 503].contains(&answer.status), "{answer:?}");
    }
    assert_eq!(status(&mut connection, "/ready").await, 503);
    assert_eq!(status(&mut connection, "/jwks").await, 200);
    // The address leads to the follower already, which does not lead yet.
    wire.lead_to(&follower);
    let waiting = connection.send(&known.fresh).await.unwrap();
    assert_eq!(waiting.status, 503, "{waiting:?}");
    assert_eq!(status(&mut connection, "/ready").await, 503);

    cluster.promote();
    eventually("ready again", async || {
        for _ in 0..CONNECTIONS {
            if status(&mut connection, "/ready").await != 200 {
                return false;
            }
        }
        true
    })
    .await;
    let again = at_once(&site, &contested, || ()).await;
    let won = first.iter().chain(&again).filter(|answer| answer.status == 200).count();
    assert!(won <= 1, "{won} redemptions");
    assert!(again.iter().all(|answer| [200, 400].contains(&answer.status)), "{again:?}");
    story.assert_remembered(&mut connection, &known).await;
    let new = Installation { database_url: Some(follower), ..site.installation.clone() };
    new.run(&["audit", "verify"], "").unwrap();
}
