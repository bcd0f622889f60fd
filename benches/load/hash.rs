//! What one password hash costs on this machine, measured beside everything else.

use std::fs;

use anyhow::{Context, anyhow};
use argon2::{Algorithm, Argon2, Block, Params, Version};

/// Mean CPU time of one Argon2id hash at Doorward's floor (19 MiB, t = 2, p = 1), its memory reused, in
/// microseconds.
pub(crate) fn cpu_micros(hashes: u16) -> anyhow::Result<f64> {
    let params = Params::new(19_456, 2, 1, Some(32)).map_err(|error| anyhow!("{error}"))?;
    let mut memory = vec![Block::default(); params.block_count()];
    let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params);
    let mut out = [0; 32];
    let mut hash = || {
        argon2
            .hash_password_into_with_memory(b"password", b"sixteen bytes 16", &mut out, &mut memory)
            .map_err(|error| anyhow!("{error}"))
    };
    hash()?;
    let before = thread_nanos()?;
    for _ in 0..hashes {
        hash()?;
    }
    let spent = thread_nanos()?.saturating_sub(before);
    #[expect(clippy::cast_precision_loss, reason = "nanoseconds of a few seconds")]
    Ok(spent as f64 / 1_000.0 / f64::from(hashes))
}

/// CPU time of this thread so far, in nanoseconds.
fn thread_nanos() -> anyhow::Result<u64> {
    let text = fs::read_to_string("/proc/thread-self/schedstat")?;
    let first = text.split_whitespace().next().context("an empty schedstat")?;
    Ok(first.parse()?)
}
