//! The house: what the compiler cannot check about how this project is laid out.
//!
//! Every test names its rule, lists each place that breaks it, and says how to mend it.

#[cfg(test)]
mod documents;
#[cfg(test)]
mod files;
#[cfg(test)]
mod floors;
#[cfg(test)]
mod logs;
#[cfg(test)]
mod pages;
#[cfg(test)]
mod readme;
#[cfg(test)]
mod routes;
#[cfg(test)]
mod rust;
#[cfg(test)]
mod secrets;
#[cfg(test)]
mod single_use;
#[cfg(test)]
mod specifications;
#[cfg(test)]
mod tree;
#[cfg(test)]
mod words;
