//! What works once is taken by the store and by nobody else.

use crate::{rust::RustFile, tree::assert_none};

/// Who may make the proof: the store, and the file that defines it.
const MAKERS: &[&str] = &["src/store/", "src/types/single_use.rs"];

#[test]
fn only_the_store_says_that_something_was_redeemed() {
    let mut broken = Vec::new();
    for file in RustFile::of_the_house() {
        if MAKERS.iter().any(|maker| file.path.starts_with(maker)) {
            continue;
        }
        let made = file.idents().into_iter().filter(|(name, _)| name == "by_store");
        broken.extend(made.map(|(_, place)| place));
    }
    assert_none(
        "A proof of single use is made outside the store.",
        "Take the thing by one conditional `UPDATE … RETURNING` in src/store, and use what it returns.",
        &broken,
    );
}

#[test]
fn what_is_redeemed_is_taken_by_one_conditional_statement() {
    let mut broken = Vec::new();
    for file in RustFile::of_the_house() {
        if !file.path.starts_with("src/store/") {
            continue;
        }
        let redeems = file.idents().iter().any(|(name, _)| name == "by_store");
        let texts: Vec<String> = file.literals().into_iter().map(|(text, _)| text).collect();
        let conditional = texts.iter().any(|text| text.contains("UPDATE"))
            && texts.iter().any(|text| text.contains("RETURNING"));
        let inserts_once = texts.iter().any(|text| text.contains("ON CONFLICT"));
        if redeems && !conditional && !inserts_once {
            broken.push(file.path);
        }
    }
    assert_none(
        "Something is redeemed without a conditional statement.",
        "One `UPDATE … WHERE … IS NULL RETURNING …` decides who was first; a read before it decides nothing.",
        &broken,
    );
}
