//! The known name that is spelled most like an unknown one.

/// The nearest of `known`, unless even that is another word altogether.
pub(super) fn nearest<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let distance = |candidate: &str| strsim::damerau_levenshtein(&name.to_lowercase(), candidate);
    known
        .into_iter()
        .map(|candidate| (distance(candidate), candidate))
        .filter(|(distance, candidate)| *distance <= candidate.chars().count().max(3) / 3)
        .min()
        .map(|(_, candidate)| candidate.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_near() {
        let roles = ["user", "moderator", "admin"];
        assert_eq!(nearest("amdin", roles).as_deref(), Some("admin"));
        assert_eq!(nearest("Moderater", roles).as_deref(), Some("moderator"));
        assert_eq!(nearest("root", roles), None);
    }
}
