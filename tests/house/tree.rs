//! The files of the project, as the tests read them.

use std::{
    fs,
    path::{Path, PathBuf},
};

/// Folders at the top that hold what is written by hand.
const FOLDERS: &[&str] = &[
    ".ci",
    "benches",
    "docs",
    "examples",
    "locales",
    "migrations",
    "scripts",
    "src",
    "static",
    "templates",
    "tests",
];

/// Folders that other programs fill.
const FOREIGN: &[&str] = &["node_modules", "target"];

/// The folder of `Cargo.toml`.
pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every file below `folder`, as a path from the root with `/`, sorted.
pub(crate) fn below(folder: &str) -> Vec<String> {
    let mut found = Vec::new();
    walk(&root().join(folder), &mut found);
    found.sort();
    found
}

/// Every file below `folder` whose name ends with `ending`.
pub(crate) fn ending_with(folder: &str, ending: &str) -> Vec<String> {
    below(folder).into_iter().filter(|path| path.ends_with(ending)).collect()
}

/// Every file that is written by hand, those at the top included.
pub(crate) fn all() -> Vec<String> {
    // A worktree's `.git` is a file.
    let at_the_top =
        entries(root()).into_iter().filter(|path| path.is_file() && !path.ends_with(".git"));
    let mut found: Vec<String> = at_the_top.map(|path| from_root(&path)).collect();
    found.extend(FOLDERS.iter().flat_map(|folder| below(folder)));
    found.sort();
    found
}

/// The text of a file; `None` when it is not text.
pub(crate) fn text_of(path: &str) -> Option<String> {
    let bytes = fs::read(root().join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    String::from_utf8(bytes).ok()
}

/// The text of a file that must be text.
pub(crate) fn read(path: &str) -> String {
    text_of(path).unwrap_or_else(|| panic!("{path} is not UTF-8"))
}

/// Whether there is a file or a folder of that path.
pub(crate) fn exists(path: &str) -> bool {
    root().join(path).exists()
}

/// Fails with every place that breaks a rule, and with what to do about it.
pub(crate) fn assert_none(rule: &str, remedy: &str, broken: &[String]) {
    assert!(broken.is_empty(), "\n{rule}\n\n  {}\n\n{remedy}\n", broken.join("\n  "));
}

fn walk(folder: &Path, found: &mut Vec<String>) {
    for path in entries(folder) {
        if !path.is_dir() {
            found.push(from_root(&path));
        } else if !FOREIGN.iter().any(|name| path.ends_with(name)) {
            walk(&path, found);
        }
    }
}

fn entries(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries.map(|entry| entry.unwrap().path()).collect()
}

fn from_root(path: &Path) -> String {
    let parts = path.strip_prefix(root()).unwrap().iter();
    parts.map(|part| part.to_str().unwrap()).collect::<Vec<_>>().join("/")
}
