//! What a log line may say: fields from a closed list, none of which can hold a secret.

use proc_macro2::{Delimiter, TokenTree};

use crate::{
    rust::RustFile,
    tree::{self, assert_none},
};

/// The macros of `tracing` that write a line or open a span; `$level` is one of them in a macro of ours.
const MACROS: &[&str] = &[
    "debug",
    "debug_span",
    "error",
    "error_span",
    "event",
    "info",
    "info_span",
    "level",
    "span",
    "trace",
    "trace_span",
    "warn",
    "warn_span",
];

/// The fields of log lines. A new one is a decision: think of what it can hold at its worst.
const FIELDS: &[&str] = &[
    "address",
    "algorithm",
    "client",
    "client_address",
    "client_id",
    "code",
    "count",
    "deleted",
    "description",
    "detail",
    "duration_ms",
    "error",
    "event",
    "hint",
    "issuer",
    "job",
    "kid",
    "listen",
    "message",
    "method",
    "path",
    "place",
    "request_id",
    "route",
    "rows",
    "seconds",
    "seq",
    "signal",
    "status",
    "table",
    "target",
    "text",
    "user",
    "version",
];

#[test]
fn a_log_line_holds_only_listed_fields() {
    let mut broken = Vec::new();
    for file in RustFile::of_the_house() {
        file.each_run(&mut |run| {
            for (name, arguments) in calls(run) {
                for field in fields(&arguments) {
                    if !FIELDS.contains(&field.as_str()) {
                        broken
                            .push(format!("{}: {name}! with `{field}`", file.place(&arguments[0])));
                    }
                }
            }
        });
    }
    assert_none(
        "A log line has a field that is not listed.",
        "Use a listed field, or add one to tests/house/logs.rs after making sure that no secret fits in.",
        &broken,
    );
}

#[test]
fn no_function_logs_its_arguments() {
    let attributes = ["#[instrument", "#[tracing::instrument"];
    let mut broken = Vec::new();
    for path in tree::ending_with("src", ".rs") {
        let text = tree::read(&path);
        if attributes.iter().any(|attribute| text.contains(attribute)) {
            broken.push(path);
        }
    }
    assert_none(
        "A function logs whatever it is called with.",
        "Open a span with named fields instead of #[instrument].",
        &broken,
    );
}

/// The calls of a logging macro in a run of tokens: its name, and its arguments.
fn calls(run: &[TokenTree]) -> Vec<(String, Vec<TokenTree>)> {
    let mut found = Vec::new();
    for three in run.windows(3) {
        let [TokenTree::Ident(name), TokenTree::Punct(bang), TokenTree::Group(arguments)] = three
        else {
            continue;
        };
        let is_call = MACROS.iter().any(|known| name == known)
            && bang.as_char() == '!'
            && arguments.delimiter() == Delimiter::Parenthesis
            && !arguments.stream().is_empty();
        if is_call {
            found.push((name.to_string(), arguments.stream().into_iter().collect()));
        }
    }
    found
}

/// The names of the fields: what stands before `=`, or the last name of a shorthand.
fn fields(arguments: &[TokenTree]) -> Vec<String> {
    let is_punct = |tree: &TokenTree, wanted: char| matches!(tree, TokenTree::Punct(punct) if punct.as_char() == wanted);
    let mut found = Vec::new();
    for argument in arguments.split(|tree| is_punct(tree, ',')) {
        if argument.iter().any(|tree| matches!(tree, TokenTree::Literal(_))) && argument.len() == 1
        {
            // The message. What follows it would be its arguments, and is named in it as well.
            continue;
        }
        let name = match argument.iter().position(|tree| is_punct(tree, '=')) {
            Some(at) => argument[..at].iter().rfind(|tree| matches!(tree, TokenTree::Ident(_))),
            None => argument.iter().rfind(|tree| matches!(tree, TokenTree::Ident(_))),
        };
        // `Level::INFO` and `parent: …` are no fields.
        let is_setting = argument.iter().any(|tree| is_punct(tree, ':'));
        found.extend(name.filter(|_| !is_setting).map(ToString::to_string));
    }
    found
}
