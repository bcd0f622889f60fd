//! The page that makes the first administrator, behind a link that works once.

use std::sync::Arc;

use axum::{
    Extension,
    body::Bytes,
    extract::{RawQuery, State},
    response::Response,
};
use http::{HeaderMap, StatusCode};

use super::{Failure, messages, own_form, query, step};
use crate::{
    http::{
        App,
        extract::{Purpose, Visit},
        view::{self, DisplayText, Setup, SetupDone, SetupProblem},
    },
    protocol::params::Params,
    service::{
        ServiceError,
        setup::{self, SetupError},
        users::UserError,
    },
    types::{Secret, origin::Origin},
};

/// Shows the form to whoever has the link.
pub(crate) async fn get(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    RawQuery(raw): RawQuery,
    headers: HeaderMap,
) -> Response {
    let shown = async {
        let params = query(raw)?;
        let token = params.get("token").unwrap_or_default();
        if !setup::is_live(&app.ctx, token).await? {
            return Err(Failure::NotFound);
        }
        let visit = Visit::read(&app, &headers).await?;
        Ok(page(&app, &visit, &headers, &params, Vec::new()))
    };
    shown.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// Takes the form in.
pub(crate) async fn post(
    State(app): State<Arc<App>>,
    Extension(origin): Extension<Origin>,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let answered = async {
        let (visit, form) = own_form(&app, &headers, &body, Purpose::Account).await?;
        let text = |name: &str| form.get(name).unwrap_or_default();
        if text("password") != text("password_again") {
            return Ok(again(&app, &visit, &headers, &form, SetupProblem::PasswordsDiffer));
        }
        let created = setup::create_first_admin(
            &app.ctx,
            text("token"),
            text("username").to_owned(),
            Secret::new(text("password").to_owned()),
            form.get("email").map(str::to_owned),
            &origin,
        );
        match created.await {
            Ok(user) => {
                let username = DisplayText::new(&user.username);
                let page = SetupDone { t: messages(&headers, &[]), username };
                Ok(view::render(StatusCode::OK, &page))
            }
            Err(SetupError::LinkDead) => Err(Failure::NotFound),
            Err(SetupError::AlreadySetUp) => Err(Failure::Answered),
            Err(SetupError::User(error)) => {
                problem(error).map(|problem| again(&app, &visit, &headers, &form, problem))
            }
        }
    };
    answered.await.unwrap_or_else(|failure: Failure| failure.respond(&app, &headers, &origin))
}

/// What the person can mend; anything else is no fault of theirs.
fn problem(error: UserError) -> Result<SetupProblem, Failure> {
    match error {
        UserError::Username(_) => Ok(SetupProblem::UsernameInvalid),
        UserError::UsernameTaken | UserError::UsernameConfusable => Ok(SetupProblem::UsernameTaken),
        UserError::Email(_) | UserError::EmailTaken => Ok(SetupProblem::EmailInvalid),
        UserError::Weak(weakness) => Ok(SetupProblem::PasswordRefused(weakness)),
        UserError::Service(error) => Err(error.into()),
        UserError::NoEmailToVerify
        | UserError::UnknownRole { name: _, known: _ }
        | UserError::LastAdministrator(_)
        | UserError::Stale(_)
        | UserError::NotFound => Err(Failure::Service(ServiceError::Internal(error.to_string()))),
    }
}

fn again(
    app: &App,
    visit: &Visit,
    headers: &HeaderMap,
    form: &Params,
    problem: SetupProblem,
) -> Response {
    let mut response = page(app, visit, headers, form, vec![problem]);
    *response.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
    response
}

fn page(
    app: &App,
    visit: &Visit,
    headers: &HeaderMap,
    typed: &Params,
    problems: Vec<SetupProblem>,
) -> Response {
    let text = |name: &str| typed.get(name).unwrap_or_default().to_owned();
    let page = Setup {
        t: messages(headers, &[]),
        token: text("token"),
        csrf: visit.csrf(app, Purpose::Account),
        username: text("username"),
        email: text("email"),
        problems,
    };
    let mut response = view::render(StatusCode::OK, &page);
    step::set_browser_cookie(app, visit, &mut response);
    response
}
