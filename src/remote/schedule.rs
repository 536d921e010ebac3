//! When a key set is fetched, as a function of time.
//!
//! Fetched anew every `refresh`. An attempt that fails is repeated sooner, at growing intervals,
//! and the last good set stays for `max_stale` from the first failure on. A key that nobody knows
//! brings a fetch forward, once in a cooldown: whatever strangers send, they cost no more than
//! that. One fetch at a time.

use std::time::{Duration, Instant};

/// How a key set is kept fresh.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KeySetTiming {
    /// From one fetch to the next.
    pub refresh: Duration,
    /// For a whole fetch.
    pub timeout: Duration,
    /// How long a message may wait for a key that nobody knows yet.
    pub unknown_kid_wait: Duration,
    /// Between two fetches that such keys bring forward.
    pub unknown_kid_cooldown: Duration,
    /// How long the last good set stays once it cannot be had any more.
    pub max_stale: Duration,
}

impl Default for KeySetTiming {
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(600),
            timeout: Duration::from_secs(5),
            unknown_kid_wait: Duration::from_secs(1),
            unknown_kid_cooldown: Duration::from_secs(30),
            max_stale: Duration::from_secs(3600),
        }
    }
}

/// How a fetch came out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Outcome {
    /// There is a good set.
    Good,
    /// There is none.
    Failed,
}

/// What is to be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// Fetch the set, and say how it came out.
    Fetch,
    /// The last good set is too old; drop it.
    Expire,
    /// Nothing before this instant, unless a fetch is brought forward.
    Wait(Instant),
    /// A fetch is under way.
    Busy,
}

/// The first attempt after one that failed comes so soon; each further one after twice the time.
const FIRST_RETRY: Duration = Duration::from_secs(1);

/// When one key set is fetched.
#[derive(Clone, Debug)]
pub(super) struct Schedule {
    timing: KeySetTiming,
    due: Instant,
    busy: bool,
    /// Somebody asked while a fetch was under way, which may have been answered before.
    again: bool,
    brought_forward: Option<Instant>,
    retry: Duration,
    /// When the last good set is too old; only where there is one and it cannot be renewed.
    expires: Option<Instant>,
    /// There is a set that has not expired.
    held: bool,
}

impl Schedule {
    /// The first fetch is due at once.
    pub(super) fn new(timing: KeySetTiming, now: Instant) -> Self {
        Self {
            timing,
            due: now,
            busy: false,
            again: false,
            brought_forward: None,
            retry: FIRST_RETRY,
            expires: None,
            held: false,
        }
    }

    /// What is to be done now. Whoever is told to fetch owes a call of [`Self::finished`].
    pub(super) fn next(&mut self, now: Instant) -> Step {
        if self.expires.is_some_and(|expires| expires <= now) {
            self.expires = None;
            self.held = false;
            return Step::Expire;
        }
        if self.busy {
            return Step::Busy;
        }
        if self.due <= now {
            self.busy = true;
            return Step::Fetch;
        }
        Step::Wait(self.expires.map_or(self.due, |expires| expires.min(self.due)))
    }

    /// A fetch has come out so.
    pub(super) fn finished(&mut self, outcome: Outcome, now: Instant) {
        self.busy = false;
        let pause = match outcome {
            Outcome::Good => {
                self.held = true;
                self.expires = None;
                self.retry = FIRST_RETRY;
                self.timing.refresh
            }
            Outcome::Failed => {
                if self.held && self.expires.is_none() {
                    self.expires = Some(after(now, self.timing.max_stale));
                }
                let most = self.timing.refresh.min(self.timing.unknown_kid_cooldown);
                let pause = self.retry.min(most.max(FIRST_RETRY));
                self.retry = self.retry.saturating_mul(2);
                pause
            }
        };
        self.due = if std::mem::take(&mut self.again) { now } else { after(now, pause) };
    }

    /// A key is asked for that the set lacks. True where that brings a fetch forward, which is
    /// worth waiting for; false within the cooldown.
    pub(super) fn bring_forward(&mut self, now: Instant) -> bool {
        let next = self.brought_forward.map(|at| after(at, self.timing.unknown_kid_cooldown));
        if next.is_some_and(|next| now < next) {
            return false;
        }
        self.brought_forward = Some(now);
        if self.busy {
            self.again = true;
        } else {
            self.due = self.due.min(now);
        }
        true
    }

    /// True while a fetch is under way or due.
    pub(super) fn is_pending(&self, now: Instant) -> bool {
        self.busy || self.due <= now
    }

    /// How the set is kept fresh.
    pub(super) fn timing(&self) -> &KeySetTiming {
        &self.timing
    }
}

/// An instant later; what no clock will ever show is as good as a year.
fn after(now: Instant, pause: Duration) -> Instant {
    now.checked_add(pause).unwrap_or(now + Duration::from_secs(365 * 24 * 3600))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    fn schedule() -> (Schedule, Instant) {
        let start = Instant::now();
        (Schedule::new(KeySetTiming::default(), start), start)
    }

    /// Fetches, and says when the next one is due (seconds after the start).
    fn fetch(schedule: &mut Schedule, outcome: Outcome, start: Instant, at: u64) -> u64 {
        let now = start + SECOND * u32::try_from(at).expect("a small number");
        assert_eq!(schedule.next(now), Step::Fetch, "at {at} s");
        assert_eq!(schedule.next(now), Step::Busy, "at {at} s");
        schedule.finished(outcome, now);
        (schedule.due - start).as_secs()
    }

    #[test]
    fn a_set_is_fetched_at_once_and_then_every_refresh() {
        let (mut schedule, start) = schedule();
        assert_eq!(fetch(&mut schedule, Outcome::Good, start, 0), 600);
        assert_eq!(schedule.next(start + 599 * SECOND), Step::Wait(start + 600 * SECOND));
        assert_eq!(fetch(&mut schedule, Outcome::Good, start, 600), 1200);
    }

    #[test]
    fn failures_are_repeated_at_growing_intervals() {
        let (mut schedule, start) = schedule();
        let mut at = 0;
        for due in [1, 3, 7, 15, 31, 61, 91] {
            at = fetch(&mut schedule, Outcome::Failed, start, at);
            assert_eq!(at, due);
        }
        assert_eq!(fetch(&mut schedule, Outcome::Good, start, at), at + 600);
        assert_eq!(fetch(&mut schedule, Outcome::Failed, start, at + 600), at + 601);
    }

    #[test]
    fn the_last_good_set_stays_for_max_stale_from_the_first_failure_on() {
        let (mut schedule, start) = schedule();
        let mut at = fetch(&mut schedule, Outcome::Good, start, 0);
        while at < 600 + 3600 {
            at = fetch(&mut schedule, Outcome::Failed, start, at);
        }
        assert_eq!(schedule.next(start + 4199 * SECOND), Step::Wait(start + 4200 * SECOND));
        assert_eq!(schedule.next(start + 4200 * SECOND), Step::Expire);
        // Once.
        assert_ne!(schedule.next(start + 4200 * SECOND), Step::Expire);
    }

    #[test]
    fn a_success_ends_the_decline() {
        let (mut schedule, start) = schedule();
        fetch(&mut schedule, Outcome::Good, start, 0);
        let at = fetch(&mut schedule, Outcome::Failed, start, 600);
        let next = fetch(&mut schedule, Outcome::Good, start, at);
        assert_eq!(schedule.next(start + 600 * SECOND), Step::Wait(start + SECOND * 1201));
        assert_eq!(next, 1201);
    }

    #[test]
    fn ten_thousand_unknown_keys_a_second_bring_one_fetch_forward_per_cooldown() {
        let (mut schedule, start) = schedule();
        fetch(&mut schedule, Outcome::Good, start, 0);
        let mut fetches = Vec::new();
        for tick in 0..600_000_u32 {
            let now = start + tick * Duration::from_micros(100);
            if schedule.bring_forward(now) {
                assert_eq!(schedule.next(now), Step::Fetch);
                schedule.finished(Outcome::Failed, now);
                schedule.due = start + 600 * SECOND;
                fetches.push((now - start).as_secs());
            }
        }
        assert_eq!(fetches, [0, 30]);
    }

    #[test]
    fn what_is_asked_for_during_a_fetch_is_fetched_right_after_it() {
        let (mut schedule, start) = schedule();
        assert_eq!(schedule.next(start), Step::Fetch);
        assert!(schedule.bring_forward(start));
        assert!(!schedule.bring_forward(start));
        assert_eq!(schedule.next(start), Step::Busy);
        schedule.finished(Outcome::Good, start);
        assert!(schedule.is_pending(start));
        assert_eq!(schedule.next(start), Step::Fetch);
        schedule.finished(Outcome::Good, start);
        assert!(!schedule.is_pending(start));
    }

    #[test]
    fn a_pause_that_no_clock_can_hold_does_no_harm() {
        let timing = KeySetTiming {
            refresh: Duration::MAX,
            max_stale: Duration::MAX,
            unknown_kid_cooldown: Duration::MAX,
            ..KeySetTiming::default()
        };
        let start = Instant::now();
        let mut schedule = Schedule::new(timing, start);
        for outcome in [Outcome::Good, Outcome::Failed] {
            assert!(schedule.bring_forward(start) || outcome == Outcome::Failed);
            schedule.due = start;
            assert_eq!(schedule.next(start), Step::Fetch);
            schedule.finished(outcome, start);
        }
    }
}
