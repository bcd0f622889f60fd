//! A server in this process, without limits on failures, and the users that are tried.

use std::{net::SocketAddr, num::NonZeroUsize, sync::Arc, time::Duration};

use anyhow::Context as _;
use axum::{Router, body::Body, extract::ConnectInfo};
use doorward::{
    http::{
        self as floor, Explain,
        admin::{Administration, Served},
        layer::client_address::TrustedProxies,
    },
    identity::{lockout::LockoutPolicy, rate::Rate},
    protocol::{issuer::Issuer, policy::Policy},
    server::{clock::SystemClock, random::SystemRandom},
    service::{
        Context,
        password_pool::PasswordPool,
        policy::ServicePolicy,
        start::{self, Means},
        users::{self, NewUser},
    },
    store::{Db, StorageOptions},
    types::{Secret, audit::Actor, origin::Origin, seal::MasterKey},
};
use http::{Request, StatusCode, header};
use http_body_util::BodyExt;
use tower::ServiceExt;

use crate::figures;

/// The kinds of names that a wrong password is tried with, all of the same length.
pub(crate) const NAMES: [&str; 4] = ["exists", "absent", "locked", "nopass"];

const ISSUER: &str = "https://id.example";

/// The server, and a browser that has opened its sign-in page.
pub(crate) struct Site {
    router: Router,
    cookie: String,
    csrf: String,
}

impl Site {
    /// Opens a server on an empty database at `url`, with its users.
    pub(crate) async fn open(url: String) -> anyhow::Result<Self> {
        let ctx = open(url).await?;
        let origin = Origin::command_line("benchmark".to_owned());
        for name in NAMES.into_iter().filter(|name| *name != "absent") {
            let password =
                (name != "nopass").then(|| Secret::new("correct horse battery staple".to_owned()));
            let new = NewUser { username: name.to_owned(), password, ..NewUser::default() };
            let user = users::create(&ctx, new, Actor::Operator, &origin).await?;
            if name == "locked" {
                users::disable(&ctx, user.id, Actor::Operator, &origin).await?;
            }
        }
        let router = figures::edge(&ctx, TrustedProxies::default()).around(floor::router(
            Arc::clone(&ctx),
            Explain::ToTheLog,
            &Administration { served: Served::Nothing, settings: Vec::new() },
        ));
        let (cookie, csrf) = open_page(&router).await?;
        Ok(Self { router, cookie, csrf })
    }

    /// Tries a wrong password under `name`, to the last byte of the answer.
    pub(crate) async fn fail(&self, name: &str) -> anyhow::Result<()> {
        let body = form_urlencoded::Serializer::new(String::new())
            .extend_pairs([("username", name), ("password", "a wrong one"), ("csrf", &self.csrf)])
            .finish();
        let request = Request::post("/login")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ORIGIN, ISSUER)
            .header("sec-fetch-site", "same-origin")
            .header(header::COOKIE, &self.cookie)
            .body(Body::from(body))?;
        let response = send(&self.router, request).await?;
        let status = response.status();
        anyhow::ensure!(status == StatusCode::UNPROCESSABLE_ENTITY, "{name}: {status}");
        response.into_body().collect().await?;
        Ok(())
    }
}

/// The browser's cookie, and the value against forged forms of the sign-in page.
async fn open_page(router: &Router) -> anyhow::Result<(String, String)> {
    let response = send(router, Request::get("/login").body(Body::empty())?).await?;
    let cookie = response.headers().get(header::SET_COOKIE).context("no cookie")?.to_str()?;
    let cookie = cookie.split(';').next().unwrap_or_default().to_owned();
    let page = response.into_body().collect().await?.to_bytes();
    let page = std::str::from_utf8(&page)?;
    let (_, csrf) = page.split_once("name=\"csrf\" value=\"").context("no form")?;
    Ok((cookie, csrf.split('"').next().unwrap_or_default().to_owned()))
}

async fn send(
    router: &Router,
    mut request: Request<Body>,
) -> anyhow::Result<axum::response::Response> {
    let peer = SocketAddr::from(([192, 0, 2, 1], 40_000));
    request.extensions_mut().insert(ConnectInfo(peer));
    let host = http::HeaderValue::from_static("id.example");
    request.headers_mut().insert(http::header::HOST, host);
    Ok(router.clone().oneshot(request).await?)
}

async fn open(url: String) -> anyhow::Result<Arc<Context>> {
    let passwords = PasswordPool::start(figures::passwords(NonZeroUsize::MIN))?;
    let means = Means {
        db: Db::open(&StorageOptions::new(url)).await?,
        master_key: MasterKey::from_bytes([42; 32]),
        clock: Arc::new(SystemClock::start()),
        random: Arc::new(SystemRandom),
        protocol: Policy::new(Issuer::parse(ISSUER)?),
        policy: policy(),
        passwords,
    };
    Ok(start::open(means).await?)
}

/// The usual figures, but nobody ever waits: what is measured is the way of a failure.
fn policy() -> ServicePolicy {
    let endless = Rate { burst: u32::MAX, interval: Duration::from_millis(1) };
    let usual = figures::policy();
    ServicePolicy {
        lockout: LockoutPolicy {
            patience: u32::MAX,
            most: u32::MAX,
            network: endless,
            global: endless,
            ..usual.lockout
        },
        ..usual
    }
}
