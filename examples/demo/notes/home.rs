//! The pages of somebody who is signed in, and the welcome for everybody else.

use axum::{
    body::Bytes,
    extract::State,
    http::header::SET_COOKIE,
    response::{AppendHeaders, IntoResponse, Response},
};

use super::{
    Notes, actions,
    api::Call,
    page::{self, HomePage, UserInfoPage, WelcomePage},
    problem::Problem,
    provider::now,
    see_other,
    session::Visit,
};

/// `GET /`: the board and the session, or the welcome.
pub(crate) async fn home(State(notes): State<Notes>, visit: Visit) -> Result<Response, Response> {
    let Some(mut session) = visit.session().await else {
        return Ok(page::show(&WelcomePage { server: notes.0.provider.issuer() }));
    };
    let listed = actions::ask(&notes, &visit, &mut session, &Call::List).await?;
    let board = if listed.succeeded() {
        Ok(listed.notes().map_err(IntoResponse::into_response)?)
    } else {
        Err(listed.status)
    };
    let notice = session.notice.take();
    let server = notes.0.provider.issuer();
    Ok(page::show(&HomePage::new(server, &session, board, notice, now())))
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
