//! What the server acknowledged, and what it was asked for without an answer.

use tokio::time::{Duration, Instant};

/// Things older than this are let go: access tokens live for ten minutes.
const LET_GO_AFTER: Duration = Duration::from_secs(240);
/// How many things of a kind a worker takes along into the next round.
const TAKEN_ALONG: usize = 24;

/// Whether something still counts, as far as the client can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    /// It was handed out.
    Live,
    /// Its end was acknowledged.
    Revoked,
    /// Its end was asked for, and no answer came.
    Unknown,
}

/// An access token of the machine.
#[derive(Debug)]
pub(crate) struct Token {
    pub(crate) text: String,
    pub(crate) state: State,
    pub(crate) born: Instant,
}

/// How far a code got.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum CodeState {
    /// It was handed out and never presented.
    Fresh,
    /// It was presented, and no answer came.
    Unknown,
    /// It was redeemed.
    Redeemed,
}

/// An authorization: its code, and the tokens that came of it.
#[derive(Debug)]
pub(crate) struct Grant {
    pub(crate) code: String,
    pub(crate) code_state: CodeState,
    /// The latest refresh token that was handed out.
    pub(crate) refresh: Option<String>,
    /// Access tokens that were handed out.
    pub(crate) access: Vec<String>,
    pub(crate) state: State,
    pub(crate) born: Instant,
}

/// What one worker knows.
#[derive(Debug, Default)]
pub(crate) struct Ledger {
    pub(crate) tokens: Vec<Token>,
    pub(crate) grants: Vec<Grant>,
    /// Its part in the totals.
    pub(crate) history: History,
}

/// Totals.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct History {
    /// Answers that said yes.
    pub(crate) acknowledged: usize,
    /// Revocations among them that ended something.
    pub(crate) revocations: usize,
    /// Revocations that got no answer.
    pub(crate) revocations_unknown: usize,
}

impl History {
    /// Adds `other` and leaves nothing of it.
    pub(crate) fn take(&mut self, other: &mut Self) {
        let other = std::mem::take(other);
        self.acknowledged += other.acknowledged;
        self.revocations += other.revocations;
        self.revocations_unknown += other.revocations_unknown;
    }
}

impl Token {
    pub(crate) fn new(text: String) -> Self {
        Self { text, state: State::Live, born: now() }
    }
}

impl Grant {
    pub(crate) fn new(code: String) -> Self {
        Self {
            code,
            code_state: CodeState::Fresh,
            refresh: None,
            access: Vec::new(),
            state: State::Live,
            born: now(),
        }
    }
}

impl Ledger {
    /// Lets the oldest go, so that every round takes as long as the others.
    pub(crate) fn trim(&mut self) {
        self.tokens.retain(|token| token.born.elapsed() < LET_GO_AFTER);
        self.grants.retain(|grant| grant.born.elapsed() < LET_GO_AFTER);
        self.tokens.drain(..self.tokens.len().saturating_sub(TAKEN_ALONG));
        self.grants.drain(..self.grants.len().saturating_sub(TAKEN_ALONG));
    }
}

fn now() -> Instant {
    Instant::now()
}
