//! Passwords and secrets: from a prompt that shows nothing, or from standard input. Never an
//! argument, which everybody on the machine could read.

use std::io::{self, BufRead, IsTerminal};

use anyhow::Context;
use zeroize::Zeroizing;

use super::failure::Failure;
use crate::types::Secret;

/// Where a password comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    /// Typed twice, unseen.
    Prompt,
    /// The first line of standard input.
    Stdin,
}

impl From {
    pub(super) const fn flag(stdin: bool) -> Self {
        if stdin { Self::Stdin } else { Self::Prompt }
    }
}

/// Asks for a new password.
pub(super) fn new_password(from: From) -> anyhow::Result<Secret<String>> {
    match from {
        From::Stdin => first_line("password"),
        From::Prompt => typed_twice(),
    }
}

/// The first line of standard input, without its end.
pub(super) fn first_line(what: &str) -> anyhow::Result<Secret<String>> {
    // One read of everything would keep what follows the line in memory as well.
    let mut line = Zeroizing::new(String::with_capacity(4096));
    io::stdin().lock().read_line(&mut line).context("standard input cannot be read")?;
    let length = line.trim_end_matches(['\n', '\r']).len();
    line.truncate(length);
    if line.is_empty() {
        return Err(Failure::usage(format!("standard input holds no {what}")).into());
    }
    Ok(Secret::new(std::mem::take(&mut *line)))
}

fn typed_twice() -> anyhow::Result<Secret<String>> {
    if !io::stdin().is_terminal() {
        let failure = Failure::usage("there is no terminal to ask for the password");
        return Err(failure.hint("pass it on standard input with --password-stdin").into());
    }
    let first = Zeroizing::new(rpassword::prompt_password("Password: ")?);
    let second = Zeroizing::new(rpassword::prompt_password("The same again: ")?);
    if first.as_str() != second.as_str() {
        return Err(Failure::failed("the two passwords differ; nothing was changed").into());
    }
    Ok(Secret::new(first.as_str().to_owned()))
}

/// Asks whether to go on with something that cannot be undone. A program that runs the command has
/// made up its mind: only a person at a terminal is asked.
pub(super) fn confirm(question: &str, yes: bool) -> anyhow::Result<()> {
    if yes || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Ok(());
    }
    let mut terminal = io::stderr().lock();
    io::Write::write_all(&mut terminal, format!("{question} [y/N] ").as_bytes())?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    if answer.trim().eq_ignore_ascii_case("y") {
        Ok(())
    } else {
        Err(Failure::failed("nothing was changed").into())
    }
}
