//! Whether the time of a failed sign-in tells if there is such a user. Attack catalogue, ENUM-02.
//!
//! `cargo bench --profile dist --bench sign_in_timing` tries a wrong password with a user who exists and,
//! beside it and in random order, with one who does not, who is disabled, or who has no password. Each pair
//! of times goes into [`statistics`]. To show that it would find a difference, half a millisecond is added to
//! the same user's time: unless that is found, nothing was shown.
//!
//! It measures in the process, without a network: nobody outside can measure better.

#[path = "../../tests/spec/actors/figures.rs"]
mod figures;
mod site;
mod statistics;

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use clap::Parser;
use tokio::time::Instant;

use site::{NAMES, Site};
use statistics::{Conclusion, Numbers, Pair, Verdict};

/// What must be found, in milliseconds.
const INJECTED: f64 = 0.5;

/// Pairs before the first that counts.
const WARM_UP: u32 = 20;

/// What the command line says.
#[derive(Debug, Parser)]
#[command(
    name = "sign_in_timing",
    about = "Whether failed sign-ins can be told apart by their time."
)]
struct Arguments {
    /// Pairs of sign-ins for each kind of user
    #[arg(long, default_value_t = 3_000, value_parser = clap::value_parser!(u32).range(20..))]
    pairs: u32,
    /// Chooses the order of each pair
    #[arg(long, default_value_t = 1)]
    seed: u64,
    /// What `cargo bench` adds, and `cargo test` does not.
    #[arg(long, hide = true, action = clap::ArgAction::Count)]
    bench: u8,
}

/// A user who is compared to the one who exists.
struct Rival {
    title: &'static str,
    name: &'static str,
    /// What is added to the measured time, in milliseconds.
    later: f64,
    pairs: Vec<Pair>,
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if arguments.bench == 0 {
        writeln!(io::stderr(), "nothing measured: use `cargo bench --bench sign_in_timing`")?;
        return Ok(ExitCode::SUCCESS);
    }
    let folder = tempfile::tempdir()?;
    let url = format!("sqlite://{}", folder.path().join("doorward.db").display());
    let site = Site::open(url).await?;
    let mut rivals = rivals();
    measure(&site, &mut rivals, &arguments).await?;
    report(&rivals, arguments.seed)
}

fn rivals() -> Vec<Rival> {
    let [exists, absent, locked, nopass] = NAMES;
    let rival = |title, name, later| Rival { title, name, later, pairs: Vec::new() };
    vec![
        rival("there is no such user", absent, 0.0),
        rival("the user is disabled", locked, 0.0),
        rival("the user has no password", nopass, 0.0),
        rival("the same user", exists, 0.0),
        rival("the same user, 0.5 ms later", exists, INJECTED),
    ]
}

/// All kinds in turns, and each pair in random order: what changes with time changes all of them.
async fn measure(site: &Site, rivals: &mut [Rival], arguments: &Arguments) -> anyhow::Result<()> {
    let [exists, ..] = NAMES;
    let mut numbers = Numbers(arguments.seed);
    for round in 0..WARM_UP + arguments.pairs {
        for rival in &mut *rivals {
            let (one, other) = if numbers.next().is_multiple_of(2) {
                let one = time(site, exists).await?;
                (one, time(site, rival.name).await?)
            } else {
                let other = time(site, rival.name).await?;
                (time(site, exists).await?, other)
            };
            if round >= WARM_UP {
                rival.pairs.push(Pair { one: millis(one), other: millis(other) + rival.later });
            }
        }
    }
    Ok(())
}

async fn time(site: &Site, name: &str) -> anyhow::Result<Duration> {
    let begun = Instant::now();
    site.fail(name).await?;
    Ok(begun.elapsed())
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1_000.0
}

/// Prints a line for each kind; fails unless all are alike and what was added was found.
fn report(rivals: &[Rival], seed: u64) -> anyhow::Result<ExitCode> {
    let mut out = io::stdout().lock();
    let mut as_it_should_be = true;
    writeln!(out, "against a user who exists, wrong password; milliseconds")?;
    for rival in rivals {
        let verdict = Verdict::of(&rival.pairs, seed);
        let Verdict { median, interval: (low, high), bound, p } = verdict;
        let wanted = if rival.later > 0.0 { Conclusion::ToldApart } else { Conclusion::Alike };
        let conclusion = verdict.conclusion();
        let word = match conclusion {
            Conclusion::Alike => "alike",
            Conclusion::ToldApart => "told apart",
            Conclusion::Undecided => "undecided: more --pairs",
        };
        let mark = if conclusion == wanted { "ok" } else { "NOT OK" };
        as_it_should_be &= conclusion == wanted;
        writeln!(
            out,
            "{mark:<6}  {:<27}  median {median:+.3}  95 % {low:+.3} … {high:+.3}  bound ±{bound:.3}  \
             p {p:.4}  {word}",
            rival.title,
        )?;
    }
    Ok(if as_it_should_be { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}
