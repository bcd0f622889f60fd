//! What the process logs and counts, and the secrets that must not be in it. Attack catalogue, LOG-01.
//!
//! Every line of every crate, at every level, is cut into words, and every secret as well. A word on both
//! lists is a leak, whichever came first: a code is logged before a test sees it.

use std::{
    collections::HashSet,
    hash::{BuildHasher, RandomState},
    io::Write,
    sync::{LazyLock, Mutex, MutexGuard, OnceLock, PoisonError},
};

use doorward::telemetry::metrics::Metrics;

/// What is shorter is found by chance: a name, a number, a word of English.
const SHORTEST: usize = 12;

/// Our own secrets, known by their first letters even where no test has seen them: `dwc_` and 43 characters.
const SHORTEST_OF_OURS: usize = 4 + 43;

static OUTPUT: LazyLock<Mutex<Output>> = LazyLock::new(Mutex::default);
static METRICS: OnceLock<Metrics> = OnceLock::new();

#[derive(Default)]
struct Output {
    hasher: RandomState,
    logged: HashSet<u64>,
    secret: HashSet<u64>,
    phrases: Vec<String>,
    leaks: Vec<String>,
}

/// Where the lines of the log go.
struct Sink;

impl Write for Sink {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        output().read_line(&String::from_utf8_lossy(bytes));
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Everything but what the browser of the tests reads its pages with, and the statements: constants, whose
/// values no driver logs.
pub(crate) const EVERYTHING: &str = "trace,html5ever=off,selectors=off,sqlx::query=off";

/// From now on everything is listened to, and counted. Once in the life of the process.
pub(crate) fn listen() {
    METRICS.get_or_init(|| {
        tracing_subscriber::fmt().json().with_env_filter(EVERYTHING).with_writer(|| Sink).init();
        Metrics::install().unwrap()
    });
}

/// `text` is a secret of a test: it must be in no line, neither in one before nor in one to come.
pub(crate) fn keep_secret(text: &str) {
    output().read_secret(text);
}

/// No secret was logged so far.
#[track_caller]
pub(crate) fn hold() {
    let output = output();
    assert!(output.leaks.is_empty(), "secrets in the log: {:#?}", output.leaks);
}

/// No secret is in the names and labels of what is counted.
#[track_caller]
pub(crate) fn hold_metrics() {
    let text = counted();
    let mut output = output();
    output.read_line(&text);
    assert!(output.leaks.is_empty(), "secrets in the metrics: {:#?}", output.leaks);
}

/// Everything that was counted in this process.
pub(crate) fn counted() -> String {
    METRICS.get().map(Metrics::render).unwrap_or_default()
}

/// Whether a line has this word: the log is really listened to.
pub(crate) fn has_heard(word: &str) -> bool {
    let output = output();
    output.logged.contains(&output.hasher.hash_one(word.as_bytes()))
}

/// A test that fails while it holds the lock must not hide what it says.
fn output() -> MutexGuard<'static, Output> {
    OUTPUT.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Output {
    fn read_line(&mut self, line: &str) {
        for word in words(line) {
            let hash = self.hasher.hash_one(word.as_bytes());
            self.logged.insert(hash);
            if self.secret.contains(&hash) || is_ours(word) {
                self.leaks.push(format!("{word} in {line}"));
            }
        }
        if let Some(phrase) = self.phrases.iter().find(|phrase| line.contains(phrase.as_str())) {
            self.leaks.push(format!("{phrase} in {line}"));
        }
    }

    fn read_secret(&mut self, text: &str) {
        let mut is_phrase = text.len() >= SHORTEST;
        for word in words(text) {
            is_phrase = false;
            let hash = self.hasher.hash_one(word.as_bytes());
            self.secret.insert(hash);
            if self.logged.contains(&hash) {
                self.leaks.push(format!("{word} in a line before this request was answered"));
            }
        }
        if is_phrase && !self.phrases.iter().any(|known| known == text) {
            self.phrases.push(text.to_owned());
        }
    }
}

/// The letters of base64url. A table, because every byte of every line is looked up.
static IS_OF_A_WORD: [bool; 256] = {
    let mut table = [false; 256];
    let mut byte = 0;
    while byte < 128_u8 {
        table[byte as usize] = byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
        byte += 1;
    }
    table
};

/// The parts of a text that can be a secret: base64url, and what else people call a word.
fn words(text: &str) -> impl Iterator<Item = &str> {
    let words = text.as_bytes().split(|byte| !IS_OF_A_WORD[usize::from(*byte)]);
    words.filter(|word| word.len() >= SHORTEST).map(|word| std::str::from_utf8(word).unwrap())
}

fn is_ours(word: &str) -> bool {
    let bytes = word.as_bytes();
    word.len() >= SHORTEST_OF_OURS && bytes.starts_with(b"dw") && bytes.get(3) == Some(&b'_')
}

/// The oracle sees what it must see, in any order, and is not afraid of what is harmless.
#[test]
fn a_secret_in_a_line_is_a_leak_before_and_after() {
    let mut output = Output::default();
    output.read_line(r#"{"message":"took c0de-that-was-logged_early","route":"/token"}"#);
    output.read_line("the client notes asked at /authorize");
    output.read_secret("Bearer notes authorize");
    assert!(output.leaks.is_empty(), "{:?}", output.leaks);
    output.read_secret("c0de-that-was-logged_early");
    assert_eq!(output.leaks.len(), 1);
    output.read_secret("header0header.payload0payload.signature0signature");
    output.read_line("cookie: a=header0header.x.signature0signature");
    assert_eq!(output.leaks.len(), 3);
    output.read_secret("correct horse battery staple");
    output.read_line(r#"{"password":"correct horse battery staple"}"#);
    assert_eq!(output.leaks.len(), 4);
    output.read_line(&format!("nobody saw dwr_{}", "A".repeat(43)));
    assert_eq!(output.leaks.len(), 5);
}
