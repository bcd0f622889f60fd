//! Every address that answers is in the handbook.

use crate::{
    rust::RustFile,
    tree::{self, assert_none},
};

/// The page that lists every address.
const PAGE: &str = "src/manual/endpoints.md";

/// Files whose constants are addresses.
const CONSTANTS: &[&str] =
    &["src/http/admin/table.rs", "src/http/route.rs", "src/protocol/metadata.rs"];

#[test]
fn every_route_is_in_the_handbook() {
    let page = tree::read(PAGE);
    let routes = routes();
    assert!(
        !routes.is_empty(),
        "src/http has no routes: tests/house/routes.rs looks in the wrong place"
    );
    let missing: Vec<String> = routes
        .into_iter()
        .filter(|(route, _)| !page.contains(&format!("| `{route}` |")))
        .map(|(route, place)| format!("{place}: {route}"))
        .collect();
    assert_none(
        "An address answers and is not explained.",
        "Add its row to src/manual/endpoints.md: who asks it, what it answers, which specification.",
        &missing,
    );
}

#[test]
fn the_handbook_lists_no_route_that_is_not_there() {
    let routes: Vec<String> = routes().into_iter().map(|(route, _)| route).collect();
    let text = tree::read(PAGE);
    let listed = text.lines().filter_map(|line| line.strip_prefix("| `/")?.split('`').next());
    let gone: Vec<String> =
        listed.map(|route| format!("/{route}")).filter(|route| !routes.contains(route)).collect();
    assert_none(
        "The handbook lists addresses that nobody answers.",
        "Take the row out of src/manual/endpoints.md.",
        &gone,
    );
}

/// Texts that begin with a slash: in `.route("…")`, and as constants of the files of addresses.
fn routes() -> Vec<(String, String)> {
    let mut found = Vec::new();
    for file in RustFile::of_the_house() {
        let in_constants = CONSTANTS.contains(&file.path.as_str());
        if !in_constants && !file.path.starts_with("src/http/") {
            continue;
        }
        let text = tree::read(&file.path);
        for (literal, place) in file.literals() {
            let route = literal.trim_matches('"');
            let is_route = in_constants || text.contains(&format!("route({literal}"));
            if is_route && route.starts_with('/') && !route.contains(' ') {
                found.push((route.to_owned(), place));
            }
        }
    }
    found
}
