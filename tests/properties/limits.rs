//! Rate limits against a log of all that was admitted.

use std::collections::HashMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicI64, Ordering};
use std::thread;

use portcullis::gateway::Steady;
use portcullis::gateway::limit::{
    Admission, CallerKey, CallerKind, Counts, Limiter, RateLimit, Scope,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

use super::cases;

/// Half seconds; a window's length is whole ones.
const TICK: i64 = 500_000_000;

#[derive(Clone, Debug)]
struct Step {
    scope: Scope,
    caller: usize,
    limit: RateLimit,
    /// Since the step before (ticks).
    later: i64,
}

fn limit(requests: u32, seconds: u32) -> RateLimit {
    format!("{requests}/{seconds}s").parse().unwrap()
}

/// Several limits share the general windows; each other scope has its own.
fn limits_of(scope: Scope) -> Vec<RateLimit> {
    match scope {
        Scope::General => vec![limit(1, 1), limit(2, 3), limit(4, 2), limit(3, 6), limit(5, 5)],
        Scope::Route(number) => vec![limit(2 + number, 2 - number)],
        Scope::Address => vec![limit(2, 4)],
    }
}

fn any_step() -> impl Strategy<Value = Step> {
    let scopes = [Scope::General, Scope::General, Scope::Route(0), Scope::Route(1), Scope::Address];
    let later = prop_oneof![4 => Just(0), 3 => 0..3i64, 1 => -2..20i64];
    (select(scopes.to_vec()), 0..8usize, later).prop_flat_map(|(scope, caller, later)| {
        select(limits_of(scope)).prop_map(move |limit| Step { scope, caller, limit, later })
    })
}

/// All that was admitted, by whom.
#[derive(Default)]
struct Log(HashMap<(Scope, usize), Vec<i64>>);

impl Log {
    /// When one more would pass, as far as the caller's own count goes (ticks).
    fn free_at(&self, step: &Step, now: i64) -> i64 {
        let length = step.limit.window.as_secs() as i64 * 1_000_000_000 / TICK;
        let admitted = self.0.get(&(step.scope, step.caller)).map_or(&[][..], Vec::as_slice);
        let mut then = now;
        let fits = |then: i64| {
            admitted.iter().filter(|at| **at > then - length).count()
                < step.limit.requests.get() as usize
        };
        while !fits(then) {
            then += 1;
        }
        then
    }

    /// Windows in which something may still count.
    fn live(&self, addresses: bool, now: i64) -> usize {
        let live = |((scope, _), admitted): &(&(Scope, usize), &Vec<i64>)| {
            let reach = limits_of(*scope).iter().map(|limit| limit.window.as_secs()).max();
            let reach = reach.unwrap() as i64 * 1_000_000_000 / TICK;
            (*scope == Scope::Address) == addresses && admitted.iter().any(|at| *at > now - reach)
        };
        self.0.iter().filter(live).count()
    }
}

fn key(caller: usize) -> CallerKey {
    CallerKey::new(CallerKind::Token, None, &caller.to_string())
}

proptest! {
    #![proptest_config(cases(1500))]

    /// No window ever holds more than N, a refusal says when to come again, and what fits is refused
    /// only as a guest, which is counted and happens only where every window is in use.
    #[test]
    fn no_window_holds_more_than_n(max in 0..10usize, steps in vec(any_step(), 1..120)) {
        let mut limiter = Limiter::new(max);
        limiter.cover(Scope::General, limits_of(Scope::General));
        let (mut log, mut guests) = (Log::default(), Log::default());
        let (mut now, mut latest) = (0, i64::MIN);
        let mut expected = Counts::default();
        for step in &steps {
            now += step.later;
            latest = latest.max(now);
            let free_at = log.free_at(step, latest);
            let live = log.live(step.scope == Scope::Address, latest);
            let counts = |limiter: &Limiter| {
                let (callers, addresses) = (limiter.caller_counts(), limiter.address_counts());
                Counts {
                    admitted: callers.admitted + addresses.admitted,
                    refused: callers.refused + addresses.refused,
                    guests_admitted: callers.guests_admitted + addresses.guests_admitted,
                    guests_refused: callers.guests_refused + addresses.guests_refused,
                }
            };
            let at = Steady::from_nanoseconds(now * TICK);
            let outcome = limiter.admit(step.scope, &key(step.caller), step.limit, at);
            let seen = counts(&limiter);
            let crowd = Step { caller: 0, ..step.clone() };
            match outcome {
                Admission::Admitted => {
                    prop_assert_eq!(free_at, latest, "admitted past the limit: {:?}", step);
                    expected.admitted += 1;
                    log.0.entry((step.scope, step.caller)).or_default().push(latest);
                    if seen.guests_admitted > expected.guests_admitted {
                        expected.guests_admitted += 1;
                        prop_assert!(live >= max, "a guest though there is room: {:?}", step);
                        if step.scope != Scope::General {
                            prop_assert_eq!(guests.free_at(&crowd, latest), latest);
                        }
                        guests.0.entry((step.scope, 0)).or_default().push(latest);
                    }
                }
                Admission::Refused { retry_after } if free_at > latest => {
                    expected.refused += 1;
                    let seconds = ((free_at - latest) * TICK).unsigned_abs().div_ceil(1_000_000_000);
                    prop_assert!(retry_after.get() >= seconds);
                    if live <= max {
                        prop_assert_eq!(retry_after.get(), seconds);
                    }
                }
                Admission::Refused { .. } => {
                    expected.guests_refused += 1;
                    prop_assert!(live >= max, "refused though there is room: {:?}", step);
                }
            }
            prop_assert_eq!(seen, expected);
            // Each scope with its limits has so many guests at most.
            prop_assert!(limiter.windows() <= 2 * max + 2 * max.max(5) + 2);
        }
    }
}

#[test]
fn no_window_holds_more_than_n_whoever_asks_at_once() {
    const THREADS: usize = 8;
    const CALLERS: usize = 12;
    let limit = limit(7, 1);
    let clock = AtomicI64::new(0);
    // Less room than callers, so that some are guests now and then.
    let shared = Mutex::new((Limiter::new(10), vec![Vec::new(); CALLERS], 0));
    thread::scope(|scope| {
        for thread in 0..THREADS {
            let (shared, clock) = (&shared, &clock);
            scope.spawn(move || {
                for turn in 0..4000 {
                    let caller = (turn * 5 + thread * 3) % CALLERS;
                    // Taken before the lock, so that time comes out of order.
                    let now = clock.fetch_add(1_000_000, Ordering::Relaxed);
                    let (limiter, admitted, latest) = &mut *shared.lock().unwrap();
                    *latest = now.max(*latest);
                    let at = Steady::from_nanoseconds(now);
                    if limiter.admit(Scope::General, &key(caller), limit, at) == Admission::Admitted
                    {
                        admitted[caller].push(*latest);
                    }
                }
            });
        }
    });
    let (limiter, admitted, _) = shared.into_inner().unwrap();
    for times in &admitted {
        for eight in times.windows(8) {
            assert!(eight[7] - eight[0] >= 1_000_000_000, "eight within a second");
        }
    }
    let counts = limiter.caller_counts();
    assert_eq!(counts.admitted, admitted.iter().map(|times| times.len() as u64).sum::<u64>());
    let all = counts.admitted + counts.refused + counts.guests_refused;
    assert_eq!(all, (THREADS * 4000) as u64);
    // 32 s, of which each caller may have had seven requests in every one.
    assert!(counts.admitted > 32 * 7 * 10, "{counts:?}");
}
