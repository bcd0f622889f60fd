//! From where a credential may be used: the networks of an allow-list.

use std::{collections::BTreeSet, fmt, net::IpAddr};

use ipnet::IpNet;

/// The networks that a credential may be used from; from anywhere when there is none.
///
/// Each network stands in it once, in its shortest form: `192.0.2.1/24` is `192.0.2.0/24`, and an IPv4
/// network written as IPv6 is the IPv4 network.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct AddressList(BTreeSet<IpNet>);

/// Why something is no allow-list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum AddressListError {
    /// An entry that is neither an address nor a network.
    #[error("`{0}` is no address and no network, like 192.0.2.1, 10.0.0.0/8 or fd00::/8")]
    NotANetwork(String),
    /// More than [`AddressList::MAX`].
    #[error("there are at most {} networks", AddressList::MAX)]
    TooMany,
}

impl AddressList {
    /// The most networks.
    pub const MAX: usize = 16;

    /// Reads networks (`10.0.0.0/8`, `fd00::/8`) and single addresses, with spaces, commas or lines
    /// between them. Nothing at all is the empty list.
    ///
    /// # Errors
    /// [`AddressListError`], for the first entry that is none.
    pub fn parse(text: &str) -> Result<Self, AddressListError> {
        let between = |letter: char| letter == ',' || letter.is_ascii_whitespace();
        let mut networks = BTreeSet::new();
        for entry in text.split(between).filter(|entry| !entry.is_empty()) {
            networks.insert(network(entry)?);
            if networks.len() > Self::MAX {
                return Err(AddressListError::TooMany);
            }
        }
        Ok(Self(networks))
    }

    /// Whether there is no network in it.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The networks, in their order.
    pub fn iter(&self) -> impl Iterator<Item = &IpNet> {
        self.0.iter()
    }

    /// Whether a credential with this list may be used from `address`. Where nobody knows the address
    /// (`None`), only an empty list allows it.
    #[must_use]
    pub fn allows(&self, address: Option<IpAddr>) -> bool {
        if self.is_empty() {
            return true;
        }
        address.is_some_and(|address| {
            let address = address.to_canonical();
            self.0.iter().any(|network| network.contains(&address))
        })
    }
}

/// With spaces between the networks, as [`AddressList::parse`] reads it.
impl fmt::Display for AddressList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, network) in self.0.iter().enumerate() {
            if position > 0 {
                f.write_str(" ")?;
            }
            write!(f, "{network}")?;
        }
        Ok(())
    }
}

/// How many bits of `::ffff:0:0/96`, the IPv6 form of IPv4, stand before the IPv4 address.
const MAPPED_BITS: u8 = 96;

fn network(entry: &str) -> Result<IpNet, AddressListError> {
    let parsed = entry.parse::<IpNet>().or_else(|_| entry.parse::<IpAddr>().map(IpNet::from));
    let network = parsed.map_err(|_| AddressListError::NotANetwork(entry.to_owned()))?;
    // What is shorter than the prefix of IPv4 in IPv6 is a network of IPv6, with no IPv4 in it.
    let mapped = match (network.addr().to_canonical(), network.prefix_len()) {
        (IpAddr::V4(address), bits) if network.addr().is_ipv6() && bits >= MAPPED_BITS => {
            IpNet::new(address.into(), bits - MAPPED_BITS).ok()
        }
        (IpAddr::V4(_) | IpAddr::V6(_), _) => None,
    };
    Ok(mapped.unwrap_or(network).trunc())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn list(text: &str) -> AddressList {
        AddressList::parse(text).unwrap()
    }

    fn allows(text: &str, address: &str) -> bool {
        list(text).allows(Some(address.parse().unwrap()))
    }

    #[test]
    fn networks_have_one_form() {
        for (text, shown) in [
            ("", ""),
            (" , \n", ""),
            ("192.0.2.1", "192.0.2.1/32"),
            ("192.0.2.1/24", "192.0.2.0/24"),
            ("fd00::1", "fd00::1/128"),
            ("FD00::1/8", "fd00::/8"),
            ("::ffff:192.0.2.1", "192.0.2.1/32"),
            ("::ffff:192.0.2.1/120", "192.0.2.0/24"),
            ("10.0.0.0/8,10.1.0.0/8\r\n10.0.0.0/8", "10.0.0.0/8"),
            ("fd00::/8 10.0.0.0/8", "10.0.0.0/8 fd00::/8"),
        ] {
            assert_eq!(list(text).to_string(), shown, "{text}");
            assert_eq!(list(shown), list(text), "{text}");
        }
    }

    #[test]
    fn what_is_no_network_is_named() {
        for bad in
            ["localhost", "10.0.0.0/33", "10.0.0", "10.0.0.1:80", "*", "::1%eth0", "fd00::/129"]
        {
            let refused = AddressList::parse(&format!("10.0.0.0/8 {bad}"));
            assert_eq!(refused, Err(AddressListError::NotANetwork(bad.to_owned())));
        }
    }

    #[test]
    fn there_are_sixteen_networks_at_most() {
        let of =
            |count: u8| (0..count).map(|n| format!("10.{n}.0.0/16")).collect::<Vec<_>>().join(" ");
        assert_eq!(list(&of(16)).iter().count(), 16);
        assert_eq!(AddressList::parse(&of(17)), Err(AddressListError::TooMany));
        assert_eq!(list(&"10.0.0.0/8 ".repeat(99)).iter().count(), 1);
    }

    #[test]
    fn an_empty_list_allows_everywhere_and_a_list_only_what_it_names() {
        assert!(list("").allows(None) && allows("", "192.0.2.1"));
        assert!(!list("10.0.0.0/8").allows(None), "nobody knows from where");
        assert!(allows("10.0.0.0/8 fd00::/8", "10.255.0.1"));
        assert!(allows("10.0.0.0/8", "::ffff:10.0.0.1"), "IPv4 written as IPv6");
        assert!(allows("::ffff:10.0.0.0/104", "10.0.0.1"));
        assert!(allows("10.0.0.0/8 fd00::/8", "fd12::1"));
        for stranger in ["11.0.0.1", "::1", "fe80::1", "::10.0.0.1"] {
            assert!(!allows("10.0.0.0/8 fd00::/8", stranger), "{stranger}");
        }
        assert!(!allows("::/0", "10.0.0.1"), "all of IPv6 is not IPv4");
    }
}
