//! The load: workers that each own what they were given, so that every history is a sequence.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use anyhow::Context;
use serde_json::Value;
use tokio::{sync::Notify, task::JoinSet, time::timeout};

use crate::{
    check::Findings,
    history::{CodeState, Grant, Ledger, State, Token},
    process::{
        credentials::Client,
        http::{Answer, Call, Connection},
        sign_in::{self, Browser, PLAIN, Wish},
    },
    random::SplitMix,
    site::Site,
};

/// Clients at the same time.
const WORKERS: usize = 8;
/// Access tokens of one grant that are remembered.
const REMEMBERED: usize = 4;
/// How long the load may take to come to its number of answers.
const PATIENCE: Duration = Duration::from_secs(60);

/// A client of the load and what it knows.
pub(crate) struct Worker {
    browser: Browser,
    random: SplitMix,
    pub(crate) ledger: Ledger,
}

/// How an operation ended that was not acknowledged.
#[derive(Debug)]
pub(crate) enum Broken {
    /// The connection broke: the server is gone, and what it did is not known.
    Gone,
    /// The server gave an answer that it must not give.
    Wrong(String),
}

impl From<anyhow::Error> for Broken {
    fn from(error: anyhow::Error) -> Self {
        if error.is::<hyper::Error>() || error.is::<std::io::Error>() {
            Self::Gone
        } else {
            Self::Wrong(format!("{error:#}"))
        }
    }
}

/// Workers whose users have signed in, through the real pages.
pub(crate) async fn sign_in_workers(
    site: &Site,
    random: &mut SplitMix,
) -> anyhow::Result<Vec<Worker>> {
    let mut connection = site.connect().await?;
    let mut workers = Vec::with_capacity(WORKERS);
    for _ in 0..WORKERS {
        let random = SplitMix::new(random.next());
        let mut browser = Browser::default();
        let wish = Wish { client: &site.public, scope: PLAIN };
        browser.authorize(&mut connection, &site.target, wish).await?;
        workers.push(Worker { browser, random, ledger: Ledger::default() });
    }
    Ok(workers)
}

/// Workers at work.
pub(crate) struct Load {
    workers: JoinSet<(Worker, Broken)>,
    counter: Arc<Counter>,
}

/// Counts acknowledged answers, and tells when there are enough.
struct Counter {
    so_far: AtomicUsize,
    enough: usize,
    reached: Notify,
}

impl Load {
    /// Sets `workers` to work until the server is gone.
    pub(crate) fn start(site: &Arc<Site>, workers: Vec<Worker>, enough: usize) -> Self {
        let reached = Notify::new();
        let counter = Arc::new(Counter { so_far: AtomicUsize::new(0), enough, reached });
        let mut set = JoinSet::new();
        for worker in workers {
            set.spawn(worker.work(Arc::clone(site), Arc::clone(&counter)));
        }
        Self { workers: set, counter }
    }

    /// Waits until enough was acknowledged.
    pub(crate) async fn reached(&self) -> anyhow::Result<()> {
        timeout(PATIENCE, self.counter.reached.notified()).await.context("the load stands still")
    }

    /// Waits until every worker noticed that the server is gone.
    pub(crate) async fn end(mut self, findings: &mut Findings) -> anyhow::Result<Vec<Worker>> {
        let mut workers = Vec::new();
        while let Some(ended) = self.workers.join_next().await {
            let (mut worker, broken) = ended?;
            if let Broken::Wrong(why) = broken {
                findings.violations.push(format!("under load: {why}"));
            }
            findings.total.take(&mut worker.ledger.history);
            workers.push(worker);
        }
        Ok(workers)
    }
}

impl Worker {
    async fn work(mut self, site: Arc<Site>, counter: Arc<Counter>) -> (Self, Broken) {
        let broken = match site.connect().await {
            Ok(mut connection) => loop {
                match self.operation(&site, &mut connection).await {
                    Ok(()) => {
                        self.ledger.history.acknowledged += 1;
                        if counter.so_far.fetch_add(1, Ordering::Relaxed) + 1 == counter.enough {
                            counter.reached.notify_one();
                        }
                    }
                    Err(broken) => break broken,
                }
            },
            Err(error) => error.into(),
        };
        (self, broken)
    }

    /// One of the things that clients do.
    async fn operation(&mut self, site: &Site, conn: &mut Connection) -> Result<(), Broken> {
        let token = self.pick(self.ledger.tokens.len());
        let grant = self.pick(self.ledger.grants.len());
        match (self.random.below(100), token, grant) {
            (0..10, Some(token), _) => self.revoke_token(site, conn, token).await,
            (10..15, _, Some(grant)) => self.revoke_grant(site, conn, grant).await,
            (15..50, _, Some(grant)) => self.refresh(site, conn, grant).await,
            (50..70, _, _) => self.new_grant(site, conn).await,
            (_, _, _) => self.new_token(site, conn).await,
        }
    }

    fn pick(&mut self, of: usize) -> Option<usize> {
        (of > 0).then(|| self.random.below(of))
    }

    async fn new_token(&mut self, site: &Site, conn: &mut Connection) -> Result<(), Broken> {
        let text = machine_token(site, conn).await?;
        self.ledger.tokens.push(Token::new(text));
        Ok(())
    }

    /// Revokes a token; the server must know of it at once.
    async fn revoke_token(
        &mut self,
        site: &Site,
        conn: &mut Connection,
        chosen: usize,
    ) -> Result<(), Broken> {
        let Self { ledger, .. } = self;
        let Some(token) = ledger.tokens.get_mut(chosen) else { return Ok(()) };
        if token.state == State::Live {
            token.state = State::Unknown;
            ledger.history.revocations_unknown += 1;
            revoke(conn, &site.machine, &token.text).await?;
            token.state = State::Revoked;
            ledger.history.revocations_unknown -= 1;
            ledger.history.revocations += 1;
        }
        if token.state == State::Revoked && is_active(site, conn, &token.text).await? {
            return Err(Broken::Wrong("a token is active after its revocation".to_owned()));
        }
        Ok(())
    }

    /// A code from a session that was there before, and its redemption.
    async fn new_grant(&mut self, site: &Site, conn: &mut Connection) -> Result<(), Broken> {
        let wish = Wish { client: &site.public, scope: PLAIN };
        let code = self.browser.authorize(conn, &site.target, wish).await?;
        self.ledger.history.acknowledged += 1;
        self.ledger.grants.push(Grant::new(code));
        let Some(grant) = self.ledger.grants.last_mut() else { return Ok(()) };
        grant.redeem(site, conn).await.map(drop)
    }

    async fn refresh(
        &mut self,
        site: &Site,
        conn: &mut Connection,
        chosen: usize,
    ) -> Result<(), Broken> {
        let Some(grant) = self.ledger.grants.get_mut(chosen) else { return Ok(()) };
        if grant.state == State::Live { grant.refresh(site, conn).await } else { Ok(()) }
    }

    async fn revoke_grant(
        &mut self,
        site: &Site,
        conn: &mut Connection,
        chosen: usize,
    ) -> Result<(), Broken> {
        let Self { ledger, .. } = self;
        let Some(grant) = ledger.grants.get_mut(chosen) else { return Ok(()) };
        let Some(refresh) = grant.refresh.as_ref().filter(|_| grant.state == State::Live) else {
            return Ok(());
        };
        grant.state = State::Unknown;
        ledger.history.revocations_unknown += 1;
        revoke(conn, &site.public, refresh).await?;
        grant.state = State::Revoked;
        ledger.history.revocations_unknown -= 1;
        ledger.history.revocations += 1;
        Ok(())
    }
}

/// How a redemption was answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Redemption {
    Issued,
    Refused,
}

impl Grant {
    /// Presents the code; the tokens are remembered.
    pub(crate) async fn redeem(
        &mut self,
        site: &Site,
        conn: &mut Connection,
    ) -> Result<Redemption, Broken> {
        if self.code_state == CodeState::Fresh {
            self.code_state = CodeState::Unknown;
        }
        let call = sign_in::redemption(&site.target, &site.public, &self.code)?;
        let answer = conn.send(&call).await?;
        if is_invalid_grant(&answer) {
            return Ok(Redemption::Refused);
        }
        self.keep(&answer)?;
        self.code_state = CodeState::Redeemed;
        Ok(Redemption::Issued)
    }

    /// Presents the latest refresh token, which must work.
    pub(crate) async fn refresh(
        &mut self,
        site: &Site,
        conn: &mut Connection,
    ) -> Result<(), Broken> {
        let Some(refresh) = &self.refresh else { return Ok(()) };
        let answer = present_refresh(site, conn, refresh).await?;
        self.keep(&answer)
    }

    /// Remembers the tokens of an answer, which must be a success.
    pub(crate) fn keep(&mut self, answer: &Answer) -> Result<(), Broken> {
        let tokens = sign_in::tokens(answer)?;
        self.refresh = Some(tokens.refresh_token.context("no refresh token")?);
        self.access.push(tokens.access_token);
        self.access.drain(..self.access.len().saturating_sub(REMEMBERED));
        Ok(())
    }
}

/// A token of the machine.
pub(crate) async fn machine_token(site: &Site, conn: &mut Connection) -> Result<String, Broken> {
    let call = machine_token_call(site)?;
    Ok(sign_in::tokens(&conn.send(&call).await?)?.access_token)
}

/// The request for a token of the machine.
pub(crate) fn machine_token_call(site: &Site) -> anyhow::Result<Call> {
    let fields = [("grant_type", "client_credentials")];
    sign_in::token_request(&site.target, &site.machine, &fields)
}

/// Presents a refresh token.
pub(crate) async fn present_refresh(
    site: &Site,
    conn: &mut Connection,
    refresh: &str,
) -> Result<Answer, Broken> {
    let fields = [("grant_type", "refresh_token"), ("refresh_token", refresh)];
    let call = sign_in::token_request(&site.target, &site.public, &fields)?;
    Ok(conn.send(&call).await?)
}

async fn revoke(conn: &mut Connection, client: &Client, token: &str) -> Result<(), Broken> {
    let own = client.secret.is_none().then_some(("client_id", client.id.as_str()));
    let fields = [("token", token)].into_iter().chain(own);
    let call = Call::post("/revoke", fields).authorized(client.authorization()?);
    let answer = conn.send(&call).await?;
    if answer.status == 200 { Ok(()) } else { Err(unexpected("/revoke", &answer)) }
}

/// What introspection says of a token of the machine.
pub(crate) async fn is_active(
    site: &Site,
    conn: &mut Connection,
    token: &str,
) -> Result<bool, Broken> {
    let call = Call::post("/introspect", [("token", token)]);
    let answer = conn.send(&call.authorized(site.machine.authorization()?)).await?;
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    let active = body.get("active").and_then(Value::as_bool);
    active.ok_or_else(|| unexpected("/introspect", &answer))
}

/// An answer that nobody may get, whatever happened.
pub(crate) fn unexpected(what: &str, answer: &Answer) -> Broken {
    let body = String::from_utf8_lossy(&answer.body);
    let start: String = body.chars().take(160).collect();
    Broken::Wrong(format!("{what} answered {}: {start}", answer.status))
}

/// Whether the token endpoint refused a code or a refresh token.
pub(crate) fn is_invalid_grant(answer: &Answer) -> bool {
    let body: Value = serde_json::from_slice(&answer.body).unwrap_or_default();
    answer.status == 400 && body.get("error").and_then(Value::as_str) == Some("invalid_grant")
}
