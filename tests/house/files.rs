//! Sizes of files, their first lines, and the attributes that nobody may use.

use crate::{
    rust::{self, RustFile},
    tree::{self, assert_none},
};

/// The most lines of a file without its tests.
const LONGEST: usize = 600;
/// The most lines of a file of tests.
const LONGEST_TESTS: usize = 900;

#[test]
fn a_file_is_about_one_thing() {
    let mut broken = Vec::new();
    for path in rust_files() {
        let text = tree::read(&path);
        let (lines, most) = if rust::is_test(&path) || path.starts_with("tests/") {
            (text.lines().count(), LONGEST_TESTS)
        } else {
            (without_tests(&text), LONGEST)
        };
        if lines > most {
            broken.push(format!("{path}: {lines} lines, {most} at most"));
        }
    }
    assert_none(
        "These files are too long.",
        "Such a file holds two things: find them, and give each its own file.",
        &broken,
    );
}

#[test]
fn a_file_begins_by_saying_what_it_is() {
    let silent: Vec<String> = rust_files()
        .into_iter()
        .filter(|path| !path.ends_with("/tests.rs"))
        .filter(|path| !tree::read(path).starts_with("//! "))
        .collect();
    assert_none(
        "These files do not say what they are.",
        "Begin with `//!`: what it is, and the specification with its section if there is one.",
        &silent,
    );
}

#[test]
fn no_lint_is_switched_off_in_passing() {
    let mut broken = Vec::new();
    for path in rust_files() {
        let text = tree::read(&path);
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            let is_attribute = line.starts_with("#[") || line.starts_with("#![");
            if is_attribute && line.contains("allow(") {
                broken.push(format!("{path}:{}", number + 1));
            }
        }
    }
    assert_none(
        "An `allow` hides a lint.",
        "Mend what the lint means, or write #[expect(lint, reason = \"…\")] at the smallest item.",
        &broken,
    );
}

#[test]
fn what_a_module_offers_is_named() {
    let mut broken = Vec::new();
    for file in RustFile::of_the_house() {
        let text = tree::read(&file.path);
        for (number, line) in text.lines().enumerate() {
            let line = line.trim_start();
            if line.starts_with("pub") && line.contains(" use ") && line.ends_with("::*;") {
                broken.push(format!("{}:{}", file.path, number + 1));
            }
        }
    }
    assert_none(
        "A module passes on whatever another one holds.",
        "Name each item of the `pub use`.",
        &broken,
    );
}

#[test]
fn both_engines_have_the_same_migrations() {
    let names = |engine: &str| -> Vec<String> {
        let folder = format!("migrations/{engine}/");
        tree::below(&folder).iter().map(|path| path.replace(&folder, "")).collect()
    };
    let (sqlite, postgres) = (names("sqlite"), names("postgres"));
    assert!(!sqlite.is_empty(), "there are no migrations in migrations/sqlite");
    assert_eq!(
        sqlite, postgres,
        "write the missing file of the other engine, with the same tables"
    );
}

#[test]
fn every_migration_is_compiled_in() {
    let tables = tree::read("src/store/db/tables.rs");
    let missing: Vec<String> = tree::below("migrations/sqlite")
        .into_iter()
        .filter(|path| {
            let name = path.trim_start_matches("migrations/sqlite/").trim_end_matches(".sql");
            !tables.contains(&format!("\"{name}\""))
        })
        .collect();
    assert_none(
        "A migration is never run.",
        "Add its number and name to VERSIONS in src/store/db/tables.rs.",
        &missing,
    );
}

fn rust_files() -> Vec<String> {
    ["src", "tests", "examples", "benches"]
        .iter()
        .flat_map(|folder| tree::ending_with(folder, ".rs"))
        .collect()
}

/// The lines before the module of tests at the end of a file.
fn without_tests(text: &str) -> usize {
    let lines: Vec<&str> = text.lines().collect();
    let begins =
        |at: &usize| lines[*at] == "#[cfg(test)]" && lines.get(at + 1) == Some(&"mod tests {");
    (0..lines.len()).find(begins).unwrap_or(lines.len())
}

#[test]
fn every_module_of_the_specifications_is_run() {
    let list = tree::read("tests/spec/main.rs");
    let missing: Vec<String> = tree::ending_with("tests/spec", ".rs")
        .into_iter()
        .filter(|path| {
            let name = path.trim_start_matches("tests/spec/").trim_end_matches(".rs");
            name != "main" && !name.contains('/') && !list.contains(&format!("mod {name};"))
        })
        .collect();
    assert_none(
        "A module of tests/spec is not compiled, and none of its tests runs.",
        "Name it in tests/spec/main.rs.",
        &missing,
    );
}
