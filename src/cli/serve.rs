//! `doorward serve`.

use anyhow::Context;
use serde_json::json;

use super::{
    failure::Failure,
    output::{Format, Output, fields},
};
use crate::{
    config::{self, Flags},
    server::{self, Started},
};

/// Runs the server until it is told to stop.
pub(super) fn run(flags: &Flags, output: &Output) -> anyhow::Result<()> {
    let config = config::load_from_process(flags).map_err(Failure::usage)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .context("the runtime does not start")?;
    // Nobody may be listening to standard output, and the server runs all the same.
    runtime.block_on(server::run(&config, |started| {
        Output::write(&announcement(started, output.format)).ok();
    }))?;
    Ok(())
}

fn announcement(started: &Started, format: Format) -> String {
    let link = started.setup_link.as_ref().map(|link| link.expose().as_str());
    match format {
        Format::Json => json!({
            "issuer": started.issuer,
            "address": started.address.to_string(),
            "setup_link": link,
        })
        .to_string(),
        Format::Text => {
            let issuer = &started.issuer;
            let mut text = fields(&[
                ("Doorward", issuer.clone()),
                ("listening", started.address.to_string()),
                ("discovery", format!("{issuer}/.well-known/openid-configuration")),
            ]);
            if let Some(link) = link {
                text.push_str(
                    "\nThere are no users yet. Make the first administrator here; the link works \
                     once, for 24 hours:\n\n",
                );
                text.extend(["  ", link, "\n"]);
            }
            text
        }
    }
}
