//! Secrets are compared in a time that tells nothing. Attack catalogue, PKCE-10, CAUTH-08.

use crate::{rust::RustFile, tree::assert_none};

/// Where a secret, or what is derived from one, is held against another, and by which comparison.
const COMPARISONS: &[(&str, &str)] = &[
    ("src/identity/password/hash.rs", "ct_eq"),
    ("src/protocol/authorize/pkce.rs", "verify_slices_are_equal"),
    ("src/protocol/client_auth/mod.rs", "verify_slices_are_equal"),
    ("src/types/seal.rs", "verify_slices_are_equal"),
];

#[test]
fn secrets_are_compared_in_constant_time() {
    let files = RustFile::of_the_house();
    let missing = COMPARISONS.iter().filter(|(path, comparison)| {
        let file = files.iter().find(|file| file.path == *path);
        file.is_none_or(|file| !file.idents().iter().any(|(name, _)| name == comparison))
    });
    let missing: Vec<String> =
        missing.map(|(path, comparison)| format!("{path}: {comparison}")).collect();
    assert_none(
        "A secret is no longer compared in constant time, or elsewhere.",
        "Use the comparison that the list names; when the code has moved, move the list.",
        &missing,
    );
}

/// Where the type `Secret` has one of these names.
fn in_the_secret(names: &[&str]) -> Vec<String> {
    let files = RustFile::of_the_house().into_iter();
    let files = files.filter(|file| file.path == "src/types/secret.rs");
    let idents = files.flat_map(|file| file.idents());
    idents.filter(|(name, _)| names.contains(&name.as_str())).map(|(_, place)| place).collect()
}

#[test]
fn a_secret_has_no_other_comparison() {
    let comparing = ["PartialEq", "PartialOrd", "Eq", "Ord", "Hash"];
    let broken = in_the_secret(&comparing);
    assert_none(
        "A `Secret` can be compared with `==`.",
        "Compare what is derived from it, in constant time.",
        &broken,
    );
}

/// LOG-04: nothing but `Debug`, which shows nothing, makes a text of a secret, so that whatever holds one
/// cannot be serialized or shown either.
#[test]
fn a_secret_has_no_text() {
    let telling = ["Serialize", "Display", "ToString", "Deref", "AsRef", "Borrow", "LowerHex"];
    let broken = in_the_secret(&telling);
    assert_none(
        "A `Secret` can be shown or serialized.",
        "Say `expose` where its content is needed: that is easy to search for.",
        &broken,
    );
}
