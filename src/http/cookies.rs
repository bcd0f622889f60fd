//! The cookies of the pages. RFC 6265bis: `__Host-` binds them to this host and to https.

use cookie::{Cookie, SameSite, time::Duration};
use http::{HeaderMap, HeaderValue, header};

use crate::protocol::issuer::Transport;

/// The names of the cookies, which depend on how the issuer is reached.
#[derive(Debug, Clone)]
pub(crate) struct CookieNames {
    transport: Transport,
}

/// A cookie of the pages.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    /// Opens the browser session.
    Session,
    /// Binds pages to the browser that they were made for.
    Browser,
    /// Says which user has signed in here before.
    Device,
}

impl CookieNames {
    /// The names for `transport`.
    pub(crate) const fn of(transport: Transport) -> Self {
        Self { transport }
    }

    /// Browsers refuse `__Host-` on plain http, which only localhost may use.
    const fn name(&self, name: Name) -> &'static str {
        match (self.transport, name) {
            (Transport::Https, Name::Session) => "__Host-doorward-session",
            (Transport::Https, Name::Browser) => "__Host-doorward-browser",
            (Transport::Https, Name::Device) => "__Host-doorward-device",
            (Transport::LocalHttp, Name::Session) => "doorward-session",
            (Transport::LocalHttp, Name::Browser) => "doorward-browser",
            (Transport::LocalHttp, Name::Device) => "doorward-device",
        }
    }

    /// The value of a cookie that was sent exactly once: two of one name mean that somebody else set
    /// one of them, and then neither counts.
    pub(crate) fn read(&self, headers: &HeaderMap, name: Name) -> Option<String> {
        let wanted = self.name(name);
        let mut found = headers
            .get_all(header::COOKIE)
            .into_iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'))
            .filter_map(|pair| pair.trim().split_once('='))
            .filter(|(name, _)| *name == wanted)
            .map(|(_, value)| value.to_owned());
        let value = found.next()?;
        found.next().is_none().then_some(value)
    }

    /// The header that sets a cookie: until the browser ends, or for `lifetime`.
    pub(crate) fn set(
        &self,
        name: Name,
        value: &str,
        lifetime: Option<std::time::Duration>,
    ) -> Option<HeaderValue> {
        let mut cookie = Cookie::build((self.name(name), value.to_owned()))
            .path("/")
            .http_only(true)
            .same_site(SameSite::Lax)
            .secure(self.transport == Transport::Https);
        if let Some(lifetime) = lifetime {
            let seconds = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
            cookie = cookie.max_age(Duration::seconds(seconds));
        }
        HeaderValue::try_from(cookie.build().to_string()).ok()
    }

    /// The header that takes a cookie away.
    pub(crate) fn clear(&self, name: Name) -> Option<HeaderValue> {
        self.set(name, "", Some(std::time::Duration::ZERO))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sent(text: &str) -> HeaderMap {
        HeaderMap::from_iter([(header::COOKIE, text.parse().unwrap())])
    }

    #[test]
    fn sess_02_cookies_are_bound_to_this_host() {
        let names = CookieNames::of(Transport::Https);
        assert_eq!(
            names.set(Name::Session, "x", None).unwrap(),
            "__Host-doorward-session=x; HttpOnly; SameSite=Lax; Secure; Path=/"
        );
        let names = CookieNames::of(Transport::LocalHttp);
        assert_eq!(
            names.clear(Name::Device).unwrap(),
            "doorward-device=; HttpOnly; SameSite=Lax; Path=/; Max-Age=0"
        );
    }

    #[test]
    fn sess_06_a_cookie_that_was_tossed_in_beside_ours_counts_for_nothing() {
        let names = CookieNames::of(Transport::Https);
        let ours = sent("a=b; __Host-doorward-session=1; doorward-session=2");
        assert_eq!(names.read(&ours, Name::Session).as_deref(), Some("1"));
        let twice = sent("__Host-doorward-session=1; __Host-doorward-session=2");
        assert_eq!(names.read(&twice, Name::Session), None);
        assert_eq!(names.read(&sent("doorward-session=2"), Name::Session), None);
    }
}
