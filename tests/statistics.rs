//! The statistics of `benches/sign_in_timing`, held against what is known.

#[cfg(test)]
#[path = "../benches/sign_in_timing/statistics.rs"]
mod statistics;

#[cfg(test)]
mod tests {
    use super::statistics::{
        Conclusion, Numbers, Pair, Verdict, erfc, interval_of_median, median, signed_rank,
    };

    fn close(value: f64, expected: f64, within: f64) {
        assert!((value - expected).abs() <= within, "{value}, not {expected}");
    }

    /// Pairs around 25 ms whose noise is alike, the other `later` milliseconds later.
    fn pairs(number: usize, noise: f64, later: f64) -> Vec<Pair> {
        let mut numbers = Numbers(7);
        let mut around = || {
            let parts = [(); 12].map(|()| f64::from(u32::try_from(numbers.next() >> 32).unwrap()));
            let sum: f64 = parts.iter().map(|part| part / f64::from(u32::MAX)).sum();
            25.0 + noise * (sum - 6.0)
        };
        (0..number).map(|_| Pair { one: around(), other: around() + later }).collect()
    }

    #[test]
    fn the_median_is_in_the_middle() {
        close(median(&[]), 0.0, 0.0);
        close(median(&[3.0, 1.0, 2.0]), 2.0, 0.0);
        close(median(&[4.0, 1.0, 2.0, 3.0]), 2.5, 0.0);
    }

    /// Values of the tables of the normal distribution.
    #[test]
    fn the_tail_of_the_normal_distribution() {
        for (z, p) in [(0.0, 1.0), (1.0, 0.317_311), (1.959_964, 0.05), (2.575_829, 0.01)] {
            close(erfc(z / std::f64::consts::SQRT_2), p, 1e-6);
        }
    }

    /// By hand: ranks 1 to 10 with the signs of a textbook's example; W⁺ = 40, mean 27.5, variance 96.25.
    #[test]
    fn the_signed_rank_test_counts_the_ranks_of_one_sign() {
        let differences = [1.0, 2.0, -3.0, 4.0, 5.0, -6.0, 7.0, 8.0, -9.0, 10.0];
        let z = (37.0_f64 - 27.5 - 0.5) / 96.25_f64.sqrt();
        close(signed_rank(&differences), erfc(z / std::f64::consts::SQRT_2), 1e-12);
    }

    #[test]
    fn zeros_say_nothing_and_ties_share_a_rank() {
        close(signed_rank(&[]), 1.0, 0.0);
        close(signed_rank(&[0.0; 30]), 1.0, 0.0);
        close(signed_rank(&[1.0, -1.0, 1.0, -1.0]), 1.0, 1e-6);
        assert!(signed_rank(&[1.0; 30]) < 1e-6);
        close(signed_rank(&[1.0, 2.0, -3.0]), signed_rank(&[-1.0, -2.0, 3.0]), 1e-12);
    }

    #[test]
    fn the_interval_holds_the_median_and_narrows() {
        let wide: Vec<f64> = pairs(100, 1.0, 0.1).iter().map(|p| p.other - p.one).collect();
        let narrow: Vec<f64> = pairs(3_000, 1.0, 0.1).iter().map(|p| p.other - p.one).collect();
        let (low, high) = interval_of_median(&wide, 1);
        assert!(low <= median(&wide) && median(&wide) <= high);
        let (lower, higher) = interval_of_median(&narrow, 1);
        assert!(higher - lower < (high - low) / 3.0);
    }

    #[test]
    fn what_is_alike_is_alike() {
        let verdict = Verdict::of(&pairs(1_000, 1.0, 0.0), 1);
        assert_eq!(verdict.conclusion(), Conclusion::Alike, "{verdict:?}");
        close(verdict.bound, 0.25, 0.0);
    }

    #[test]
    fn half_a_millisecond_is_found() {
        for later in [0.5, -0.5] {
            let verdict = Verdict::of(&pairs(1_000, 1.0, later), 1);
            assert_eq!(verdict.conclusion(), Conclusion::ToldApart, "{verdict:?}");
            close(verdict.median, later, 0.15);
        }
    }

    /// A small difference that is always there is found, although it is within the bound.
    #[test]
    fn a_steady_difference_is_found() {
        let verdict = Verdict::of(&pairs(1_000, 0.05, 0.05), 1);
        assert_eq!(verdict.conclusion(), Conclusion::ToldApart, "{verdict:?}");
    }

    /// Too few pairs prove nothing: the interval is too wide.
    #[test]
    fn too_little_is_undecided() {
        let verdict = Verdict::of(&pairs(12, 4.0, 0.0), 1);
        assert_eq!(verdict.conclusion(), Conclusion::Undecided, "{verdict:?}");
    }

    /// Of something that takes long, half a percent goes unnoticed.
    #[test]
    fn the_bound_grows_with_the_time() {
        let slow: Vec<Pair> =
            pairs(50, 1.0, 0.0).iter().map(|p| Pair { one: p.one * 10.0, ..*p }).collect();
        close(Verdict::of(&slow, 1).bound, 1.25, 0.05);
    }
}
