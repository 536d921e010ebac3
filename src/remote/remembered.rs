//! Answers that are remembered for a while: so many, of so many bytes, the least recently used out
//! first.

use std::num::NonZeroUsize;
use std::sync::Arc;
use std::time::Instant;

use lru::LruCache;

use super::introspection::Moment;

/// SHA-256 of what was asked about, which itself is never kept.
pub(super) type Digest = [u8; 32];

const MOST: NonZeroUsize = NonZeroUsize::new(10_000).unwrap();
const MOST_BYTES: usize = 16 * 1024 * 1024;

/// What is remembered, by digest.
pub(super) struct Remembered {
    answers: LruCache<Digest, Answer>,
    bytes: usize,
}

/// The text of an answer, or none where the answer was no.
pub(super) type Text = Option<Arc<str>>;

struct Answer {
    text: Text,
    until: Instant,
    /// The token's own expiry (seconds since 1970), by the clock that shows dates.
    expiry: Option<f64>,
}

impl Answer {
    fn bytes(&self) -> usize {
        self.text.as_ref().map_or(0, |text| text.len())
    }
}

impl Remembered {
    pub(super) fn new() -> Self {
        Self { answers: LruCache::new(MOST), bytes: 0 }
    }

    /// The answer, as long as it holds.
    pub(super) fn find(&mut self, digest: &Digest, now: Moment) -> Option<Text> {
        let answer = self.answers.get(digest)?;
        let expired = answer.expiry.is_some_and(|expiry| expiry <= now.date.seconds());
        if now.steady < answer.until && !expired {
            return Some(answer.text.clone());
        }
        let gone = self.answers.pop(digest);
        self.bytes -= gone.map_or(0, |gone| gone.bytes());
        None
    }

    /// Keeps an answer until an instant, or the token's own expiry, whichever comes first.
    pub(super) fn keep(&mut self, digest: Digest, text: Text, until: Instant, expiry: Option<f64>) {
        let answer = Answer { text, until, expiry };
        self.bytes += answer.bytes();
        // What stood there before, or was the least recently used.
        let gone = self.answers.push(digest, answer);
        self.bytes -= gone.map_or(0, |(_, gone)| gone.bytes());
        while self.bytes > MOST_BYTES {
            let Some((_, gone)) = self.answers.pop_lru() else { return };
            self.bytes -= gone.bytes();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::gateway::Timestamp;

    fn digest(number: usize) -> Digest {
        let mut digest = [0; 32];
        digest[..8].copy_from_slice(&number.to_be_bytes());
        digest
    }

    #[test]
    fn however_much_is_asked_little_is_kept() {
        let mut remembered = Remembered::new();
        let start = Instant::now();
        let now = Moment { date: Timestamp::from_seconds(0.0).unwrap(), steady: start };
        let until = start + Duration::from_secs(1);
        let large: Arc<str> = "x".repeat(64 * 1024).into();
        for number in 0..1000 {
            remembered.keep(digest(number), Some(Arc::clone(&large)), until, None);
        }
        assert_eq!((remembered.answers.len(), remembered.bytes), (256, MOST_BYTES));
        assert_eq!(remembered.find(&digest(743), now), None);
        assert_eq!(remembered.find(&digest(744), now), Some(Some(large)));
        for number in 0..20_000 {
            remembered.keep(digest(number), None, until, None);
        }
        assert_eq!((remembered.answers.len(), remembered.bytes), (MOST.get(), 0));
    }

    #[test]
    fn what_is_kept_again_or_has_run_out_is_counted_off() {
        let mut remembered = Remembered::new();
        let start = Instant::now();
        let at = |seconds: u64| Moment {
            date: Timestamp::from_seconds(seconds as f64).unwrap(),
            steady: start + Duration::from_secs(seconds),
        };
        let text = |text: &str| Some(Arc::from(text));
        remembered.keep(digest(1), text("long"), at(9).steady, None);
        remembered.keep(digest(1), text("x"), at(2).steady, None);
        remembered.keep(digest(2), text("yy"), at(9).steady, Some(3.0));
        assert_eq!(remembered.bytes, 3);
        assert_eq!(remembered.find(&digest(1), at(1)), Some(text("x")));
        assert_eq!(remembered.find(&digest(1), at(2)), None);
        assert_eq!(remembered.find(&digest(2), at(2)), Some(text("yy")));
        assert_eq!(remembered.find(&digest(2), at(3)), None);
        assert_eq!((remembered.answers.len(), remembered.bytes), (0, 0));
    }
}
