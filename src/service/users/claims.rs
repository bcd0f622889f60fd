//! Standard claims of a user, set one by one. OIDC Core §5.1.

use url::Url;

use crate::identity::user::{Address, Profile};

/// The claims that can be set, as they are named in tokens; those of the address with its name before
/// a dot.
pub const CLAIMS: [&str; 20] = [
    "name",
    "given_name",
    "family_name",
    "middle_name",
    "nickname",
    "profile",
    "picture",
    "website",
    "gender",
    "birthdate",
    "zoneinfo",
    "locale",
    "phone_number",
    "phone_number_verified",
    "address.formatted",
    "address.street_address",
    "address.locality",
    "address.region",
    "address.postal_code",
    "address.country",
];

/// The longest value, in bytes.
const MAX_BYTES: usize = 1024;

/// Why a claim is not set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ClaimError {
    /// There is no such claim.
    #[error("there is no claim `{0}`")]
    Unknown(String),
    /// The value breaks the rule of the claim; the rule.
    #[error("the claim `{claim}` is {rule}")]
    Invalid {
        /// The claim.
        claim: &'static str,
        /// What it must be.
        rule: &'static str,
    },
}

/// Sets the claim `name`; an empty value takes it away.
///
/// # Errors
/// [`ClaimError`] when there is no such claim, or the value cannot be one.
pub fn set(profile: &mut Profile, name: &str, value: &str) -> Result<(), ClaimError> {
    let claim = CLAIMS.iter().find(|claim| **claim == name);
    let claim = *claim.ok_or_else(|| ClaimError::Unknown(name.to_owned()))?;
    if let Some(rule) = broken_rule(claim, value) {
        return Err(ClaimError::Invalid { claim, rule });
    }
    if claim == "phone_number_verified" {
        profile.phone_number_verified = value == "true";
        return Ok(());
    }
    let value = (!value.is_empty()).then(|| value.to_owned());
    if let Some(part) = claim.strip_prefix("address.") {
        let mut address = profile.address.take().unwrap_or_default();
        if let Some(slot) = address_slot(&mut address, part) {
            *slot = value;
        }
        profile.address = (address != Address::default()).then_some(address);
    } else if let Some(slot) = slot(profile, claim) {
        *slot = value;
        // Whoever proved the old number did not prove the new one.
        profile.phone_number_verified &= claim != "phone_number";
    }
    Ok(())
}

/// The rule that `value` breaks as the claim `claim`, if it breaks one.
fn broken_rule(claim: &str, value: &str) -> Option<&'static str> {
    if value.len() > MAX_BYTES || value.chars().any(|c| c.is_control() && c != '\n') {
        return Some("a text of at most 1,024 bytes without control characters");
    }
    if value.is_empty() {
        return None;
    }
    let (fits, rule) = match claim {
        "phone_number_verified" => (matches!(value, "true" | "false"), "`true` or `false`"),
        "profile" | "picture" | "website" => (is_web_url(value), "an http or https URL"),
        "birthdate" => (is_birthdate(value), "a date as YYYY-MM-DD, 0000-MM-DD or YYYY"),
        "zoneinfo" => (is_time_zone(value), "the name of a time zone, as Europe/Paris"),
        "locale" => (is_language_tag(value), "a language tag, as en-US"),
        _ => (true, ""),
    };
    (!fits).then_some(rule)
}

fn is_web_url(text: &str) -> bool {
    Url::parse(text).is_ok_and(|url| matches!(url.scheme(), "http" | "https"))
}

/// `YYYY-MM-DD`, `0000-MM-DD` when the year is kept private, or `YYYY`. OIDC Core §5.1.
fn is_birthdate(text: &str) -> bool {
    let number = |part: &str, digits: usize| {
        (part.len() == digits && part.bytes().all(|b| b.is_ascii_digit()))
            .then(|| part.parse::<u16>().ok())
            .flatten()
    };
    let mut parts = text.split('-');
    let year = parts.next().and_then(|year| number(year, 4));
    match (year, parts.next(), parts.next(), parts.next()) {
        (Some(_), None, None, None) => true,
        (Some(_), Some(month), Some(day), None) => {
            number(month, 2).is_some_and(|month| (1..=12).contains(&month))
                && number(day, 2).is_some_and(|day| (1..=31).contains(&day))
        }
        _ => false,
    }
}

/// The form of the names in the time zone database: `Europe/Paris`, `Etc/GMT+1`, `UTC`. Which there are
/// changes several times a year. OIDC Core §5.1.
fn is_time_zone(text: &str) -> bool {
    let fits = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b'+');
    let part = |part: &str| !part.is_empty() && part.bytes().all(fits);
    text.starts_with(|c: char| c.is_ascii_alphabetic()) && text.split('/').all(part)
}

/// The form of a language tag: `en`, `en-US`, `zh-Hant-TW`. OIDC Core §5.1, RFC 5646 §2.1; no language
/// has more than three letters (§2.2.1).
fn is_language_tag(text: &str) -> bool {
    let mut subtags = text.split('-');
    let language = subtags.next().unwrap_or_default();
    (2..=3).contains(&language.len())
        && language.bytes().all(|b| b.is_ascii_alphabetic())
        && subtags.all(|subtag| {
            (1..=8).contains(&subtag.len()) && subtag.bytes().all(|b| b.is_ascii_alphanumeric())
        })
}

fn slot<'a>(profile: &'a mut Profile, claim: &str) -> Option<&'a mut Option<String>> {
    Some(match claim {
        "name" => &mut profile.name,
        "given_name" => &mut profile.given_name,
        "family_name" => &mut profile.family_name,
        "middle_name" => &mut profile.middle_name,
        "nickname" => &mut profile.nickname,
        "profile" => &mut profile.profile,
        "picture" => &mut profile.picture,
        "website" => &mut profile.website,
        "gender" => &mut profile.gender,
        "birthdate" => &mut profile.birthdate,
        "zoneinfo" => &mut profile.zoneinfo,
        "locale" => &mut profile.locale,
        "phone_number" => &mut profile.phone_number,
        _ => return None,
    })
}

fn address_slot<'a>(address: &'a mut Address, part: &str) -> Option<&'a mut Option<String>> {
    Some(match part {
        "formatted" => &mut address.formatted,
        "street_address" => &mut address.street_address,
        "locality" => &mut address.locality,
        "region" => &mut address.region,
        "postal_code" => &mut address.postal_code,
        "country" => &mut address.country,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_claim_can_be_set_and_taken_away() {
        for claim in CLAIMS {
            let value = match claim {
                "phone_number_verified" => "true",
                "profile" | "picture" | "website" => "https://example.com/a",
                "birthdate" => "1985-04-12",
                "zoneinfo" => "Europe/Paris",
                "locale" => "fr-CA",
                _ => "some text",
            };
            let mut profile = Profile::default();
            set(&mut profile, claim, value).unwrap();
            assert_ne!(profile, Profile::default(), "{claim}");
            set(&mut profile, claim, "").unwrap();
            assert_eq!(profile, Profile::default(), "{claim}");
        }
    }

    /// OIDC Core §5.1: the year of a birthday may be kept private, the day as well.
    #[test]
    fn core_section_5_1_values_have_the_form_of_their_claim() {
        for (claim, values) in [
            ("birthdate", ["1985-04-12", "0000-04-12", "1985"]),
            ("zoneinfo", ["America/Argentina/Buenos_Aires", "Etc/GMT+1", "UTC"]),
            ("locale", ["de", "zh-Hant-TW", "de-CH-1996"]),
        ] {
            for value in values {
                assert_eq!(set(&mut Profile::default(), claim, value), Ok(()), "{claim} {value}");
            }
        }
    }

    #[test]
    fn bad_values_are_refused() {
        for (claim, value) in [
            ("birthdate", "12.4.1985"),
            ("birthdate", "1985-13-01"),
            ("birthdate", "1985-04"),
            ("birthdate", "85-04-12"),
            ("zoneinfo", "Central European Time"),
            ("zoneinfo", "+01:00"),
            ("zoneinfo", "Europe/"),
            ("locale", "en_US"),
            ("locale", "English"),
            ("locale", "e"),
            ("locale", "en-"),
            ("website", "javascript:alert(1)"),
            ("picture", "a.png"),
            ("phone_number_verified", "yes"),
            ("name", "a\u{0}b"),
            ("name", &"x".repeat(1025)),
        ] {
            let refused = set(&mut Profile::default(), claim, value);
            assert!(matches!(refused, Err(ClaimError::Invalid { .. })), "{claim} {value}");
        }
        let unknown = set(&mut Profile::default(), "email", "a@example.com");
        assert_eq!(unknown, Err(ClaimError::Unknown("email".to_owned())));
    }

    #[test]
    fn a_new_number_is_unproven() {
        let mut profile = Profile::default();
        set(&mut profile, "phone_number", "+44 20 7946 0000").unwrap();
        set(&mut profile, "phone_number_verified", "true").unwrap();
        set(&mut profile, "phone_number", "+44 20 7946 0001").unwrap();
        assert!(!profile.phone_number_verified);
    }
}
