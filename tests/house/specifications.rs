//! The map of specifications and the modules agree.

use std::collections::BTreeSet;

use doorward::spec::SPECIFICATIONS;

use crate::tree::{self, assert_none};

/// Specifications that modules name in order to say that they are not followed.
const NOT_FOLLOWED: &[&str] = &["RFC 7239"];

#[test]
fn every_specification_has_a_home_that_names_it() {
    let mut broken = Vec::new();
    for spec in SPECIFICATIONS {
        if spec.home.is_empty() {
            broken.push(format!("{} has no home", spec.id));
        }
        for path in spec.home {
            if !tree::exists(path) {
                broken.push(format!("{}: there is no {path}", spec.id));
            } else if !cited(&introduction(path), spec.id) {
                broken.push(format!("{path} does not name {}", spec.id));
            }
        }
    }
    assert_none(
        "A row of src/spec.rs and its home disagree.",
        "Correct the path in src/spec.rs, or name the specification in the file's `//!` lines.",
        &broken,
    );
}

#[test]
fn every_specification_that_a_module_names_has_a_row() {
    let rows: BTreeSet<&str> = SPECIFICATIONS.iter().map(|spec| spec.id).collect();
    let mut broken = Vec::new();
    for path in tree::ending_with("src", ".rs") {
        for id in rfcs(&introduction(&path)) {
            if !rows.contains(id.as_str()) && !NOT_FOLLOWED.contains(&id.as_str()) {
                broken.push(format!("{path}: {id}"));
            }
        }
    }
    assert_none(
        "A module names a specification that has no row.",
        "Add its row to src/spec.rs, then run: UPDATE=1 cargo test --test house readme",
        &broken,
    );
}

#[test]
fn every_test_that_a_row_names_exists() {
    let mut broken = Vec::new();
    for spec in SPECIFICATIONS {
        let missing = spec.tests.iter().filter(|path| !tree::exists(path));
        broken.extend(missing.map(|path| format!("{}: there is no {path}", spec.id)));
    }
    assert_none(
        "A row names tests that are not there.",
        "Correct the path in src/spec.rs.",
        &broken,
    );
}

/// What `tests/spec` holds beside modules of a specification.
const NO_SPECIFICATION: &[&str] = &["tests/spec/main.rs", "tests/spec/actors/"];

#[test]
fn every_module_of_tests_belongs_to_a_row_if_it_is_named_after_one() {
    let listed: Vec<&str> = SPECIFICATIONS.iter().flat_map(|spec| spec.tests).copied().collect();
    let named_after = |path: &str| {
        let name = path.trim_start_matches("tests/spec/");
        name.starts_with("rfc") || name.starts_with("oidc_")
    };
    let strays: Vec<String> = tree::ending_with("tests/spec", ".rs")
        .into_iter()
        .filter(|path| !NO_SPECIFICATION.iter().any(|other| path.starts_with(other)))
        .filter(|path| named_after(path))
        // A folder is listed by its mod.rs.
        .filter(|path| path.matches('/').count() == 2 || path.ends_with("/mod.rs"))
        .filter(|path| !listed.contains(&path.as_str()))
        .collect();
    assert_none(
        "These tests are named after a specification whose row does not know them.",
        "Add them to the `tests` of the row in src/spec.rs.",
        &strays,
    );
}

#[test]
fn a_specification_has_one_row_and_the_address_of_its_text() {
    let mut seen = BTreeSet::new();
    for spec in SPECIFICATIONS {
        assert!(seen.insert(spec.id), "{} has two rows in src/spec.rs", spec.id);
        if let Some(number) = spec.id.strip_prefix("RFC ") {
            let url = format!("https://www.rfc-editor.org/rfc/rfc{number}.html");
            assert_eq!(spec.url, url, "the address of {} in src/spec.rs", spec.id);
        } else {
            assert!(spec.url.starts_with("https://"), "the address of {} in src/spec.rs", spec.id);
        }
    }
}

/// The `//!` lines of a file as one text, with one spelling for names that have two.
fn introduction(path: &str) -> String {
    let text = tree::read(path);
    let lines = text.lines().map_while(|line| line.strip_prefix("//!"));
    let joined = lines.map(str::trim).collect::<Vec<_>>().join(" ");
    joined.replace("OpenID Connect", "OIDC").replace("Content Security Policy", "CSP")
}

fn cited(introduction: &str, id: &str) -> bool {
    if id.starts_with("RFC ") { rfcs(introduction).contains(id) } else { introduction.contains(id) }
}

/// The RFCs of a text, where `RFC 7515, 7517` names two.
fn rfcs(text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    for after in text.split("RFC ").skip(1) {
        for part in after.split(", ") {
            let digits = part.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(part.len());
            if digits < 4 {
                break;
            }
            found.insert(format!("RFC {}", &part[..digits]));
            if digits != part.len() {
                break;
            }
        }
    }
    found
}
