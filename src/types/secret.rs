//! Values that must not be seen: zeroized when dropped, redacted in `Debug`, not comparable with `==`.

use zeroize::{Zeroize, ZeroizeOnDrop};

/// A secret on its way in or out of the process. It can be neither printed, serialized nor compared
/// by accident; [`Secret::expose`] is the one way to its content, and easy to search for.
#[derive(Clone, Zeroize, ZeroizeOnDrop)]
pub struct Secret<T: Zeroize>(T);

impl<T: Zeroize> Secret<T> {
    /// Wraps `value`.
    pub const fn new(value: T) -> Self {
        Self(value)
    }

    /// The content. What it is copied into is no longer protected.
    pub const fn expose(&self) -> &T {
        &self.0
    }
}

impl<T: Zeroize> std::fmt::Debug for Secret<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("[redacted]")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// LOG-04.
    #[test]
    fn debug_is_redacted() {
        assert_eq!(format!("{:?}", Secret::new("hunter2".to_owned())), "[redacted]");
        assert_eq!(format!("{:#?}", Some(Secret::new([1_u8; 32]))), "Some(\n    [redacted],\n)");
    }
}
