//! Randomness as a parameter: rules take bytes, services draw them from here.

/// A source of unpredictable bytes. The server hands in the operating system's, tests a seeded one.
pub trait Random: Send + Sync + std::fmt::Debug {
    /// Fills `out` with unpredictable bytes.
    fn fill(&self, out: &mut [u8]);
}

/// `N` fresh bytes of `source`.
#[must_use]
pub fn bytes<const N: usize>(source: &dyn Random) -> [u8; N] {
    let mut out = [0; N];
    source.fill(&mut out);
    out
}
