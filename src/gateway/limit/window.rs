//! What was admitted lately.

use std::collections::VecDeque;
use std::num::NonZeroU64;

use super::super::time::Steady;
use super::rate::RateLimit;

/// The instants of the latest admissions, equal ones told as one, counted from the first ever.
#[derive(Clone, Debug, Default)]
pub(super) struct Window {
    runs: VecDeque<Run>,
    /// All that was ever admitted.
    admitted: u64,
    /// Those of them that are not kept any more.
    forgotten: u64,
}

/// Admissions at one instant.
#[derive(Clone, Copy, Debug)]
struct Run {
    at: Steady,
    /// How many were admitted until then, these included.
    up_to: u64,
}

/// How much of the past a window keeps: what the longest and the largest limit look at.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Reach {
    requests: u32,
    nanoseconds: i64,
}

impl Reach {
    pub(super) fn cover(&mut self, limit: RateLimit) {
        self.requests = self.requests.max(limit.requests.get());
        self.nanoseconds = self.nanoseconds.max(length(limit));
    }

    /// When an admission has left every limit's window.
    pub(super) fn end_of(self, at: Steady) -> Steady {
        at.after(self.nanoseconds)
    }
}

fn length(limit: RateLimit) -> i64 {
    i64::try_from(limit.window.as_nanos()).unwrap_or(i64::MAX)
}

impl Window {
    /// How many seconds remain until the limit lets another one pass, rounded up; none where it does
    /// now. The admission that counts is the N-th from the end: is it still in the window?
    pub(super) fn wait(&self, limit: RateLimit, now: Steady) -> Option<NonZeroU64> {
        let before = self.admitted.checked_sub(u64::from(limit.requests.get()))?;
        if before < self.forgotten {
            return None;
        }
        // Most often nothing more is kept than this limit asks for.
        let run = match self.runs.front()? {
            first if first.up_to > before => first,
            _ => self.runs.get(self.runs.partition_point(|run| run.up_to <= before))?,
        };
        NonZeroU64::new(run.at.after(length(limit)).seconds_from(now))
    }

    /// Counts an admission, and forgets what is out of reach.
    pub(super) fn charge(&mut self, reach: Reach, now: Steady) {
        self.admitted += 1;
        match self.runs.back_mut() {
            Some(run) if run.at == now => run.up_to = self.admitted,
            _ => {
                // By a quarter at a time: most callers ask seldom, and there are very many of them.
                if self.runs.len() == self.runs.capacity() {
                    self.runs.reserve_exact(1 + self.runs.len() / 4);
                }
                self.runs.push_back(Run { at: now, up_to: self.admitted });
            }
        }
        let beyond = self.admitted.saturating_sub(u64::from(reach.requests));
        while let Some(run) = self.runs.front()
            && (run.up_to <= beyond || reach.end_of(run.at) <= now)
        {
            self.forgotten = run.up_to;
            self.runs.pop_front();
        }
    }

    /// The latest admission.
    pub(super) fn latest(&self) -> Option<Steady> {
        self.runs.back().map(|run| run.at)
    }

    /// Bytes of memory held besides the window itself.
    pub(super) fn weight(&self) -> usize {
        self.runs.capacity() * size_of::<Run>()
    }
}
