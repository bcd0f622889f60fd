//! Puts load on the real `doorward` program and prints what each operation costs.
//!
//! `cargo bench --profile dist --bench load -- --quick` builds the program as it is shipped, starts it
//! on an empty folder, creates a user and clients through its command line, and drives it over
//! loopback. `--postgres URL` measures on PostgreSQL too, `--peer COMMAND` another server beside it,
//! in the same run and in turns, so that what disturbs one disturbs both. `--markdown` prints the table
//! of the README.
//!
//! The steady figure is CPU time of the server for one operation. Rates depend on the machine, which
//! the load program shares with the server.

mod arguments;
mod cli;
mod credentials;
mod doorward;
mod form;
mod hash;
mod http;
mod measure;
mod operation;
mod peer;
mod postgres;
mod process;
mod report;
mod sign_in;
mod subject;
mod worker;

use std::{
    io::{self, Write},
    process::ExitCode,
};

use clap::Parser;

use arguments::Arguments;
use doorward::Engine;
use measure::Results;
use operation::Operation;
use postgres::Scratch;
use report::Report;
use subject::Subject;

/// One thread: the other cores belong to the servers.
#[tokio::main(flavor = "current_thread")]
async fn main() -> anyhow::Result<ExitCode> {
    let arguments = Arguments::parse();
    if !arguments.is_asked_for() {
        writeln!(io::stderr(), "nothing measured: use `cargo bench --bench load`")?;
        return Ok(ExitCode::SUCCESS);
    }
    let scratch = match &arguments.postgres {
        Some(server) => Some([
            postgres::create(server, "doorward").await?,
            postgres::create(server, "peer").await?,
        ]),
        None => None,
    };
    let report = measured(&arguments, scratch.as_ref()).await;
    for database in scratch.into_iter().flatten() {
        database.drop_it().await?;
    }
    let report = report?;
    write!(io::stdout(), "{}", report.text)?;
    Ok(if report.failures == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// Starts the servers, measures, and ends them. On PostgreSQL each has one of the databases in `scratch`.
async fn measured(arguments: &Arguments, scratch: Option<&[Scratch; 2]>) -> anyhow::Result<Report> {
    let mut subjects = Vec::new();
    if !arguments.only_postgres {
        subjects.push(doorward::start(arguments, Engine::Sqlite).await?);
    }
    if let Some([database, _]) = scratch {
        subjects.push(doorward::start(arguments, Engine::Postgres(database.url())).await?);
    }
    if let Some(command) = &arguments.peer {
        subjects.push(peer::in_memory(command).await?);
        if !arguments.only_postgres {
            subjects.push(peer::on_sqlite(command).await?);
        }
        if let Some([_, database]) = scratch {
            subjects.push(peer::on_postgres(command, &database.url()).await?);
        }
    }
    let results = run(arguments, &mut subjects).await?;
    let subjects = subjects.into_iter().map(Subject::stop).collect::<Vec<_>>();
    Ok(report::write(&results, &subjects, arguments.format()))
}

/// Every operation, at every number of connections, on every subject in turn, round after round.
async fn run(arguments: &Arguments, subjects: &mut [Subject]) -> anyhow::Result<Results> {
    let plan = arguments.plan();
    let mut results = Results::default();
    for round in 1..=plan.rounds {
        results.add_password_hash(hash::cpu_micros(plan.hashes)?);
        for operation in Operation::ALL.iter().filter(|op| arguments.wants(**op)) {
            writeln!(io::stderr(), "round {round} of {}: {}", plan.rounds, operation.title())?;
            for connections in &plan.connections {
                for subject in subjects.iter().filter(|subject| subject.offers(*operation)) {
                    let window = plan.window(*connections);
                    let sample = measure::sample(subject, *operation, window).await?;
                    results.add(subject.name, *operation, *connections, sample);
                }
            }
        }
    }
    for subject in subjects {
        subject.note_loaded_memory();
    }
    Ok(results)
}
