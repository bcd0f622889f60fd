//! What stands behind a code or a refresh token: the grant, the user who gave it, and the session it
//! was given in. Read together, since the database is asked once.

use std::sync::Arc;

use sqlx::{FromRow, Row, postgres::PgRow};
use uuid::Uuid;

use super::{
    StoreError,
    db::sqlite::{Cursor, Read},
    grant::GrantRow,
    session::SessionRow,
    user::UserRow,
};
use crate::{
    identity::{session::BrowserSession, user::User},
    protocol::grant::Grant,
};

/// The columns of [`BehindRow`].
macro_rules! columns {
    () => {
        concat!(
            $crate::store::grant::columns!(),
            ", ",
            $crate::store::user::columns!(),
            ", ",
            $crate::store::session::columns!()
        )
    };
}

/// The tables of [`BehindRow`], joined to what names the grant. A grant has a user as long as it is
/// there; an offline one outlives its session's row.
macro_rules! joins {
    ($grant_id:literal) => {
        concat!(
            " JOIN grants g ON g.id = ",
            $grant_id,
            " JOIN users u ON u.id = g.user_id LEFT JOIN sessions s ON s.id = g.session_id"
        )
    };
}

pub(super) use {columns, joins};

/// What a code or a refresh token is worth hangs from these, in whatever state they are.
#[derive(Debug, Clone, PartialEq)]
pub struct Behind {
    /// The grant.
    pub grant: Arc<Grant>,
    /// Who gave it.
    pub user: Arc<User>,
    /// The browser session it was given in; `None` when its row is gone.
    pub session: Option<BrowserSession>,
}

/// Rows of three tables.
pub(super) struct BehindRow {
    grant: GrantRow,
    user: UserRow,
    session: Option<SessionRow>,
}

/// The outer join leaves the session's columns empty where there is none.
impl FromRow<'_, PgRow> for BehindRow {
    fn from_row(row: &PgRow) -> Result<Self, sqlx::Error> {
        let session = match row.try_get::<Option<Uuid>, _>("s_id")? {
            Some(_) => Some(SessionRow::from_row(row)?),
            None => None,
        };
        Ok(Self { grant: GrantRow::from_row(row)?, user: UserRow::from_row(row)?, session })
    }
}

impl Read for BehindRow {
    fn read(cursor: &mut Cursor<'_, '_>, column: &'static str) -> rusqlite::Result<Self> {
        let (grant, user) = (GrantRow::read(cursor, column)?, UserRow::read(cursor, column)?);
        let session = match cursor.peek::<Option<Uuid>>("s_id")? {
            Some(_) => Some(SessionRow::read(cursor, column)?),
            None => None,
        };
        Ok(Self { grant, user, session })
    }
}

impl TryFrom<BehindRow> for Behind {
    type Error = StoreError;

    fn try_from(row: BehindRow) -> Result<Self, Self::Error> {
        Ok(Self {
            grant: Arc::new(row.grant.try_into()?),
            user: Arc::new(row.user.try_into()?),
            session: row.session.map(BrowserSession::try_from).transpose()?,
        })
    }
}
