//! Dates that people read and sign: RFC 3339.

use std::fmt;
use std::str::FromStr;
use std::time::{Duration, UNIX_EPOCH};

use crate::mistake::from_string;
use crate::time::Timestamp;

/// An instant, written as `2026-11-25T00:00:00Z`.
#[derive(Clone, Copy, Debug, Eq, Ord, PartialEq, PartialOrd)]
pub struct Date(Timestamp);

/// Text that is no such instant.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("an instant such as 2026-11-25T00:00:00Z, in UTC and from 1970 on")]
pub struct DateError;

impl FromStr for Date {
    type Err = DateError;

    fn from_str(text: &str) -> Result<Self, DateError> {
        let instant = humantime::parse_rfc3339(text).map_err(|_| DateError)?;
        let since = instant.duration_since(UNIX_EPOCH).map_err(|_| DateError)?;
        Ok(Self(Timestamp::from_seconds(since.as_secs())))
    }
}

from_string!(Date);

impl Date {
    /// The instant.
    pub const fn at(self) -> Timestamp {
        self.0
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let instant = UNIX_EPOCH + Duration::from_secs(self.0.seconds());
        write!(f, "{}", humantime::format_rfc3339_seconds(instant))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_in_utc() {
        let date: Date = "2026-11-25T01:02:03Z".parse().unwrap();
        assert_eq!((date.at().seconds(), date.to_string()), (1_795_568_523, "2026-11-25T01:02:03Z".into()));
        for bad in ["", "2026-11-25", "2026-13-01T00:00:00Z", "1969-12-31T23:59:59Z", "tomorrow", "0"] {
            assert_eq!(bad.parse::<Date>(), Err(DateError), "{bad}");
        }
    }
}
