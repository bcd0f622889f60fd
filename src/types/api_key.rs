//! API keys as text: `dw_<key id>_<secret>_<checksum>`, each part in lowercase hexadecimal.
//!
//! The prefix and the fixed lengths let secret scanners find a key that was published by accident:
//! `dw_[0-9a-f]{32}_[0-9a-f]{64}_[0-9a-f]{8}`. The checksum lets everybody tell a key from a typo
//! without asking the server. It proves nothing: only the server knows which keys there are.

use super::{Secret, TokenHash, digest::sha256, id::ApiKeyId, token::TokenKind};

/// What every API key begins with; no other secret of Doorward does.
pub const PREFIX: &str = "dw_";

const ID_DIGITS: usize = 32;
const SECRET_DIGITS: usize = 64;
const CHECKSUM_BYTES: usize = 4;

/// A text that has the form of an API key, and a checksum that fits.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PresentedApiKey {
    /// The key's id, by which it is found.
    pub id: ApiKeyId,
    /// The hash of the whole text, which must be the one that is kept.
    pub hash: TokenHash,
}

/// Makes a key's text of its id and 32 random bytes: 256 bits that nobody guesses.
#[must_use]
pub fn mint(id: ApiKeyId, random: [u8; 32]) -> Secret<String> {
    let body = format!("{PREFIX}{}_{}", id.uuid().simple(), hex(&random));
    let checksum = checksum(&body);
    Secret::new(format!("{body}_{checksum}"))
}

/// Reads what was presented as an API key; `None` when it cannot be one. There is one text for each
/// key: capitals, blanks and other alphabets are not read.
#[must_use]
pub fn parse(text: &str) -> Option<PresentedApiKey> {
    let (body, sum) = text.rsplit_once('_')?;
    let (id, secret) = body.strip_prefix(PREFIX)?.split_once('_')?;
    let digits = |text: &str, count: usize| {
        text.len() == count && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
    };
    if !digits(id, ID_DIGITS) || !digits(secret, SECRET_DIGITS) || sum != checksum(body) {
        return None;
    }
    Some(PresentedApiKey { id: id.parse().ok()?, hash: TokenHash::of(TokenKind::ApiKey, text) })
}

/// Whether `text` has the form of an API key and a checksum that fits. It needs no server and no
/// secret: a typo is found where it is made.
#[must_use]
pub fn is_well_formed(text: &str) -> bool {
    parse(text).is_some()
}

/// The first four bytes of the SHA-256 of what stands before it.
fn checksum(body: &str) -> String {
    hex(sha256(body.as_bytes()).get(..CHECKSUM_BYTES).unwrap_or_default())
}

fn hex(bytes: &[u8]) -> String {
    let digits = bytes.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::types::Timestamp;

    fn key() -> String {
        mint(ApiKeyId::new(Timestamp::from_unix(1_000), [7; 10]), [0xa5; 32]).expose().clone()
    }

    /// The form is what scanners look for: it never changes.
    #[test]
    fn a_key_is_a_prefix_and_three_parts_of_fixed_length() {
        let id = ApiKeyId::new(Timestamp::from_unix(1_000), [7; 10]);
        let text = key();
        let parts: Vec<&str> = text.split('_').collect();
        let secret = "a5".repeat(32);
        assert_eq!(parts[..3], ["dw", &id.uuid().simple().to_string(), &secret]);
        assert_eq!((parts.len(), parts[3].len(), text.len()), (4, 8, 109));
        let read = parse(&text).unwrap();
        assert_eq!(read.id, id);
        assert_eq!(read.hash, TokenHash::of(TokenKind::ApiKey, &text));
    }

    /// Every slip of one character is found, wherever it is.
    #[test]
    fn a_typo_is_found_offline() {
        let text = key();
        for place in 0..text.len() {
            let mut typo = text.clone().into_bytes();
            typo[place] = if typo[place] == b'0' { b'1' } else { b'0' };
            let typo = String::from_utf8(typo).unwrap();
            assert!(!is_well_formed(&typo), "{place}");
        }
    }

    #[test]
    fn there_is_one_text_for_each_key() {
        let text = key();
        let bad = [
            String::new(),
            "dw_".to_owned(),
            "dw_k_s_c".to_owned(),
            text.to_uppercase(),
            format!(" {text}"),
            format!("{text}\n"),
            format!("{text}0"),
            format!("{text}_00000000"),
            text.replace("dw_", "dwa_"),
            text[..text.len() - 1].to_owned(),
        ];
        for bad in bad {
            assert!(!is_well_formed(&bad), "{bad:?}");
        }
    }
}
