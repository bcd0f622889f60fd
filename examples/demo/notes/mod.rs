//! *Notes*: a web app for a board of notes that an API keeps.
//!
//! What an app needs to sign people in with OpenID Connect is in `provider` (the protocol, through the
//! `openidconnect` crate) and `sign_in` (the two requests of a sign-in); what it needs to call an API
//! for them is in `api` and `actions`.

mod actions;
mod answer;
mod api;
mod home;
mod page;
mod parameters;
mod problem;
pub(crate) mod provider;
mod session;
mod sign_in;
mod sign_out;

use std::{io, sync::Arc, time::Duration};

use axum::{
    Router,
    extract::{DefaultBodyLimit, Request, State},
    http::{HeaderValue, header},
    middleware::{self, Next},
    response::{IntoResponse, Response},
    routing::{get, post},
};
use tokio::{net::TcpListener, sync::oneshot, time::sleep};

use api::Api;
use problem::Problem;
use provider::{Provider, Registration};
use session::Sessions;
use sign_in::SignIns;
use sign_out::SignOuts;

/// The longest form that Notes reads, in bytes.
const FORM_LIMIT: usize = 16 * 1024;
/// How long open requests have to finish when Notes stops.
pub(crate) const LAST_REQUESTS: Duration = Duration::from_secs(2);

/// The app: everything that its requests share.
#[derive(Clone)]
pub(crate) struct Notes(Arc<Shared>);

struct Shared {
    provider: Provider,
    sessions: Sessions,
    sign_ins: SignIns,
    sign_outs: SignOuts,
    api: Api,
    policy: HeaderValue,
}

impl Notes {
    /// Notes at the address `own` with its notes at the API `api`, registered with the authorization server as `registration` says.
    ///
    /// Nothing is sent yet: discovery happens with the first sign-in.
    pub(crate) fn new(own: &str, api: &str, registration: Registration) -> anyhow::Result<Self> {
        let policy = content_security_policy(&registration)?;
        let provider = Provider::new(own, api, registration)?;
        Ok(Self(Arc::new(Shared {
            provider,
            sessions: Sessions::new(),
            sign_ins: SignIns::new(),
            sign_outs: SignOuts::new(),
            api: Api::new(api)?,
            policy,
        })))
    }

    /// Answers requests until `stop` ends, then finishes those that are open, within [`LAST_REQUESTS`].
    pub(crate) async fn serve(
        self,
        listener: TcpListener,
        stop: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()> {
        let (stopping, stopped) = oneshot::channel();
        let stop = async {
            stop.await;
            stopping.send(()).ok();
        };
        let late = async {
            drop(stopped.await);
            sleep(LAST_REQUESTS).await;
        };
        // A browser that never finishes its request does not keep the demo alive.
        tokio::select! {
            served = axum::serve(listener, self.router()).with_graceful_shutdown(stop) => served,
            () = late => Ok(()),
        }
    }

    fn router(self) -> Router {
        Router::new()
            .route("/", get(home::home))
            .route("/notes", post(actions::add_note))
            .route("/notes/delete", post(actions::delete_note))
            .route("/ban", post(actions::ban))
            .route("/lift-ban", post(actions::lift_ban))
            .route("/dead-zone", get(actions::dead_zone))
            .route("/figures", get(actions::figures).post(actions::figures_by_key))
            .route("/without-token", get(actions::without_token))
            .route("/forged-token", get(actions::forged_token))
            .route("/stateless", get(actions::stateless))
            .route("/refresh", post(home::refresh))
            .route("/user-info", get(home::user_info))
            .route("/sign-in", get(sign_in::begin))
            .route("/callback", get(sign_in::finish))
            .route("/sign-out", post(sign_out::here))
            .route("/sign-out-everywhere", post(sign_out::everywhere))
            .route("/signed-out", get(sign_out::signed_out))
            .route("/notes.css", get(page::stylesheet))
            .fallback(async || Problem::NotFound)
            .layer(DefaultBodyLimit::max(FORM_LIMIT))
            .layer(middleware::from_fn_with_state(self.clone(), protect))
            .with_state(self)
    }
}

/// Headers that every answer carries: no script, nothing from elsewhere, no frame, no cached page.
async fn protect(State(notes): State<Notes>, request: Request, next: Next) -> Response {
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    headers.insert(header::CONTENT_SECURITY_POLICY, notes.0.policy.clone());
    headers.insert(header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    // The address of `/callback` carries the code: it goes to nobody.
    headers.insert(header::REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    headers.entry(header::CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
    response
}

/// Signing out everywhere answers a form with a redirect to the authorization server, and browsers
/// hold such a redirect against `form-action`.
fn content_security_policy(registration: &Registration) -> anyhow::Result<HeaderValue> {
    let server = registration.issuer.url().origin().ascii_serialization();
    let policy = format!(
        "default-src 'none'; style-src 'self'; form-action 'self' {server}; \
         frame-ancestors 'none'; base-uri 'none'"
    );
    Ok(HeaderValue::from_str(&policy)?)
}

/// Sends the browser on with a GET, whatever the method of this request (RFC 9110 §15.4.4).
fn see_other(location: &str) -> Response {
    axum::response::Redirect::to(location).into_response()
}
