//! The epoch of a database: since when it has been the one in use.

use super::Timestamp;

/// When the present epoch began: at the last restore of a backup, or never.
///
/// A restore turns the rows back to an earlier time. What was issued between the backup and the
/// restore is in nobody's rows any more, and what was used up in between looks unused: so whatever
/// may be from before the epoch counts no more, unless it is checked in another way.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DatabaseEpoch(Option<Timestamp>);

impl DatabaseEpoch {
    /// The first epoch: nothing is from before it.
    pub const FIRST: Self = Self(None);

    /// The epoch that began at that moment.
    #[must_use]
    pub const fn since(began: Timestamp) -> Self {
        Self(Some(began))
    }

    /// When it began; `None` for the first one.
    #[must_use]
    pub const fn began(self) -> Option<Timestamp> {
        self.0
    }

    /// Whether what was made at `moment` may be from before this epoch. Within the second of its
    /// beginning it may.
    #[must_use]
    pub fn is_after(self, moment: Timestamp) -> bool {
        self.0.is_some_and(|began| moment <= began)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_from_before_the_first_epoch() {
        for moment in [i64::MIN, -1, 0, i64::MAX] {
            assert!(!DatabaseEpoch::FIRST.is_after(Timestamp::from_unix(moment)));
        }
    }

    #[test]
    fn the_second_of_the_beginning_is_in_doubt() {
        let epoch = DatabaseEpoch::since(Timestamp::from_unix(100));
        for (moment, before) in [(i64::MIN, true), (99, true), (100, true), (101, false)] {
            assert_eq!(epoch.is_after(Timestamp::from_unix(moment)), before, "{moment}");
        }
    }
}
