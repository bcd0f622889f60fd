//! The audit log: append-only, and each event sealed to the one before it by a hash.

use uuid::Uuid;

use super::{
    Conn, Db, Engine, StoreError, Tx,
    db::run::{execute, fetch_all, fetch_one, fetch_optional},
    row::{self, Number, row},
    statements::{Statement, postgres_statements, statements},
};
use crate::types::{
    Timestamp,
    audit::{Action, AuditEvent},
    digest::sha256,
    id::AuditEventId,
};

/// The columns of [`EventRow`].
macro_rules! columns {
    () => {
        "seq, id, at, actor, action, object, outcome, request_id, address, user_agent, detail, hash"
    };
}

/// Adds an event.
macro_rules! insert {
    () => {
        "INSERT INTO audit_events (seq, id, at, actor, action, object, outcome, request_id, address,
             user_agent, detail, hash)
         VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)"
    };
}

/// The events that fit a filter of which any part may be absent.
macro_rules! list {
    ($named:literal) => {
        concat!(
            "SELECT ",
            columns!(),
            " FROM audit_events WHERE ",
            $named,
            "seq > $1 AND (CAST($2 AS TEXT) IS NULL OR actor = $2)
                AND (CAST($3 AS TEXT) IS NULL OR object = $3)
                AND (CAST($4 AS TEXT) IS NULL OR action = $4)
                AND at >= $5 AND at < $6
            ORDER BY seq LIMIT $7"
        )
    };
}

statements! { "audit_event";
    /// Takes as many numbers as there are events and locks the head until the commit.
    ADVANCE = "UPDATE audit_head SET seq = seq + $1 WHERE id = 1 RETURNING seq, hash";
    SEAL = "UPDATE audit_head SET hash = $1 WHERE id = 1";
    HEAD = "SELECT seq, hash FROM audit_head WHERE id = 1";
    HEAD_SEQ = "SELECT seq AS number FROM audit_head WHERE id = 1";
    INSERT = insert!();
    NEWEST = "SELECT at AS number FROM audit_events
              WHERE seq = (SELECT seq FROM audit_head WHERE id = 1)";
    LIST = list!("");
    /// What is asked for by name is found by name, in a log of any length.
    LIST_OF_ACTOR = list!("actor = $2 AND ");
    LIST_OF_OBJECT = list!("object = $3 AND ");
    LIST_OF_ACTION = list!("action = $4 AND ");
}

postgres_statements! { "audit_event";
    /// The last event of a transaction, whose hash seals the head.
    INSERT_AND_SEAL = concat!("WITH head AS (UPDATE audit_head SET hash = $12 WHERE id = 1) ",
        insert!());
}

/// Events that are read at a time by [`verify`].
const BATCH: u32 = 500;

/// Which events to list; what is `None` does not narrow.
#[derive(Debug, Clone, Default)]
pub struct AuditFilter {
    /// By this actor, in the text form.
    pub actor: Option<String>,
    /// About this object, in the text form.
    pub object: Option<String>,
    /// Of this kind.
    pub action: Option<Action>,
    /// Not before this moment.
    pub from: Option<Timestamp>,
    /// Before this moment.
    pub until: Option<Timestamp>,
}

/// An event in its place in the chain; actor, action, object and outcome in their text form.
#[derive(Debug, Clone, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields are those of AuditEvent, and the place in the chain")]
pub struct AuditRecord {
    pub seq: i64,
    pub id: AuditEventId,
    pub at: Timestamp,
    pub actor: String,
    pub action: String,
    pub object: String,
    pub outcome: String,
    pub request_id: String,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    /// The JSON text that was hashed.
    pub detail: String,
    pub hash: [u8; 32],
}

/// What the check of the chain came to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ChainCheck {
    /// Every event is there and as it was written.
    Intact {
        /// How many.
        events: u64,
    },
    /// From here on the log cannot be trusted: this event was altered, or is missing.
    Broken {
        /// The number of the event.
        seq: i64,
    },
}

/// Appends an event once the transaction commits.
pub fn append(tx: &mut Tx<'_>, event: AuditEvent) {
    tx.note_event(event);
}

/// Writes the events of a transaction that is about to commit.
pub(super) async fn write(conn: &mut Conn<'_>, events: &[AuditEvent]) -> Result<(), StoreError> {
    if events.is_empty() {
        return Ok(());
    }
    let count = i64::try_from(events.len()).unwrap_or(i64::MAX);
    let head = fetch_one!(HeadRow, conn, ADVANCE, count)?;
    let mut previous = row::bytes32("audit_head.hash", head.hash)?;
    for (seq, event) in (head.seq - count + 1..).zip(events) {
        let mut record = record(seq, event)?;
        record.hash = seal(&record, &previous)?;
        previous = record.hash;
        let is_last = seq == head.seq;
        match conn.engine() {
            Engine::Postgres if is_last => insert(conn, INSERT_AND_SEAL, &record).await?,
            Engine::Postgres | Engine::Sqlite => insert(conn, INSERT, &record).await?,
        }
    }
    if conn.engine() == Engine::Sqlite {
        execute!(conn, SEAL, previous.as_slice())?;
    }
    Ok(())
}

async fn insert(
    conn: &mut Conn<'_>,
    statement: Statement,
    record: &AuditRecord,
) -> Result<(), StoreError> {
    execute!(
        conn,
        statement,
        record.seq,
        record.id.uuid(),
        record.at.unix(),
        record.actor.as_str(),
        record.action.as_str(),
        record.object.as_str(),
        record.outcome.as_str(),
        record.request_id.as_str(),
        record.address.as_deref(),
        record.user_agent.as_deref(),
        record.detail.as_str(),
        record.hash.as_slice(),
    )?;
    Ok(())
}

fn record(seq: i64, event: &AuditEvent) -> Result<AuditRecord, StoreError> {
    Ok(AuditRecord {
        seq,
        id: event.id,
        at: event.at,
        actor: event.actor.to_string(),
        action: event.action.as_str().to_owned(),
        object: event.object.to_string(),
        outcome: event.outcome.as_str().to_owned(),
        request_id: event.origin.request_id.clone(),
        address: event.origin.address.map(|address| address.to_string()),
        user_agent: event.origin.user_agent.clone(),
        detail: row::json("audit_events.detail", &event.detail)?,
        hash: [0; 32],
    })
}

/// SHA-256 over the JSON array of all columns but the hash, in their order, and the hash before it.
fn seal(record: &AuditRecord, previous: &[u8; 32]) -> Result<[u8; 32], StoreError> {
    let columns = (
        record.seq,
        record.id,
        record.at,
        (&record.actor, &record.action, &record.object, &record.outcome),
        &record.request_id,
        (&record.address, &record.user_agent),
        &record.detail,
        previous,
    );
    row::json("audit_events", &columns).map(|text| sha256(text.as_bytes()))
}

/// At most `limit` events that fit the filter, after the one numbered `after`, oldest first.
pub async fn list(
    conn: &mut Conn<'_>,
    filter: &AuditFilter,
    after: i64,
    limit: u32,
) -> Result<Vec<AuditRecord>, StoreError> {
    let statement = match filter {
        AuditFilter { object: Some(_), .. } => LIST_OF_OBJECT,
        AuditFilter { actor: Some(_), .. } => LIST_OF_ACTOR,
        AuditFilter { action: Some(_), .. } => LIST_OF_ACTION,
        AuditFilter { object: None, actor: None, action: None, .. } => LIST,
    };
    let rows = fetch_all!(
        EventRow,
        conn,
        statement,
        after,
        filter.actor.as_deref(),
        filter.object.as_deref(),
        filter.action.map(Action::as_str),
        filter.from.map_or(i64::MIN, Timestamp::unix),
        filter.until.map_or(i64::MAX, Timestamp::unix),
        i64::from(limit),
    )?;
    rows.into_iter().map(AuditRecord::try_from).collect()
}

/// The number of the last event; zero before the first.
pub async fn head(conn: &mut Conn<'_>) -> Result<i64, StoreError> {
    Ok(fetch_one!(Number, conn, HEAD_SEQ)?.number)
}

/// When the last event happened; `None` before the first.
pub async fn newest(conn: &mut Conn<'_>) -> Result<Option<Timestamp>, StoreError> {
    let newest = fetch_optional!(Number, conn, NEWEST)?;
    Ok(newest.map(|row| Timestamp::from_unix(row.number)))
}

/// Checks that no event is missing and that each is as it was written, up to the head.
///
/// Whoever can write to the database can also write a whole new chain: keep copies of the head's
/// hash elsewhere to notice that.
pub async fn verify(db: &Db) -> Result<ChainCheck, StoreError> {
    let mut reader = db.reader().await?;
    // The head is read first: what is appended meanwhile is no part of the check.
    let head = fetch_one!(HeadRow, &mut reader.conn(), HEAD)?;
    let end = row::bytes32("audit_head.hash", head.hash)?;
    let (mut seq, mut previous) = (0, [0; 32]);
    while seq < head.seq {
        let batch = list(&mut reader.conn(), &AuditFilter::default(), seq, BATCH).await?;
        if batch.is_empty() {
            return Ok(ChainCheck::Broken { seq: seq + 1 });
        }
        for record in batch.iter().take_while(|record| record.seq <= head.seq) {
            seq += 1;
            if record.seq != seq || record.hash != seal(record, &previous)? {
                return Ok(ChainCheck::Broken { seq });
            }
            previous = record.hash;
        }
    }
    if previous != end {
        return Ok(ChainCheck::Broken { seq: head.seq });
    }
    Ok(ChainCheck::Intact { events: row::count("audit_head.seq", head.seq)? })
}

row! {
    struct HeadRow {
        seq: i64,
        hash: Vec<u8>,
    }
}

row! {
    struct EventRow {
        seq: i64,
        id: Uuid,
        at: i64,
        actor: String,
        action: String,
        object: String,
        outcome: String,
        request_id: String,
        address: Option<String>,
        user_agent: Option<String>,
        detail: String,
        hash: Vec<u8>,
    }
}

impl TryFrom<EventRow> for AuditRecord {
    type Error = StoreError;

    fn try_from(row: EventRow) -> Result<Self, Self::Error> {
        Ok(Self {
            seq: row.seq,
            id: AuditEventId::from_uuid(row.id),
            at: Timestamp::from_unix(row.at),
            actor: row.actor,
            action: row.action,
            object: row.object,
            outcome: row.outcome,
            request_id: row.request_id,
            address: row.address,
            user_agent: row.user_agent,
            detail: row.detail,
            hash: row::bytes32("audit_events.hash", row.hash)?,
        })
    }
}
