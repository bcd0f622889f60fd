//! `doorward keys list|rotate|revoke`.

use std::sync::Arc;

use clap::{Args, Subcommand, builder::PossibleValuesParser, builder::TypedValueParser};
use serde_json::{Value, json};

use super::{
    failure::Failure, moment, nearest::nearest, output::table, secret_input::confirm,
    session::Session,
};
use crate::{
    protocol::jose::{SigningAlg, key_ring::KeyRecord},
    service::{
        key_rotation::{self, Rotation},
        keys,
    },
    types::Timestamp,
};

/// The keys that sign tokens
#[derive(Debug, Subcommand)]
pub(super) enum KeysCommand {
    /// List the keys with their states
    List,
    /// Let the key that stands by take over
    Rotate(Rotate),
    /// Take a key out of service at once: every token that it signed counts no more
    Revoke(Revoke),
}

#[derive(Debug, Args)]
pub(super) struct Rotate {
    /// Only the key of this algorithm
    #[arg(long, value_parser = signing_alg())]
    alg: Option<SigningAlg>,
}

#[derive(Debug, Args)]
pub(super) struct Revoke {
    /// The key's `kid`; after `--` if it begins with a hyphen and an h or V
    #[arg(allow_hyphen_values = true)]
    kid: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Reads the name of an algorithm that Doorward signs with.
pub(super) fn signing_alg() -> impl TypedValueParser<Value = SigningAlg> {
    PossibleValuesParser::new(SigningAlg::ALL.map(SigningAlg::name)).try_map(|name| {
        SigningAlg::ALL.into_iter().find(|alg| alg.name() == name).ok_or("unknown algorithm")
    })
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: KeysCommand) -> anyhow::Result<()> {
    match command {
        KeysCommand::List => list(&session).await,
        KeysCommand::Rotate(arguments) => rotate(&session, &arguments).await,
        KeysCommand::Revoke(arguments) => revoke(&session, &arguments).await,
    }
}

async fn list(session: &Session<'_>) -> anyhow::Result<()> {
    let mut records = keys::records(&session.ctx).await?;
    records.sort_by_key(|key| (key.alg, key.state, key.created_at));
    let values: Vec<Value> = records.iter().map(value).collect();
    session.output.answer(&values, || {
        let rows: Vec<[String; 5]> = records
            .iter()
            .map(|key| {
                [
                    key.kid.to_string(),
                    key.alg.to_string(),
                    key.state.as_str().to_owned(),
                    moment::text(key.created_at),
                    key.activated_at.map_or_else(String::new, moment::text),
                ]
            })
            .collect();
        table(["KID", "ALG", "STATE", "CREATED", "SIGNS SINCE"], &rows)
    })
}

fn value(key: &KeyRecord) -> Value {
    let at = |moment: Option<Timestamp>| moment.map(Timestamp::unix);
    json!({
        "kid": key.kid.as_str(),
        "alg": key.alg.name(),
        "state": key.state.as_str(),
        "created_at": key.created_at.unix(),
        "activated_at": at(key.activated_at),
        "retired_at": at(key.retired_at),
        "removed_at": at(key.removed_at),
        "revoked_at": at(key.revoked_at),
    })
}

async fn rotate(session: &Session<'_>, arguments: &Rotate) -> anyhow::Result<()> {
    let algs = arguments.alg.map_or_else(|| SigningAlg::ALL.to_vec(), |alg| vec![alg]);
    let (mut done, mut early) = (Vec::new(), Vec::new());
    for alg in algs {
        let ctx = &session.ctx;
        match key_rotation::rotate_now(ctx, alg, Session::ACTOR, &session.origin).await? {
            Rotation::Done => done.push(alg.name()),
            Rotation::TooEarly => early.push(alg.name()),
        }
    }
    if !done.is_empty() {
        session.output.answer(&json!({ "rotated": done, "too_early": early }), || {
            format!("New keys sign: {}.", done.join(", "))
        })?;
    }
    if early.is_empty() {
        return Ok(());
    }
    let wait = session.ctx.policy.rotation.jwks_max_age.as_secs() * 2 / 60;
    let message = format!(
        "not rotated: {}: the key that stands by has not been published long enough for every \
         client to know it",
        early.join(", ")
    );
    let hint = format!(
        "a key is published for {wait} minutes before it signs (`keys.jwks_max_age`); if a key has \
         leaked, revoke it instead"
    );
    Err(Failure::failed(message).hint(hint).into())
}

async fn revoke(session: &Session<'_>, arguments: &Revoke) -> anyhow::Result<()> {
    let kid = &arguments.kid;
    confirm(&format!("Revoke {kid}? Every token that it signed stops working."), arguments.yes)?;
    let (ctx, origin) = (&session.ctx, &session.origin);
    if key_rotation::revoke(ctx, kid, Session::ACTOR, origin).await? {
        let value = json!({ "kid": kid, "state": "revoked" });
        return session
            .output
            .answer(&value, || format!("Revoked {kid}. Another key signs in its place."));
    }
    let records = keys::records(ctx).await?;
    let failure = match records.iter().find(|record| record.kid.as_str() == kid) {
        Some(record) => {
            Failure::failed(format!("the key `{kid}` is {} already", record.state.as_str()))
        }
        None => Failure::failed(format!("there is no key `{kid}`"))
            .did_you_mean(nearest(kid, records.iter().map(|record| record.kid.as_str()))),
    };
    Err(failure.into())
}
