//! From columns to the words of the house and back. A value that Doorward never writes is
//! [`StoreError::Corrupt`] with the name of its column.

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use super::StoreError;
use crate::{
    protocol::grant::{Revocation, RevocationReason},
    types::{ClientId, Scope, Status, Timestamp, TokenHash},
};

/// A row as both engines read it: a struct with a field for each column, of the column's name. A field
/// under `#[sqlx(flatten)]` is a row itself.
macro_rules! row {
    ($(#[$meta:meta])* $visibility:vis struct $name:ident {
        $($(#[$field_meta:meta])* $field_visibility:vis $field:ident: $type:ty,)*
    }) => {
        $(#[$meta])*
        #[derive(sqlx::FromRow)]
        $visibility struct $name {
            $($(#[$field_meta])* $field_visibility $field: $type,)*
        }

        impl $crate::store::db::sqlite::Read for $name {
            fn read(
                cursor: &mut $crate::store::db::sqlite::Cursor<'_, '_>,
                _: &'static str,
            ) -> rusqlite::Result<Self> {
                Ok(Self {
                    $($field: $crate::store::db::sqlite::Read::read(cursor, stringify!($field))?,)*
                })
            }
        }
    };
}

pub(super) use row;

row! {
    /// A row with nothing but an id.
    pub(super) struct Id {
        pub(super) id: Uuid,
    }
}

row! {
    /// A row with nothing but a number.
    pub(super) struct Number {
        pub(super) number: i64,
    }
}

row! {
    /// A row whose existence is the answer.
    pub(super) struct Hash {
        pub(super) hash: Vec<u8>,
    }
}

pub(super) fn corrupt(column: &str) -> StoreError {
    StoreError::Corrupt(column.to_owned())
}

/// The bytes to bind for a hash.
pub(super) fn bytes(hash: &TokenHash) -> &[u8] {
    hash.as_bytes().as_slice()
}

pub(super) fn bytes32(column: &str, bytes: Vec<u8>) -> Result<[u8; 32], StoreError> {
    bytes.try_into().map_err(|_| corrupt(column))
}

pub(super) fn hash(column: &str, bytes: Vec<u8>) -> Result<TokenHash, StoreError> {
    bytes32(column, bytes).map(TokenHash::from_bytes)
}

pub(super) fn client_id(column: &str, text: &str) -> Result<ClientId, StoreError> {
    ClientId::parse(text).map_err(|_| corrupt(column))
}

pub(super) fn scope(column: &str, text: &str) -> Result<Scope, StoreError> {
    Scope::parse(text).map_err(|_| corrupt(column))
}

pub(super) fn status(column: &str, text: &str) -> Result<Status, StoreError> {
    match text {
        "enabled" => Ok(Status::Enabled),
        "disabled" => Ok(Status::Disabled),
        _ => Err(corrupt(column)),
    }
}

/// A count that the database holds as a signed number.
pub(super) fn count<T: TryFrom<i64>>(column: &str, number: i64) -> Result<T, StoreError> {
    T::try_from(number).map_err(|_| corrupt(column))
}

/// A number that the database can hold; none of ours comes near the end.
pub(super) fn number(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

pub(super) fn time(seconds: Option<i64>) -> Option<Timestamp> {
    seconds.map(Timestamp::from_unix)
}

pub(super) fn seconds(time: Option<Timestamp>) -> Option<i64> {
    time.map(Timestamp::unix)
}

/// The names in lines, as `string_agg` puts them together.
pub(super) fn lines(text: Option<&str>) -> std::collections::BTreeSet<String> {
    text.iter().flat_map(|text| text.lines()).map(str::to_owned).collect()
}

pub(super) fn document<T: DeserializeOwned>(column: &str, text: &str) -> Result<T, StoreError> {
    serde_json::from_str(text).map_err(|_| corrupt(column))
}

/// The JSON text of a document of ours.
pub(super) fn json<T: Serialize>(column: &str, value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|_| corrupt(column))
}

pub(super) fn revocation(
    column: &str,
    at: Option<i64>,
    reason: Option<&str>,
) -> Result<Option<Revocation>, StoreError> {
    let Some(at) = at else { return Ok(None) };
    let reason = reason.and_then(RevocationReason::parse).ok_or_else(|| corrupt(column))?;
    Ok(Some(Revocation { at: Timestamp::from_unix(at), reason }))
}
