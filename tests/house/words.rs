//! Words that are never committed.

use crate::tree::{self, assert_none};

#[test]
fn nothing_is_left_for_later() {
    // Written in two halves, so that this file is not its own finding.
    let words = [["TO", "DO"], ["FIX", "ME"], ["XX", "X:"], ["unimplemented", "!"], ["todo", "!("]];
    let words = words.map(|halves| halves.concat());
    assert_none(
        "Something is left for later.",
        "Do it now, or take the feature out: half a feature is a trap.",
        &holding(&words),
    );
}

#[test]
fn no_path_of_somebodys_machine_is_committed() {
    let paths = [["/ro", "ot/"], ["/ho", "me/"], ["/Us", "ers/"], ["/wo", "rk/"]];
    let paths = paths.map(|halves| halves.concat());
    assert_none(
        "A path of one machine is committed.",
        "Write it relative to the project, or take it as an argument.",
        &holding(&paths),
    );
}

/// Where one of `words` stands, without files that other programs write.
fn holding(words: &[String]) -> Vec<String> {
    let written =
        tree::all().into_iter().filter(|path| !path.contains("-lock") && path != "Cargo.lock");
    let mut found = Vec::new();
    for path in written {
        let Some(text) = tree::text_of(&path) else { continue };
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = words.iter().find(|word| line.contains(*word)) {
                found.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    found
}
