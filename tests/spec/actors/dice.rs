//! How often the tests throw dice, and how a throw is repeated.

use std::hash::{BuildHasher, RandomState};

use proptest::{
    strategy::Strategy,
    test_runner::{Config, RngSeed, TestCaseError, TestRunner},
};

/// Runs `test` on `cases` values of `strategy`: as many times that as `DOORWARD_FUZZ_TIMES` says. What
/// fails is made small and shown, with the seed that `PROPTEST_RNG_SEED` takes.
pub(crate) fn throw<S: Strategy>(cases: u32, strategy: &S, test: impl Fn(S::Value)) {
    let chosen = Config::default();
    let seed = match chosen.rng_seed {
        RngSeed::Fixed(seed) => seed,
        RngSeed::Random => RandomState::new().hash_one(0),
    };
    println!("PROPTEST_RNG_SEED={seed}");
    let mut runner = TestRunner::new(Config {
        cases: cases * times(),
        max_shrink_iters: 60,
        failure_persistence: None,
        rng_seed: RngSeed::Fixed(seed),
        ..chosen
    });
    let ran = runner.run(strategy, |value| {
        test(value);
        Ok::<(), TestCaseError>(())
    });
    if let Err(error) = ran {
        panic!("{error}");
    }
}

#[expect(clippy::disallowed_methods, reason = "whoever runs the tests says how long they may take")]
fn times() -> u32 {
    let times = std::env::var("DOORWARD_FUZZ_TIMES").ok();
    times.map_or(1, |text| text.parse().expect("DOORWARD_FUZZ_TIMES is a number"))
}
