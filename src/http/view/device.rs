//! A browser and its system in words, from the User-Agent. RFC 9110 §10.1.5.
//!
//! It helps people to recognise their own sessions and decides nothing: the header says what the
//! browser wants it to say.

use super::messages::Messages;

/// Mark in the User-Agent and the name of what sends it. Most browsers also carry the marks of those
/// they imitate, so the first match counts.
const BROWSERS: [(&str, &str); 11] = [
    ("EdgiOS/", "Edge"),
    ("EdgA/", "Edge"),
    ("Edg/", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("Vivaldi/", "Vivaldi"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
];

/// As [`BROWSERS`]: an iPhone also says "Mac OS X", Android also says "Linux".
const SYSTEMS: [(&str, &str); 8] = [
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "macOS"),
    ("Linux", "Linux"),
    ("FreeBSD", "FreeBSD"),
];

/// "Firefox on Linux", or as much of it as `user_agent` tells.
pub(super) fn describe(t: Messages, user_agent: Option<&str>) -> String {
    let user_agent = user_agent.unwrap_or_default();
    match (first_named(&BROWSERS, user_agent), first_named(&SYSTEMS, user_agent)) {
        (Some(browser), Some(system)) => t.with_all(
            "device-browser-on-system",
            [("browser", browser.into()), ("system", system.into())],
        ),
        (Some(only), None) | (None, Some(only)) => only.to_owned(),
        (None, None) => t.text("device-unknown"),
    }
}

fn first_named(table: &[(&str, &'static str)], user_agent: &str) -> Option<&'static str> {
    table.iter().find(|(mark, _)| user_agent.contains(mark)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(user_agent: &str) -> String {
        let text = describe(Messages::default(), Some(user_agent));
        text.replace(['\u{2068}', '\u{2069}'], "")
    }

    #[test]
    fn the_browsers_of_the_day() {
        for (user_agent, expected) in [
            (
                "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
                "Firefox on Linux",
            ),
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/140.0.0.0 Safari/537.36 Edg/140.0.0.0",
                "Edge on Windows",
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 \
                 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1",
                "Safari on iPhone",
            ),
            (
                "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) \
                 Chrome/140.0.0.0 Mobile Safari/537.36",
                "Chrome on Android",
            ),
        ] {
            assert_eq!(words(user_agent), expected);
        }
    }

    #[test]
    fn what_is_not_known_is_not_guessed() {
        assert_eq!(words("curl/8.14.1"), "Unknown browser");
        assert_eq!(words("Something (Linux)"), "Linux");
        assert_eq!(describe(Messages::default(), None), "Unknown browser");
    }
}
