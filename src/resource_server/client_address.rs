//! From where a request comes, as far as the API itself knows: for API keys that are bound to addresses.

use std::net::{IpAddr, SocketAddr};

use axum::extract::ConnectInfo;
use http::request::Parts;

/// The address of the caller, as the API says it: put it into the request's extensions, in a middleware
/// that stands before the extractors, where a proxy of yours stands before the API.
///
/// Take it from what your own proxy wrote, never from what callers can write: a header is a caller's to
/// forge, except for the entries that your proxy appended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClientAddress(pub IpAddr);

/// What proxies write. A request that has one of these did not come straight from its caller.
const OF_PROXIES: [&str; 4] = ["forwarded", "x-forwarded-for", "x-real-ip", "via"];

/// What the API said, or else the other end of the connection. No header is read: where one says that
/// the connection is a proxy's, the address is not known. A caller who forges one gains nothing by it.
pub(super) fn of_request(parts: &Parts) -> Option<IpAddr> {
    if let Some(ClientAddress(address)) = parts.extensions.get() {
        return Some(*address);
    }
    if OF_PROXIES.iter().any(|name| parts.headers.contains_key(*name)) {
        return None;
    }
    let peer = parts.extensions.get::<ConnectInfo<SocketAddr>>();
    peer.map(|ConnectInfo(peer)| peer.ip())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A request over a connection of 10.0.0.1, with a header and with what the API says.
    fn address(header: Option<&str>, said: Option<&str>) -> Option<String> {
        let mut request = http::Request::get("/");
        if let Some(name) = header {
            request = request.header(name, "192.0.2.1");
        }
        let (mut parts, ()) = request.body(()).unwrap().into_parts();
        parts.extensions.insert(ConnectInfo(SocketAddr::from(([10, 0, 0, 1], 4_711))));
        if let Some(text) = said {
            parts.extensions.insert(ClientAddress(text.parse().unwrap()));
        }
        of_request(&parts).map(|address| address.to_string())
    }

    #[test]
    fn the_connection_counts_where_nothing_speaks_of_a_proxy() {
        assert_eq!(address(None, None).as_deref(), Some("10.0.0.1"));
        assert_eq!(address(Some("x-client-ip"), None).as_deref(), Some("10.0.0.1"));
    }

    /// Behind a proxy the connection is the proxy's: a key for 10.0.0.0/8 would be open to everybody.
    #[test]
    fn behind_a_proxy_only_the_api_itself_says_who_calls() {
        for header in ["forwarded", "X-Forwarded-For", "x-real-ip", "Via"] {
            assert_eq!(address(Some(header), None), None, "{header}");
            let said = address(Some(header), Some("203.0.113.9"));
            assert_eq!(said.as_deref(), Some("203.0.113.9"), "{header}");
        }
        assert_eq!(address(None, Some("203.0.113.9")).as_deref(), Some("203.0.113.9"));
    }

    #[test]
    fn without_a_connection_nobody_knows() {
        let (parts, ()) = http::Request::get("/").body(()).unwrap().into_parts();
        assert_eq!(of_request(&parts), None);
    }
}
