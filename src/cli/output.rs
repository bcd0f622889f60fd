//! The one place that writes to standard output and standard error.

use std::io::{self, Write};

use serde::Serialize;

/// Who reads the answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Format {
    /// People.
    Text,
    /// Programs: one JSON value a command, with stable names.
    Json,
}

/// Where the answers of a command go.
#[derive(Debug)]
pub(super) struct Output {
    pub(super) format: Format,
}

impl Output {
    pub(super) const fn new(format: Format) -> Self {
        Self { format }
    }

    /// Answers with `value` or with `text`, as the reader wishes.
    pub(super) fn answer<T: Serialize>(
        &self,
        value: &T,
        text: impl FnOnce() -> String,
    ) -> anyhow::Result<()> {
        let answer = match self.format {
            Format::Json => serde_json::to_string_pretty(value)?,
            Format::Text => text(),
        };
        Self::write(&answer)
    }

    /// Writes `text` to standard output, with a line end if it has none. A reader that has gone (`|
    /// head`) is no failure.
    pub(super) fn write(text: &str) -> anyhow::Result<()> {
        match write_line(&mut io::stdout().lock(), text) {
            Err(error) if error.kind() != io::ErrorKind::BrokenPipe => Err(error.into()),
            Ok(()) | Err(_) => Ok(()),
        }
    }

    /// Writes `text` to standard error. There is nowhere to say that this failed.
    pub(super) fn complain(text: &str) {
        write_line(&mut io::stderr().lock(), text).ok();
    }
}

fn write_line(to: &mut impl Write, text: &str) -> io::Result<()> {
    to.write_all(text.as_bytes())?;
    if !text.ends_with('\n') {
        to.write_all(b"\n")?;
    }
    to.flush()
}

/// Rows under a heading, in columns that are as wide as they must be.
pub(super) fn table<const N: usize>(heading: [&str; N], rows: &[[String; N]]) -> String {
    let rows: Vec<[String; N]> =
        std::iter::once(heading.map(str::to_owned)).chain(rows.iter().cloned()).collect();
    let mut widths = [0; N];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(visible(cell).chars().count());
        }
    }
    let mut text = String::new();
    for row in &rows {
        let mut line = String::new();
        for (width, cell) in widths.iter().zip(row) {
            let cell = visible(cell);
            line.push_str(&cell);
            line.extend(std::iter::repeat_n(' ', width + 2 - cell.chars().count()));
        }
        text.push_str(line.trim_end());
        text.push('\n');
    }
    text
}

/// Names and their values, one a line, the values below each other; empty values are left out.
pub(super) fn fields(pairs: &[(&str, String)]) -> String {
    let given = || pairs.iter().filter(|(_, value)| !value.is_empty());
    let width = given().map(|(name, _)| name.chars().count()).max().unwrap_or_default();
    let indent = " ".repeat(width + 2);
    let mut text = String::new();
    for (name, value) in given() {
        for (number, line) in value.lines().enumerate() {
            if number == 0 {
                text.push_str(name);
                text.extend(std::iter::repeat_n(' ', width + 2 - name.chars().count()));
            } else {
                text.push_str(&indent);
            }
            text.push_str(&visible(line));
            text.push('\n');
        }
    }
    text
}

/// The text without characters that a terminal would obey.
pub(super) fn visible(text: &str) -> String {
    text.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_stand_below_each_other() {
        let rows = [["alice".to_owned(), "enabled".to_owned()], ["bo".to_owned(), String::new()]];
        let text = table(["USERNAME", "STATUS"], &rows);
        assert_eq!(text, "USERNAME  STATUS\nalice     enabled\nbo\n");
    }

    #[test]
    fn fields_leave_out_what_is_empty() {
        let pairs =
            [("id", "7".to_owned()), ("email", String::new()), ("roles", "a\nb".to_owned())];
        assert_eq!(fields(&pairs), "id     7\nroles  a\n       b\n");
    }

    #[test]
    fn a_name_cannot_drive_the_terminal() {
        let text = table(["NAME"], &[["a\u{1b}[2Jb".to_owned()]]);
        assert!(!text.contains('\u{1b}'));
    }
}
