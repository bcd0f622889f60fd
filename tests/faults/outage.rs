//! PostgreSQL is away: stopped, so that its connections stay open and nothing is answered, or killed. The
//! server says 503 and when to come back, and goes on by itself. DBX-01, DBX-02.

use std::process::Command;

use http::{HeaderValue, header};
use sqlx::{Connection as _, PgConnection};
use tokio::task::JoinSet;

use crate::{
    cluster::Cluster,
    process::{
        credentials::Client,
        http::{Answer, Call, Connection},
        server::free_port,
        sign_in::{self, Browser, Tokens, Wish},
    },
    site::{Site, eventually, status},
};

/// Requests of each kind while the database is away: more than there are connections to it.
const AT_ONCE: usize = 24;
/// Connections that the server may have open.
const CONNECTIONS: usize = 8;

/// How the database goes away.
#[derive(Debug, Clone, Copy)]
enum Outage {
    /// Its processes are stopped, and its connections stay open.
    Frozen,
    /// Its processes are gone.
    Killed,
}

/// Somebody signed in to an app before it happened.
struct Story {
    site: Site,
    app: Client,
    browser: Browser,
    tokens: Tokens,
    /// Acknowledged, and never taken back.
    machine: Vec<String>,
    /// Another of the machine's, which it tries to revoke.
    doomed: String,
    /// Of the listener of the operator's own machines.
    management: u16,
}

impl Story {
    fn begin(cluster: &Cluster) -> Self {
        let site = Site::on(Some(cluster.url.clone()));
        site.installation.create_user().unwrap();
        let app = site.installation.create_client("spa", &["--access-token-format", "opaque"]);
        let tokens = Tokens { access_token: String::new(), refresh_token: None };
        Self {
            site,
            app: app.unwrap(),
            browser: Browser::default(),
            tokens,
            machine: Vec::new(),
            doomed: String::new(),
            management: free_port().unwrap(),
        }
    }

    /// The shortest limits, so that nobody waits for long.
    fn serve(&self) -> Command {
        let mut command = self.site.installation.command(["serve"]);
        command.args(["--listen", &format!("127.0.0.1:{}", self.site.port())]);
        command.args(["--management-listen", &format!("127.0.0.1:{}", self.management)]);
        command.env("DOORWARD_LIMITS_REQUEST_TIMEOUT", "1s");
        command.env("DOORWARD_DATABASE_CONNECTIONS", CONNECTIONS.to_string());
        command
    }

    async fn code(&mut self, connection: &mut Connection) -> anyhow::Result<String> {
        let wish = Wish { client: &self.app, scope: sign_in::PLAIN };
        self.browser.authorize(connection, &self.site.target, wish).await
    }

    fn redemption(&self, code: &str) -> Call {
        sign_in::redemption(&self.site.target, &self.app, code).unwrap()
    }

    fn refresh(&self) -> Call {
        let token = self.tokens.refresh_token.as_deref().unwrap();
        let fields = [("grant_type", "refresh_token"), ("refresh_token", token)];
        sign_in::token_request(&self.site.target, &self.app, &fields).unwrap()
    }

    fn userinfo(&self) -> Call {
        let bearer = HeaderValue::from_str(&format!("Bearer {}", self.tokens.access_token));
        Call::get("/userinfo").with(header::AUTHORIZATION, bearer.unwrap())
    }

    /// Something of everything that is acknowledged.
    async fn acknowledge(&mut self, connection: &mut Connection) {
        let code = self.code(connection).await.unwrap();
        let answer = connection.send(&self.redemption(&code)).await.unwrap();
        self.tokens = sign_in::tokens(&answer).unwrap();
        for _ in 0..5 {
            self.machine.push(self.site.granted(connection).await);
        }
        self.doomed = self.site.granted(connection).await;
    }

    /// Everything that was acknowledged still counts.
    async fn is_remembered(&mut self, connection: &mut Connection) {
        for token in &self.machine {
            assert!(self.site.is_active(connection, token).await);
        }
        assert_eq!(connection.send(&self.userinfo()).await.unwrap().status, 403);
        let answer = connection.send(&self.refresh()).await.unwrap();
        self.tokens = sign_in::tokens(&answer).unwrap();
    }
}

/// Says no, for now.
fn assert_away(answer: &Answer, what: &str) {
    assert_eq!(answer.status, 503, "{what}: {answer:?}");
    assert!(answer.headers.contains_key(header::RETRY_AFTER), "{what}: {answer:?}");
}

/// What holds while the database is away.
async fn assert_fails_closed(story: &mut Story, code: &str) {
    let port = story.site.port();
    let mut connection = story.site.connect().await;
    let mut own = Connection::open(story.management, "localhost").await.unwrap();
    let introspection = story.site.of_machine("/introspect", story.machine.last().unwrap());
    // What a node knows from memory it believes for a second, and no longer.
    eventually("nothing known", async || {
        story.site.token(&mut connection).await.status == 503
            && connection.send(&introspection).await.unwrap().status == 503
    })
    .await;
    assert_eq!(status(&mut connection, "/ready").await, 503);
    let ready = own.send(&Call::get("/ready")).await.unwrap();
    assert_away(&ready, "/ready of the management listener");
    assert!(String::from_utf8_lossy(&ready.body).contains("\"database\""), "{ready:?}");

    let mut requests = JoinSet::new();
    for (what, times, call) in [
        ("client_credentials", AT_ONCE, story.site.token_request()),
        ("authorization_code", AT_ONCE, story.redemption(code)),
        // Each may have been done, and there are ten tries.
        ("refresh_token", 3, story.refresh()),
        ("introspection", AT_ONCE, introspection),
        ("revocation", AT_ONCE, story.site.of_machine("/revoke", &story.doomed)),
        ("userinfo", AT_ONCE, story.userinfo()),
    ] {
        for _ in 0..times {
            let (call, authority) = (call.clone(), story.site.target.authority.clone());
            requests.spawn(async move {
                let mut connection = Connection::open(port, &authority).await.unwrap();
                (what, connection.send(&call).await.unwrap())
            });
        }
    }
    for path in ["/live", "/jwks", "/.well-known/openid-configuration", "/login"] {
        assert_eq!(status(&mut connection, path).await, 200, "{path}");
    }
    assert_eq!(own.send(&Call::get("/live")).await.unwrap().status, 200);
    while let Some(done) = requests.join_next().await {
        let (what, answer) = done.unwrap();
        assert_away(&answer, what);
        assert!(!String::from_utf8_lossy(&answer.body).contains("active"), "{answer:?}");
    }
    // Who is signed in, and who is not: neither gets a code nor a session.
    let wish = Wish { client: &story.app, scope: sign_in::PLAIN };
    for browser in [&mut story.browser, &mut Browser::default()] {
        let refused = browser.authorize(&mut connection, &story.site.target, wish).await;
        assert_eq!(refused.unwrap_err().to_string(), "GET /authorize answered 503");
    }
}

/// DBX-02: the same process works again, with no more connections than it may have, and one that listens.
async fn assert_recovers(story: &mut Story, cluster: &Cluster, code: &str) {
    let mut connection = story.site.connect().await;
    eventually("ready again", async || {
        // One answer may come by a connection that broke: all of them are to be good.
        for _ in 0..4 * CONNECTIONS {
            if status(&mut connection, "/ready").await != 200 {
                return false;
            }
        }
        true
    })
    .await;
    story.is_remembered(&mut connection).await;
    // Nobody knows whether a write without an answer was made. It was made once, or not at all.
    let answer = connection.send(&story.redemption(code)).await.unwrap();
    assert!([200, 400].contains(&answer.status), "{answer:?}");
    let again = connection.send(&story.redemption(code)).await.unwrap();
    assert_eq!(again.status, 400, "{again:?}");
    story.acknowledge(&mut connection).await;
    let mut database = PgConnection::connect(&cluster.url).await.unwrap();
    let open: i64 =
        sqlx::query_scalar("SELECT count(*) FROM pg_stat_activity WHERE application_name = $1")
            .bind("doorward")
            .fetch_one(&mut database)
            .await
            .unwrap();
    assert!(usize::try_from(open).unwrap() <= CONNECTIONS + 1, "{open} connections");
}

/// DBX-01 and DBX-02: stopped, killed and stopped again, and always the same process that answers.
#[tokio::test]
async fn dbx_01_without_postgres_nothing_is_granted_and_dbx_02_it_recovers() {
    let cluster = Cluster::start();
    let mut story = Story::begin(&cluster);
    let _server = story.site.start_as(story.serve()).await;
    let mut connection = story.site.connect().await;
    story.acknowledge(&mut connection).await;
    for outage in [Outage::Frozen, Outage::Killed, Outage::Frozen] {
        let code = story.code(&mut connection).await.unwrap();
        match outage {
            Outage::Frozen => cluster.freeze(),
            Outage::Killed => cluster.kill(),
        }
        assert_fails_closed(&mut story, &code).await;
        match outage {
            Outage::Frozen => cluster.thaw(),
            Outage::Killed => cluster.restart(),
        }
        assert_recovers(&mut story, &cluster, &code).await;
    }
    story.site.installation.run(&["audit", "verify"], "").unwrap();
}
