//! Key sets by URL: fetched beside the loop, kept while they can be, and dropped when they cannot.
//!
//! A thread for each URL fetches when its [`Schedule`] says so. The loop never waits for one, but
//! for the very first set and for a key that nobody knows, and then not for long: it looks at
//! [`KeySets::version`] and takes the sets when that has moved. A set that cannot be had, or is
//! refused, never replaces the last good one.

use std::io;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::{Duration, Instant};

use super::http::{CallFault, HttpClient};
use super::schedule::{KeySetTiming, Outcome, Schedule, Step};
use super::url::RemoteUrl;
use crate::gateway::key::{KeyFault, KeySet, KeyWarning};

/// The longest key set (bytes).
const MOST_BYTES: u64 = 1024 * 1024;

const ACCEPT: &str = "application/jwk-set+json, application/json";

/// A key set to fetch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySource {
    /// Where it is.
    pub url: RemoteUrl,
    /// How it is kept fresh.
    pub timing: KeySetTiming,
}

/// A set that was fetched and is good.
#[derive(Debug)]
pub struct FetchedSet {
    /// Its keys, all public.
    pub keys: Arc<KeySet>,
    /// Its text.
    pub json: String,
}

/// How a source is doing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeySetStatus {
    /// Which.
    pub url: RemoteUrl,
    /// Since the set in force was last fetched; none where there is no set.
    pub age: Option<Duration>,
    /// How many usable keys are in force.
    pub keys: usize,
    /// Attempts that came to an end.
    pub fetches: u64,
    /// Those of them that failed.
    pub failures: u64,
}

/// The key sets that are fetched. Dropping it ends the fetching.
pub struct KeySets {
    shared: Arc<Shared>,
}

struct Shared {
    version: AtomicU64,
    state: Mutex<State>,
    changed: Condvar,
}

struct State {
    sources: Vec<Source>,
    stopped: bool,
}

struct Source {
    url: RemoteUrl,
    schedule: Schedule,
    set: Option<Arc<FetchedSet>>,
    fetched: Option<Instant>,
    fetches: u64,
    failures: u64,
    failing: bool,
}

/// Why a set is not taken.
#[derive(Debug, thiserror::Error)]
enum FetchFault {
    #[error(transparent)]
    Call(#[from] CallFault),
    #[error("it is refused: {0}")]
    Key(#[from] KeyFault),
}

impl KeySets {
    /// Begins to fetch. A URL that stands there twice is fetched once, with the first one's timing.
    ///
    /// # Errors
    /// Where no thread can be had.
    pub fn start(sources: impl IntoIterator<Item = KeySource>) -> io::Result<Self> {
        let now = Instant::now();
        let mut distinct: Vec<Source> = Vec::new();
        for KeySource { url, timing } in sources {
            if !distinct.iter().any(|known| known.url == url) {
                distinct.push(Source::new(url, timing, now));
            }
        }
        let workers: Vec<_> =
            distinct.iter().map(|source| (source.url.clone(), *source.schedule.timing())).collect();
        let state = Mutex::new(State { sources: distinct, stopped: false });
        let shared = Shared { version: AtomicU64::new(0), state, changed: Condvar::new() };
        let started = Self { shared: Arc::new(shared) };
        for (index, (url, timing)) in workers.into_iter().enumerate() {
            let shared = Arc::clone(&started.shared);
            thread::Builder::new()
                .name(format!("key-set-{index}"))
                .spawn(move || shared.fetch_for_ever(index, &url, &timing))?;
        }
        Ok(started)
    }

    /// Waits until each set has been tried once, for as long as one attempt may take.
    pub fn wait_for_first(&self) {
        let state = self.shared.lock();
        let longest = state.sources.iter().map(|source| source.schedule.timing().timeout).max();
        let tried = |state: &State| state.sources.iter().all(|source| source.fetches > 0);
        drop(self.shared.wait(state, longest.unwrap_or_default(), tried));
    }

    /// Moves whenever a set has changed.
    pub fn version(&self) -> u64 {
        self.shared.version.load(Ordering::Acquire)
    }

    /// The set in force of a URL.
    pub fn set(&self, url: &RemoteUrl) -> Option<Arc<FetchedSet>> {
        let state = self.shared.lock();
        state.sources.iter().find(|source| source.url == *url)?.set.clone()
    }

    /// A token names a key that none of these sets is known to hold. True where one of them holds
    /// it now.
    ///
    /// Brings a fetch of each forward that has had none brought forward in its cooldown, and waits
    /// for those, for `unknown_kid_wait` at most; where there is no such one, does not wait at all.
    pub fn wait_for_key(&self, urls: &[RemoteUrl], kid: &str) -> bool {
        let now = Instant::now();
        let mut state = self.shared.lock();
        if state.hold(urls, kid) {
            return true;
        }
        let mut fetched = Vec::new();
        let mut longest = Duration::ZERO;
        for (index, source) in state.sources.iter_mut().enumerate() {
            if urls.contains(&source.url) && source.schedule.bring_forward(now) {
                longest = longest.max(source.schedule.timing().unknown_kid_wait);
                fetched.push(index);
            }
        }
        if fetched.is_empty() {
            return false;
        }
        self.shared.changed.notify_all();
        let done = |state: &State| {
            let pending = |&index: &usize| {
                let source = state.sources.get(index);
                source.is_some_and(|source| source.schedule.is_pending(Instant::now()))
            };
            state.hold(urls, kid) || !fetched.iter().any(pending)
        };
        self.shared.wait(state, longest, done).hold(urls, kid)
    }

    /// How every source is doing, in the order given.
    pub fn status(&self, now: Instant) -> Vec<KeySetStatus> {
        self.shared.lock().sources.iter().map(|source| source.status(now)).collect()
    }
}

impl Drop for KeySets {
    fn drop(&mut self) {
        // A fetch that is under way ends by its own deadline, and nobody waits for it.
        self.shared.lock().stopped = true;
        self.shared.changed.notify_all();
    }
}

impl Shared {
    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until it is done, or so long.
    fn wait<'s>(
        &self,
        state: MutexGuard<'s, State>,
        longest: Duration,
        done: impl Fn(&State) -> bool,
    ) -> MutexGuard<'s, State> {
        let waiting = self.changed.wait_timeout_while(state, longest, |state| !done(state));
        waiting.unwrap_or_else(PoisonError::into_inner).0
    }

    fn fetch_for_ever(&self, index: usize, url: &RemoteUrl, timing: &KeySetTiming) {
        let client = HttpClient::new(timing.timeout, MOST_BYTES);
        let mut state = self.lock();
        loop {
            if state.stopped {
                return;
            }
            let now = Instant::now();
            let Some(source) = state.sources.get_mut(index) else { return };
            match source.schedule.next(now) {
                Step::Fetch => {
                    drop(state);
                    let fetched = fetch(&client, url);
                    state = self.lock();
                    self.take(&mut state, index, fetched);
                }
                Step::Expire => {
                    source.expire();
                    self.version.fetch_add(1, Ordering::AcqRel);
                }
                Step::Wait(until) => {
                    let pause = until.saturating_duration_since(now);
                    let waiting = self.changed.wait_timeout(state, pause);
                    state = waiting.unwrap_or_else(PoisonError::into_inner).0;
                }
                // Nobody else fetches this one.
                Step::Busy => return,
            }
        }
    }

    fn take(
        &self,
        state: &mut State,
        index: usize,
        fetched: Result<(FetchedSet, Vec<KeyWarning>), FetchFault>,
    ) {
        let Some(source) = state.sources.get_mut(index) else { return };
        if source.take(fetched, Instant::now()) {
            self.version.fetch_add(1, Ordering::AcqRel);
        }
        self.changed.notify_all();
    }
}

impl State {
    fn hold(&self, urls: &[RemoteUrl], kid: &str) -> bool {
        let wanted = self.sources.iter().filter(|source| urls.contains(&source.url));
        wanted.filter_map(|source| source.set.as_ref()).any(|set| set.keys.holds(kid))
    }
}

fn fetch(
    client: &HttpClient,
    url: &RemoteUrl,
) -> Result<(FetchedSet, Vec<KeyWarning>), FetchFault> {
    let json = client.get(url, ACCEPT)?;
    let (keys, warnings) = KeySet::read_fetched(&json)?;
    Ok((FetchedSet { keys: Arc::new(keys), json }, warnings))
}

impl Source {
    fn new(url: RemoteUrl, timing: KeySetTiming, now: Instant) -> Self {
        Self {
            url,
            schedule: Schedule::new(timing, now),
            set: None,
            fetched: None,
            fetches: 0,
            failures: 0,
            failing: false,
        }
    }

    /// Takes what a fetch came to; true where the set in force has changed.
    fn take(
        &mut self,
        fetched: Result<(FetchedSet, Vec<KeyWarning>), FetchFault>,
        now: Instant,
    ) -> bool {
        self.fetches += 1;
        match fetched {
            Ok((set, warnings)) => {
                self.schedule.finished(Outcome::Good, now);
                self.fetched = Some(now);
                if std::mem::take(&mut self.failing) {
                    tracing::warn!("key set {}: it can be had again", self.url);
                }
                // The same text again is no change: what was verified by it stays verified.
                if self.set.as_ref().is_some_and(|known| known.json == set.json) {
                    return false;
                }
                for warning in warnings {
                    tracing::warn!("key set {}: {warning}", self.url);
                }
                self.set = Some(Arc::new(set));
                true
            }
            Err(fault) => {
                self.schedule.finished(Outcome::Failed, now);
                self.failures += 1;
                if !std::mem::replace(&mut self.failing, true) {
                    self.warn_of(&fault);
                }
                false
            }
        }
    }

    fn warn_of(&self, fault: &FetchFault) {
        let stale = self.schedule.timing().max_stale;
        match self.set {
            Some(_) => tracing::warn!(
                "key set {}: {fault}; the last good one stays in force for {stale:?}",
                self.url
            ),
            None => tracing::warn!("key set {}: {fault}; there are no keys of it", self.url),
        }
    }

    fn expire(&mut self) {
        self.set = None;
        self.fetched = None;
        tracing::warn!("key set {}: the last good one is too old; its keys are gone", self.url);
    }

    fn status(&self, now: Instant) -> KeySetStatus {
        KeySetStatus {
            url: self.url.clone(),
            age: self.fetched.map(|at| now.saturating_duration_since(at)),
            keys: self.set.as_ref().map_or(0, |set| set.keys.keys().len()),
            fetches: self.fetches,
            failures: self.failures,
        }
    }
}
