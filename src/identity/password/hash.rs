//! Password hashes. RFC 9106 (Argon2id), stored as PHC strings.
//!
//! The memory that Argon2 fills is the caller's and is used again: allocating it for every hash costs
//! a sixth more time.

use argon2::password_hash::phc;
use argon2::{ARGON2ID_IDENT, Algorithm, Argon2, Block, Params, Version};
use subtle::ConstantTimeEq;
use zeroize::{Zeroize, Zeroizing};

use super::PresentedPassword;

/// The bytes of a hash that we write.
const OUTPUT_BYTES: usize = 32;

/// The most bytes of a stored PHC string.
const MAX_PHC_BYTES: usize = 256;

/// The cost of a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Argon2Params {
    memory_kib: u32,
    iterations: u32,
    parallelism: u32,
}

/// A cost outside the bounds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ParamsError {
    /// Less than the floor: such a hash is too cheap to guess against.
    #[error("argon2 needs at least 19456 KiB, 2 iterations and a parallelism of 1")]
    TooCheap,
    /// More than the ceiling: one sign-in would stall the server.
    #[error("argon2 may use at most 262144 KiB, 16 iterations and a parallelism of 4")]
    TooDear,
    /// Argon2 needs 8 KiB a lane (RFC 9106 §3.1), and at least one iteration and lane.
    #[error("argon2 needs 8 KiB of memory a lane, one iteration and one lane")]
    Impossible,
}

impl Argon2Params {
    /// The floor, and the default: 19 MiB, 2 iterations, 1 lane.
    pub const FLOOR: Self = Self { memory_kib: 19_456, iterations: 2, parallelism: 1 };

    /// The ceiling of what is written or verified: 256 MiB, 16 iterations, 4 lanes.
    pub const CEILING: Self = Self { memory_kib: 262_144, iterations: 16, parallelism: 4 };

    /// The cost for hashes that we write.
    ///
    /// # Errors
    /// [`ParamsError`] when a value is under [`Argon2Params::FLOOR`] or above [`Argon2Params::CEILING`].
    pub const fn new(
        memory_kib: u32,
        iterations: u32,
        parallelism: u32,
    ) -> Result<Self, ParamsError> {
        if memory_kib < Self::FLOOR.memory_kib
            || iterations < Self::FLOOR.iterations
            || parallelism < Self::FLOOR.parallelism
        {
            return Err(ParamsError::TooCheap);
        }
        Self::bounded(memory_kib, iterations, parallelism)
    }

    /// The cost of a hash that exists, which may be cheaper than the floor until its user signs in.
    const fn bounded(m: u32, t: u32, p: u32) -> Result<Self, ParamsError> {
        let most = Self::CEILING;
        if m > most.memory_kib || t > most.iterations || p > most.parallelism {
            return Err(ParamsError::TooDear);
        }
        if t == 0 || p == 0 || m < 8 * p {
            return Err(ParamsError::Impossible);
        }
        Ok(Self { memory_kib: m, iterations: t, parallelism: p })
    }

    /// KiB of memory.
    #[must_use]
    pub const fn memory_kib(self) -> u32 {
        self.memory_kib
    }

    /// Passes over the memory.
    #[must_use]
    pub const fn iterations(self) -> u32 {
        self.iterations
    }

    /// Lanes. They are filled one after the other.
    #[must_use]
    pub const fn parallelism(self) -> u32 {
        self.parallelism
    }

    fn argon2(self, output: usize) -> Result<Argon2<'static>, HashError> {
        let Self { memory_kib, iterations, parallelism } = self;
        let params = Params::new(memory_kib, iterations, parallelism, Some(output))
            .map_err(HashError::Argon2)?;
        Ok(Argon2::new(Algorithm::Argon2id, Version::V0x13, params))
    }
}

impl Default for Argon2Params {
    fn default() -> Self {
        Self::FLOOR
    }
}

/// The hash of a password: an Argon2id PHC string whose cost is within the bounds.
#[derive(Clone, PartialEq, Eq)]
pub struct PasswordHash {
    phc: Box<str>,
    params: Argon2Params,
    salt: phc::Salt,
    output: phc::Output,
}

/// Why a text is no hash that we verify.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PasswordHashError {
    /// It is no PHC string of Argon2id, version 19, with the parameters m, t and p, a salt and a hash of
    /// at least 16 bytes.
    #[error("not an argon2id PHC string ($argon2id$v=19$m=…,t=…,p=…$salt$hash)")]
    NotArgon2id,
    /// Verifying it would cost more than the ceiling.
    #[error(transparent)]
    Params(#[from] ParamsError),
}

impl PasswordHash {
    /// Reads a PHC string from the database or an import. The cost is bounded here, so that no stored
    /// text can stall the server.
    ///
    /// # Errors
    /// [`PasswordHashError`] when it is not Argon2id or its cost is absurd.
    pub fn parse(phc: &str) -> Result<Self, PasswordHashError> {
        let not_ours = PasswordHashError::NotArgon2id;
        if phc.len() > MAX_PHC_BYTES {
            return Err(not_ours);
        }
        let parsed = phc::PasswordHash::new(phc).map_err(|_| not_ours)?;
        let (Some(salt), Some(output)) = (parsed.salt, parsed.hash) else {
            return Err(not_ours);
        };
        let version = parsed.version == Some(Version::V0x13.into());
        if parsed.algorithm != ARGON2ID_IDENT || !version || output.len() < 16 {
            return Err(not_ours);
        }
        let number = |name: &str| parsed.params.get_decimal(name).ok_or(not_ours);
        // Associated data and key ids would change the hash: a string with them is not ours.
        if parsed.params.iter().count() != 3 {
            return Err(not_ours);
        }
        let params = Argon2Params::bounded(number("m")?, number("t")?, number("p")?)?;
        Ok(Self { phc: phc.into(), params, salt, output })
    }

    /// A hash that no password has, for users who do not exist or have none: verifying against it
    /// costs what a real hash of `params` costs.
    ///
    /// # Errors
    /// [`HashError`] never happens for parameters of [`Argon2Params`].
    pub fn dummy(params: Argon2Params) -> Result<Self, HashError> {
        Self::assemble(params, [0x44; 16], &[0; OUTPUT_BYTES])
    }

    /// The PHC string to store.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.phc
    }

    /// The cost that it was made with.
    #[must_use]
    pub const fn params(&self) -> Argon2Params {
        self.params
    }

    fn assemble(params: Argon2Params, salt: [u8; 16], output: &[u8]) -> Result<Self, HashError> {
        let salt = phc::Salt::new(&salt).map_err(HashError::Phc)?;
        let output = phc::Output::new(output).map_err(HashError::Phc)?;
        let Argon2Params { memory_kib, iterations, parallelism } = params;
        let phc =
            format!("$argon2id$v=19$m={memory_kib},t={iterations},p={parallelism}${salt}${output}");
        Ok(Self { phc: phc.into_boxed_str(), params, salt, output })
    }
}

impl std::fmt::Debug for PasswordHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("PasswordHash").field("params", &self.params).finish_non_exhaustive()
    }
}

/// Why no hash was made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HashError {
    /// The memory could not be had.
    #[error("out of memory for a password hash")]
    OutOfMemory,
    /// Argon2 refused its input.
    #[error("argon2: {0}")]
    Argon2(argon2::Error),
    /// The parts do not fit into a PHC string.
    #[error("PHC string: {0}")]
    Phc(phc::Error),
}

/// The blocks that Argon2 fills, kept from one hash to the next. They are overwritten by the next hash
/// and wiped when dropped.
#[derive(Debug, Default)]
pub struct Memory {
    blocks: Vec<Block>,
    keep: usize,
}

impl Memory {
    /// Memory that keeps what hashes of `params` need. It is allocated at the first hash; a hash that
    /// needs more gets it for that time only.
    #[must_use]
    pub const fn for_params(params: Argon2Params) -> Self {
        Self { blocks: Vec::new(), keep: params.memory_kib as usize }
    }

    /// Gives the memory back until the next hash.
    pub fn release(&mut self) {
        self.blocks.zeroize();
        self.blocks = Vec::new();
    }

    /// `count` blocks, or an error when they cannot be had.
    fn reserve(&mut self, count: usize) -> Result<&mut [Block], HashError> {
        if let Some(missing) = count.checked_sub(self.blocks.len()) {
            self.blocks.try_reserve_exact(missing).map_err(|_| HashError::OutOfMemory)?;
            self.blocks.resize(count, Block::new());
        }
        self.blocks.get_mut(..count).ok_or(HashError::OutOfMemory)
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        self.release();
    }
}

/// What came of comparing a password with a hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verification {
    /// It is the password.
    Verified {
        /// The hash was made at another cost than today's: make a new one.
        needs_rehash: bool,
    },
    /// It is not.
    Wrong,
}

/// Hashes `password` with 16 random bytes of `salt`. RFC 9106 §3.1.
///
/// # Errors
/// [`HashError`] when the memory cannot be had.
pub fn hash(
    password: &PresentedPassword,
    salt: [u8; 16],
    params: Argon2Params,
    memory: &mut Memory,
) -> Result<PasswordHash, HashError> {
    let mut output = Zeroizing::new([0; OUTPUT_BYTES]);
    fill(password, &salt, params, memory, output.as_mut_slice())?;
    PasswordHash::assemble(params, salt, output.as_slice())
}

/// Compares `password` with `stored` in constant time. `current` is the cost that new hashes have.
///
/// # Errors
/// [`HashError`] when the memory cannot be had.
pub fn verify(
    password: &PresentedPassword,
    stored: &PasswordHash,
    current: Argon2Params,
    memory: &mut Memory,
) -> Result<Verification, HashError> {
    let mut buffer = Zeroizing::new([0; phc::Output::MAX_LENGTH]);
    let expected = stored.output.as_bytes();
    let output = buffer.get_mut(..expected.len()).ok_or(HashError::OutOfMemory)?;
    fill(password, &stored.salt, stored.params, memory, output)?;
    let equal: bool = output.ct_eq(expected).into();
    let needs_rehash = stored.params != current || expected.len() != OUTPUT_BYTES;
    Ok(if equal { Verification::Verified { needs_rehash } } else { Verification::Wrong })
}

fn fill(
    password: &PresentedPassword,
    salt: &[u8],
    params: Argon2Params,
    memory: &mut Memory,
    output: &mut [u8],
) -> Result<(), HashError> {
    let argon2 = params.argon2(output.len())?;
    let blocks = memory.reserve(argon2.params().block_count())?;
    let done = argon2.hash_password_into_with_memory(password.bytes(), salt, output, blocks);
    if memory.blocks.len() > memory.keep {
        memory.release();
    }
    done.map_err(HashError::Argon2)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::types::Secret;

    const CHEAP: Argon2Params = Argon2Params { memory_kib: 16, iterations: 1, parallelism: 1 };

    fn password(text: &str) -> PresentedPassword {
        PresentedPassword::parse(Secret::new(text.to_owned())).unwrap()
    }

    #[test]
    fn the_password_verifies_and_another_does_not() {
        let mut memory = Memory::for_params(Argon2Params::FLOOR);
        let stored = hash(&password("right"), [7; 16], Argon2Params::FLOOR, &mut memory).unwrap();
        assert!(stored.as_str().starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
        let stored = PasswordHash::parse(stored.as_str()).unwrap();
        let mut check = |text| verify(&password(text), &stored, Argon2Params::FLOOR, &mut memory);
        assert_eq!(check("right"), Ok(Verification::Verified { needs_rehash: false }));
        assert_eq!(check("wrong"), Ok(Verification::Wrong));
        assert_eq!(check(""), Ok(Verification::Wrong));
    }

    /// The library's own verifier reads what we write, and we read what it writes.
    #[test]
    fn phc_strings_are_the_usual_ones() {
        use argon2::{PasswordHasher, PasswordVerifier};
        let ours = hash(&password("x"), [1; 16], CHEAP, &mut Memory::default()).unwrap();
        let argon2 = Argon2::default();
        assert!(
            argon2.verify_password(b"x", &phc::PasswordHash::new(ours.as_str()).unwrap()).is_ok()
        );
        let theirs = argon2.hash_password_with_salt(b"x", &[2; 16]).unwrap().to_string();
        let theirs = PasswordHash::parse(&theirs).unwrap();
        let verified = verify(&password("x"), &theirs, CHEAP, &mut Memory::default());
        assert_eq!(verified, Ok(Verification::Verified { needs_rehash: true }));
    }

    /// FLOOD-07: an absurd cost is refused where it is written and where it is read.
    #[test]
    fn absurd_costs_are_refused() {
        assert_eq!(Argon2Params::new(262_145, 2, 1), Err(ParamsError::TooDear));
        assert_eq!(Argon2Params::new(19_456, 17, 1), Err(ParamsError::TooDear));
        assert_eq!(Argon2Params::new(19_456, 2, 5), Err(ParamsError::TooDear));
        assert_eq!(Argon2Params::new(19_455, 2, 1), Err(ParamsError::TooCheap));
        assert_eq!(Argon2Params::new(19_456, 1, 1), Err(ParamsError::TooCheap));
        let tail = "c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        for cost in ["m=4194304,t=2,p=1", "m=19456,t=1000000,p=1", "m=19456,t=2,p=255"] {
            let stored = format!("$argon2id$v=19${cost}${tail}");
            let refused = Err(PasswordHashError::Params(ParamsError::TooDear));
            assert_eq!(PasswordHash::parse(&stored), refused, "{cost}");
        }
        for cost in ["m=4,t=2,p=1", "m=19456,t=0,p=1", "m=19456,t=2,p=0"] {
            let stored = format!("$argon2id$v=19${cost}${tail}");
            let refused = Err(PasswordHashError::Params(ParamsError::Impossible));
            assert_eq!(PasswordHash::parse(&stored), refused, "{cost}");
        }
    }

    #[test]
    fn other_strings_are_refused() {
        let tail = "m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
        assert!(PasswordHash::parse(&format!("$argon2id$v=19${tail}")).is_ok());
        let long = format!("$argon2id$v=19${tail}{}", "A".repeat(300));
        for bad in [
            String::new(),
            "plain".to_owned(),
            long,
            format!("$argon2i$v=19${tail}"),
            format!("$argon2d$v=19${tail}"),
            format!("$argon2id$v=16${tail}"),
            format!("$argon2id${tail}"),
            format!("$argon2id$v=19$keyid=AAAA,{tail}"),
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0".to_owned(),
            "$argon2id$v=19$m=19456,t=2,p=1$c2FsdHNhbHRzYWx0$AAAAAAAAAAAAAA".to_owned(),
            "$2b$12$abcdefghijklmnopqrstuv".to_owned(),
        ] {
            assert_eq!(PasswordHash::parse(&bad), Err(PasswordHashError::NotArgon2id), "{bad}");
        }
    }

    #[test]
    fn the_dummy_costs_the_same_and_matches_nobody() {
        let dummy = PasswordHash::dummy(CHEAP).unwrap();
        assert_eq!(PasswordHash::parse(dummy.as_str()), Ok(dummy.clone()));
        assert_eq!(dummy.params(), CHEAP);
        let checked = verify(&password(""), &dummy, CHEAP, &mut Memory::default());
        assert_eq!(checked, Ok(Verification::Wrong));
    }

    #[test]
    fn memory_is_kept_up_to_the_usual_cost() {
        let mut memory = Memory::for_params(CHEAP);
        assert_eq!(memory.blocks.len(), 0);
        hash(&password("x"), [1; 16], CHEAP, &mut memory).unwrap();
        assert_eq!(memory.blocks.len(), 16);
        let dear = Argon2Params { memory_kib: 64, ..CHEAP };
        hash(&password("x"), [1; 16], dear, &mut memory).unwrap();
        assert_eq!(memory.blocks.len(), 0);
    }

    #[test]
    fn reused_memory_changes_nothing() {
        let mut memory = Memory::for_params(CHEAP);
        let first = hash(&password("x"), [1; 16], CHEAP, &mut memory).unwrap();
        hash(&password("y"), [2; 16], CHEAP, &mut memory).unwrap();
        assert_eq!(hash(&password("x"), [1; 16], CHEAP, &mut memory).unwrap(), first);
    }

    #[test]
    fn debug_shows_no_hash() {
        let shown = format!("{:?}", PasswordHash::dummy(CHEAP).unwrap());
        assert!(!shown.contains("AAAA"), "{shown}");
    }

    proptest! {
        #[test]
        fn parsing_never_panics(text in "[$a-z0-9=,+/]{0,80}") {
            let _ = PasswordHash::parse(&text);
            let _ = PasswordHash::parse(&format!("$argon2id$v=19$m={text}"));
        }
    }
}
