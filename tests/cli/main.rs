//! The command line, as an operator and as programs use it: the real binary, on a folder of its own.

mod audit;
mod client;
mod config;
mod doorward;
mod keys;
mod setup;
mod start;
mod user;
