//! Sees whether anything was written to the database, by whomever.

use sqlx::{AssertSqlSafe, Connection, PgConnection};

/// A connection beside the server's own.
#[derive(Debug)]
pub(crate) enum Witness {
    /// SQLite counts the commits of others.
    Sqlite(rusqlite::Connection),
    /// PostgreSQL shows every row.
    Postgres(PgConnection),
}

impl Witness {
    /// Looks at the database at `url`.
    pub(crate) async fn at(url: &str) -> Self {
        match url.strip_prefix("sqlite://") {
            Some(path) => Self::Sqlite(rusqlite::Connection::open(path).unwrap()),
            None => Self::Postgres(PgConnection::connect(url).await.unwrap()),
        }
    }

    /// Does to the database what nobody should.
    pub(crate) async fn tamper(&mut self, sql: &'static str) {
        match self {
            Self::Sqlite(conn) => conn.execute_batch(sql).unwrap(),
            Self::Postgres(conn) => drop(sqlx::raw_sql(sql).execute(conn).await.unwrap()),
        }
    }

    /// How many rows a table has.
    pub(crate) async fn rows(&mut self, table: &str) -> i64 {
        let count = format!("SELECT COUNT(*) FROM {table}");
        match self {
            Self::Sqlite(conn) => conn.query_one(&count, [], |row| row.get(0)).unwrap(),
            Self::Postgres(conn) => {
                sqlx::query_scalar(AssertSqlSafe(count)).fetch_one(conn).await.unwrap()
            }
        }
    }

    /// A text that is another one after every write.
    pub(crate) async fn state(&mut self) -> String {
        match self {
            Self::Sqlite(conn) => {
                let version: i64 =
                    conn.query_one("PRAGMA data_version", [], |row| row.get(0)).unwrap();
                version.to_string()
            }
            Self::Postgres(conn) => {
                let tables: Vec<String> = sqlx::query_scalar(
                    "SELECT table_name::text FROM information_schema.tables
                     WHERE table_schema = 'public' ORDER BY 1",
                )
                .fetch_all(&mut *conn)
                .await
                .unwrap();
                let mut state = String::new();
                for table in tables {
                    let sql = format!(
                        "SELECT coalesce(md5(string_agg(t::text || t.xmin::text, ',' ORDER BY t::text)), '')
                         FROM {table} t"
                    );
                    let digest: String =
                        sqlx::query_scalar(AssertSqlSafe(sql)).fetch_one(&mut *conn).await.unwrap();
                    state.extend([table.as_str(), " ", &digest, "\n"]);
                }
                state
            }
        }
    }
}
