//! What a statement looks at: the rows that it is about, which an index finds, and not the table around
//! them. So it costs the same whether there are a thousand rows or a million. Attack catalogue, DOS-02.

use doorward::store::{
    self,
    statements::{self, Statement},
};
use rusqlite::{Connection as Sqlite, params_from_iter, types::Null};
use serde_json::Value;
use sqlx::{AssertSqlSafe, Connection, PgConnection, Row};
use uuid::Uuid;

use crate::{
    engine::TestDb,
    samples::{NOW, code, family, granted},
};

/// Statements that go through a table from one end to the other, and why they may.
const WHOLE: &[(&str, &str)] = &[
    ("api::ALL", "APIs, roles and groups are few, and remembered by every node"),
    ("api::ALL_PERMISSIONS", "the same"),
    ("role::ALL", "the same"),
    ("role::ALL_PERMISSIONS", "the same"),
    ("role::ALL_CONTAINS", "the same"),
    ("group::ALL", "the same"),
    ("signing_key::LIST", "keys are few"),
    ("user::IS_ANY", "the first row is enough"),
    ("user::COUNT", "a number that nobody waits for"),
    ("epoch::DELETE_CODES", "a restored backup: everything goes"),
    ("epoch::DELETE_LINKS", "the same"),
];

/// Statements that sort what they found, and why that is little.
const SORTED: &[(&str, &str)] = &[
    ("consent::LIST", "those of one user"),
    ("grant::PAGE_OF_USER", "the same"),
    ("session::PAGE_OF_USER", "the same"),
    ("session::END_OLDEST", "the same"),
    ("refresh_family::FIND_BY_GRANT", "those of one grant"),
    ("administration::HOLDERS", "those who hold one role of an administrator"),
    ("signing_key::LIST", "keys are few"),
    ("role_holding::USERS", "the few roles that contain one"),
    ("role_holding::GROUPS", "the same"),
    ("role_holding::MEMBERS", "the same"),
    ("role_holding::CLIENTS", "the same"),
];

fn is_in(list: &[(&str, &str)], statement: &Statement) -> bool {
    list.iter().any(|(name, _)| *name == statement.name())
}

/// Who is on a list is a statement.
#[test]
fn every_exception_is_a_statement() {
    for (name, _) in WHOLE.iter().chain(SORTED) {
        assert!(statements::all().any(|statement| statement.name() == *name), "{name}");
    }
}

/// The steps of a plan of SQLite.
fn plan_of_sqlite(conn: &Sqlite, statement: &Statement) -> Vec<String> {
    let mut plan = conn.prepare(&format!("EXPLAIN QUERY PLAN {}", statement.sql())).unwrap();
    let nothing = params_from_iter(vec![Null; plan.parameter_count()]);
    let steps = plan.query_map(nothing, |row| row.get(3)).unwrap();
    steps.map(Result::unwrap).collect()
}

/// DOS-02: "SCAN" is the word of SQLite for a table that is read as a whole, "TEMP B-TREE" for rows that
/// are sorted before the first is shown.
#[tokio::test]
async fn dos_02_sqlite_finds_rows_by_an_index() {
    let db = TestDb::sqlite().await;
    let conn = Sqlite::open(db.options.url.strip_prefix("sqlite://").unwrap()).unwrap();
    let tables = tables(&conn);
    let mut seen = 0;
    for statement in statements::all().filter(|statement| statement.is_for(db.engine())) {
        let steps = plan_of_sqlite(&conn, &statement);
        seen += steps.iter().filter(|step| step.starts_with("SEARCH")).count();
        let scans =
            |step: &&String| step.starts_with("SCAN") && is_table(step, &tables, &statement);
        let scanned: Vec<_> = steps.iter().filter(scans).collect();
        assert!(
            scanned.is_empty() || is_in(WHOLE, &statement),
            "{} reads a whole table: {steps:#?}",
            statement.name()
        );
        let sorts = steps.iter().any(|step| step == "USE TEMP B-TREE FOR ORDER BY");
        assert!(!sorts || is_in(SORTED, &statement), "{} sorts: {steps:#?}", statement.name());
    }
    assert!(seen > 200, "{seen} searches: the plans are not read");
}

/// What is asked of the audit log by name is found by that name, however long the log is.
#[tokio::test]
async fn dos_02_a_name_in_the_audit_log_is_found_by_its_index() {
    let db = TestDb::sqlite().await;
    let conn = Sqlite::open(db.options.url.strip_prefix("sqlite://").unwrap()).unwrap();
    for (name, index) in [
        ("audit_event::LIST_OF_ACTOR", "audit_events_actor (actor=? AND seq>?)"),
        ("audit_event::LIST_OF_OBJECT", "audit_events_object (object=? AND seq>?)"),
        ("audit_event::LIST_OF_ACTION", "audit_events_action (action=? AND seq>?)"),
    ] {
        let statement = statements::all().find(|statement| statement.name() == name).unwrap();
        let steps = plan_of_sqlite(&conn, &statement);
        assert_eq!(steps, [format!("SEARCH audit_events USING INDEX {index}")], "{name}");
    }
}

fn tables(conn: &Sqlite) -> Vec<String> {
    let mut query = conn.prepare("SELECT name FROM sqlite_schema WHERE type = 'table'").unwrap();
    let names = query.query_map([], |row| row.get(0)).unwrap();
    names.map(Result::unwrap).collect()
}

/// Whether the step is about a table, and not about rows that the statement itself made. Steps name a
/// table as the statement does: `SCAN u` is of `users u`.
fn is_table(step: &str, tables: &[String], statement: &Statement) -> bool {
    let name = step.split(' ').nth(1).unwrap_or_default();
    let sql = statement.sql().split_whitespace().collect::<Vec<_>>().join(" ");
    let is = |table: &String| table == name || sql.contains(&format!(" {table} {name} "));
    tables.iter().any(is)
}

/// DOS-02: where there is an index that serves, PostgreSQL reads no table as a whole once that is made
/// dear.
#[tokio::test]
async fn dos_02_postgres_finds_rows_by_an_index() {
    let db = TestDb::postgres().await;
    let mut conn = PgConnection::connect(&db.options.url).await.unwrap();
    for setting in ["plan_cache_mode = force_generic_plan", "enable_seqscan = off"] {
        run(&mut conn, format!("SET {setting}")).await;
    }
    let mut seen = 0;
    for statement in statements::all().filter(|statement| statement.is_for(db.engine())) {
        let nothing = vec!["NULL"; parameters(statement.sql())].join(", ");
        let plan = plan_of_postgres(&mut conn, &statement, &nothing).await;
        let mut whole = Vec::new();
        seen += read(&plan, &mut whole);
        assert!(
            whole.is_empty() || is_in(WHOLE, &statement),
            "{} reads a whole table: {whole:?}",
            statement.name()
        );
    }
    assert!(seen > 200, "{seen} conditions: the plans are not read");
}

/// DOS-02: a walk through tables of any size looks at no more of them than its batch: as the planner itself
/// chooses, for the values that come and for any.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn dos_02_postgres_walks_by_indexes() {
    const MANY: &str = "
        INSERT INTO grants SELECT (jsonb_populate_record(g, jsonb_build_object('id', gen_random_uuid()))).*
            FROM grants g, generate_series(1, 20000);
        INSERT INTO refresh_families SELECT (jsonb_populate_record(f,
                jsonb_build_object('id', gen_random_uuid(), 'grant_id', g.id))).*
            FROM refresh_families f, grants g;
        INSERT INTO authorization_codes SELECT (jsonb_populate_record(c, jsonb_build_object('hash',
                sha256(uuid_send(g.id)), 'flow_id', sha256(uuid_send(g.id)), 'grant_id', g.id))).*
            FROM authorization_codes c, grants g;
        ANALYZE";
    let db = TestDb::postgres().await;
    let (.., grant) = granted(&db).await;
    let (family, code) = (family(&grant, 1), code(&grant, 1));
    commit!(db, [], |tx| async {
        store::refresh_family::insert(tx, &family).await?;
        store::authorization_code::insert(tx, &code).await
    })
    .unwrap();
    let mut conn = PgConnection::connect(&db.options.url).await.unwrap();
    run(&mut conn, MANY.to_owned()).await;
    for mode in ["force_generic_plan", "force_custom_plan"] {
        run(&mut conn, format!("SET plan_cache_mode = {mode}")).await;
        for name in ["expiry::NEXT_FAMILIES", "expiry::NEXT_GRANTS"] {
            let statement = statements::all().find(|statement| statement.name() == name).unwrap();
            let values = format!("'{}', 500, {}", Uuid::nil(), NOW.unix());
            let plan = plan_of_postgres(&mut conn, &statement, &values).await;
            let mut whole = Vec::new();
            assert!(read(&plan, &mut whole) > 0 && whole.is_empty(), "{mode}, {name}: {plan:#}");
        }
    }
}

async fn run(conn: &mut PgConnection, sql: String) {
    sqlx::raw_sql(AssertSqlSafe(sql)).execute(conn).await.unwrap();
}

/// The plan for these values, or for any where the connection plans so.
async fn plan_of_postgres(conn: &mut PgConnection, statement: &Statement, values: &str) -> Value {
    let sql = statement.sql();
    run(conn, format!("PREPARE plan AS {sql}")).await;
    let values = if values.is_empty() { String::new() } else { format!("({values})") };
    let explain = format!("EXPLAIN (FORMAT JSON) EXECUTE plan{values}");
    let row = sqlx::raw_sql(AssertSqlSafe(explain)).fetch_one(&mut *conn).await.unwrap();
    let text: String = row.get_unchecked(0);
    run(conn, "DEALLOCATE plan".to_owned()).await;
    serde_json::from_str(&text).unwrap()
}

/// How many parameters a statement has.
fn parameters(sql: &str) -> usize {
    let digits = sql
        .split('$')
        .skip(1)
        .map(|rest| rest.chars().take_while(char::is_ascii_digit).collect::<String>());
    digits.filter_map(|digits| digits.parse().ok()).max().unwrap_or(0)
}

/// Notes the tables that a plan reads as a whole, and counts the conditions by which indexes are read.
fn read(plan: &Value, whole: &mut Vec<String>) -> usize {
    let below: Vec<&Value> = match plan {
        Value::Array(items) => items.iter().collect(),
        Value::Object(members) => members.values().collect(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => return 0,
    };
    if plan["Node Type"] == "Seq Scan" {
        whole.push(plan["Relation Name"].to_string());
    }
    let own = usize::from(plan.get("Index Cond").is_some());
    below.into_iter().map(|node| read(node, whole)).sum::<usize>() + own
}
