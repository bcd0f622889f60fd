//! The proof that something which works once was used up just now.

/// `T`, taken by one conditional statement of the store. Whoever holds this value is the one winner
/// of the race for it; it cannot be cloned, and only the store makes it.
#[derive(Debug)]
pub struct Redeemed<T>(T);

impl<T> Redeemed<T> {
    /// Called by the store, with the row that its conditional statement returned.
    #[cfg(feature = "server")]
    pub(crate) const fn by_store(taken: T) -> Self {
        Self(taken)
    }

    /// What was redeemed.
    pub const fn taken(&self) -> &T {
        &self.0
    }

    /// What was redeemed, by value.
    pub fn into_taken(self) -> T {
        self.0
    }
}
