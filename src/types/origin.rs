//! Where a request came from, as the audit log and the limits see it.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// The request behind a change: its id in the logs, the client's address and its User-Agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// The request id that the logs carry.
    pub request_id: String,
    /// The peer's address, or the one a trusted proxy named; `None` for the command line.
    pub address: Option<IpAddr>,
    /// The User-Agent header, at most 256 bytes of it.
    pub user_agent: Option<String>,
}

impl Origin {
    /// The origin of a change made by a command on this machine.
    #[must_use]
    pub const fn command_line(request_id: String) -> Self {
        Self { request_id, address: None, user_agent: None }
    }

    /// The network that limits count under: the address itself for IPv4, its /64 for IPv6.
    #[must_use]
    pub fn network(&self) -> Option<IpAddr> {
        self.address.map(|address| match address.to_canonical() {
            IpAddr::V4(v4) => IpAddr::V4(Ipv4Addr::from_bits(v4.to_bits())),
            IpAddr::V6(v6) => IpAddr::V6(Ipv6Addr::from_bits(v6.to_bits() & !u128::from(u64::MAX))),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ipv6_counts_by_its_64() {
        let origin = |text: &str| Origin {
            request_id: String::new(),
            address: Some(text.parse().unwrap()),
            user_agent: None,
        };
        assert_eq!(origin("2001:db8::1").network(), origin("2001:db8::ffff").network());
        assert_ne!(origin("2001:db8::1").network(), origin("2001:db8:0:1::1").network());
        assert_eq!(origin("::ffff:192.0.2.1").network(), origin("192.0.2.1").network());
        assert_ne!(origin("192.0.2.1").network(), origin("192.0.2.2").network());
    }
}
