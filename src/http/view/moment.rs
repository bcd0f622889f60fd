//! A moment in words: "5 minutes ago", "on 3 March 2026". Only dates are written out, so that no
//! reader has to know the server's time zone.

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

use super::messages::Messages;
use crate::types::Timestamp;

const MINUTE: u64 = 60;
const HOUR: u64 = 60 * MINUTE;
const DAY: u64 = 24 * HOUR;

/// From this age on a date says more than a number of days.
const DATE_AFTER: u64 = 30 * DAY;

/// How long before `now` it was, or the date (UTC) when that is more than a month.
pub(super) fn in_words(t: Messages, at: Timestamp, now: Timestamp) -> String {
    match now.since(at).as_secs() {
        0..MINUTE => t.text("time-just-now"),
        age @ MINUTE..HOUR => t.count("time-minutes-ago", age / MINUTE),
        age @ HOUR..DAY => t.count("time-hours-ago", age / HOUR),
        age @ DAY..DATE_AFTER => t.count("time-days-ago", age / DAY),
        DATE_AFTER.. => date(t, at),
    }
}

/// How long after `now` it will be, or the date (UTC) when that is more than a month. Counted in
/// whole hours and days, and never more than is left.
pub(super) fn to_come_in_words(t: Messages, at: Timestamp, now: Timestamp) -> String {
    match at.since(now).as_secs() {
        0..MINUTE => t.text("time-at-once"),
        left @ MINUTE..HOUR => t.count("time-in-minutes", left / MINUTE),
        left @ HOUR..DAY => t.count("time-in-hours", left / HOUR),
        left @ DAY..DATE_AFTER => t.count("time-in-days", left / DAY),
        DATE_AFTER.. => date(t, at),
    }
}

/// The moment for the `datetime` attribute of `<time>`. RFC 3339.
pub(super) fn machine_readable(at: Timestamp) -> String {
    utc(at).format(&Rfc3339).unwrap_or_default()
}

fn date(t: Messages, at: Timestamp) -> String {
    let at = utc(at);
    let month = t.count("time-month", u64::from(u8::from(at.month())));
    t.with_all(
        "time-date",
        [
            ("day", at.day().to_string().into()),
            ("month", month.into()),
            ("year", at.year().to_string().into()),
        ],
    )
}

/// The epoch stands for what the calendar cannot hold.
fn utc(at: Timestamp) -> OffsetDateTime {
    OffsetDateTime::from_unix_timestamp(at.unix()).unwrap_or(OffsetDateTime::UNIX_EPOCH)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::view::Locale;

    const NOW: Timestamp = Timestamp::from_unix(1_800_000_000);

    fn words(locale: Locale, age: i64) -> String {
        let at = Timestamp::from_unix(NOW.unix() - age);
        in_words(Messages::new(locale), at, NOW).replace(['\u{2068}', '\u{2069}'], "")
    }

    #[test]
    fn the_recent_past_is_counted() {
        assert_eq!(words(Locale::English, 59), "just now");
        assert_eq!(words(Locale::English, 60), "one minute ago");
        assert_eq!(words(Locale::English, 7_199), "one hour ago");
        assert_eq!(words(Locale::English, 86_400), "yesterday");
        assert_eq!(words(Locale::German, 3 * 86_400), "vor 3 Tagen");
    }

    #[test]
    fn what_is_to_come_is_counted_or_has_a_date() {
        let words = |locale, left: i64| {
            let at = Timestamp::from_unix(NOW.unix() + left);
            to_come_in_words(Messages::new(locale), at, NOW).replace(['\u{2068}', '\u{2069}'], "")
        };
        assert_eq!(words(Locale::English, -5), "in a moment");
        assert_eq!(words(Locale::English, 60), "in one minute");
        assert_eq!(words(Locale::English, 7_199), "in one hour");
        assert_eq!(words(Locale::English, 86_400), "in one day");
        assert_eq!(words(Locale::German, 3 * 86_400), "in 3 Tagen");
        assert_eq!(words(Locale::French, 3 * 86_400), "dans 3 jours");
        assert_eq!(words(Locale::English, 90 * 86_400), "on 15 April 2027");
    }

    #[test]
    fn the_further_past_has_a_date() {
        assert_eq!(words(Locale::English, 1_800_000_000), "on 1 January 1970");
        assert_eq!(words(Locale::German, 1_800_000_000), "am 1. Januar 1970");
        assert_eq!(words(Locale::French, 1_800_000_000), "le 1 janvier 1970");
    }

    #[test]
    fn no_moment_is_too_far_away() {
        assert_eq!(words(Locale::English, -100), "just now");
        assert!(
            in_words(Messages::default(), Timestamp::from_unix(i64::MIN), NOW).contains("1970")
        );
        assert_eq!(machine_readable(Timestamp::from_unix(0)), "1970-01-01T00:00:00Z");
    }
}
