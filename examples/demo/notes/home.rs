//! The pages of somebody who is signed in, and the welcome for everybody else.

use axum::{
    body::Bytes,
    extract::State,
    http::header::SET_COOKIE,
    response::{AppendHeaders, IntoResponse, Response},
};

use super::{
    Notes,
    page::{self, HomePage, UserInfoPage, WelcomePage},
    problem::Problem,
    provider::now,
    see_other,
    session::Visit,
};

/// `GET /`: the notes and the session, or the welcome.
pub(crate) async fn home(State(notes): State<Notes>, visit: Visit) -> Response {
    let Some(mut session) = visit.session().await else {
        return page::show(&WelcomePage { server: notes.0.provider.issuer() });
    };
    let notice = session.notice.take();
    let saved = notes.0.notes.of(session.person.subject());
    page::show(&HomePage::new(&session, &saved, notice, now()))
}

/// `POST /notes`: keeps a note.
pub(crate) async fn add_note(
    State(notes): State<Notes>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, Problem> {
    let (session, form) = visit.changes(&body).await?;
    notes.0.notes.add(session.person.subject(), form.find("text").unwrap_or_default());
    Ok(see_other("/"))
}

/// `POST /refresh`: new tokens for the refresh token. RFC 6749 §6.
pub(crate) async fn refresh(
    State(notes): State<Notes>,
    visit: Visit,
    body: Bytes,
) -> Result<Response, Problem> {
    let (mut session, _) = visit.changes(&body).await?;
    let refreshed = notes.0.provider.refresh(&mut session.person).await;
    session.notice = Some("Fresh tokens have arrived.");
    drop(session);
    match refreshed {
        Ok(()) => Ok(see_other("/")),
        // The server has ended what this session rests on, so it ends too.
        Err(problem @ Problem::Refused { .. }) => {
            let cookie = notes.0.sessions.end(&visit);
            Ok((AppendHeaders([(SET_COOKIE, cookie)]), problem).into_response())
        }
        Err(problem) => Err(problem),
    }
}

/// `GET /user-info`: what the UserInfo endpoint says right now. OIDC Core §5.3.
pub(crate) async fn user_info(
    State(notes): State<Notes>,
    visit: Visit,
) -> Result<Response, Problem> {
    let session = visit.session().await.ok_or(Problem::NotSignedIn)?;
    let claims = notes.0.provider.user_info(&session.person).await?;
    Ok(page::show(&UserInfoPage { name: session.person.name(), claims: &page::pretty(&claims) }))
}
