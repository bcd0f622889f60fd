//! Whether something may be used.

/// Whether something may be used at all.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Status {
    /// In use.
    Enabled,
    /// Switched off by an operator; everything it asks for is refused.
    Disabled,
}

impl Status {
    /// The stable name that the database holds.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Enabled => "enabled",
            Self::Disabled => "disabled",
        }
    }
}
