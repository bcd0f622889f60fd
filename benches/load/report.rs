//! The tables that are printed.

use std::fmt::{self, Write};

use super::{
    measure::{Figures, Results},
    operation::Operation,
    subject::{Portrait, Rivals},
};

/// How tables look.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Format {
    Text,
    Markdown,
}

/// The report, and how often something went wrong.
pub(crate) struct Report {
    pub(crate) text: String,
    pub(crate) failures: u32,
}

/// The whole report. Each subject is compared with its rivals.
pub(crate) fn write(results: &Results, subjects: &[Portrait], format: Format) -> Report {
    let mut tables = String::new();
    let written = operations(results, subjects, format, &mut tables)
        .and_then(|()| portraits(subjects, format, &mut tables))
        .and_then(|()| failures(results, &mut tables));
    // A report that could not be written is a failure too.
    Report { text: tables, failures: written.unwrap_or(1) }
}

/// What went wrong, a line each; returns how often in all.
fn failures(results: &Results, out: &mut String) -> Result<u32, fmt::Error> {
    let mut all = 0;
    for ((on, operation, what), times) in results.failures() {
        all += times;
        writeln!(out, "FAILED  {times} times  {on}, {operation}: {what}")?;
    }
    Ok(all)
}

/// One row for each operation, number of connections and subject.
fn operations(
    results: &Results,
    subjects: &[Portrait],
    format: Format,
    out: &mut String,
) -> fmt::Result {
    let mut table = Table::new(format, &HEAD);
    for operation in Operation::ALL {
        for connections in results.connections() {
            let figures = |on| results.figures(on, *operation, connections);
            for subject in subjects {
                let Some(found) = figures(subject.name) else { continue };
                let Rivals { in_memory, durable } = subject.rivals;
                let ratios = [in_memory, durable].map(|rival| {
                    rival.and_then(figures).map(|rival| ratio(rival, found)).unwrap_or_default()
                });
                table.row(&row(*operation, connections, subject.name, found, ratios));
            }
        }
    }
    writeln!(out, "{}", table.print()?)?;
    writeln!(
        out,
        "CPU is that of the server for one operation; PostgreSQL's own is not in it. A password hash \
         alone is {:.0} µs.\n",
        results.password_hash()
    )
}

const HEAD: [&str; 9] = [
    "Operation",
    "Connections",
    "Server",
    "per second",
    "p50 ms",
    "p99 ms",
    "CPU µs",
    "peer in memory",
    "peer, durable",
];

/// How many times the CPU of `found` its rival needs.
fn ratio(rival: Figures, found: Figures) -> String {
    if found.cpu > 0.0 && rival.cpu > 0.0 {
        format!("{:.1} ×", rival.cpu / found.cpu)
    } else {
        String::new()
    }
}

fn row(
    operation: Operation,
    connections: u16,
    server: &str,
    found: Figures,
    [in_memory, durable]: [String; 2],
) -> [String; 9] {
    let measured = |value: f64, text: String| if value > 0.0 { text } else { "-".to_owned() };
    [
        operation.title().to_owned(),
        connections.to_string(),
        server.to_owned(),
        measured(found.per_second, format!("{:.0}", found.per_second)),
        measured(found.p50, format!("{:.2}", found.p50 / 1_000.0)),
        measured(found.p99, format!("{:.2}", found.p99 / 1_000.0)),
        measured(found.cpu, format!("{:.0}", found.cpu)),
        in_memory,
        durable,
    ]
}

/// Start and memory of each subject.
fn portraits(subjects: &[Portrait], format: Format, out: &mut String) -> fmt::Result {
    let mut table =
        Table::new(format, &["Server", "start to first 200", "idle memory", "after the load"]);
    let mebibytes = |bytes: u64| format!("{} MiB", bytes.div_ceil(1024 * 1024));
    for subject in subjects {
        table.row(&[
            subject.name.to_owned(),
            format!("{} ms", subject.first_answer.as_millis()),
            mebibytes(subject.idle_memory),
            mebibytes(subject.loaded_memory),
        ]);
    }
    writeln!(out, "{}", table.print()?)
}

/// Rows of text under a head.
struct Table {
    format: Format,
    rows: Vec<Vec<String>>,
}

impl Table {
    fn new(format: Format, head: &[&str]) -> Self {
        Self { format, rows: vec![head.iter().map(|cell| (*cell).to_owned()).collect()] }
    }

    fn row(&mut self, cells: &[String]) {
        self.rows.push(cells.to_vec());
    }

    /// Columns as wide as their widest cell: the first and the server's to the left, figures to the right.
    fn print(&self) -> Result<String, fmt::Error> {
        let columns = self.rows.first().map_or(0, Vec::len);
        let width = |column| {
            let cells = self.rows.iter().filter_map(|row: &Vec<String>| row.get(column));
            cells.map(|cell: &String| cell.chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..columns).map(width).collect();
        let mut out = String::new();
        for (number, row) in self.rows.iter().enumerate() {
            let cells = row.iter().zip(&widths).enumerate().map(|(column, (cell, width))| {
                if is_text(column, columns) {
                    format!("{cell:<width$}")
                } else {
                    format!("{cell:>width$}")
                }
            });
            let cells: Vec<String> = cells.collect();
            match self.format {
                Format::Text => writeln!(out, "{}", cells.join("  ").trim_end())?,
                Format::Markdown => writeln!(out, "| {} |", cells.join(" | "))?,
            }
            if let (Format::Markdown, 0) = (self.format, number) {
                let rule = widths.iter().enumerate().map(|(column, width)| {
                    let end = if is_text(column, columns) { "-" } else { ":" };
                    format!("{}{end}", "-".repeat(width.saturating_sub(1)))
                });
                writeln!(out, "| {} |", rule.collect::<Vec<_>>().join(" | "))?;
            }
        }
        Ok(out)
    }
}

/// The first column, and that of the server in the wide table.
const fn is_text(column: usize, columns: usize) -> bool {
    column == 0 || (column == 2 && columns == HEAD.len())
}
