//! The handbook is whole: every page is part of it, and it says what the program says.

use std::fs;

use crate::tree::{self, assert_none};

#[test]
fn every_page_of_the_handbook_is_in_it() {
    let mut includes = tree::read("src/manual/mod.rs");
    includes.push_str(&tree::read("src/manual/decisions/mod.rs"));
    let missing: Vec<String> = tree::ending_with("src/manual", ".md")
        .into_iter()
        .filter(|path| {
            let name = path.rsplit('/').next().unwrap_or_default();
            !includes.contains(&format!("include_str!(\"{name}\")"))
        })
        .collect();
    assert_none(
        "A page is not part of the handbook.",
        "Include it in src/manual/mod.rs or src/manual/decisions/mod.rs.",
        &missing,
    );
}

#[test]
fn a_decision_says_why_what_and_what_follows() {
    let pages = tree::ending_with("src/manual/decisions", ".md");
    assert!(!pages.is_empty(), "there is no page in src/manual/decisions");
    let parts = ["## Context\n", "## Decision\n", "## Consequences\n"];
    let broken: Vec<String> = pages
        .into_iter()
        .filter(|path| {
            let text = tree::read(path);
            !parts.iter().all(|part| text.contains(part)) || text.lines().count() > 60
        })
        .collect();
    assert_none(
        "A decision lacks one of its three parts, or is longer than a page.",
        "Write ## Context, ## Decision and ## Consequences, in sixty lines at most.",
        &broken,
    );
}

#[test]
fn the_changelog_knows_this_version() {
    let version = env!("CARGO_PKG_VERSION");
    let changelog = tree::read("CHANGELOG.md");
    assert!(
        changelog.contains(&format!("## {version}")) || changelog.contains("## Unreleased"),
        "CHANGELOG.md has neither `## {version}` nor `## Unreleased`: say what is new to those who run Doorward"
    );
}

/// With `UPDATE=1` in the environment the test writes the settings instead of comparing them.
#[test]
fn the_handbook_lists_the_settings() {
    let page = Generated {
        path: "src/manual/configuration.md",
        begin: "<!-- made from src/config by UPDATE=1 cargo test --test house handbook -->\n",
        end: "<!-- end of settings -->",
        command: "UPDATE=1 cargo test --test house handbook",
    };
    page.is(&format!("\n```toml\n{}```\n\n", doorward::config::example()));
}

#[test]
fn the_handbook_names_no_setting_that_is_not_there() {
    let example = doorward::config::example();
    let mut section = "";
    let mut known = Vec::new();
    for line in example.lines() {
        if let Some(name) = line.strip_prefix('[').and_then(|line| line.strip_suffix(']')) {
            section = name;
        } else if let Some((key, _)) = line.split_once(" = ") {
            known.push(format!("{section}.{}", key.trim_start_matches('#')));
        }
    }
    let sections: Vec<&str> = known.iter().filter_map(|name| name.split('.').next()).collect();
    let mut broken = Vec::new();
    for path in tree::ending_with("src/manual", ".md") {
        for name in tree::read(&path).split('`').skip(1).step_by(2) {
            // `tokens.refresh_window = "0s"` names a setting as well; `master.key` is a file.
            let name = name.split(" = ").next().unwrap_or_default();
            let section = name.split_once('.').map(|(section, _)| section);
            let is_setting =
                section.is_some_and(|name| !name.is_empty() && sections.contains(&name));
            if is_setting && !known.iter().any(|known| known == name) {
                broken.push(format!("{path}: {name}"));
            }
        }
    }
    assert_none("The handbook names a setting that does not exist.", "Correct its name.", &broken);
}

/// A part of a document that is made from the code.
pub(crate) struct Generated {
    /// The document.
    pub(crate) path: &'static str,
    /// The line before the part.
    pub(crate) begin: &'static str,
    /// What follows it.
    pub(crate) end: &'static str,
    /// What makes it anew.
    pub(crate) command: &'static str,
}

impl Generated {
    /// Compares the part with `wanted`, or writes it when `UPDATE` is set.
    #[expect(clippy::disallowed_methods, reason = "the one switch of these tests")]
    pub(crate) fn is(&self, wanted: &str) {
        let Self { path, begin, end, command } = self;
        let text = tree::read(path);
        let lost = |marker| format!("{path} has lost its line {marker}");
        let (before, rest) = text.split_once(begin).unwrap_or_else(|| panic!("{}", lost(begin)));
        let (found, after) = rest.split_once(end).unwrap_or_else(|| panic!("{}", lost(end)));
        if std::env::var_os("UPDATE").is_some() {
            let updated = format!("{before}{begin}{wanted}{end}{after}");
            fs::write(tree::root().join(path), updated).unwrap();
            return;
        }
        assert!(found == wanted, "{path} is not what the code says; run:\n  {command}");
    }
}
