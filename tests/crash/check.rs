//! After a kill: what the server says now, against what it acknowledged before.

use std::sync::Arc;

use http::{HeaderValue, header};
use tokio::task::JoinSet;

use crate::{
    history::{CodeState, Grant, History, State, Token},
    load::{self, Broken, Redemption, Worker},
    process::http::{Call, Connection},
    site::Site,
};

/// What was checked and what was wrong.
#[derive(Debug, Default)]
pub(crate) struct Findings {
    pub(crate) violations: Vec<String>,
    pub(crate) checked: usize,
    /// Totals of all workers.
    pub(crate) total: History,
}

impl Findings {
    /// Checks everything that the workers know, side by side.
    pub(crate) async fn check(
        &mut self,
        site: &Arc<Site>,
        workers: &mut Vec<Worker>,
    ) -> anyhow::Result<()> {
        let mut checks = JoinSet::new();
        for mut worker in workers.drain(..) {
            let site = Arc::clone(site);
            checks.spawn(async move {
                let mut findings = Self::default();
                let outcome = findings.check_worker(&site, &mut worker).await;
                worker.ledger.trim();
                (worker, findings, outcome)
            });
        }
        while let Some(checked) = checks.join_next().await {
            let (worker, findings, outcome) = checked?;
            self.violations.extend(findings.violations);
            self.checked += findings.checked;
            match outcome {
                Ok(()) => {}
                Err(Broken::Gone) => self.violations.push("the server is gone".to_owned()),
                Err(Broken::Wrong(why)) => self.violations.push(format!("after a kill: {why}")),
            }
            workers.push(worker);
        }
        Ok(())
    }

    async fn check_worker(&mut self, site: &Site, worker: &mut Worker) -> Result<(), Broken> {
        let mut conn = site.connect().await?;
        for token in &mut worker.ledger.tokens {
            self.token(site, &mut conn, token).await?;
        }
        for grant in &mut worker.ledger.grants {
            self.code(site, &mut conn, grant).await?;
            self.access(&mut conn, grant).await?;
            self.refresh(site, &mut conn, grant).await?;
        }
        // Every fourth code is presented again, which ends its grant.
        for grant in worker.ledger.grants.iter_mut().step_by(4) {
            self.replay(site, &mut conn, grant).await?;
        }
        Ok(())
    }

    fn expect(&mut self, holds: bool, violation: &str) {
        self.checked += 1;
        if !holds {
            self.violations.push(violation.to_owned());
        }
    }

    async fn token(
        &mut self,
        site: &Site,
        conn: &mut Connection,
        token: &mut Token,
    ) -> Result<(), Broken> {
        let active = load::is_active(site, conn, &token.text).await?;
        match token.state {
            State::Live => self.expect(active, "lost: an access token that was handed out"),
            State::Revoked => self.expect(!active, "revived: an access token that was revoked"),
            State::Unknown => token.state = if active { State::Live } else { State::Revoked },
        }
        Ok(())
    }

    /// A code that was handed out works once, whenever the server died.
    async fn code(
        &mut self,
        site: &Site,
        conn: &mut Connection,
        grant: &mut Grant,
    ) -> Result<(), Broken> {
        match grant.code_state {
            CodeState::Redeemed => {}
            CodeState::Fresh => {
                let issued = grant.redeem(site, conn).await? == Redemption::Issued;
                self.expect(issued, "lost: a code that was handed out");
            }
            CodeState::Unknown => {
                if grant.redeem(site, conn).await? == Redemption::Refused {
                    // It was redeemed before the kill, and this was the replay that ends the grant.
                    (grant.code_state, grant.state) = (CodeState::Redeemed, State::Revoked);
                }
            }
        }
        Ok(())
    }

    async fn access(&mut self, conn: &mut Connection, grant: &Grant) -> Result<(), Broken> {
        for token in &grant.access {
            let counts = counts(conn, token).await?;
            match grant.state {
                State::Live => self.expect(counts, "lost: a user's access token"),
                State::Revoked => self.expect(!counts, "revived: a user's access token"),
                State::Unknown => {}
            }
        }
        Ok(())
    }

    /// The latest refresh token works, even if its successor was made and the answer got lost.
    async fn refresh(
        &mut self,
        site: &Site,
        conn: &mut Connection,
        grant: &mut Grant,
    ) -> Result<(), Broken> {
        let Some(refresh) = grant.refresh.clone() else { return Ok(()) };
        let answer = load::present_refresh(site, conn, &refresh).await?;
        let refused = load::is_invalid_grant(&answer);
        if !refused && answer.status != 200 {
            return Err(load::unexpected("/token", &answer));
        }
        match grant.state {
            State::Live => self.expect(!refused, "logged out: a refresh token that was handed out"),
            State::Revoked => self.expect(refused, "revived: a refresh token that was revoked"),
            State::Unknown => grant.state = if refused { State::Revoked } else { State::Live },
        }
        if refused { Ok(()) } else { grant.keep(&answer) }
    }

    /// A second redemption is refused and takes everything with it. RFC 9700 §4.2.4.
    async fn replay(
        &mut self,
        site: &Site,
        conn: &mut Connection,
        grant: &mut Grant,
    ) -> Result<(), Broken> {
        let refused = grant.redeem(site, conn).await? == Redemption::Refused;
        self.expect(refused, "double redemption: a code was redeemed again after a kill");
        grant.state = State::Revoked;
        self.access(conn, grant).await
    }
}

/// Whether a user's access token counts. It was issued without `openid`: UserInfo refuses it for its
/// scope when it counts, and for itself when it does not. RFC 6750 §3.1.
async fn counts(conn: &mut Connection, token: &str) -> Result<bool, Broken> {
    let bearer = HeaderValue::from_str(&format!("Bearer {token}")).map_err(anyhow::Error::from)?;
    let answer = conn.send(&Call::get("/userinfo").with(header::AUTHORIZATION, bearer)).await?;
    match answer.status {
        403 => Ok(true),
        401 => Ok(false),
        _ => Err(load::unexpected("/userinfo", &answer)),
    }
}
