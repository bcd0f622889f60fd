//! Rust files as tokens: comments and texts cannot be mistaken for code, and macros are seen as well.

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::tree;

/// A Rust file without its `#[cfg(test)]` items.
pub(crate) struct RustFile {
    /// From the root of the project.
    pub(crate) path: String,
    tokens: Vec<TokenTree>,
}

/// A path in the code, such as `crate::store::Db`, from its first name on.
pub(crate) struct Named {
    /// The names; those of a group in braces are given one by one.
    pub(crate) names: Vec<String>,
    /// Where, as `path:line`.
    pub(crate) place: String,
}

impl RustFile {
    /// Reads the file at `path`.
    pub(crate) fn read(path: &str) -> Self {
        Self::parse(path, &tree::read(path))
    }

    fn parse(path: &str, text: &str) -> Self {
        let tokens: TokenStream =
            text.parse().unwrap_or_else(|error| panic!("{path} is not Rust: {error}"));
        Self { path: path.to_owned(), tokens: without_tests(tokens) }
    }

    /// Every Rust file of `src`.
    pub(crate) fn of_the_house() -> Vec<Self> {
        let paths = tree::ending_with("src", ".rs");
        paths.iter().map(|path| Self::read(path)).filter(|file| !is_test(&file.path)).collect()
    }

    /// Shows `visit` every run of tokens between two brackets of any kind, and the whole file.
    pub(crate) fn each_run(&self, visit: &mut dyn FnMut(&[TokenTree])) {
        each_run(&self.tokens, visit);
    }

    /// Every path of the code, wherever it stands.
    pub(crate) fn paths(&self) -> Vec<Named> {
        let mut found = Vec::new();
        self.paths_of(&self.tokens, &mut found);
        found
    }

    /// Every name of the code, with its place.
    pub(crate) fn idents(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for tree in flat(&self.tokens) {
            if let TokenTree::Ident(ident) = &tree {
                found.push((ident.to_string(), self.place(&tree)));
            }
        }
        found
    }

    /// Every literal of the code as it is written, with its place. Doc comments are among them.
    pub(crate) fn literals(&self) -> Vec<(String, String)> {
        let mut found = Vec::new();
        for tree in flat(&self.tokens) {
            if let TokenTree::Literal(literal) = &tree {
                found.push((literal.to_string(), self.place(&tree)));
            }
        }
        found
    }

    /// Where a token stands, as `path:line`.
    pub(crate) fn place(&self, tree: &TokenTree) -> String {
        format!("{}:{}", self.path, tree.span().start().line)
    }

    /// A path that stands in this file with `crate` in place of `self` and `super`.
    pub(crate) fn absolute(&self, names: &[String]) -> Vec<String> {
        let module = self.path.trim_start_matches("src/").trim_end_matches(".rs");
        let module = module.trim_end_matches("/mod");
        let mut place: Vec<String> = match module {
            "lib" | "main" => Vec::new(),
            module => module.split('/').map(str::to_owned).collect(),
        };
        let ups = names.iter().take_while(|name| *name == "super").count();
        let relative = match names.first().map(String::as_str) {
            Some("self") => 1,
            Some("super") => ups,
            Some(_) | None => return names.to_vec(),
        };
        place.truncate(place.len().saturating_sub(ups));
        place.insert(0, "crate".to_owned());
        place.extend(names[relative..].iter().cloned());
        place
    }

    fn paths_of(&self, tokens: &[TokenTree], found: &mut Vec<Named>) {
        let mut at = 0;
        while let Some(tree) = tokens.get(at) {
            match tree {
                TokenTree::Group(group) => {
                    let inner: Vec<TokenTree> = group.stream().into_iter().collect();
                    self.paths_of(&inner, found);
                }
                TokenTree::Ident(_) => {
                    let (tails, end) = tails(tokens, at);
                    let place = self.place(tree);
                    found.extend(
                        tails.into_iter().map(|names| Named { names, place: place.clone() }),
                    );
                    // The group of `use a::{…}` was read with its path.
                    at = end;
                    continue;
                }
                TokenTree::Punct(_) | TokenTree::Literal(_) => {}
            }
            at += 1;
        }
    }
}

/// Whether a file of `src` holds tests or what only tests use.
pub(crate) fn is_test(path: &str) -> bool {
    let name = path.rsplit('/').next().unwrap_or_default();
    ["tests.rs", "testing.rs", "samples.rs"].contains(&name)
        || name.ends_with("_tests.rs")
        || path.contains("/tests/")
}

/// The paths that begin with the name at `at`, and where they end.
fn tails(tokens: &[TokenTree], at: usize) -> (Vec<Vec<String>>, usize) {
    let first = tokens[at].to_string();
    let mut end = at + 1;
    if !is_double_colon(tokens, end) {
        return (vec![vec![first]], end);
    }
    end += 2;
    let with_first = |tail: Vec<String>| [vec![first.clone()], tail].concat();
    match tokens.get(end) {
        Some(TokenTree::Ident(_)) => {
            let (rest, end) = tails(tokens, end);
            (rest.into_iter().map(with_first).collect(), end)
        }
        Some(TokenTree::Group(group)) if group.delimiter() == Delimiter::Brace => {
            (members(group).into_iter().map(with_first).collect(), end + 1)
        }
        // `a::<T>` and `a::*` end the path.
        Some(TokenTree::Punct(punct)) if punct.as_char() == '*' => {
            (vec![with_first(vec!["*".to_owned()])], end + 1)
        }
        Some(TokenTree::Punct(_) | TokenTree::Group(_) | TokenTree::Literal(_)) | None => {
            (vec![vec![first]], end)
        }
    }
}

/// The paths of a group in a `use`.
fn members(group: &Group) -> Vec<Vec<String>> {
    let tokens: Vec<TokenTree> = group.stream().into_iter().collect();
    let mut found = Vec::new();
    for member in tokens.split(is_comma) {
        if matches!(member.first(), Some(TokenTree::Ident(_))) {
            found.extend(tails(member, 0).0);
        } else if member.first().is_some_and(|tree| tree.to_string() == "*") {
            found.push(vec!["*".to_owned()]);
        }
    }
    found
}

fn is_comma(tree: &TokenTree) -> bool {
    matches!(tree, TokenTree::Punct(punct) if punct.as_char() == ',')
}

fn is_double_colon(tokens: &[TokenTree], at: usize) -> bool {
    let is_colon = |at: usize| matches!(tokens.get(at), Some(TokenTree::Punct(punct)) if punct.as_char() == ':');
    is_colon(at) && is_colon(at + 1)
}

fn flat(tokens: &[TokenTree]) -> Vec<TokenTree> {
    let mut found = Vec::new();
    for tree in tokens {
        found.push(tree.clone());
        if let TokenTree::Group(group) = tree {
            found.extend(flat(&group.stream().into_iter().collect::<Vec<_>>()));
        }
    }
    found
}

fn each_run(tokens: &[TokenTree], visit: &mut dyn FnMut(&[TokenTree])) {
    visit(tokens);
    for tree in tokens {
        if let TokenTree::Group(group) = tree {
            each_run(&group.stream().into_iter().collect::<Vec<_>>(), visit);
        }
    }
}

/// The tokens without items that are marked `#[cfg(test)]`: from the mark to the end of the item.
fn without_tests(stream: TokenStream) -> Vec<TokenTree> {
    let tokens: Vec<TokenTree> = stream.into_iter().collect();
    let mut kept = Vec::new();
    let mut at = 0;
    while at < tokens.len() {
        if is_test_mark(&tokens, at) {
            at = end_of_item(&tokens, at + 2);
            continue;
        }
        kept.push(match &tokens[at] {
            TokenTree::Group(group) => {
                let inner = without_tests(group.stream()).into_iter().collect();
                let mut shorter = Group::new(group.delimiter(), inner);
                shorter.set_span(group.span());
                TokenTree::Group(shorter)
            }
            TokenTree::Ident(_) | TokenTree::Punct(_) | TokenTree::Literal(_) => tokens[at].clone(),
        });
        at += 1;
    }
    kept
}

fn is_test_mark(tokens: &[TokenTree], at: usize) -> bool {
    let Some(TokenTree::Group(group)) = tokens.get(at + 1) else { return false };
    tokens[at].to_string() == "#"
        && group.delimiter() == Delimiter::Bracket
        && group.stream().to_string().replace(' ', "") == "cfg(test)"
}

/// An item ends with its body or with a semicolon; a variant or a field with a comma.
fn end_of_item(tokens: &[TokenTree], from: usize) -> usize {
    let ends = |tree: &TokenTree| match tree {
        TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
        TokenTree::Punct(punct) => [';', ','].contains(&punct.as_char()),
        TokenTree::Ident(_) | TokenTree::Literal(_) => false,
    };
    let length = tokens[from..].iter().position(ends);
    length.map_or(tokens.len(), |length| from + length + 1)
}

/// The paths of a text in a file of `src/service`, as `a::b`, with their lines.
fn paths_in(text: &str) -> Vec<String> {
    let file = RustFile::parse("src/service/token/mod.rs", text);
    let paths = file.paths().into_iter();
    let long = paths.filter(|named| named.names.len() > 1);
    long.map(|named| {
        let line = named.place.rsplit(':').next().unwrap_or_default();
        format!("{line} {}", file.absolute(&named.names).join("::"))
    })
    .collect()
}

#[test]
fn every_name_of_a_nested_group_is_found() {
    let text = "use crate::{\n store::{self, Db},\n types::Scope,\n};";
    assert_eq!(
        paths_in(text),
        ["1 crate::store::self", "1 crate::store::Db", "1 crate::types::Scope"]
    );
}

#[test]
fn paths_in_expressions_and_macros_are_found() {
    let text = "fn f() {\n run!(crate::http::view::render(x));\n}";
    assert_eq!(paths_in(text), ["2 crate::http::view::render"]);
}

#[test]
fn relative_paths_are_told_from_the_root() {
    let text = "use super::super::http::Router; use self::mint::Token;";
    assert_eq!(paths_in(text), ["1 crate::http::Router", "1 crate::service::token::mint::Token"]);
}

#[test]
fn comments_texts_and_tests_are_not_code() {
    let text = "// crate::http\nconst A: &str = \"crate::http::b\";\n#[cfg(test)]\nmod tests { use crate::http::A; }\n#[cfg(test)] use crate::http::B;\nuse crate::store::C;";
    assert_eq!(paths_in(text), ["6 crate::store::C"]);
}
