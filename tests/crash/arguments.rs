//! The command line, under `cargo test` and by hand.

/// What a run does.
#[derive(Debug)]
pub(crate) struct Arguments {
    /// How often the server is killed.
    pub(crate) rounds: u32,
    /// Where the pseudo-random moments come from.
    pub(crate) seed: u64,
}

impl Arguments {
    /// The arguments of this process; `None` when `cargo test NAME` means other tests, or when tests
    /// are only to be listed. Flags of Rust's own test harness are passed over.
    pub(crate) fn read() -> Option<Self> {
        let mut read = Self { rounds: 20, seed: 1 };
        let mut filters = Vec::new();
        let mut arguments = std::env::args().skip(1);
        while let Some(argument) = arguments.next() {
            match argument.as_str() {
                "--rounds" => read.rounds = number(arguments.next()),
                "--seed" => read.seed = number(arguments.next()),
                "--list" => return None,
                "--test-threads" | "--format" | "--color" | "--skip" => drop(arguments.next()),
                flag if flag.starts_with('-') => {}
                filter => filters.push(filter.to_owned()),
            }
        }
        let wanted = filters.is_empty() || filters.iter().any(|filter| "crash".contains(filter));
        wanted.then_some(read)
    }
}

#[expect(clippy::panic, reason = "the command line of a test")]
fn number<T: std::str::FromStr>(text: Option<String>) -> T {
    let parsed = text.as_deref().and_then(|text| text.parse().ok());
    parsed.unwrap_or_else(|| panic!("usage: crash [--rounds N] [--seed N], not {text:?}"))
}
