//! Every template is a page that somebody fills in, and every page has a sample that a test renders.

use crate::{
    rust::RustFile,
    tree::{self, assert_none},
};

/// Where every page is filled in with values, for the tests that render it.
const SAMPLES: &str = "src/http/view/samples.rs";

#[test]
fn every_template_is_used() {
    let mut used: Vec<String> = pages().into_iter().map(|(template, _)| template).collect();
    for path in tree::below("templates") {
        let text = tree::read(&path);
        let tags = text.split("{%").skip(1).filter_map(|rest| rest.split("%}").next());
        used.extend(tags.filter_map(|tag| tag.split('"').nth(1)).map(str::to_owned));
    }
    let unused: Vec<String> = tree::below("templates")
        .into_iter()
        .filter(|path| !used.iter().any(|name| path.trim_start_matches("templates/") == name))
        .collect();
    assert_none(
        "Nobody renders these templates.",
        "Add the page's struct with #[template(path = \"…\")], or delete the file.",
        &unused,
    );
}

#[test]
fn every_page_has_a_sample() {
    let samples = RustFile::read(SAMPLES);
    let names: Vec<String> = samples.idents().into_iter().map(|(name, _)| name).collect();
    let missing: Vec<String> = pages()
        .into_iter()
        .filter(|(_, page)| !names.contains(page))
        .map(|(template, page)| format!("{page} ({template})"))
        .collect();
    assert_none(
        "These pages are rendered by no test.",
        "Add a sample for every state of the page to src/http/view/samples.rs, and look at it.",
        &missing,
    );
}

/// The template and the struct of every page: `#[template(path = "…")] … struct Name`.
fn pages() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for path in tree::ending_with("src", ".rs") {
        let text = tree::read(&path);
        for after in text.split("#[template(path = \"").skip(1) {
            let template = after.split('"').next().unwrap_or_default();
            let page = after.split("struct ").nth(1).unwrap_or_default();
            let end = page.find(|letter: char| !letter.is_alphanumeric()).unwrap_or(page.len());
            found.push((template.to_owned(), page[..end].to_owned()));
        }
    }
    assert!(!found.is_empty(), "src has no struct with #[template(path = \"…\")]");
    found
}
