//! One connection's part of a measurement.

use std::{cell::RefCell, rc::Rc, sync::Arc};

use anyhow::{Context, bail};
use axum::http::{HeaderValue, header};

use super::{
    credentials::{ApiKeys, Client, TOKEN_EXCHANGE, USER},
    http::{Call, Connection},
    operation::{Beginning, Operation},
    sign_in::{self, Browser, OPENID, PLAIN, Wish},
    subject::Target,
};

/// Codes that wait to be redeemed, shared by all workers.
pub(crate) type Supply = Rc<RefCell<Vec<String>>>;

/// Drives one keep-alive connection.
pub(crate) struct Worker {
    target: Arc<Target>,
    connection: Connection,
    work: Work,
}

/// Whether there is more to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Progress {
    Done,
    /// Nothing was done: what was prepared is used up.
    UsedUp,
}

/// What a worker repeats.
enum Work {
    /// The same request; the answer must be a 200 that holds this text.
    Same(Call, &'static str),
    /// A refresh with the newest token.
    Refresh(String),
    /// The redemption of a code of the supply.
    Redeem(Supply),
    /// A sign-in of the user of that name with a new browser.
    SignIn(String),
    /// A sign-in with a browser that is signed in.
    SignInAgain(Browser),
}

impl Worker {
    /// Prepares what `operation` needs. `session` is a browser that is signed in, `supply` holds codes;
    /// `number` is this worker's own.
    pub(crate) async fn new(
        target: Arc<Target>,
        operation: Operation,
        session: &Browser,
        supply: &Supply,
        number: u16,
    ) -> anyhow::Result<Self> {
        let mut connection = connect(&target).await?;
        let work = match prepare(&target, &mut connection, operation, session, supply).await? {
            // Every person has an account, and says yes to the app once.
            Work::SignIn(_) => {
                let username = USER.other(number);
                let mut browser = Browser::of(username.clone());
                sign_in_to(&mut browser, &mut connection, &target).await?;
                Work::SignIn(username)
            }
            Work::SignInAgain(_) => {
                let mut browser = Browser::of(USER.other(number));
                sign_in_to(&mut browser, &mut connection, &target).await?;
                Work::SignInAgain(browser)
            }
            work @ (Work::Same(..) | Work::Refresh(_) | Work::Redeem(_)) => work,
        };
        Ok(Self { target, connection, work })
    }

    /// Does it once.
    pub(crate) async fn once(&mut self) -> anyhow::Result<Progress> {
        let Self { target, connection, work } = self;
        match work {
            Work::Same(call, holds) => same(connection, call, holds).await?,
            Work::Refresh(token) => {
                let fields = [("grant_type", "refresh_token"), ("refresh_token", token.as_str())];
                let call = sign_in::token_request(target, &target.clients.public_jwt, &fields)?;
                let tokens = sign_in::tokens(&connection.send(&call).await?)?;
                *token = tokens.refresh_token.context("a refresh without a new refresh token")?;
            }
            Work::Redeem(supply) => {
                let Some(code) = supply.borrow_mut().pop() else { return Ok(Progress::UsedUp) };
                redeem(connection, target, &target.clients.app_jwt, &code).await?;
            }
            Work::SignIn(username) => {
                let mut browser = Browser::of(username.clone());
                sign_in_to(&mut browser, connection, target).await?;
            }
            Work::SignInAgain(browser) => sign_in_to(browser, connection, target).await?,
        }
        Ok(Progress::Done)
    }
}

/// A browser that is signed in at `target` and has said yes to every app of the load, if `operation`
/// begins with one.
pub(crate) async fn session(target: &Target, operation: Operation) -> anyhow::Result<Browser> {
    let mut browser = Browser::default();
    if operation.begins() == Beginning::Nobody {
        return Ok(browser);
    }
    let mut connection = connect(target).await?;
    let clients = &target.clients;
    for client in [&clients.app_jwt, &clients.app_opaque, &clients.public_jwt] {
        for scope in [PLAIN, OPENID] {
            browser.authorize(&mut connection, target, Wish { client, scope }).await?;
        }
    }
    Ok(browser)
}

/// Codes to redeem, if `operation` needs any.
pub(crate) async fn supply(
    target: &Target,
    operation: Operation,
    session: &Browser,
    codes: usize,
) -> anyhow::Result<Supply> {
    let mut supply = Vec::new();
    let scope = match operation {
        Operation::Code => PLAIN,
        Operation::CodeWithIdToken => OPENID,
        Operation::Discovery
        | Operation::Jwks
        | Operation::ClientCredentialsJwt
        | Operation::ClientCredentialsOpaque
        | Operation::Refresh
        | Operation::IntrospectJwt
        | Operation::IntrospectOpaque
        | Operation::IntrospectInStorm
        | Operation::IntrospectApiKey
        | Operation::ExchangeApiKey
        | Operation::ExchangeWithRoles
        | Operation::UserInfo
        | Operation::SignIn
        | Operation::SignInAgain => return Ok(Rc::default()),
    };
    let mut browser = session.clone();
    let mut connection = connect(target).await?;
    let wish = Wish { client: &target.clients.app_jwt, scope };
    for _ in 0..codes {
        supply.push(browser.authorize(&mut connection, target, wish).await?);
    }
    Ok(Rc::new(RefCell::new(supply)))
}

async fn prepare(
    target: &Target,
    connection: &mut Connection,
    operation: Operation,
    session: &Browser,
    supply: &Supply,
) -> anyhow::Result<Work> {
    let Target { paths, clients, .. } = target;
    let mut browser = session.clone();
    let mut token = async |client, scope| {
        let wish = Wish { client, scope };
        let code = browser.authorize(connection, target, wish).await?;
        redeem(connection, target, client, &code).await
    };
    Ok(match operation {
        Operation::Discovery => Work::Same(Call::get(paths.discovery), "\"issuer\""),
        Operation::Jwks => Work::Same(Call::get(paths.jwks), "\"keys\""),
        Operation::ClientCredentialsJwt => machine(target, &clients.machine_jwt)?,
        Operation::ClientCredentialsOpaque => machine(target, &clients.machine_opaque)?,
        Operation::Refresh => {
            let tokens = token(&clients.public_jwt, PLAIN).await?;
            Work::Refresh(tokens.refresh_token.context("no refresh token")?)
        }
        Operation::Code | Operation::CodeWithIdToken => Work::Redeem(Rc::clone(supply)),
        Operation::IntrospectJwt => {
            let tokens = token(&clients.app_jwt, PLAIN).await?;
            introspection(target, &clients.app_jwt, &tokens.access_token)?
        }
        Operation::IntrospectOpaque | Operation::IntrospectInStorm => {
            let tokens = token(&clients.app_opaque, PLAIN).await?;
            introspection(target, &clients.app_opaque, &tokens.access_token)?
        }
        Operation::IntrospectApiKey => {
            let keys = clients.api_keys()?;
            introspection(target, &keys.api, &keys.plain)?
        }
        Operation::ExchangeApiKey => exchange(target, clients.api_keys()?, |keys| &keys.plain)?,
        Operation::ExchangeWithRoles => {
            exchange(target, clients.api_keys()?, |keys| &keys.with_roles)?
        }
        Operation::UserInfo => {
            let tokens = token(&clients.app_opaque, OPENID).await?;
            let bearer = HeaderValue::from_str(&format!("Bearer {}", tokens.access_token))?;
            Work::Same(Call::get(paths.user_info).with(header::AUTHORIZATION, bearer), "\"sub\"")
        }
        Operation::SignIn => Work::SignIn(String::new()),
        Operation::SignInAgain => Work::SignInAgain(browser),
    })
}

fn machine(target: &Target, client: &Client) -> anyhow::Result<Work> {
    let call = sign_in::token_request(target, client, &[("grant_type", "client_credentials")])?;
    Ok(Work::Same(call, "\"access_token\""))
}

/// RFC 8693 §2.1.
fn exchange(
    target: &Target,
    keys: &ApiKeys,
    which: impl Fn(&ApiKeys) -> &String,
) -> anyhow::Result<Work> {
    let fields = [
        ("grant_type", TOKEN_EXCHANGE),
        ("subject_token_type", "urn:doorward:params:oauth:token-type:api-key"),
        ("subject_token", which(keys)),
    ];
    let call = sign_in::token_request(target, &keys.api, &fields)?;
    Ok(Work::Same(call, "\"access_token\""))
}

fn introspection(target: &Target, client: &Client, token: &str) -> anyhow::Result<Work> {
    let call = Call::post(target.paths.introspect, [("token", token)]);
    Ok(Work::Same(call.authorized(client.authorization()?), "\"active\":true"))
}

async fn connect(target: &Target) -> anyhow::Result<Connection> {
    Connection::open(target.port, &target.authority).await
}

async fn same(connection: &mut Connection, call: &Call, holds: &str) -> anyhow::Result<()> {
    let answer = connection.send(call).await?;
    if answer.status != 200 {
        bail!("{} answered {}", call.name(), answer.status);
    }
    let found = answer.body.windows(holds.len()).any(|part| part == holds.as_bytes());
    if !found {
        bail!("{} answered without {holds}", call.name());
    }
    Ok(())
}

async fn redeem(
    connection: &mut Connection,
    target: &Target,
    client: &Client,
    code: &str,
) -> anyhow::Result<sign_in::Tokens> {
    let call = sign_in::redemption(target, client, code)?;
    sign_in::tokens(&connection.send(&call).await?)
}

/// The whole of a sign-in to a public app, with the redemption of its code.
async fn sign_in_to(
    browser: &mut Browser,
    connection: &mut Connection,
    target: &Target,
) -> anyhow::Result<()> {
    let client = &target.clients.public_jwt;
    let code = browser.authorize(connection, target, Wish { client, scope: PLAIN }).await?;
    redeem(connection, target, client, &code).await.map(drop)
}
