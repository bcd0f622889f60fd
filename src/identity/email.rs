//! Email addresses. RFC 5321 §4.1.2 (the `Dot-string` form), RFC 5890 (A-labels).
//!
//! Quoted local parts, comments, address literals and local parts beyond ASCII are refused: mail to
//! them seldom arrives, and each is a way to make two programs read one address differently.

use url::Host;

/// The longest address, in bytes. RFC 5321 §4.5.3.1.3, less the angle brackets.
pub const MAX_BYTES: usize = 254;

/// The longest local part, in bytes. RFC 5321 §4.5.3.1.1.
const MAX_LOCAL_BYTES: usize = 64;

/// An email address whose domain is in lower-case A-labels. The local part is kept as typed, for
/// sending; [`EmailAddress::canonical`] is for lookup.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct EmailAddress {
    address: Box<str>,
    at: usize,
}

/// Why a text is no email address.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum EmailError {
    /// More than [`MAX_BYTES`] bytes, or a local part of more than 64.
    #[error("an email address has at most {MAX_BYTES} bytes, 64 of them before the @")]
    TooLong,
    /// Not exactly one `@` with something on both sides.
    #[error("an email address has one @ with a name before and a domain after it")]
    Shape,
    /// The part before the `@` is not a plain `Dot-string`.
    #[error(
        "the part before the @ has ASCII letters, digits and !#$%&'*+-/=?^_`{{|}}~, and single dots inside"
    )]
    LocalPart,
    /// The part after the `@` is no domain name.
    #[error("the part after the @ is a domain name")]
    Domain,
}

impl EmailAddress {
    /// Reads an address; white space at both ends is dropped.
    ///
    /// # Errors
    /// [`EmailError`] names the rule that the text breaks.
    pub fn parse(typed: &str) -> Result<Self, EmailError> {
        // White space is cut after the bound, so that a flood of it costs nothing.
        if typed.len() > 2 * MAX_BYTES || typed.trim().len() > MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        let (local, domain) = typed.trim().split_once('@').ok_or(EmailError::Shape)?;
        if local.is_empty() || domain.is_empty() || domain.contains('@') {
            return Err(EmailError::Shape);
        }
        if local.len() > MAX_LOCAL_BYTES {
            return Err(EmailError::TooLong);
        }
        if !is_dot_string(local) {
            return Err(EmailError::LocalPart);
        }
        let address = format!("{local}@{}", a_labels(domain)?);
        if address.len() > MAX_BYTES {
            return Err(EmailError::TooLong);
        }
        Ok(Self { at: local.len(), address: address.into_boxed_str() })
    }

    /// The address to send to: the local part as typed, the domain in A-labels.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.address
    }

    /// The one spelling for lookup and for a unique index: all in lower case.
    ///
    /// RFC 5321 §2.4 leaves the case of the local part to the receiving host. No host of today tells
    /// two people apart by it, and an attacker could. The text is ASCII, so lower case is plain.
    #[must_use]
    pub fn canonical(&self) -> String {
        self.address.to_ascii_lowercase()
    }

    /// The domain, in lower-case A-labels.
    #[must_use]
    pub fn domain(&self) -> &str {
        self.address.get(self.at + 1..).unwrap_or_default()
    }
}

impl std::fmt::Display for EmailAddress {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(&self.address)
    }
}

/// Atoms joined by single dots. RFC 5321 §4.1.2, RFC 5322 §3.2.3 (`atext`).
fn is_dot_string(local: &str) -> bool {
    let is_atext = |b: u8| b.is_ascii_alphanumeric() || b"!#$%&'*+-/=?^_`{|}~".contains(&b);
    local.split('.').all(|atom| !atom.is_empty() && atom.bytes().all(is_atext))
}

/// The domain in lower-case A-labels. RFC 5890 §2.3.2.1.
fn a_labels(domain: &str) -> Result<String, EmailError> {
    // The URL host parser decodes percent signs, which an email domain does not have.
    if domain.contains('%') {
        return Err(EmailError::Domain);
    }
    let Ok(Host::Domain(ascii)) = Host::parse(domain) else {
        return Err(EmailError::Domain);
    };
    if ascii.len() <= 253 && ascii.split('.').all(is_label) {
        Ok(ascii)
    } else {
        Err(EmailError::Domain)
    }
}

/// Letters, digits and inner hyphens, 1 to 63 of them. RFC 5321 §4.1.2 (`sub-domain`).
fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len())
        && label.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-')
        && !label.starts_with('-')
        && !label.ends_with('-')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn address(typed: &str) -> String {
        EmailAddress::parse(typed).unwrap_or_else(|e| panic!("{typed:?}: {e}")).as_str().to_owned()
    }

    /// UNI-03: the domain has no case, and one spelling.
    #[test]
    fn the_domain_is_lower_case_a_labels() {
        assert_eq!(address(" Alice@EXAMPLE.com "), "Alice@example.com");
        assert_eq!(address("victim@exämple.com"), "victim@xn--exmple-cua.com");
        assert_eq!(address("victim@XN--EXMPLE-CUA.com"), "victim@xn--exmple-cua.com");
        assert_eq!(EmailAddress::parse("A@Example.com").unwrap().domain(), "example.com");
    }

    #[test]
    fn lookup_has_no_case() {
        let typed = EmailAddress::parse("Alice.B@Example.COM").unwrap();
        assert_eq!(typed.canonical(), "alice.b@example.com");
        assert_eq!(EmailAddress::parse(&typed.canonical()).unwrap().canonical(), typed.canonical());
    }

    /// UNI-05: look-alikes stay apart, and what two programs could read differently is refused.
    #[test]
    fn nothing_is_read_in_two_ways() {
        assert_ne!(address("a@gmaıl.com"), address("a@gmail.com"));
        for (bad, why) in [
            ("a@b@example.com", EmailError::Shape),
            ("@example.com", EmailError::Shape),
            ("alice", EmailError::Shape),
            ("a@", EmailError::Shape),
            ("\"a b\"@example.com", EmailError::LocalPart),
            ("a(comment)@example.com", EmailError::LocalPart),
            ("a,b@example.com", EmailError::LocalPart),
            ("a\r\nBcc:x@example.com", EmailError::LocalPart),
            (".a@example.com", EmailError::LocalPart),
            ("a..b@example.com", EmailError::LocalPart),
            ("аlice@example.com", EmailError::LocalPart),
            ("a@example.com.", EmailError::Domain),
            ("a@exa mple.com", EmailError::Domain),
            ("a@[192.0.2.1]", EmailError::Domain),
            ("a@192.0.2.1", EmailError::Domain),
            ("a@example%2ecom", EmailError::Domain),
            ("a@exam_ple.com", EmailError::Domain),
            ("a@-example.com", EmailError::Domain),
            ("a@example.com(x)", EmailError::Domain),
        ] {
            assert_eq!(EmailAddress::parse(bad), Err(why), "{bad:?}");
        }
    }

    #[test]
    fn length_is_bounded_first() {
        let long = format!("{}@example.com", "a".repeat(65));
        assert_eq!(EmailAddress::parse(&long), Err(EmailError::TooLong));
        assert_eq!(EmailAddress::parse(&"@".repeat(1_000_000)), Err(EmailError::TooLong));
        assert_eq!(EmailAddress::parse(&" ".repeat(1_000_000)), Err(EmailError::TooLong));
    }

    proptest! {
        #[test]
        fn parsing_is_idempotent(typed in "[a-zA-Z.+]{1,10}@[a-zA-Zäöüßéıİς.-]{1,20}") {
            if let Ok(first) = EmailAddress::parse(&typed) {
                prop_assert_eq!(EmailAddress::parse(first.as_str()), Ok(first));
            }
        }
    }
}
