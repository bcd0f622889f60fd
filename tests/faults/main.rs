//! What a machine and a network do to a server: disks that are full or slow, files that run out, readers
//! that never read, requests that two servers would understand differently, databases that do not answer.
//! The real program, on SQLite unless the fault is PostgreSQL's; the catalogue's groups 20 and 24 as far
//! as one process shows them, and HDR-07.

#[cfg(test)]
mod cluster;
#[cfg(test)]
mod commit;
#[cfg(test)]
mod descriptors;
#[cfg(test)]
mod disk;
#[cfg(test)]
mod failover;
#[cfg(test)]
mod floods;
#[cfg(test)]
mod http2;
#[cfg(test)]
mod log_sink;
#[cfg(test)]
mod outage;
#[cfg(test)]
mod power;
#[cfg(test)]
mod raw;
#[cfg(test)]
mod restore;
#[cfg(test)]
mod silence;
#[cfg(test)]
mod site;
#[cfg(test)]
mod slow;
#[cfg(test)]
mod smuggling;
#[cfg(test)]
mod tls;
#[cfg(test)]
mod wire;

#[cfg(test)]
#[path = "../process/guess.rs"]
mod guess;
#[cfg(test)]
#[expect(dead_code, reason = "the crash test kills servers, and runs on PostgreSQL as well")]
#[path = "../process/mod.rs"]
mod process;
