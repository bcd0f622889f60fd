//! Real randomness.

use crate::types::random::Random;

/// The random number generator of the operating system.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemRandom;

impl Random for SystemRandom {
    #[expect(clippy::disallowed_methods, reason = "the home of randomness")]
    #[expect(
        clippy::expect_used,
        reason = "a machine without randomness cannot make a secret, and must not go on"
    )]
    fn fill(&self, out: &mut [u8]) {
        getrandom::fill(out).expect("the operating system yields random bytes");
    }
}
