//! The command line, as an operator and as programs use it: the real binary, on a folder of its own.

#[cfg(test)]
mod access;
#[cfg(test)]
mod api_key;
#[cfg(test)]
mod audit;
#[cfg(test)]
mod backup;
#[cfg(test)]
mod client;
#[cfg(test)]
mod config;
#[cfg(test)]
mod declare;
#[cfg(test)]
mod doorward;
#[cfg(test)]
mod keys;
#[cfg(test)]
mod setup;
#[cfg(test)]
mod signed_in;
#[cfg(test)]
mod start;
#[cfg(test)]
mod user;
