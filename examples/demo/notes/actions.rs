//! What the buttons of the page ask of the API, and what comes of it.
//!
//! Notes decides about nobody: every button is there for everybody, and the API says yes or no.

use axum::{
    body::Bytes,
    extract::State,
    http::header::SET_COOKIE,
    response::{AppendHeaders, IntoResponse, Response},
};

use super::{
    Notes,
    answer::AnswerPage,
    api::{Call, Credential, Exchange},
    page,
    problem::Problem,
    see_other,
    session::{Session, Visit},
};

/// `POST /notes`: adds a note to the board.
pub(crate) async fn add_note(
    State(notes): State<Notes>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, Response> {
    let (mut session, form) = visit.changes(&body).await.map_err(IntoResponse::into_response)?;
    let call = Call::Add(form.find("text").unwrap_or_default());
    change(&notes, &visit, &mut session, &call, "Your note is on the board.").await
}

/// `POST /notes/delete`: takes a note off the board.
pub(crate) async fn delete_note(
    State(notes): State<Notes>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, Response> {
    let (mut session, form) = visit.changes(&body).await.map_err(IntoResponse::into_response)?;
    let call = Call::Delete(form.find("id").unwrap_or("0"));
    change(&notes, &visit, &mut session, &call, "The note is gone.").await
}

/// `POST /ban`: bans a user.
pub(crate) async fn ban(
    State(notes): State<Notes>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, Response> {
    let (mut session, form) = visit.changes(&body).await.map_err(IntoResponse::into_response)?;
    let call = Call::Ban(form.find("user").unwrap_or("nobody"));
    let notice = "The user is banned: every session and token of theirs is dead.";
    change(&notes, &visit, &mut session, &call, notice).await
}

/// `POST /lift-ban`: lets a banned user sign in again.
pub(crate) async fn lift_ban(
    State(notes): State<Notes>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, Response> {
    let (mut session, form) = visit.changes(&body).await.map_err(IntoResponse::into_response)?;
    let call = Call::LiftBan(form.find("user").unwrap_or("nobody"));
    let notice = "The user can sign in again. What ended stays ended.";
    change(&notes, &visit, &mut session, &call, notice).await
}

/// `GET /dead-zone`: where the role `admin` is needed.
pub(crate) async fn dead_zone(
    State(notes): State<Notes>,
    visit: Visit,
) -> Result<Response, Response> {
    let mut session = present(&visit).await?;
    Ok(shown(&ask(&notes, &visit, &mut session, &Call::DeadZone).await?))
}

/// `GET /figures`: with the token of the session, which Notes never asked `notes:data` for.
pub(crate) async fn figures(
    State(notes): State<Notes>,
    visit: Visit,
) -> Result<Response, Response> {
    let mut session = present(&visit).await?;
    Ok(shown(&ask(&notes, &visit, &mut session, &Call::Figures).await?))
}

/// `POST /figures`: with an API key. It comes in a form, so that it stands in no address.
pub(crate) async fn figures_by_key(
    State(notes): State<Notes>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, Problem> {
    let (_, form) = visit.changes(&body).await?;
    let key = form.find("key").unwrap_or_default().trim().to_owned();
    if key.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err(Problem::BadRequest("An API key has letters, digits and underscores."));
    }
    Ok(shown(&notes.0.api.ask(&Call::Figures, &Credential::ApiKey(&key)).await?))
}

/// `GET /without-token`: the notes, asked for by nobody.
pub(crate) async fn without_token(State(notes): State<Notes>) -> Result<Response, Problem> {
    Ok(shown(&notes.0.api.ask(&Call::List, &Credential::Nothing).await?))
}

/// `GET /forged-token`: the notes, asked for with claims that somebody else signed.
pub(crate) async fn forged_token(
    State(notes): State<Notes>,
    visit: Visit,
) -> Result<Response, Problem> {
    let session = visit.session().await.ok_or(Problem::NotSignedIn)?;
    let forged = Credential::Forged(&session.person.access_token);
    Ok(shown(&notes.0.api.ask(&Call::List, &forged).await?))
}

/// `GET /stateless`: where the API believes the token without asking Doorward.
pub(crate) async fn stateless(
    State(notes): State<Notes>,
    visit: Visit,
) -> Result<Response, Problem> {
    let session = visit.session().await.ok_or(Problem::NotSignedIn)?;
    let token = Credential::Token(&session.person.access_token);
    Ok(shown(&notes.0.api.ask(&Call::Stateless, &token).await?))
}

/// Sends `call` with the token of the session.
///
/// A 401 means that the token is worth nothing any more. Then Notes asks Doorward for another, once;
/// when that is refused, what the session rests on has ended, and so does the session.
pub(super) async fn ask(
    notes: &Notes,
    visit: &Visit,
    session: &mut Session,
    call: &Call<'_>,
) -> Result<Exchange, Response> {
    let api = &notes.0.api;
    let first = api.ask(call, &Credential::Token(&session.person.access_token)).await;
    let first = first.map_err(IntoResponse::into_response)?;
    if first.status != 401 {
        return Ok(first);
    }
    match notes.0.provider.refresh(&mut session.person).await {
        Ok(()) => {
            let second = api.ask(call, &Credential::Token(&session.person.access_token)).await;
            second.map_err(IntoResponse::into_response)
        }
        Err(Problem::Refused { code, .. }) => {
            let cookie = notes.0.sessions.end(visit);
            let ended = shown_at_the_end(&first, &code);
            Err((AppendHeaders([(SET_COOKIE, cookie)]), ended).into_response())
        }
        Err(problem) => Err(problem.into_response()),
    }
}

/// Sends a `call` that changes something; back to the page with `notice` when it did.
async fn change(
    notes: &Notes,
    visit: &Visit,
    session: &mut Session,
    call: &Call<'_>,
    notice: &'static str,
) -> Result<Response, Response> {
    let exchange = ask(notes, visit, session, call).await?;
    if !exchange.succeeded() {
        return Ok(shown(&exchange));
    }
    session.notice = Some(notice);
    Ok(see_other("/"))
}

async fn present(visit: &Visit) -> Result<tokio::sync::MutexGuard<'_, Session>, Response> {
    visit.session().await.ok_or_else(|| Problem::NotSignedIn.into_response())
}

/// The answer of the API, with its own status.
pub(super) fn shown(exchange: &Exchange) -> Response {
    page::show_as(exchange.status, &AnswerPage::new(exchange, None))
}

/// The same, after which the session was over.
fn shown_at_the_end(exchange: &Exchange, code: &str) -> Response {
    page::show_as(exchange.status, &AnswerPage::new(exchange, Some(code)))
}
