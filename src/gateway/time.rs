//! The instant a decision is made at.
//!
//! The core reads no clock: a face samples one and passes it in. JSON numbers in claims are
//! compared as binary64 (RFC 7519 §2 calls them `NumericDate`), so an instant is one too.

use std::fmt;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// Seconds since 1970-01-01T00:00:00Z, leap seconds not counted; always finite.
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
pub struct Timestamp(f64);

/// Why a text is no instant.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is neither RFC 3339 (2026-01-01T00:00:00Z) nor seconds since 1970 (1767225600)")]
pub struct NotATimestamp(String);

impl Timestamp {
    /// From seconds since 1970; none where the number is not finite.
    pub fn from_seconds(seconds: f64) -> Option<Self> {
        seconds.is_finite().then_some(Self(seconds))
    }

    /// From the system's clock; an instant before 1970 is negative.
    pub fn from_system(clock: SystemTime) -> Self {
        Self(match clock.duration_since(UNIX_EPOCH) {
            Ok(since) => since.as_secs_f64(),
            Err(before) => -before.duration().as_secs_f64(),
        })
    }

    /// Seconds since 1970.
    pub fn seconds(self) -> f64 {
        self.0
    }

    /// Reads RFC 3339, or seconds since 1970; both may carry a fraction.
    ///
    /// # Errors
    /// Where the text is neither.
    pub fn parse(text: &str) -> Result<Self, NotATimestamp> {
        let refused = || NotATimestamp(text.to_owned());
        let numeric = !text.is_empty()
            && text.bytes().all(|b| b.is_ascii_digit() || matches!(b, b'.' | b'-'));
        if numeric && let Ok(seconds) = text.parse::<f64>() {
            return Self::from_seconds(seconds).ok_or_else(refused);
        }
        let date = OffsetDateTime::parse(text, &Rfc3339).map_err(|_| refused())?;
        Ok(Self(date.unix_timestamp() as f64 + f64::from(date.nanosecond()) / 1e9))
    }
}

impl fmt::Display for Timestamp {
    /// RFC 3339 in UTC where the year has four digits, else the seconds.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let nanoseconds = self.0 * 1e9;
        let date = (nanoseconds.abs() < 1e38)
            .then(|| OffsetDateTime::from_unix_timestamp_nanos(nanoseconds as i128).ok())
            .flatten()
            .filter(|date| (0..=9999).contains(&date.year()))
            .and_then(|date| date.format(&Rfc3339).ok());
        match date {
            Some(date) => f.write_str(&date),
            None => write!(f, "{}", self.0),
        }
    }
}

/// An instant on a scale that is only ever compared with itself: whole nanoseconds, so that sums and
/// differences are exact. What is beyond the scale stands at its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Steady(i64);

impl Steady {
    /// Before everything else.
    pub const MIN: Self = Self(i64::MIN);
    /// After everything else.
    pub const MAX: Self = Self(i64::MAX);

    /// From nanoseconds since wherever the scale begins.
    pub const fn from_nanoseconds(nanoseconds: i64) -> Self {
        Self(nanoseconds)
    }

    /// Nanoseconds since wherever the scale begins.
    pub const fn nanoseconds(self) -> i64 {
        self.0
    }

    /// From seconds, to the nearest microsecond: that is as much as binary64 can tell of the present
    /// day, so that an instant written in decimals is what was written.
    pub fn from_seconds(seconds: f64) -> Self {
        Self(((seconds * 1e6).round() as i64).saturating_mul(1000))
    }

    /// So much later.
    pub fn plus(self, duration: Duration) -> Self {
        self.after(i64::try_from(duration.as_nanos()).unwrap_or(i64::MAX))
    }

    /// So many nanoseconds later.
    pub(crate) fn after(self, nanoseconds: i64) -> Self {
        Self(self.0.saturating_add(nanoseconds))
    }

    /// Whole seconds from an earlier instant to this one, rounded down; 0 where it is not earlier.
    pub fn seconds_since(self, earlier: Self) -> u64 {
        self.duration_since(earlier).as_secs()
    }

    /// The time from an earlier instant to this one; none where it is not earlier.
    pub fn duration_since(self, earlier: Self) -> Duration {
        Duration::from_nanos(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// Whole seconds from another instant to this one, rounded up; 0 where this one is not later.
    pub(crate) fn seconds_from(self, now: Self) -> u64 {
        let nanoseconds = self.0.saturating_sub(now.0);
        u64::try_from(nanoseconds).unwrap_or(0).div_ceil(1_000_000_000)
    }
}

impl From<Timestamp> for Steady {
    fn from(instant: Timestamp) -> Self {
        Self::from_seconds(instant.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_notations_name_the_same_instant() {
        for (text, seconds) in [
            ("2026-01-01T00:00:00Z", 1_767_225_600.0),
            ("2026-01-01t01:00:00.5+01:00", 1_767_225_600.5),
            ("1767225600", 1_767_225_600.0),
            ("1767225600.25", 1_767_225_600.25),
            ("-1.5", -1.5),
            ("1969-12-31T23:59:58.5Z", -1.5),
        ] {
            assert_eq!(Timestamp::parse(text), Ok(Timestamp(seconds)), "{text}");
        }
    }

    #[test]
    fn what_is_no_instant_is_refused() {
        for text in ["", "now", "inf", "NaN", "1e3", "2026-01-01", "2026-13-01T00:00:00Z", "-", "."]
        {
            assert_eq!(Timestamp::parse(text), Err(NotATimestamp(text.to_owned())));
        }
    }

    #[test]
    fn an_instant_is_shown_as_a_date() {
        assert_eq!(Timestamp(1_767_225_600.0).to_string(), "2026-01-01T00:00:00Z");
        assert_eq!(Timestamp(1e300).to_string(), format!("{}", 1e300));
    }

    #[test]
    fn decimals_are_what_was_written() {
        let at = |text: &str| Steady::from(Timestamp::parse(text).unwrap());
        for fraction in ["", ".1", ".000001", ".999999", ".3", ".123456"] {
            let [early, late] = ["1767225600", "1767225660"].map(|s| at(&format!("{s}{fraction}")));
            assert_eq!(early.after(60_000_000_000), late, "{fraction}");
            assert_eq!(late.seconds_from(early), 60, "{fraction}");
        }
        assert_eq!(at("-1.5"), Steady::from_nanoseconds(-1_500_000_000));
        assert_eq!(
            [1e300, -1e300, f64::NAN].map(Steady::from_seconds),
            [i64::MAX, i64::MIN, 0].map(Steady)
        );
    }

    #[test]
    fn seconds_are_rounded_up() {
        for (nanoseconds, seconds) in
            [(-5, 0), (0, 0), (1, 1), (999_999_999, 1), (1_000_000_000, 1), (1_000_000_001, 2)]
        {
            assert_eq!(Steady(7 + nanoseconds).seconds_from(Steady(7)), seconds);
        }
        assert_eq!(Steady(i64::MAX).seconds_from(Steady::MIN), 9_223_372_037);
    }
}
