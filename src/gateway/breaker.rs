//! Circuit breakers: a service that keeps failing is given a rest.
//!
//! Closed, everything goes through; so many failures in a row open it, and nothing does; after a while
//! it is half open, and a few requests probe whether the service works again. A success closes it, a
//! failure opens it for twice as long.
//!
//! Whoever was let through has a [`Pass`] and reports with it how it went. Passes from before an
//! opening tell nothing about the time after it, so their reports are ignored. A probe that never
//! reports holds its place for as long as the circuit first stays open: nothing that is lost can keep
//! a service shut off.

use std::num::{NonZeroU32, NonZeroU64};
use std::time::Duration;

use super::time::Steady;

/// The longest that doubling makes an open circuit last.
const LONGEST: Duration = Duration::from_secs(600);

/// When a circuit opens, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BreakerSettings {
    /// So many failures in a row open it.
    pub failures: NonZeroU32,
    /// For so long nothing goes through.
    pub open_for: Duration,
    /// Then so many requests try whether it works again.
    pub probes: NonZeroU32,
}

impl Default for BreakerSettings {
    fn default() -> Self {
        const FIVE: NonZeroU32 = NonZeroU32::MIN.saturating_add(4);
        Self { failures: FIVE, open_for: Duration::from_secs(30), probes: NonZeroU32::MIN }
    }
}

/// The circuit of one service.
#[derive(Clone, Debug)]
pub struct Breaker {
    settings: BreakerSettings,
    state: State,
    /// How often it has opened, and how often probes have been given up since.
    period: Period,
    /// How often it has opened since it was last closed: each time for twice as long.
    openings: u32,
    /// Time does not run backwards: what is earlier counts as this.
    latest: Steady,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum State {
    Closed {
        /// In a row.
        failures: u32,
    },
    Open {
        until: Steady,
    },
    HalfOpen {
        /// Probes that have not reported.
        out: u32,
        /// When the latest of them was let through.
        since: Steady,
    },
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Period {
    opening: u64,
    round: u64,
}

/// Proof that a request was let through; to be given back with what became of it.
#[derive(Clone, Copy, Debug, Default)]
#[must_use = "report what became of the request"]
pub struct Pass(Period);

/// The circuit is open: the request must not go through.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CircuitOpen {
    /// When it is worth another try (seconds from now, rounded up).
    pub retry_after: NonZeroU64,
}

/// What became of a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The service answered.
    Success,
    /// No connection, no answer in time, or an answer that says the service is down.
    Failure,
    /// Nobody will know: it was never sent, or its caller went away.
    Unknown,
}

/// How a circuit looks from outside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Circuit {
    /// Everything goes through.
    Closed,
    /// Nothing does.
    Open,
    /// Probes do.
    HalfOpen,
}

impl Breaker {
    /// A closed circuit.
    pub fn new(settings: BreakerSettings) -> Self {
        Self {
            settings,
            state: State::Closed { failures: 0 },
            period: Period::default(),
            openings: 0,
            latest: Steady::MIN,
        }
    }

    /// Puts other settings in force from the next event on; the circuit stays as it is.
    pub fn set_settings(&mut self, settings: BreakerSettings) {
        self.settings = settings;
    }

    /// Lets a request through or not.
    ///
    /// # Errors
    /// Where the circuit is open, or half open with all its probes under way.
    pub fn admit(&mut self, now: Steady) -> Result<Pass, CircuitOpen> {
        let now = self.advance(now);
        match self.state {
            State::Closed { .. } => return Ok(Pass(self.period)),
            State::Open { until } => {
                if let Some(retry_after) = NonZeroU64::new(until.seconds_from(now)) {
                    return Err(CircuitOpen { retry_after });
                }
                self.state = State::HalfOpen { out: 0, since: now };
            }
            State::HalfOpen { out, since } if out >= self.settings.probes.get() => {
                if since.plus(self.settings.open_for) > now {
                    return Err(CircuitOpen { retry_after: NonZeroU64::MIN });
                }
                self.period.round += 1;
                self.state = State::HalfOpen { out: 0, since: now };
            }
            State::HalfOpen { .. } => {}
        }
        if let State::HalfOpen { out, since } = &mut self.state {
            (*out, *since) = (*out + 1, now);
        }
        Ok(Pass(self.period))
    }

    /// Takes the report on a request that was let through.
    pub fn report(&mut self, pass: Pass, outcome: Outcome, now: Steady) {
        let now = self.advance(now);
        let Pass(period) = pass;
        if period.opening != self.period.opening {
            return;
        }
        match (outcome, &mut self.state) {
            (Outcome::Success, _) => {
                self.state = State::Closed { failures: 0 };
                self.openings = 0;
            }
            (Outcome::Failure, State::Closed { failures }) => {
                *failures += 1;
                if *failures >= self.settings.failures.get() {
                    self.open(now);
                }
            }
            (Outcome::Failure, _) => self.open(now),
            (Outcome::Unknown, State::HalfOpen { out, .. }) if period == self.period => {
                *out = out.saturating_sub(1);
            }
            (Outcome::Unknown, _) => {}
        }
    }

    /// How it looks at an instant.
    pub fn circuit(&self, now: Steady) -> Circuit {
        match self.state {
            State::Closed { .. } => Circuit::Closed,
            State::Open { until } if until > now.max(self.latest) => Circuit::Open,
            State::Open { .. } | State::HalfOpen { .. } => Circuit::HalfOpen,
        }
    }

    fn open(&mut self, now: Steady) {
        let shortest = self.settings.open_for;
        let doubled = shortest.saturating_mul(2_u32.saturating_pow(self.openings));
        let lasts = doubled.min(LONGEST).max(shortest);
        self.state = State::Open { until: now.plus(lasts) };
        self.openings = self.openings.saturating_add(1);
        self.period = Period { opening: self.period.opening + 1, round: 0 };
    }

    fn advance(&mut self, now: Steady) -> Steady {
        self.latest = self.latest.max(now);
        self.latest
    }
}

#[cfg(test)]
mod tests {
    use proptest::collection::vec;
    use proptest::prelude::*;

    use super::*;

    fn at(seconds: i64) -> Steady {
        Steady::from_nanoseconds(seconds * 1_000_000_000)
    }

    fn settings(failures: u32, open_for: u64, probes: u32) -> BreakerSettings {
        let [failures, probes] = [failures, probes].map(|n| NonZeroU32::new(n).unwrap());
        BreakerSettings { failures, open_for: Duration::from_secs(open_for), probes }
    }

    /// Seconds to wait; 0 where the request goes through, with its pass.
    fn ask(breaker: &mut Breaker, seconds: i64) -> (u64, Option<Pass>) {
        match breaker.admit(at(seconds)) {
            Ok(pass) => (0, Some(pass)),
            Err(open) => (open.retry_after.get(), None),
        }
    }

    fn pass(breaker: &mut Breaker, seconds: i64) -> Pass {
        breaker.admit(at(seconds)).expect("goes through")
    }

    fn fail(breaker: &mut Breaker, seconds: i64) {
        let pass = pass(breaker, seconds);
        breaker.report(pass, Outcome::Failure, at(seconds));
    }

    #[test]
    fn failures_in_a_row_open_it() {
        let mut breaker = Breaker::new(settings(3, 30, 1));
        fail(&mut breaker, 0);
        fail(&mut breaker, 1);
        let good = pass(&mut breaker, 2);
        breaker.report(good, Outcome::Success, at(2));
        fail(&mut breaker, 3);
        let lost = pass(&mut breaker, 3);
        breaker.report(lost, Outcome::Unknown, at(3));
        fail(&mut breaker, 4);
        assert_eq!(breaker.circuit(at(4)), Circuit::Closed);
        fail(&mut breaker, 5);
        assert_eq!(breaker.circuit(at(5)), Circuit::Open);
        for (seconds, wait) in [(5, 30), (6, 29), (0, 29), (34, 1)] {
            assert_eq!(ask(&mut breaker, seconds).0, wait, "at {seconds}");
        }
        let half = Steady::from_nanoseconds(34_999_999_999);
        assert_eq!(breaker.admit(half).unwrap_err().retry_after, NonZeroU64::MIN);
    }

    #[test]
    fn then_so_many_probes_go_through_and_the_first_answer_decides() {
        for (outcome, next) in [(Outcome::Success, 0), (Outcome::Failure, 20)] {
            let mut breaker = Breaker::new(settings(1, 10, 2));
            fail(&mut breaker, 0);
            assert_eq!(breaker.circuit(at(10)), Circuit::HalfOpen);
            let (first, second) = (pass(&mut breaker, 10), pass(&mut breaker, 10));
            assert_eq!(ask(&mut breaker, 11).0, 1, "two are under way");
            breaker.report(first, outcome, at(12));
            assert_eq!(ask(&mut breaker, 12).0, next);
            breaker.report(second, Outcome::Success, at(12));
            assert_eq!(ask(&mut breaker, 12).0, next, "whatever the second one says");
        }
    }

    #[test]
    fn each_failure_doubles_the_rest_up_to_ten_minutes_until_a_success() {
        let mut breaker = Breaker::new(settings(1, 100, 1));
        let mut now = 0;
        for wait in [100, 200, 400, 600, 600] {
            fail(&mut breaker, now);
            assert_eq!(ask(&mut breaker, now).0, wait);
            now += wait as i64;
        }
        let good = pass(&mut breaker, now);
        breaker.report(good, Outcome::Success, at(now));
        fail(&mut breaker, now);
        assert_eq!(ask(&mut breaker, now).0, 100);
        // A rest that is longer from the start is not cut short.
        let mut breaker = Breaker::new(settings(1, 3600, 1));
        fail(&mut breaker, 0);
        fail(&mut breaker, 3600);
        assert_eq!(ask(&mut breaker, 3600).0, 3600);
    }

    #[test]
    fn answers_to_requests_from_before_it_opened_are_ignored() {
        for outcome in [Outcome::Success, Outcome::Failure, Outcome::Unknown] {
            let mut breaker = Breaker::new(settings(1, 10, 1));
            let olds = [(); 3].map(|()| pass(&mut breaker, 0));
            let [while_open, while_half_open, while_closed] = olds;
            fail(&mut breaker, 0);
            breaker.report(while_open, outcome, at(1));
            assert_eq!(ask(&mut breaker, 1).0, 9);
            let probe = pass(&mut breaker, 10);
            breaker.report(while_half_open, outcome, at(11));
            assert_eq!(ask(&mut breaker, 11).0, 1);
            breaker.report(probe, Outcome::Success, at(12));
            breaker.report(while_closed, outcome, at(12));
            assert_eq!(breaker.circuit(at(12)), Circuit::Closed);
        }
    }

    #[test]
    fn a_probe_that_is_lost_gives_its_place_away() {
        let mut breaker = Breaker::new(settings(1, 10, 1));
        fail(&mut breaker, 0);
        let cancelled = pass(&mut breaker, 10);
        breaker.report(cancelled, Outcome::Unknown, at(11));
        let silent = pass(&mut breaker, 11);
        assert_eq!([20, 21].map(|now| ask(&mut breaker, now).0), [1, 0]);
        // Found again, it does not give away the place of the probe that came after it.
        breaker.report(silent, Outcome::Unknown, at(22));
        assert_eq!(ask(&mut breaker, 22).0, 1);
    }

    #[test]
    fn other_settings_leave_the_circuit_as_it_is() {
        let mut breaker = Breaker::new(settings(1, 10, 1));
        fail(&mut breaker, 0);
        breaker.set_settings(settings(2, 50, 1));
        assert_eq!(ask(&mut breaker, 0).0, 10);
        fail(&mut breaker, 10);
        assert_eq!(ask(&mut breaker, 10).0, 100);
    }

    #[derive(Clone, Copy, Debug)]
    enum Event {
        Admit,
        Report(usize, Outcome),
        Wait(i64),
    }

    fn any_event() -> impl Strategy<Value = Event> {
        let outcome = prop_oneof![
            2 => Just(Outcome::Success),
            4 => Just(Outcome::Failure),
            1 => Just(Outcome::Unknown)
        ];
        prop_oneof![
            4 => Just(Event::Admit),
            4 => (0..6usize, outcome).prop_map(|(which, outcome)| Event::Report(which, outcome)),
            2 => (0..15i64).prop_map(Event::Wait),
        ]
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        /// What is told of a circuit, kept as notes on all that happened.
        #[test]
        fn a_circuit_opens_and_closes_when_it_should(
            (failures, open_for, probes) in (1..4u32, 1..9u64, 1..4u32),
            events in vec(any_event(), 0..200),
        ) {
            let mut breaker = Breaker::new(settings(failures, open_for, probes));
            let mut under_way: Vec<(Pass, usize)> = Vec::new();
            let (mut now, mut openings, mut row, mut rest) = (0, 0, 0, open_for as i64);
            let mut shut_until = None;
            let mut probing: Vec<i64> = Vec::new();
            for event in events {
                match event {
                    Event::Wait(seconds) => now += seconds,
                    Event::Admit => {
                        let (wait, pass) = ask(&mut breaker, now);
                        let expected = match shut_until {
                            None => 0,
                            Some(until) if now < until => (until - now) as u64,
                            Some(_) => {
                                let lost = probing.last().is_some_and(|at| at + open_for as i64 <= now);
                                if probing.len() == probes as usize && lost {
                                    probing.clear();
                                    // Only an answer of these may still count.
                                    under_way.retain(|(_, opening)| *opening != openings);
                                }
                                u64::from(probing.len() == probes as usize)
                            }
                        };
                        prop_assert_eq!(wait, expected);
                        if let Some(pass) = pass {
                            under_way.push((pass, openings));
                            if shut_until.is_some() {
                                probing.push(now);
                            }
                        }
                    }
                    Event::Report(which, outcome) => {
                        if which >= under_way.len() {
                            continue;
                        }
                        let (pass, opening) = under_way.swap_remove(which);
                        breaker.report(pass, outcome, at(now));
                        if opening != openings {
                            continue;
                        }
                        match outcome {
                            Outcome::Success => {
                                (row, rest, shut_until) = (0, open_for as i64, None);
                                probing.clear();
                            }
                            Outcome::Failure => {
                                row += 1;
                                if shut_until.is_some() || row == failures {
                                    shut_until = Some(now + rest);
                                    (row, openings, rest) = (0, openings + 1, (rest * 2).min(600));
                                    probing.clear();
                                }
                            }
                            // Which of them it was makes no difference but to when the others are lost.
                            Outcome::Unknown => drop((!probing.is_empty()).then(|| probing.remove(0))),
                        }
                    }
                }
            }
            // Whatever was lost on the way, a service is never shut off for ever.
            prop_assert_eq!(ask(&mut breaker, now + 600).0, 0);
        }
    }
}
