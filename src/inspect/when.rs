//! Times in words.

use serde::Serialize;
use serde_json::{Number, Value};

/// From here on a number of seconds is taken for milliseconds: the year 5138, or March 1973.
const MILLISECONDS_FROM: i64 = 100_000_000_000;
/// The last second of the year 9999, the last that RFC 3339 can write.
pub(super) const LAST: i64 = 253_402_300_799;
const DAY: i64 = 86_400;
const UNITS: [(u64, &str); 4] = [(86_400, "day"), (3_600, "hour"), (60, "minute"), (1, "second")];

/// A claim that is a time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Time {
    /// Its name.
    pub claim: &'static str,
    /// Its value, seconds since 1970 (RFC 7519 §2).
    pub value: Number,
    /// The same by RFC 3339, for the years 1970 to 9999.
    pub utc: Option<String>,
    /// Seen from now: `expired 3 minutes ago`, `in 14 minutes 59 seconds`.
    pub relative: String,
    /// What it would be in milliseconds, by RFC 3339, where it looks like that.
    pub as_milliseconds: Option<String>,
    #[serde(skip)]
    pub(super) seconds: i64,
}

impl Time {
    pub(super) fn new(claim: &'static str, value: &Value, now: i64) -> Option<Self> {
        let Value::Number(value) = value else { return None };
        // Rounded up, a fraction compares with whole seconds as it would itself.
        let seconds = whole(value.as_f64()?);
        let apart = words(seconds.abs_diff(now));
        let relative = match seconds.cmp(&now) {
            std::cmp::Ordering::Greater => format!("in {apart}"),
            _ if claim == "exp" => format!("expired {apart} ago"),
            _ => format!("{apart} ago"),
        };
        let as_milliseconds = (seconds >= MILLISECONDS_FROM).then(|| utc(seconds / 1000)).flatten();
        Some(Self { claim, value: value.clone(), utc: utc(seconds), relative, as_milliseconds, seconds })
    }
}

#[expect(clippy::cast_possible_truncation, reason = "saturates, and so far off nobody counts")]
fn whole(seconds: f64) -> i64 {
    seconds.ceil() as i64
}

/// A span of seconds by its largest unit and the next: `14 minutes 59 seconds`.
pub(super) fn words(seconds: u64) -> String {
    let units = UNITS.iter().skip_while(|(unit, _)| *unit > seconds.max(1));
    let (mut text, mut rest) = (String::new(), seconds);
    for (unit, name) in units.take(2) {
        let count = rest / unit;
        if count > 0 || text.is_empty() {
            let (space, plural) = (if text.is_empty() { "" } else { " " }, if count == 1 { "" } else { "s" });
            text = format!("{text}{space}{count} {name}{plural}");
        }
        rest %= unit;
    }
    text
}

/// An instant by RFC 3339. The date is counted in years from the first of March, whose leap day is
/// their last.
pub(super) fn utc(seconds: i64) -> Option<String> {
    if !(0..=LAST).contains(&seconds) {
        return None;
    }
    // Days since 0000-03-01, in eras of 400 years.
    let (days, time) = (seconds / DAY + 719_468, seconds % DAY);
    let (era, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day + 2) / 153;
    let day = day - (153 * month + 2) / 5 + 1;
    let (year, month) = if month < 10 { (year, month + 3) } else { (year + 1, month - 9) };
    let year = year + era * 400;
    let (hour, minute, second) = (time / 3_600, time / 60 % 60, time % 60);
    Some(format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_by_rfc3339() {
        for (seconds, text) in [
            (0, "1970-01-01T00:00:00Z"),
            (951_782_399, "2000-02-28T23:59:59Z"),
            (951_782_400, "2000-02-29T00:00:00Z"),
            (951_868_800, "2000-03-01T00:00:00Z"),
            (1_300_819_380, "2011-03-22T18:43:00Z"),
            (1_735_689_599, "2024-12-31T23:59:59Z"),
            (4_107_542_400, "2100-03-01T00:00:00Z"),
            (LAST, "9999-12-31T23:59:59Z"),
        ] {
            assert_eq!(utc(seconds).as_deref(), Some(text));
        }
        assert_eq!((utc(-1), utc(LAST + 1), utc(i64::MAX), utc(i64::MIN)), (None, None, None, None));
    }

    #[test]
    fn spans_by_their_two_largest_units() {
        for (seconds, text) in [
            (0, "0 seconds"),
            (1, "1 second"),
            (60, "1 minute"),
            (899, "14 minutes 59 seconds"),
            (3_601, "1 hour"),
            (7_320, "2 hours 2 minutes"),
            (86_400, "1 day"),
            (90_061, "1 day 1 hour"),
            (864_000_059, "10000 days"),
        ] {
            assert_eq!(words(seconds), text);
        }
    }

    #[test]
    fn any_number_is_a_time() {
        for text in ["1e308", "-1e308", "0", "-0.5", "18446744073709551615"] {
            let value = serde_json::from_str(text).unwrap();
            assert!(Time::new("exp", &value, i64::MAX).is_some(), "{text}");
        }
        assert_eq!(Time::new("exp", &Value::Null, 0), None);
    }
}
