//! The command line, and the plan that follows from it.

use std::{path::PathBuf, time::Duration};

use clap::Parser;

use super::{measure::Window, operation::Operation, report::Format};

/// What the command line says.
#[derive(Debug, Parser)]
#[command(name = "load", about = "Measures what each operation of Doorward costs.")]
pub(crate) struct Arguments {
    /// The program to measure [default: the one built with this load program]
    #[arg(long, default_value = env!("CARGO_BIN_EXE_doorward"), hide_default_value = true)]
    pub(crate) bin: PathBuf,
    /// Measure on PostgreSQL too: a server where this user may create a database
    #[arg(long, value_name = "URL")]
    pub(crate) postgres: Option<String>,
    /// Leave SQLite out
    #[arg(long, requires = "postgres")]
    pub(crate) only_postgres: bool,
    /// Measure another server beside it, started by this command (see benches/peer)
    #[arg(long, value_name = "COMMAND")]
    pub(crate) peer: Option<String>,
    /// One short round at 16 connections
    #[arg(long)]
    quick: bool,
    /// Print a Markdown table
    #[arg(long)]
    markdown: bool,
    /// Only the operations whose title holds this text
    #[arg(long, value_name = "TEXT")]
    only: Option<String>,
    /// Keep-alive connections, one table row each [default: 1,16,64]
    #[arg(long, value_delimiter = ',', value_parser = clap::value_parser!(u16).range(1..=256))]
    connections: Vec<u16>,
    /// Rounds; the table shows medians [default: 3]
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..=99))]
    rounds: Option<u16>,
    /// Milliseconds of each measurement [default: 2000]
    #[arg(long, value_name = "MS", value_parser = clap::value_parser!(u64).range(100..=60_000))]
    window: Option<u64>,
    /// What `cargo bench` adds, and `cargo test` does not.
    #[arg(long, hide = true, action = clap::ArgAction::Count)]
    bench: u8,
}

/// How much is measured.
pub(crate) struct Plan {
    /// Rounds of everything.
    pub(crate) rounds: u16,
    /// Numbers of connections.
    pub(crate) connections: Vec<u16>,
    /// Password hashes a round that tell what one costs.
    pub(crate) hashes: u16,
    span: Duration,
}

impl Plan {
    /// One measurement over `connections`.
    pub(crate) const fn window(&self, connections: u16) -> Window {
        Window { connections, span: self.span }
    }

    /// How many users are needed: one for each connection, and for each who signs in meanwhile.
    pub(crate) fn users(&self) -> u16 {
        let storms = Operation::ALL.iter().map(|operation| operation.storm());
        self.connections.iter().copied().chain(storms).max().unwrap_or_default()
    }
}

impl Arguments {
    /// The plan: what was asked for, else the quick or the full one.
    pub(crate) fn plan(&self) -> Plan {
        let (rounds, span, usual): (_, _, &[u16]) =
            if self.quick { (1, 1_000, &[16]) } else { (3, 2_000, &[1, 16, 64]) };
        let asked = !self.connections.is_empty();
        Plan {
            rounds: self.rounds.unwrap_or(rounds),
            connections: if asked { self.connections.clone() } else { usual.to_vec() },
            hashes: if self.quick { 20 } else { 50 },
            span: Duration::from_millis(self.window.unwrap_or(span)),
        }
    }

    /// Whether this is a run of `cargo bench`. `cargo test --all-targets` starts the program too.
    pub(crate) const fn is_asked_for(&self) -> bool {
        self.bench > 0
    }

    /// Whether `operation` is to be measured.
    pub(crate) fn wants(&self, operation: Operation) -> bool {
        self.only.as_ref().is_none_or(|text| operation.title().contains(text.as_str()))
    }

    /// How the table is printed.
    pub(crate) const fn format(&self) -> Format {
        if self.markdown { Format::Markdown } else { Format::Text }
    }
}
