//! What an API's check of one access token costs, on one core.
//!
//! `cargo bench --profile dist --bench resource_server` prints a table: the bare signature, which is the
//! limit; the whole offline check; the same for a token that was verified a moment ago; and a request
//! through the router and its extractor. `-- --seconds 5` measures each row for longer.
//!
//! The figure is CPU time of the measuring thread where the system tells it (Linux), so that what else
//! runs on the machine does not count.

mod issuer;
mod measure;

use std::{
    io::{self, Write},
    process::ExitCode,
    time::Duration,
};

use axum::{Router, body::Body, routing::get};
use doorward::{
    protocol::jose::SigningAlg,
    resource_server::{RequirePermission, Validator},
};
use http::{Request, StatusCode, header};
use tower::ServiceExt;

use issuer::{AUDIENCE, ISSUER, Issuer};
use measure::Row;

doorward::permissions! {
    NotesRead = "notes:read";
}

fn main() -> ExitCode {
    let seconds = std::env::args().skip_while(|argument| argument != "--seconds").nth(1);
    let time = Duration::from_secs(seconds.and_then(|text| text.parse().ok()).unwrap_or(2));
    let runtime = match tokio::runtime::Builder::new_current_thread().build() {
        Ok(runtime) => runtime,
        Err(error) => return failed(&error),
    };
    match runtime.block_on(measure_all(time)).and_then(|rows| print(&rows)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&error),
    }
}

fn failed(error: &io::Error) -> ExitCode {
    writeln!(io::stderr(), "{error}").ok();
    ExitCode::FAILURE
}

async fn measure_all(time: Duration) -> io::Result<Vec<Row>> {
    let mut rows = Vec::new();
    for alg in SigningAlg::ALL {
        let issuer = Issuer::new(alg)?;
        let name = alg.name();
        rows.push(measure::sync(&format!("{name}: signature alone"), time, || {
            issuer.verify_bare()
        }));
        let check = api(&issuer, 0)?;
        let label = format!("{name}: offline check");
        rows.push(measure::each(&label, time, async || passes(&check, &issuer.token).await).await?);
    }
    let issuer = Issuer::new(SigningAlg::ES256)?;
    let check = api(&issuer, 1_000)?;
    let label = "verified a moment ago";
    rows.push(measure::each(label, time, async || passes(&check, &issuer.token).await).await?);
    for (label, entries) in
        [("ES256: request with RequirePermission", 0), ("the same, verified a moment ago", 1_000)]
    {
        let router = Router::new()
            .route("/notes", get(async |_: RequirePermission<NotesRead>| "notes"))
            .with_state(api(&issuer, entries)?);
        rows.push(
            measure::each(label, time, async || answers(&router, &issuer.token).await).await?,
        );
    }
    Ok(rows)
}

fn api(issuer: &Issuer, verified: u64) -> io::Result<Validator> {
    let builder = Validator::for_api(ISSUER, AUDIENCE).fetch(issuer.published.clone());
    builder.verified_tokens(verified).build().map_err(io::Error::other)
}

async fn passes(api: &Validator, token: &str) -> bool {
    api.check(token).await.is_ok()
}

async fn answers(router: &Router, token: &str) -> bool {
    let request = Request::get("/notes")
        .header(header::AUTHORIZATION, format!("Bearer {token}"))
        .body(Body::empty());
    let Ok(request) = request else { return false };
    let Ok(response) = router.clone().oneshot(request).await;
    response.status() == StatusCode::OK
}

/// A table in Markdown.
fn print(rows: &[Row]) -> io::Result<()> {
    let mut out = io::stdout().lock();
    writeln!(out, "| Check of one access token | µs | per second and core |")?;
    writeln!(out, "|---|---:|---:|")?;
    for row in rows {
        writeln!(out, "| {} | {:.1} | {:.0} |", row.label, row.micros(), row.per_second())?;
    }
    out.flush()
}
