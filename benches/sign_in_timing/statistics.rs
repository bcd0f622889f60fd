//! Whether two ways of doing something can be told apart by the time that they take.
//!
//! Both are measured in pairs, side by side, so that what disturbs one disturbs both. Two questions are
//! asked of the differences, and both must be answered well: does the Wilcoxon signed-rank test find that one
//! is slower (F. Wilcoxon, 1945), and how far from zero can their median be (a bootstrap interval, B. Efron,
//! 1979)? The first finds small differences that are always there, the second says that none that matters
//! was overlooked because too little was measured. `tests/statistics.rs` tests both.

/// Above this, the signed-rank test found nothing.
const SIGNIFICANCE: f64 = 0.01;
/// Differences below this are not found through a network, in milliseconds.
const FLOOR_MS: f64 = 0.25;
/// Or below this part of the whole time.
const SHARE: f64 = 0.005;
/// How often the differences are drawn again.
const RESAMPLES: usize = 2_000;

/// The times of one pair, in milliseconds.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Pair {
    /// Of the one.
    pub(crate) one: f64,
    /// Of the other.
    pub(crate) other: f64,
}

/// What the pairs say.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Verdict {
    /// The median of the differences, other minus one, in milliseconds.
    pub(crate) median: f64,
    /// The interval that holds the true median with 95 %, in milliseconds.
    pub(crate) interval: (f64, f64),
    /// What the interval must not go beyond, in milliseconds.
    pub(crate) bound: f64,
    /// The probability of differences like these when there is none.
    pub(crate) p: f64,
}

/// What follows from a verdict.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Conclusion {
    /// Nobody can tell the two apart by what matters.
    Alike,
    /// One is slower.
    ToldApart,
    /// No difference was found, and too little was measured to say that there is none.
    Undecided,
}

impl Verdict {
    /// Judges `pairs`; `seed` chooses the numbers that the bootstrap draws by.
    pub(crate) fn of(pairs: &[Pair], seed: u64) -> Self {
        let differences: Vec<f64> = pairs.iter().map(|pair| pair.other - pair.one).collect();
        let times: Vec<f64> = pairs.iter().map(|pair| pair.one).collect();
        Self {
            median: median(&differences),
            interval: interval_of_median(&differences, seed),
            bound: FLOOR_MS.max(SHARE * median(&times)),
            p: signed_rank(&differences),
        }
    }

    /// What follows.
    pub(crate) fn conclusion(&self) -> Conclusion {
        let (low, high) = self.interval;
        if self.p <= SIGNIFICANCE {
            Conclusion::ToldApart
        } else if low >= -self.bound && high <= self.bound {
            Conclusion::Alike
        } else {
            Conclusion::Undecided
        }
    }
}

/// The middle value; of an even number the mean of the two in the middle. Zero when there is none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    let middle = sorted.len() / 2;
    let at = |index: usize| sorted.get(index).copied().unwrap_or_default();
    if sorted.len() % 2 == 1 {
        at(middle)
    } else {
        f64::midpoint(at(middle.saturating_sub(1)), at(middle))
    }
}

/// The percentile bootstrap: medians of as many differences, drawn at random with repetition.
pub(crate) fn interval_of_median(differences: &[f64], seed: u64) -> (f64, f64) {
    let mut numbers = Numbers(seed);
    let mut medians: Vec<f64> = (0..RESAMPLES)
        .map(|_| {
            let drawn = differences.iter().filter_map(|_| numbers.one_of(differences));
            median(&drawn.collect::<Vec<f64>>())
        })
        .collect();
    medians.sort_by(f64::total_cmp);
    let at = |index: usize| medians.get(index).copied().unwrap_or_default();
    (at(RESAMPLES / 40), at(RESAMPLES - 1 - RESAMPLES / 40))
}

/// The two-sided p of the signed-rank test, by its normal approximation, which holds from some twenty pairs
/// on: zeros are left out, and equal differences share their ranks.
pub(crate) fn signed_rank(differences: &[f64]) -> f64 {
    let mut ranked: Vec<f64> = differences.iter().copied().filter(|d| *d != 0.0).collect();
    ranked.sort_by(|a, b| a.abs().total_cmp(&b.abs()));
    let n = count(ranked.len());
    if n == 0.0 {
        return 1.0;
    }
    let (mut positive, mut ties, mut before) = (0.0, 0.0, 0.0);
    for equal in ranked.chunk_by(|a, b| a.abs().total_cmp(&b.abs()).is_eq()) {
        let size = count(equal.len());
        let rank = before + f64::midpoint(size, 1.0);
        positive += rank * count(equal.iter().filter(|d| **d > 0.0).count());
        ties += size.powi(3) - size;
        before += size;
    }
    let expected = n * (n + 1.0) / 4.0;
    let variance = n * (n + 1.0) * (2.0 * n + 1.0) / 24.0 - ties / 48.0;
    let z = ((positive - expected).abs() - 0.5).max(0.0) / variance.sqrt();
    erfc(z / std::f64::consts::SQRT_2)
}

/// 1 − erf(x) for x ≥ 0, right to 1.5 × 10⁻⁷: M. Abramowitz and I. Stegun, formula 7.1.26.
pub(crate) fn erfc(x: f64) -> f64 {
    let t = 1.0 / (1.0 + 0.327_591_1 * x);
    let coefficients =
        [1.061_405_429, -1.453_152_027, 1.421_413_741, -0.284_496_736, 0.254_829_592];
    coefficients.iter().fold(0.0, |sum, coefficient| (sum + coefficient) * t) * (-x * x).exp()
}

/// Numbers of pairs are small enough for a float.
#[expect(clippy::cast_precision_loss, reason = "nobody measures 2⁵³ pairs")]
const fn count(number: usize) -> f64 {
    number as f64
}

/// Numbers that look random and are the same for the same seed: `SplitMix64`, G. Steele and others, 2014.
#[derive(Debug)]
pub(crate) struct Numbers(pub(crate) u64);

impl Numbers {
    /// The next number.
    pub(crate) const fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One of `values`; `None` when there is none.
    pub(crate) fn one_of<T: Copy>(&mut self, values: &[T]) -> Option<T> {
        let size = u64::try_from(values.len()).ok().filter(|size| *size > 0)?;
        values.get(usize::try_from(self.next() % size).ok()?).copied()
    }
}
