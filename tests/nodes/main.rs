//! Two real server processes on one PostgreSQL database.
//!
//! `DOORWARD_TEST_POSTGRES` names the server (`scripts/postgres start`). The races run 1,000 rounds;
//! `DOORWARD_RACE_ROUNDS=10000 cargo test --test nodes` runs as many as one likes.

#[cfg(test)]
mod lockout;
#[cfg(test)]
mod pair;
#[cfg(test)]
mod race;
#[cfg(test)]
mod revocation;
#[cfg(test)]
mod start;

#[cfg(test)]
#[path = "../process/guess.rs"]
mod guess;
#[cfg(test)]
#[expect(dead_code, reason = "the crash test kills servers, and runs on SQLite as well")]
#[path = "../process/mod.rs"]
mod process;
