//! The README tells the truth: its generated table, its commands and its links.

use std::fmt::Write;

use doorward::spec::{SPECIFICATIONS, Status};

use crate::{
    documents::Generated,
    tree::{self, assert_none},
};

#[test]
fn the_readme_lists_the_specifications() {
    let part = Generated {
        path: "README.md",
        begin: "<!-- made from src/spec.rs by UPDATE=1 cargo test --test house readme -->\n",
        end: "<!-- end of specifications -->",
        command: "UPDATE=1 cargo test --test house readme",
    };
    part.is(&table());
}

#[test]
fn the_commands_of_the_documents_exist() {
    let mut broken = Vec::new();
    for path in documents() {
        let text = tree::read(&path);
        for word in
            text.split(|letter: char| letter.is_whitespace() || "`'\"()|,;".contains(letter))
        {
            let word = word.trim_end_matches(['.', ':']);
            if word.starts_with("scripts/") && word.len() > "scripts/".len() && !tree::exists(word)
            {
                broken.push(format!("{path}: {word}"));
            }
        }
        for after in text.split("--example ").skip(1) {
            let end = after.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(after.len());
            let name = &after[..end];
            if !tree::exists(&format!("examples/{name}/main.rs"))
                && !tree::exists(&format!("examples/{name}.rs"))
            {
                broken.push(format!("{path}: --example {name}"));
            }
        }
    }
    assert_none(
        "A document tells people to run what is not there.",
        "Correct the command, or add the program.",
        &broken,
    );
}

#[test]
fn the_links_of_the_documents_lead_somewhere() {
    let mut broken = Vec::new();
    for path in documents() {
        let text = tree::read(&path);
        let folder =
            path.rsplit_once('/').map_or(String::new(), |(folder, _)| format!("{folder}/"));
        for after in text.split("](").skip(1) {
            let Some(target) = after.split(')').next() else { continue };
            let file = target.split('#').next().unwrap_or_default();
            // Links of the handbook that name an item are checked by rustdoc.
            let is_file = !file.is_empty() && !file.contains("::") && !file.contains(':');
            if is_file && file.contains('.') && !tree::exists(&format!("{folder}{file}")) {
                broken.push(format!("{path}: {target}"));
            }
        }
    }
    assert_none("A link leads nowhere.", "Correct it, or add the file.", &broken);
}

fn documents() -> Vec<String> {
    let top = ["README.md", "CHANGELOG.md", "SECURITY.md"].map(str::to_owned);
    top.into_iter().chain(tree::ending_with("src/manual", ".md")).collect()
}

fn table() -> String {
    let mut text =
        String::from("\n| Specification | What is here | Where | Tests |\n|---|---|---|---|\n");
    for spec in SPECIFICATIONS {
        let status = match spec.status {
            Status::Full => "all",
            Status::Partial(part) => part,
        };
        let title = if spec.title.contains(spec.id) || spec.id == spec.title {
            format!("[{}]({})", spec.title, spec.url)
        } else {
            format!("[{}]({}) {}", spec.id, spec.url, spec.title)
        };
        let home = linked(spec.home.get(..1).unwrap_or_default());
        writeln!(text, "| {title} | {status} | {home} | {} |", linked(spec.tests)).unwrap();
    }
    text.push('\n');
    text
}

/// Links to files, by their names within `src` or `tests`.
fn linked(paths: &[&str]) -> String {
    let short = |path: &str| {
        let inner = path.split_once('/').map_or(path, |(_, inner)| inner);
        inner.trim_end_matches(".rs").trim_end_matches("/mod").to_owned()
    };
    let links: Vec<String> =
        paths.iter().map(|path| format!("[`{}`]({path})", short(path))).collect();
    links.join(", ")
}
