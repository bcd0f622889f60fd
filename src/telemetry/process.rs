//! Memory and CPU time of this process, from `/proc`. Elsewhere than on Linux: nothing.

/// The kernel's unit of CPU time in `/proc/…/stat`: `USER_HZ`, 100 on every Linux.
const TICKS_PER_SECOND: f64 = 100.0;

/// What the process uses.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Usage {
    /// Resident memory, in bytes.
    pub(super) resident_bytes: f64,
    /// CPU time of all threads since the start, user and kernel, in seconds.
    pub(super) cpu_seconds: f64,
    /// Threads.
    pub(super) threads: f64,
}

/// Reads two small files that the kernel writes on demand.
pub(super) fn usage() -> Option<Usage> {
    let stat = std::fs::read_to_string("/proc/self/stat").ok()?;
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    parse(&stat, &status)
}

/// proc_pid_stat(5), fields 14, 15 and 20; proc_pid_status(5), `VmRSS`.
fn parse(stat: &str, status: &str) -> Option<Usage> {
    // The name of the command may hold spaces and parentheses, so count from its end: field 3.
    let (_, fields) = stat.rsplit_once(')')?;
    let field =
        |number: usize| fields.split_ascii_whitespace().nth(number - 3)?.parse::<f64>().ok();
    let resident = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    let kib: f64 = resident.trim().strip_suffix(" kB")?.parse().ok()?;
    Some(Usage {
        resident_bytes: kib * 1_024.0,
        cpu_seconds: (field(14)? + field(15)?) / TICKS_PER_SECOND,
        threads: field(20)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_the_command_confuses_nobody() {
        let stat = "7 (a) b (c) S 1 7 7 0 -1 4194560 9 0 0 0 150 50 0 0 20 0 3 0 100 1 2";
        let status = "Name:\tdoorward\nVmRSS:\t    2048 kB\nThreads:\t3\n";
        let usage = Usage { resident_bytes: 2_097_152.0, cpu_seconds: 2.0, threads: 3.0 };
        assert_eq!(parse(stat, status), Some(usage));
        assert_eq!(parse("", ""), None);
    }
}
