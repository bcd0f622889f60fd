//! `doorward config example`: every setting with its help and its default, commented out.

use super::settings::Config;
use super::source::rows;

const HEAD: &str = "\
# Doorward: every setting, with its default. Remove the # before a line to change it.
# Each can also be set in the environment: [sessions] idle is DOORWARD_SESSIONS_IDLE (lists with
# commas), which wins over this file; a flag wins over both.
# Times: 90s, 15m, 12h, 30d. Sizes: 16KiB, 2MiB. An empty text means: none.
";

/// A complete configuration file in which every line is a comment. Without the `#` before the
/// settings it says the defaults.
#[must_use]
pub fn example() -> String {
    let mut text = HEAD.to_owned();
    let mut section = String::new();
    for row in rows(&Config::default()) {
        text.push('\n');
        if row.section != section {
            section.clone_from(&row.section);
            comment(&mut text, row.about);
            text.extend(["[", &section, "]\n"]);
        }
        comment(&mut text, row.help);
        text.extend(["#", row.key, " = ", &row.value, "\n"]);
    }
    text
}

/// Appends doc comments, whose lines begin with a space.
fn comment(text: &mut String, lines: &[&str]) {
    for line in lines {
        text.extend(["#", line, "\n"]);
    }
}
