//! The connection to PostgreSQL breaks at the commit: just before it arrives, or when it was done and the
//! answer is on its way. DBX-04, RT-18, REVO-05.

use std::sync::{Arc, Mutex};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};
use url::Url;

use crate::{
    cluster::Cluster,
    process::{
        cli::Installation,
        credentials::Client,
        http::{Answer, Call, Connection},
        server::Server,
        sign_in::{self, Browser, Tokens, Wish},
    },
    site::{Site, eventually},
};

/// How often each thing is interrupted.
const TRIALS: usize = 12;

/// Where the connection breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Cut {
    /// The commit does not arrive.
    Before,
    /// The commit is done, and nobody hears of it.
    After,
}

/// What stands between the server and its database.
struct Wire {
    url: String,
    /// The next commit is cut so.
    armed: Arc<Mutex<Option<Cut>>>,
}

impl Wire {
    async fn to(cluster: &Cluster) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let mut url = Url::parse(&cluster.url).unwrap();
        let behind = url.port().unwrap();
        url.set_port(Some(listener.local_addr().unwrap().port())).unwrap();
        let armed = Arc::new(Mutex::new(None));
        let shared = Arc::clone(&armed);
        tokio::spawn(async move {
            while let Ok((near, _)) = listener.accept().await {
                let far = TcpStream::connect(("127.0.0.1", behind)).await.unwrap();
                tokio::spawn(pass(near, far, Arc::clone(&shared)));
            }
        });
        Self { url: url.into(), armed }
    }

    /// Sends `call` and cuts the next commit; whether it was the one of `call`, so that the answer says
    /// that nobody knows. It may have been one of a job's.
    async fn interrupts(&self, cut: Cut, connection: &mut Connection, call: &Call) -> bool {
        *self.armed.lock().unwrap() = Some(cut);
        let answer = connection.send(call).await.unwrap();
        assert_eq!(*self.armed.lock().unwrap(), None, "nothing was committed: {answer:?}");
        if answer.status == 200 {
            return false;
        }
        assert_eq!(answer.status, 503, "{cut:?}: {answer:?}");
        assert!(answer.headers.contains_key("retry-after"), "{answer:?}");
        true
    }
}

/// Carries bytes both ways until the commit that is to be cut, and then breaks both ends.
async fn pass(mut near: TcpStream, mut far: TcpStream, armed: Arc<Mutex<Option<Cut>>>) {
    let (mut asked, mut said) = ([0; 16_384], [0; 16_384]);
    loop {
        tokio::select! {
            read = near.read(&mut asked) => {
                let Ok(bytes @ 1..) = read else { return };
                let message = &asked[..bytes];
                let commits = message.windows(7).any(|part| part == b"COMMIT\0");
                let cut = if commits { armed.lock().unwrap().take() } else { None };
                if cut == Some(Cut::Before) {
                    return;
                }
                far.write_all(message).await.unwrap();
                if cut == Some(Cut::After) {
                    // Its answer, which goes nowhere.
                    assert!(far.read(&mut said).await.unwrap() > 0);
                    return;
                }
            }
            read = far.read(&mut said) => {
                let Ok(bytes @ 1..) = read else { return };
                if near.write_all(&said[..bytes]).await.is_err() {
                    return;
                }
            }
        }
    }
}

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

    /// Makes and sends requests until the commit of one was cut: that one.
    async fn interrupted(&mut self, cut: Cut, make: impl AsyncFn(&mut Self) -> Call) -> Call {
        for _ in 0..TRIALS {
            let call = make(self).await;
            if self.wire.interrupts(cut, &mut self.connection, &call).await {
                return call;
            }
        }
        panic!("{cut:?}: no commit was cut")
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

    /// A revocation whose commit was cut, and the token that it is about.
    async fn interrupted_revocation(&mut self, cut: Cut) -> (Call, String) {
        let token = std::cell::RefCell::new(String::new());
        let make = async |story: &mut Self| {
            let granted = story.site.granted(&mut story.connection).await;
            let authorization = story.site.machine.authorization().unwrap();
            token.replace(granted.clone());
            Call::post("/revoke", [("token", granted.as_str())]).authorized(authorization)
        };
        let call = self.interrupted(cut, make).await;
        (call, token.take())
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
    for _ in 0..TRIALS {
        let code = story.interrupted(Cut::Before, Story::redemption).await;
        sign_in::tokens(&story.send(&code).await).unwrap();

        let code = story.interrupted(Cut::After, Story::redemption).await;
        let answer = story.send(&code).await;
        assert_eq!(answer.status, 400, "{answer:?}");
        assert!(String::from_utf8_lossy(&answer.body).contains("\"invalid_grant\""), "{answer:?}");
    }
    story.tokens().await;
    story.site.installation.run(&["audit", "verify"], "").unwrap();
}

/// DBX-04, RT-18: a refresh that nobody heard of is tried again, and nobody is signed out.
#[tokio::test]
async fn rt_18_a_refresh_is_tried_again_whatever_was_heard_of_it() {
    let mut story = Story::begin().await;
    let mut tokens = story.tokens().await;
    for _ in 0..TRIALS {
        for cut in [Cut::Before, Cut::After] {
            let refresh = story.refresh(&tokens);
            story.interrupted(cut, async |_| refresh.clone()).await;
            tokens = sign_in::tokens(&story.send(&refresh).await).unwrap();
        }
    }
    let refresh = story.refresh(&tokens);
    sign_in::tokens(&story.send(&refresh).await).unwrap();
    story.site.installation.run(&["audit", "verify"], "").unwrap();
}

/// REVO-05: a revocation that did not arrive is never acknowledged; asked for again, it is.
#[tokio::test]
async fn revo_05_a_revocation_is_acknowledged_once_it_is_done() {
    let mut story = Story::begin().await;
    for cut in [Cut::Before, Cut::After].into_iter().cycle().take(TRIALS) {
        let (revoke, token) = story.interrupted_revocation(cut).await;
        if cut == Cut::Before {
            assert!(story.site.is_active(&mut story.connection, &token).await);
        } else {
            // The node hears of it from the change log.
            let Story { site, connection, .. } = &mut story;
            eventually("revoked", async || !site.is_active(connection, &token).await).await;
        }
        assert_eq!(story.send(&revoke).await.status, 200);
        assert!(!story.site.is_active(&mut story.connection, &token).await);
    }
}
