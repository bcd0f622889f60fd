//! Floor 5: HTTP. Bytes become requests, answers become bytes, and people see pages.

pub mod assets;
pub mod layer;
pub mod ops;
pub mod view;
