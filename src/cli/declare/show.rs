//! A plan for people and for programs.

use std::fmt::Write as _;

use serde_json::{Value, json};

use super::step_value;
use crate::{
    cli::output::visible,
    service::declared::{Change, Plan, Step},
};

/// The plan in JSON.
pub(super) fn value(plan: &Plan) -> Value {
    let changes: Vec<Value> = plan.steps.iter().map(step_value).collect();
    json!({ "changes": changes, "left_alone": left_alone(plan) })
}

/// The plan in JSON, and how many of its steps were carried out.
pub(super) fn done(plan: &Plan, done: usize) -> Value {
    let mut value = value(plan);
    if let Some(members) = value.as_object_mut() {
        members.insert("done".to_owned(), done.into());
    }
    value
}

fn left_alone(plan: &Plan) -> Vec<String> {
    plan.left_alone.iter().map(|(kind, name)| format!("{} {name}", kind.as_str())).collect()
}

/// What would be done.
pub(super) fn plan(plan: &Plan) -> String {
    if plan.steps.is_empty() {
        return format!("Everything is as declared.\n{}", left(plan));
    }
    let mut text: String = plan.steps.iter().map(|step| shown(step, "→")).collect();
    let (made, changed, deleted) = counts(plan);
    // Writing to a text does not fail.
    writeln!(text, "\n{made} to make, {changed} to change, {deleted} to delete.").ok();
    text.push_str(&left(plan));
    text
}

/// Where the server differs.
pub(super) fn drift(plan: &Plan) -> String {
    if plan.steps.is_empty() {
        return "The server is as declared.\n".to_owned();
    }
    let mut text: String = plan.steps.iter().map(|step| shown(step, "(server) ≠ (file)")).collect();
    let (missing, different, more) = counts(plan);
    writeln!(text, "\n{missing} missing, {different} different, {more} declared no more.").ok();
    text
}

/// What was done, when all of it was.
pub(super) fn summary(plan: &Plan) -> String {
    let (made, changed, deleted) = counts(plan);
    if plan.steps.is_empty() {
        return "Nothing was to do.".to_owned();
    }
    format!("Done: {made} made, {changed} changed, {deleted} deleted.")
}

/// What was done before something failed.
pub(super) fn report(plan: &Plan, done: usize) -> String {
    if done == 0 {
        return "Nothing was done.".to_owned();
    }
    let objects =
        plan.steps.iter().take(done).map(|step| format!("  {}\n", visible(&step.object())));
    format!("Done before the failure:\n{}", objects.collect::<String>())
}

fn left(plan: &Plan) -> String {
    let names = left_alone(plan);
    if names.is_empty() {
        return String::new();
    }
    let names = visible(&names.join(", "));
    format!("Made from this file once, declared no more, left alone (see `prune`): {names}.\n")
}

fn counts(plan: &Plan) -> (usize, usize, usize) {
    let count = |change| plan.steps.iter().filter(|step| step.change == change).count();
    (count(Change::Create), count(Change::Update), count(Change::Delete))
}

fn shown(step: &Step, between: &str) -> String {
    let sign = match step.change {
        Change::Create => '+',
        Change::Update => '~',
        Change::Delete => '-',
    };
    let mut text = format!("{sign} {}\n", visible(&step.object()));
    for change in &step.fields {
        let new = words(&change.new);
        let line = match step.change {
            Change::Create => format!("    {}: {new}", change.field),
            Change::Update | Change::Delete => {
                format!("    {}: {} {between} {new}", change.field, words(&change.old))
            }
        };
        text.push_str(&visible(&line));
        text.push('\n');
    }
    text
}

/// A value on one line.
fn words(value: &Value) -> String {
    let joined = |parts: Vec<String>| {
        if parts.is_empty() { "(none)".to_owned() } else { parts.join(", ") }
    };
    match value {
        Value::Null => "(none)".to_owned(),
        Value::String(text) if text.is_empty() => "(empty)".to_owned(),
        Value::String(text) => text.clone(),
        Value::Bool(_) | Value::Number(_) => value.to_string(),
        Value::Array(items) => joined(items.iter().map(words).collect()),
        Value::Object(map) => {
            let pair = |(name, value): (&String, &Value)| match value {
                Value::String(text) if text.is_empty() => name.clone(),
                Value::Null
                | Value::Bool(_)
                | Value::Number(_)
                | Value::String(_)
                | Value::Array(_)
                | Value::Object(_) => format!("{name} = {}", words(value)),
            };
            joined(map.iter().map(pair).collect())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::service::declared::{FieldChange, Kind};

    fn step(change: Change, old: Value, new: Value) -> Step {
        let fields = vec![FieldChange { field: "roles".to_owned(), old, new }];
        Step { change, kind: Kind::User, name: "alice".to_owned(), id: None, fields }
    }

    #[test]
    fn a_change_says_what_was_and_what_will_be() {
        let step = step(Change::Update, json!([]), json!(["admin", "user"]));
        assert_eq!(shown(&step, "→"), "~ user alice\n    roles: (none) → admin, user\n");
    }

    #[test]
    fn a_declared_text_cannot_drive_the_terminal() {
        let step = step(Change::Create, Value::Null, json!("a\u{1b}[2Jb\nc"));
        assert_eq!(shown(&step, "→"), "+ user alice\n    roles: a\u{fffd}[2Jb\u{fffd}c\n");
    }
}
