use std::num::NonZeroU64;

use super::super::time::Steady;
use super::*;

fn at(seconds: f64) -> Steady {
    Steady::from_seconds(seconds)
}

fn caller(user: &str) -> CallerKey {
    CallerKey::new(CallerKind::Token, Some("https://auth.example"), user)
}

fn limit(text: &str) -> RateLimit {
    text.parse().expect(text)
}

/// Seconds to wait; 0 where the request passes.
fn wait(outcome: Admission) -> u64 {
    match outcome {
        Admission::Admitted => 0,
        Admission::Refused { retry_after } => retry_after.get(),
    }
}

/// One caller after the other under one limit: at each instant, who asks, and how long to wait.
fn ask(limiter: &mut Limiter, text: &str, steps: &[(f64, &str, u64)]) {
    for (index, (seconds, user, expected)) in steps.iter().enumerate() {
        let outcome = limiter.admit(Scope::General, &caller(user), limit(text), at(*seconds));
        assert_eq!(wait(outcome), *expected, "step {index}: {user} at {seconds}");
    }
}

#[test]
fn a_window_is_open_at_its_beginning_and_closed_at_its_end() {
    let steps = [(0.0, "a", 0), (4.0, "a", 0), (9.999_999, "a", 1), (10.0, "a", 0), (10.0, "a", 4)];
    ask(&mut Limiter::new(9), "2/10s", &steps);
}

#[test]
fn a_refused_request_costs_nothing() {
    let mut limiter = Limiter::new(9);
    ask(&mut limiter, "1/10s", &[(0.0, "a", 0), (1.0, "a", 9), (9.5, "a", 1), (10.0, "a", 0)]);
    assert_eq!(limiter.caller_counts(), Counts { admitted: 2, refused: 2, ..Counts::default() });
}

#[test]
fn the_wait_is_rounded_up_to_whole_seconds() {
    let steps = [(0.1, "a", 0), (0.1, "a", 60), (0.2, "a", 60), (1.1, "a", 59), (60.0, "a", 1)];
    ask(&mut Limiter::new(9), "1/min", &steps);
    assert_eq!(
        Limiter::new(0).admit(Scope::General, &caller("a"), limit("1/s"), at(0.0)),
        Admission::Admitted
    );
    let refused = Admission::Refused { retry_after: NonZeroU64::MIN };
    assert_eq!(wait(refused), 1);
}

#[test]
fn time_that_runs_backwards_stands_still() {
    let steps = [(10.0, "a", 0), (-50.0, "a", 5), (12.0, "a", 3), (3.0, "a", 3), (15.0, "a", 0)];
    ask(&mut Limiter::new(9), "1/5s", &steps);
}

#[test]
fn each_limit_judges_all_that_was_admitted_where_several_share_a_window() {
    let mut limiter = Limiter::new(9);
    let limits = ["3/2s", "4/10s", "6/10s"].map(limit);
    limiter.cover(Scope::General, limits);
    let [short, few, many] = limits;
    for (seconds, limit, expected) in [
        (0.0, short, 0),
        (0.0, short, 0),
        (1.0, short, 0),
        (1.0, short, 1),
        (2.0, short, 0),
        (2.0, few, 8),
        (3.0, many, 0),
        (3.0, few, 7),
        (3.0, many, 0),
        (3.0, many, 7),
        (10.0, few, 1),
        (11.0, few, 0),
        (12.0, few, 0),
    ] {
        let outcome = limiter.admit(Scope::General, &caller("a"), limit, at(seconds));
        assert_eq!(wait(outcome), expected, "{limit} at {seconds}");
    }
}

#[test]
fn scopes_callers_and_addresses_are_counted_apart() {
    let mut limiter = Limiter::new(9);
    let address = CallerKey::of_address(Some("192.0.2.1"));
    let scopes = [Scope::General, Scope::Route(0), Scope::Route(7), Scope::Address];
    for expected in [0, 60] {
        for scope in scopes {
            for key in [&caller("a"), &caller("b"), &address] {
                let outcome = limiter.admit(scope, key, limit("1/min"), at(0.0));
                assert_eq!(wait(outcome), expected, "{scope:?} {key:?}");
            }
        }
    }
    assert_eq!(limiter.windows(), 12);
}

#[test]
fn idle_windows_go_first_and_then_newcomers_are_guests_who_share() {
    let mut limiter = Limiter::new(2);
    let steps = [
        (0.0, "a", 0),
        (1.0, "b", 0),
        // Guests: two of them in ten seconds, and never more than their own either.
        (2.0, "c", 0),
        (3.0, "d", 0),
        (4.0, "e", 8),
        (4.0, "c", 8),
        // Residents do not notice.
        (5.0, "a", 0),
        (5.0, "a", 5),
        // `b` is idle since 11: the next one to ask takes its place, and is counted from then on with
        // what it had as a guest.
        (11.0, "c", 0),
        (11.0, "c", 1),
        (11.0, "e", 1),
        (12.0, "e", 0),
    ];
    ask(&mut limiter, "2/10s", &steps);
    let counts = Counts { admitted: 7, refused: 2, guests_admitted: 3, guests_refused: 3 };
    assert_eq!(limiter.caller_counts(), counts);
}

#[test]
fn a_flood_of_addresses_takes_no_window_from_a_caller() {
    let mut limiter = Limiter::new(1);
    let limit = limit("1/min");
    for host in 0..100 {
        let address = CallerKey::of_address(Some(&format!("192.0.2.{host}")));
        limiter.admit(Scope::Address, &address, limit, at(0.0));
    }
    assert_eq!(wait(limiter.admit(Scope::General, &caller("a"), limit, at(0.0))), 0);
    assert_eq!(limiter.caller_counts(), Counts { admitted: 1, ..Counts::default() });
    // Its own, and one as a guest.
    assert_eq!(limiter.address_counts().admitted, 2);
    assert_eq!(limiter.windows(), 3);
}

#[test]
fn a_hundred_thousand_callers_stay_under_64_mib() {
    let mut limiter = Limiter::new(100_000);
    for round in 0..4 {
        for user in 0..100_000 {
            let now = at(f64::from(round) + f64::from(user) * 1e-5);
            let caller = CallerKey::new(
                CallerKind::Token,
                Some("https://auth.example.com/realms/plant-7"),
                &format!("5f0c52d1-6f3b-4f0e-9c68-{user:012}"),
            );
            let outcome = limiter.admit(Scope::General, &caller, limit("100/min"), now);
            assert_eq!(outcome, Admission::Admitted);
        }
    }
    assert_eq!(limiter.windows(), 100_000);
    let mebibytes = limiter.weight() / 1024 / 1024;
    assert!((20..64).contains(&mebibytes), "{mebibytes} MiB");
    // A flood past the bound adds no more than the guests' share.
    for user in 0..100_000 {
        limiter.admit(Scope::General, &caller(&format!("x{user}")), limit("100/min"), at(5.0));
    }
    assert_eq!(limiter.windows(), 100_100);
    let counts =
        Counts { admitted: 400_100, refused: 0, guests_admitted: 100, guests_refused: 99_900 };
    assert_eq!(limiter.caller_counts(), counts);
}

#[test]
fn what_is_idle_holds_no_memory_for_long() {
    let mut limiter = Limiter::new(1_000_000);
    for user in 0..30_000 {
        let now = at(f64::from(user) * 0.01);
        limiter.admit(Scope::General, &caller(&user.to_string()), limit("9/s"), now);
    }
    assert!(limiter.windows() <= 101, "{}", limiter.windows());
}

#[test]
fn equal_instants_are_one() {
    let mut limiter = Limiter::new(9);
    let limit = limit("1000000/h");
    for _ in 0..100_000 {
        limiter.admit(Scope::General, &caller("a"), limit, at(0.0));
    }
    assert!(limiter.weight() < 10_000, "{}", limiter.weight());
}
