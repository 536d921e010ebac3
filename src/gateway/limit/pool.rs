//! Windows that share a bound.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::num::NonZeroU64;

use foldhash::fast::RandomState;

use super::super::time::Steady;
use super::caller::CallerKey;
use super::limiter::Admission;
use super::rate::RateLimit;
use super::window::{Reach, Window};
use super::windows::{Place, Standing, Windows};

/// The windows of several scopes, so many of which are their callers' own.
#[derive(Debug, Default)]
pub(super) struct Pool {
    max: usize,
    scopes: Vec<Windows>,
    /// Scopes by an instant before which none of their windows is idle.
    queue: BinaryHeap<Reverse<(Steady, usize)>>,
    /// What the guests of a scope share under one limit.
    shared: HashMap<(usize, RateLimit), Window, RandomState>,
    residents: usize,
    guests: usize,
    counts: Counts,
}

/// How often what happened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts {
    /// Requests that were admitted, those of guests included.
    pub admitted: u64,
    /// Requests that were refused since their caller had had its share.
    pub refused: u64,
    /// Requests of guests that were admitted.
    pub guests_admitted: u64,
    /// Requests of guests that were refused since all guests together had had their share.
    pub guests_refused: u64,
}

impl Pool {
    pub(super) fn new(max: usize) -> Self {
        Self { max, ..Self::default() }
    }

    pub(super) fn set_max(&mut self, max: usize) {
        self.max = max;
    }

    pub(super) fn counts(&self) -> Counts {
        self.counts
    }

    /// Makes a scope's windows reach as far back as a limit looks.
    pub(super) fn cover(&mut self, scope: usize, limit: RateLimit) {
        if scope >= self.scopes.len() {
            self.scopes.resize_with(scope + 1, Windows::default);
        }
        self.scopes[scope].reach.cover(limit);
    }

    pub(super) fn admit(
        &mut self,
        scope: usize,
        caller: &CallerKey,
        limit: RateLimit,
        now: Steady,
    ) -> Admission {
        self.cover(scope, limit);
        let windows = &self.scopes[scope];
        match windows.place(caller) {
            Some(place) if windows.entry(place).standing == Standing::Resident => {
                self.admit_resident(scope, place, limit, now)
            }
            _ if self.make_room(now) => self.admit_new_resident(scope, caller, limit, now),
            _ => self.admit_guest(scope, caller, limit, now),
        }
    }

    fn admit_resident(
        &mut self,
        scope: usize,
        place: Place,
        limit: RateLimit,
        now: Steady,
    ) -> Admission {
        let windows = &mut self.scopes[scope];
        if let Some(wait) = windows.entry(place).window.wait(limit, now) {
            self.counts.refused += 1;
            return refused(wait);
        }
        windows.charge(place, now);
        self.counts.admitted += 1;
        Admission::Admitted
    }

    /// There is room for one more: a guest becomes a resident, and is still who it was.
    fn admit_new_resident(
        &mut self,
        scope: usize,
        caller: &CallerKey,
        limit: RateLimit,
        now: Steady,
    ) -> Admission {
        self.residents += 1;
        match self.scopes[scope].place(caller) {
            Some(place) => {
                self.guests -= 1;
                self.scopes[scope].entry_mut(place).standing = Standing::Resident;
                self.admit_resident(scope, place, limit, now)
            }
            None => {
                self.counts.admitted += 1;
                self.insert(scope, caller, Standing::Resident, now);
                Admission::Admitted
            }
        }
    }

    fn admit_guest(
        &mut self,
        scope: usize,
        caller: &CallerKey,
        limit: RateLimit,
        now: Steady,
    ) -> Admission {
        let own = self.own_wait(scope, caller, limit, now);
        let shared = self.shared_wait(scope, limit, now);
        if let Some(wait) = own.max(shared) {
            match own {
                Some(_) => self.counts.refused += 1,
                None => self.counts.guests_refused += 1,
            }
            return refused(wait);
        }
        let mut reach = Reach::default();
        reach.cover(limit);
        self.shared.entry((scope, limit)).or_default().charge(reach, now);
        match self.scopes[scope].place(caller) {
            Some(place) => self.scopes[scope].charge(place, now),
            None => {
                self.guests += 1;
                self.insert(scope, caller, Standing::Guest, now);
            }
        }
        self.counts.admitted += 1;
        self.counts.guests_admitted += 1;
        Admission::Admitted
    }

    fn own_wait(
        &self,
        scope: usize,
        caller: &CallerKey,
        limit: RateLimit,
        now: Steady,
    ) -> Option<NonZeroU64> {
        let windows = self.scopes.get(scope)?;
        windows.entry(windows.place(caller)?).window.wait(limit, now)
    }

    /// Guests whose windows are kept for longer than the limit under which they came could become
    /// many; then they wait as well.
    fn shared_wait(&self, scope: usize, limit: RateLimit, now: Steady) -> Option<NonZeroU64> {
        let most = self.max.max(limit.requests.get() as usize);
        match self.shared.get(&(scope, limit)).and_then(|window| window.wait(limit, now)) {
            None if self.guests >= most => Some(NonZeroU64::MIN),
            wait => wait,
        }
    }

    fn insert(&mut self, scope: usize, caller: &CallerKey, standing: Standing, now: Steady) {
        let windows = &mut self.scopes[scope];
        windows.insert(caller, standing, now);
        if !windows.queued {
            windows.queued = true;
            self.queue.push(Reverse((windows.reach.end_of(now), scope)));
        }
        // What is idle goes twice as fast as others come, so that it holds no memory for long.
        let _ = self.forget_idle(now) && self.forget_idle(now);
    }

    /// True where one more resident fits, after idle windows have gone where they had to.
    fn make_room(&mut self, now: Steady) -> bool {
        while self.residents >= self.max {
            if !self.forget_idle(now) {
                return false;
            }
        }
        true
    }

    /// Forgets one window in which nothing is left; false where there is none.
    fn forget_idle(&mut self, now: Steady) -> bool {
        while let Some(Reverse((_, scope))) = self.queue.peek().filter(|next| next.0.0 <= now) {
            let scope = *scope;
            self.queue.pop();
            let windows = &mut self.scopes[scope];
            let gone = match windows.first_idle() {
                Some(idle) if idle <= now => windows.remove_first(),
                _ => None,
            };
            // Their order is the order of admissions, so this is never earlier than before.
            windows.queued = match windows.first_idle() {
                Some(idle) => {
                    self.queue.push(Reverse((idle, scope)));
                    true
                }
                None => false,
            };
            match gone {
                Some(Standing::Resident) => self.residents -= 1,
                Some(Standing::Guest) => self.guests -= 1,
                None => continue,
            }
            return true;
        }
        false
    }

    /// Bytes of memory held, about.
    pub(super) fn weight(&self) -> usize {
        let shared = |window: &Window| window.weight() + 2 * size_of::<Window>();
        self.scopes.iter().map(Windows::weight).sum::<usize>()
            + self.scopes.capacity() * size_of::<Windows>()
            + self.shared.values().map(shared).sum::<usize>()
    }

    /// Callers with a window.
    pub(super) fn len(&self) -> usize {
        self.residents + self.guests
    }
}

fn refused(retry_after: NonZeroU64) -> Admission {
    Admission::Refused { retry_after }
}
