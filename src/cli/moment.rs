//! Moments and spans as people write them. RFC 3339.

use std::time::Duration;

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

use crate::types::Timestamp;

/// The moment in UTC: `2026-07-01T12:00:00Z`.
pub(super) fn text(at: Timestamp) -> String {
    OffsetDateTime::from_unix_timestamp(at.unix())
        .ok()
        .and_then(|at| at.format(&Rfc3339).ok())
        .unwrap_or_else(|| at.unix().to_string())
}

/// Reads a moment of RFC 3339, a date, or seconds since 1970.
pub(super) fn parse(text: &str) -> Result<Timestamp, String> {
    if let Ok(seconds) = text.parse::<i64>() {
        return Ok(Timestamp::from_unix(seconds));
    }
    let whole = if text.len() == 10 { format!("{text}T00:00:00Z") } else { text.to_owned() };
    OffsetDateTime::parse(&whole, &Rfc3339)
        .map(|at| Timestamp::from_unix(at.unix_timestamp()))
        .map_err(|_| "a moment like 2026-07-01, 2026-07-01T12:00:00Z or 1782907200".to_owned())
}

/// Reads a span: `90s`, `15m`, `12h`, `30d`.
pub(super) fn parse_span(text: &str) -> Result<Duration, String> {
    let refused = || "a span like 90s, 15m, 12h or 30d".to_owned();
    let unit = text.chars().last().ok_or_else(refused)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(refused()),
    };
    let count: u32 = text.trim_end_matches(unit).parse().map_err(|_| refused())?;
    Ok(Duration::from_secs(u64::from(count) * seconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_read_back() {
        let at = Timestamp::from_unix(1_782_907_200);
        assert_eq!(text(at), "2026-07-01T12:00:00Z");
        for written in ["2026-07-01T12:00:00Z", "2026-07-01T14:00:00+02:00", "1782907200"] {
            assert_eq!(parse(written), Ok(at), "{written}");
        }
        assert_eq!(parse("2026-07-01").map(text), Ok("2026-07-01T00:00:00Z".to_owned()));
        for bad in ["", "yesterday", "2026-13-01", "2026-07-01 12:00"] {
            assert!(parse(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn spans_have_a_unit() {
        assert_eq!(parse_span("90s"), Ok(Duration::from_secs(90)));
        assert_eq!(parse_span("2d"), Ok(Duration::from_hours(48)));
        for bad in ["", "s", "10", "-1h", "1.5h", "1w", "99999999999d"] {
            assert!(parse_span(bad).is_err(), "{bad}");
        }
    }
}
