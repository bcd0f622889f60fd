//! `doorward user …`.

use std::sync::Arc;

use clap::{Args, Subcommand};
use serde_json::{Value, json};

use super::{
    failure::Failure,
    moment,
    nearest::nearest,
    output::{fields, table},
    secret_input::{self, From, confirm},
    session::Session,
};
use crate::{
    identity::user::{Profile, User},
    service::users::{
        self, Ended, NewUser, Switched, UserError, UserUpdate,
        claims::{self, ClaimError},
    },
    types::{Secret, Timestamp},
};

/// How many names are compared with one that nobody has.
const NEAREST_AMONG: u32 = users::MAX_PAGE;

/// The people who sign in
#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Make a user; the password is asked for
    Create(Create),
    /// List all users
    List,
    /// Show a user
    Show(Name),
    /// Change a user
    Update(Update),
    /// Set a new password; every session and app of the user is signed out
    SetPassword(SetPassword),
    /// Lock a user out at once: sessions end, tokens stop working
    Disable(Name),
    /// Let a disabled user sign in again
    Enable(Name),
    /// Delete a user for ever
    Delete(Delete),
}

#[derive(Debug, Args)]
pub(super) struct Name {
    /// The username, e-mail address or id
    user: String,
}

#[derive(Debug, Args)]
pub(super) struct Create {
    /// The name to sign in with
    username: String,
    /// The e-mail address, which can be signed in with as well
    #[arg(long)]
    email: Option<String>,
    /// The address is known to be the user's
    #[arg(long, requires = "email")]
    email_verified: bool,
    /// A role to hold: user, moderator or admin; may be repeated
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// The full name
    #[arg(long)]
    name: Option<String>,
    /// A claim, such as given_name=Alice or address.country=France; may be repeated
    #[arg(long = "claim", value_name = "CLAIM=VALUE")]
    claims: Vec<String>,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
    /// Without a password: the user cannot sign in until one is set
    #[arg(long, conflicts_with = "password_stdin")]
    no_password: bool,
}

#[derive(Debug, Args)]
pub(super) struct Update {
    /// The username, e-mail address or id
    user: String,
    /// Another name to sign in with
    #[arg(long)]
    username: Option<String>,
    /// Another e-mail address; an empty one takes it away
    #[arg(long)]
    email: Option<String>,
    /// Whether the address is known to be the user's
    #[arg(long, value_name = "true|false")]
    email_verified: Option<bool>,
    /// The roles from now on; repeat it for several
    #[arg(long = "role", value_name = "ROLE")]
    roles: Vec<String>,
    /// Take all roles away
    #[arg(long, conflicts_with = "roles")]
    no_roles: bool,
    /// The full name
    #[arg(long)]
    name: Option<String>,
    /// A claim; an empty value takes it away; may be repeated
    #[arg(long = "claim", value_name = "CLAIM=VALUE")]
    claims: Vec<String>,
}

#[derive(Debug, Args)]
pub(super) struct SetPassword {
    /// The username, e-mail address or id
    user: String,
    /// Read the password from the first line of standard input
    #[arg(long)]
    password_stdin: bool,
}

#[derive(Debug, Args)]
pub(super) struct Delete {
    /// The username, e-mail address or id
    user: String,
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

/// Runs the command.
pub(super) async fn run(session: Arc<Session<'_>>, command: UserCommand) -> anyhow::Result<()> {
    match command {
        UserCommand::Create(arguments) => create(&session, arguments).await,
        UserCommand::List => list(&session).await,
        UserCommand::Show(name) => {
            let user = find(&session, &name.user).await?;
            session.output.answer(&value(&user), || describe(&user))
        }
        UserCommand::Update(arguments) => update(&session, arguments).await,
        UserCommand::SetPassword(arguments) => set_password(&session, &arguments).await,
        UserCommand::Disable(name) => disable(&session, &name.user).await,
        UserCommand::Enable(name) => enable(&session, &name.user).await,
        UserCommand::Delete(arguments) => delete(&session, &arguments).await,
    }
}

async fn create(session: &Session<'_>, arguments: Create) -> anyhow::Result<()> {
    let mut profile = Profile::default();
    set_claims(&mut profile, arguments.name, &arguments.claims)?;
    let password = match (arguments.no_password, arguments.password_stdin) {
        (true, _) => None,
        (false, stdin) => Some(new_password(From::flag(stdin)).await?),
    };
    let new = NewUser {
        username: arguments.username,
        email: arguments.email,
        email_verified: arguments.email_verified,
        password,
        roles: arguments.roles,
        profile,
    };
    let created = users::create(&session.ctx, new, Session::ACTOR, &session.origin).await;
    let user = created.map_err(explain)?;
    session.output.answer(&value(&user), || {
        let issuer = &session.ctx.protocol.issuer;
        format!("Created {}.\n\n{}\nSign in at {issuer}/account\n", user.username, describe(&user))
    })
}

/// A person who types is waited for on a thread where that is allowed.
async fn new_password(from: From) -> anyhow::Result<Secret<String>> {
    tokio::task::spawn_blocking(move || secret_input::new_password(from)).await?
}

async fn list(session: &Session<'_>) -> anyhow::Result<()> {
    let mut all = Vec::new();
    loop {
        let after = all.last().map(|user: &User| user.username.clone());
        let page = users::list(&session.ctx, after.as_deref(), users::MAX_PAGE).await?;
        if page.is_empty() {
            break;
        }
        all.extend(page);
    }
    let values: Vec<Value> = all.iter().map(value).collect();
    session.output.answer(&values, || {
        if all.is_empty() {
            return "There are no users. Make one: doorward user create alice --role admin"
                .to_owned();
        }
        let rows: Vec<[String; 5]> = all.iter().map(row).collect();
        table(["USERNAME", "E-MAIL", "ROLES", "STATUS", "ID"], &rows)
    })
}

fn row(user: &User) -> [String; 5] {
    [
        user.username.clone(),
        user.email.clone().unwrap_or_default(),
        joined(user),
        user.status.as_str().to_owned(),
        user.id.to_string(),
    ]
}

async fn update(session: &Session<'_>, arguments: Update) -> anyhow::Result<()> {
    let user = find(session, &arguments.user).await?;
    let mut profile = user.profile.clone();
    set_claims(&mut profile, arguments.name, &arguments.claims)?;
    let roles = (arguments.no_roles || !arguments.roles.is_empty()).then_some(arguments.roles);
    let update = UserUpdate {
        username: arguments.username,
        email: arguments.email.map(|email| Some(email).filter(|email| !email.is_empty())),
        email_verified: arguments.email_verified,
        roles,
        profile: (profile != user.profile).then_some(profile),
    };
    if update.is_empty() {
        let failure = Failure::usage("nothing to change was named");
        return Err(failure.hint("`doorward user update --help` lists what can be changed").into());
    }
    let (ctx, origin) = (&session.ctx, &session.origin);
    let updated = users::update(ctx, user.id, update, Session::ACTOR, origin).await;
    let user = updated.map_err(explain)?;
    session
        .output
        .answer(&value(&user), || format!("Updated {}.\n\n{}", user.username, describe(&user)))
}

async fn set_password(session: &Session<'_>, arguments: &SetPassword) -> anyhow::Result<()> {
    let user = find(session, &arguments.user).await?;
    let password = new_password(From::flag(arguments.password_stdin)).await?;
    let (ctx, origin) = (&session.ctx, &session.origin);
    let set = users::set_password(ctx, user.id, password, Session::ACTOR, origin).await;
    let ended = set.map_err(explain)?;
    session.output.answer(&ended_value(&user, ended), || {
        format!("{} has a new password. {}", user.username, ended_text(ended))
    })
}

async fn disable(session: &Session<'_>, name: &str) -> anyhow::Result<()> {
    let user = find(session, name).await?;
    let (ctx, origin) = (&session.ctx, &session.origin);
    let (ended, text) =
        match users::disable(ctx, user.id, Session::ACTOR, origin).await.map_err(explain)? {
            Switched::Now(ended) => {
                (ended, format!("{} is disabled. {}", user.username, ended_text(ended)))
            }
            Switched::Already => (Ended::default(), format!("{} was disabled.", user.username)),
        };
    session.output.answer(&ended_value(&user, ended), || text)
}

async fn enable(session: &Session<'_>, name: &str) -> anyhow::Result<()> {
    let user = find(session, name).await?;
    let (ctx, origin) = (&session.ctx, &session.origin);
    let text = match users::enable(ctx, user.id, Session::ACTOR, origin).await.map_err(explain)? {
        Switched::Now(_) => format!("{} can sign in again.", user.username),
        Switched::Already => format!("{} was enabled.", user.username),
    };
    let value = json!({ "id": user.id.to_string(), "username": user.username });
    session.output.answer(&value, || text)
}

async fn delete(session: &Session<'_>, arguments: &Delete) -> anyhow::Result<()> {
    let user = find(session, &arguments.user).await?;
    confirm(&format!("Delete {} for ever?", user.username), arguments.yes)?;
    users::delete(&session.ctx, user.id, Session::ACTOR, &session.origin).await.map_err(explain)?;
    let value = json!({ "id": user.id.to_string(), "username": user.username });
    session.output.answer(&value, || format!("Deleted {}.", user.username))
}

/// The user, or a failure that names the nearest one.
pub(super) async fn find(session: &Session<'_>, name: &str) -> anyhow::Result<User> {
    match users::find(&session.ctx, name).await {
        Ok(user) => Ok(user),
        Err(UserError::NotFound) => {
            let some = users::list(&session.ctx, None, NEAREST_AMONG).await?;
            let names = some.iter().map(|user| user.username.as_str());
            let failure = Failure::failed(format!("there is no user `{name}`"));
            Err(failure.did_you_mean(nearest(name, names)).into())
        }
        Err(error) => Err(error.into()),
    }
}

/// Sets `name` and each `claim=value`.
fn set_claims(profile: &mut Profile, name: Option<String>, pairs: &[String]) -> anyhow::Result<()> {
    if let Some(name) = name {
        claims::set(profile, "name", &name).map_err(Failure::usage)?;
    }
    for pair in pairs {
        let (claim, value) = pair.split_once('=').ok_or_else(|| {
            Failure::usage(format!("--claim {pair}: a claim is written CLAIM=VALUE"))
        })?;
        claims::set(profile, claim, value).map_err(|error| explain_claim(&error))?;
    }
    Ok(())
}

fn explain_claim(error: &ClaimError) -> Failure {
    let failure = Failure::usage(error);
    match error {
        ClaimError::Unknown(name) if matches!(name.as_str(), "email" | "email_verified") => {
            failure.hint(format!("use --{}", name.replace('_', "-")))
        }
        ClaimError::Unknown(name) => match nearest(name, claims::CLAIMS) {
            None => failure.hint(format!("the claims are {}", claims::CLAIMS.join(", "))),
            near @ Some(_) => failure.did_you_mean(near),
        },
        ClaimError::Invalid { .. } => failure,
    }
}

/// The failure with a way to mend it.
fn explain(error: UserError) -> anyhow::Error {
    match &error {
        UserError::UnknownRole { name, known } => {
            let near = nearest(name, known.iter().map(String::as_str));
            Failure::usage(&error).did_you_mean(near).into()
        }
        UserError::Username(_) | UserError::Email(_) | UserError::NoEmailToVerify => {
            Failure::usage(&error).into()
        }
        UserError::UsernameTaken
        | UserError::UsernameConfusable
        | UserError::EmailTaken
        | UserError::Weak(_)
        | UserError::LastAdministrator(_)
        | UserError::Stale(_)
        | UserError::NotFound => Failure::failed(&error).into(),
        UserError::Service(_) => error.into(),
    }
}

/// The stable shape of a user in JSON. Moments are seconds since 1970.
fn value(user: &User) -> Value {
    json!({
        "id": user.id.to_string(),
        "username": user.username,
        "email": user.email,
        "email_verified": user.email_verified,
        "status": user.status.as_str(),
        "roles": user.roles,
        "has_password": user.password_hash.is_some(),
        "password_changed_at": user.password_changed_at.map(Timestamp::unix),
        "claims": user.profile,
        "created_at": user.created_at.unix(),
        "updated_at": user.updated_at.unix(),
    })
}

fn describe(user: &User) -> String {
    let verified = if user.email_verified { "verified" } else { "not verified" };
    let email =
        user.email.as_ref().map_or_else(String::new, |email| format!("{email} ({verified})"));
    let password = match user.password_changed_at {
        Some(at) => format!("set {}", moment::text(at)),
        None => "none".to_owned(),
    };
    let mut text = fields(&[
        ("id", user.id.to_string()),
        ("username", user.username.clone()),
        ("e-mail", email),
        ("status", user.status.as_str().to_owned()),
        ("roles", joined(user)),
        ("password", password),
        ("created", moment::text(user.created_at)),
        ("updated", moment::text(user.updated_at)),
    ]);
    text.push_str(&describe_claims(&user.profile));
    text
}

fn describe_claims(profile: &Profile) -> String {
    let Ok(Value::Object(members)) = serde_json::to_value(profile) else { return String::new() };
    let mut pairs = Vec::new();
    for (name, value) in &members {
        match value {
            Value::String(text) => pairs.push((name.as_str(), text.clone())),
            Value::Object(address) => {
                let lines = address.iter().filter_map(|(part, text)| {
                    text.as_str().map(|text| format!("{part}: {}", text.replace('\n', ", ")))
                });
                pairs.push((name.as_str(), lines.collect::<Vec<_>>().join("\n")));
            }
            Value::Bool(true) => pairs.push((name.as_str(), "true".to_owned())),
            Value::Bool(false) | Value::Null | Value::Number(_) | Value::Array(_) => {}
        }
    }
    if pairs.is_empty() { String::new() } else { format!("\nclaims\n{}", fields(&pairs)) }
}

fn joined(user: &User) -> String {
    user.roles.iter().map(String::as_str).collect::<Vec<_>>().join(", ")
}

fn ended_value(user: &User, ended: Ended) -> Value {
    json!({
        "id": user.id.to_string(),
        "username": user.username,
        "ended": { "sessions": ended.sessions, "grants": ended.grants },
    })
}

fn ended_text(ended: Ended) -> String {
    format!("Ended: {} browser sessions, {} grants to apps.", ended.sessions, ended.grants)
}
