//! What the tokens say, and how they are read again.

pub mod access;
pub mod id_token;
pub mod introspection;
pub mod opaque;
pub mod refresh;

use serde::{Serialize, Serializer};

/// One audience as a string, several as an array. RFC 7519 §4.1.3.
fn audience<S: Serializer>(values: &[String], serializer: S) -> Result<S::Ok, S::Error> {
    match values {
        [one] => serializer.serialize_str(one),
        _ => values.serialize(serializer),
    }
}
