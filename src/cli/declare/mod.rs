//! `doorward plan`, `apply` and `drift`: users, clients, APIs, roles and groups as a file declares them.

mod document;
mod reference;
mod show;

use std::{path::PathBuf, sync::Arc};

use clap::{Args, Subcommand};
use serde_json::json;

use self::document::Document;
use super::{
    failure::Failure,
    nearest::nearest,
    output::{Format, Output},
    secret_input::confirm,
    session::{self, Session},
};
use crate::{
    config::Flags,
    service::declared::{self, Change, DeclaredError, Kind, Plan, PlanError, Secrets, Step},
};

/// A file that apply understands, with every field explained.
const EXAMPLE: &str = include_str!("example.toml");

/// What is declared
#[derive(Debug, Args)]
pub(super) struct File {
    /// The file with the declarations, in TOML
    #[arg(short, long, value_name = "FILE")]
    file: PathBuf,
}

/// Make everything as a file declares it
#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, subcommand_negates_reqs = true)]
pub(super) struct Apply {
    #[command(subcommand)]
    command: Option<ApplyCommand>,
    /// The file with the declarations, in TOML
    #[arg(short, long, value_name = "FILE", required = true)]
    file: Option<PathBuf>,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

#[derive(Debug, Subcommand)]
enum ApplyCommand {
    /// Print a file that declares one of everything, with comments
    Example,
}

/// What is to be said of the differences.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Question {
    /// What apply would do.
    Plan,
    /// Where the server is not as declared.
    Drift,
}

/// Says what apply would do.
pub(super) fn plan(flags: &Flags, output: &Output, file: &File) -> anyhow::Result<()> {
    let document = Document::read(&file.file)?;
    session::block_on(flags, output, |session| {
        Box::pin(async move { tell(&session, document, Question::Plan).await })
    })
}

/// Says where the server is not as declared; that includes what was made from the file and is declared
/// no more, whether or not apply would delete it.
pub(super) fn drift(flags: &Flags, output: &Output, file: &File) -> anyhow::Result<()> {
    let mut document = Document::read(&file.file)?;
    document.desired.prune.extend(Kind::ALL);
    session::block_on(flags, output, |session| {
        Box::pin(async move { tell(&session, document, Question::Drift).await })
    })
}

/// Makes everything as declared.
pub(super) fn apply(flags: &Flags, output: &Output, arguments: Apply) -> anyhow::Result<()> {
    match (arguments.command, arguments.file) {
        (Some(ApplyCommand::Example), _) => Output::write(EXAMPLE),
        (None, Some(file)) => {
            let document = Document::read(&file)?;
            let yes = arguments.yes;
            session::block_on(flags, output, |session| {
                Box::pin(async move { make(&session, document, yes).await })
            })
        }
        (None, None) => Err(Failure::usage("--file names the declarations").into()),
    }
}

async fn planned(session: &Session<'_>, document: &Document) -> anyhow::Result<(Plan, Secrets)> {
    let secrets = document.secrets_of(|kind, _| kind == Kind::Client)?;
    let plan = declared::plan(&session.ctx, &document.desired, &secrets).await.map_err(explain)?;
    Ok((plan, secrets))
}

async fn tell(
    session: &Arc<Session<'_>>,
    document: Document,
    question: Question,
) -> anyhow::Result<()> {
    let (plan, _) = planned(session, &document).await?;
    session.output.answer(&show::value(&plan), || match question {
        Question::Plan => show::plan(&plan),
        Question::Drift => show::drift(&plan),
    })?;
    if plan.steps.is_empty() { Ok(()) } else { Err(Failure::pending().into()) }
}

async fn make(session: &Arc<Session<'_>>, document: Document, yes: bool) -> anyhow::Result<()> {
    let (plan, mut secrets) = planned(session, &document).await?;
    let first = |kind: Kind, name: &str| {
        let is_it = |step: &&Step| step.kind == kind && step.name == name;
        kind == Kind::User
            && plan.steps.iter().find(is_it).is_some_and(|step| step.change == Change::Create)
    };
    // Before anything is made: a password that is not there stops all of it.
    secrets.extend(document.secrets_of(first)?);
    let people = session.output.format == Format::Text;
    if people {
        Output::write(&show::plan(&plan))?;
    }
    if !plan.steps.is_empty() {
        confirm("Do this?", yes)?;
    }
    let mut done = Vec::with_capacity(plan.steps.len());
    for step in &plan.steps {
        let (ctx, origin) = (&session.ctx, &session.origin);
        let owner = &document.desired.owner;
        let made = declared::carry_out(ctx, owner, step, &secrets, &Session::ACTOR, origin).await;
        if let Err(error) = made {
            return Err(stopped(session, &plan, done.len(), step, &error)?.into());
        }
        done.push(step);
    }
    session.output.answer(&show::done(&plan, done.len()), || show::summary(&plan))
}

/// What was done before the step that failed is said, and stays.
fn stopped(
    session: &Session<'_>,
    plan: &Plan,
    done: usize,
    step: &Step,
    error: &DeclaredError,
) -> anyhow::Result<Failure> {
    session.output.answer(&show::done(plan, done), || show::report(plan, done))?;
    let all = plan.steps.len();
    let failure = Failure::failed(format!("{}: {error}", step.object()));
    Ok(failure.hint(format!(
        "{done} of {all} steps were carried out; mend the cause and apply the file again"
    )))
}

/// The failure with a way to mend it.
fn explain(error: DeclaredError) -> anyhow::Error {
    let failure = Failure::usage(&error);
    match &error {
        DeclaredError::Plan(PlanError::Missing { name, known, .. }) => {
            failure.did_you_mean(nearest(name, known.iter().map(String::as_str))).into()
        }
        DeclaredError::Plan(_) | DeclaredError::Rule { .. } => failure.into(),
        DeclaredError::Access(_)
        | DeclaredError::User(_)
        | DeclaredError::Client(_)
        | DeclaredError::Service(_) => error.into(),
    }
}

/// The steps in JSON: stable names, and never a secret.
fn step_value(step: &Step) -> serde_json::Value {
    let fields: Vec<_> = step
        .fields
        .iter()
        .map(|change| json!({ "field": change.field, "old": change.old, "new": change.new }))
        .collect();
    json!({
        "change": step.change.as_str(),
        "kind": step.kind.as_str(),
        "name": step.name,
        "fields": fields,
    })
}
