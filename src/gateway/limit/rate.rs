//! Rates: so many requests in so much time.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;
use std::time::Duration;

/// So many requests in so much time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct RateLimit {
    /// The most requests.
    pub requests: NonZeroU32,
    /// In any stretch of so long; whole seconds, at least one.
    pub window: Duration,
}

/// Why a text is no rate limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a rate is written N/s, N/min, N/h or N/37s, N being at least 1")]
pub struct NotARateLimit;

impl FromStr for RateLimit {
    type Err = NotARateLimit;

    fn from_str(text: &str) -> Result<Self, NotARateLimit> {
        let whole = |digits: &str| {
            let plain = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            plain.then(|| digits.parse::<u32>().ok()).flatten().and_then(NonZeroU32::new)
        };
        let (requests, window) = text.split_once('/').ok_or(NotARateLimit)?;
        let seconds = match window {
            "s" => NonZeroU32::MIN,
            "min" => NonZeroU32::MIN.saturating_add(59),
            "h" => NonZeroU32::MIN.saturating_add(3599),
            _ => window.strip_suffix('s').and_then(whole).ok_or(NotARateLimit)?,
        };
        Ok(Self {
            requests: whole(requests).ok_or(NotARateLimit)?,
            window: Duration::from_secs(u64::from(seconds.get())),
        })
    }
}

impl fmt::Display for RateLimit {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.window.as_secs() {
            1 => write!(f, "{}/s", self.requests),
            60 => write!(f, "{}/min", self.requests),
            3600 => write!(f, "{}/h", self.requests),
            seconds => write!(f, "{}/{seconds}s", self.requests),
        }
    }
}
