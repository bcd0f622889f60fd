//! Kills the real server under load (`kill -9`), starts it again, and holds it to what it acknowledged.
//! CRASH-01; whoever else ends a process at once, the system without memory for one, does the same.
//! CRASH-09.
//!
//! `cargo test --test crash` runs 20 rounds; `cargo test --test crash -- --rounds 200` as many as one
//! likes, `--seed N` the moments of another run. `DOORWARD_TEST_ENGINE` chooses the engine. All rounds
//! work on one database, and things from earlier rounds are used and checked in later ones.
//!
//! What must hold after each kill: a token that was handed out works, and so does its successor; a code
//! that was redeemed is not redeemed again; what was revoked stays revoked; a refresh whose answer got
//! lost can be tried again; the server is ready soon; the audit log is whole, with one event for each
//! revocation. The last round ends with SIGTERM instead (CRASH-06): requests in progress are answered, and the
//! exit code is 0.

mod arguments;
mod check;
mod drain;
mod history;
mod load;
mod random;
mod site;

#[expect(dead_code, reason = "other faults than kills need more of a server")]
#[path = "../process/mod.rs"]
mod process;

use std::{
    io::{self, Write},
    process::ExitCode,
    sync::Arc,
    time::Duration,
};

use anyhow::ensure;
use tokio::time::{Instant, sleep};

use arguments::Arguments;
use check::Findings;
use history::History;
use load::Load;
use random::SplitMix;
use site::Site;

/// How long the server may take to be ready again. On a quiet machine it is a fraction of a second.
const READY_WITHIN: Duration = Duration::from_secs(10);

/// One thread: the other cores belong to the server.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let Some(arguments) = Arguments::read() else { return Ok(ExitCode::SUCCESS) };
    let mut summary = Summary::default();
    let begun = Instant::now();
    let site = Arc::new(Site::build().await?);
    let findings = run(&site, &arguments, &mut summary).await?;
    let mut out = io::stdout();
    for violation in &findings.violations {
        writeln!(out, "VIOLATION: {violation}")?;
    }
    writeln!(out, "{}", summary.line(&site, &arguments, &findings, begun.elapsed()))?;
    let held = findings.violations.is_empty();
    Ok(if held { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Figures of a run.
#[derive(Default)]
struct Summary {
    acknowledged: usize,
    loaded: Duration,
    starts: Vec<Duration>,
    events: u64,
}

impl Summary {
    fn line(
        &mut self,
        site: &Site,
        arguments: &Arguments,
        found: &Findings,
        took: Duration,
    ) -> String {
        self.starts.sort_unstable();
        let median = self.starts.get(self.starts.len() / 2).copied().unwrap_or_default();
        let longest = self.starts.last().copied().unwrap_or_default();
        let rate = self.acknowledged as u128 * 1_000 / self.loaded.as_millis().max(1);
        format!(
            "crash: {} kills on {} (seed {}) in {} s: {} answers acknowledged at {rate}/s, {} things \
             checked, {} violations; ready again in {} ms (median), {} ms (longest); audit log whole, \
             {} events",
            arguments.rounds,
            site.engine(),
            arguments.seed,
            took.as_secs(),
            self.acknowledged,
            found.checked,
            found.violations.len(),
            median.as_millis(),
            longest.as_millis(),
            self.events,
        )
    }
}

/// Every round, and the orderly end.
async fn run(
    site: &Arc<Site>,
    arguments: &Arguments,
    summary: &mut Summary,
) -> anyhow::Result<Findings> {
    let mut random = SplitMix::new(arguments.seed);
    let mut findings = Findings::default();
    let (mut server, _) = site.start().await?;
    let mut workers = load::sign_in_workers(site, &mut random).await?;
    for _ in 0..arguments.rounds {
        let enough = 60 + random.below(240);
        let load = Load::start(site, workers, enough);
        let begun = Instant::now();
        load.reached().await?;
        // Not always between the same two steps of the server.
        sleep(Duration::from_micros(random.below(5_000) as u64)).await;
        server.kill()?;
        summary.loaded += begun.elapsed();
        workers = load.end(&mut findings).await?;
        let (next, took) = site.start().await?;
        server = next;
        summary.starts.push(took);
        ensure!(took <= READY_WITHIN, "ready again only after {took:?}");
        findings.check(site, &mut workers).await?;
        summary.events = site.verify_audit_log()?;
    }
    drain::end_in_order(site, server, workers, &mut findings).await?;
    let history = findings.total;
    summary.acknowledged = history.acknowledged;
    check_events(site, &history, &mut findings)?;
    Ok(findings)
}

/// One event for each acknowledged revocation, and none that nobody asked for.
fn check_events(site: &Site, total: &History, findings: &mut Findings) -> anyhow::Result<()> {
    let events = site.count_events("token.revoked")?;
    let (least, most) = (total.revocations, total.revocations + total.revocations_unknown);
    if events < least || events > most {
        findings.violations.push(format!(
            "{events} events of revocations in the audit log, between {least} and {most} were made"
        ));
    }
    Ok(())
}
