//! Tokens that were verified before.
//!
//! Keyed by the token's exact bytes, all of which are compared, and bounded in memory: what was
//! least recently used goes first. Only tokens whose signature was good get in, so strangers
//! cannot fill it. What depends on the clock is judged again at every use, by whoever asks.

use std::hash::BuildHasher;
use std::sync::Arc;

use foldhash::fast::RandomState;
use lru::LruCache;

use super::verified::Verified;

/// Memory that remembered tokens may hold (bytes, about).
const MAX_BYTES: usize = 24 * 1024 * 1024;
/// What an entry costs beyond its texts: allocations, links, its place in the table (bytes).
const OVERHEAD: usize = 256;
/// Rows in [`TokenCache::sighted`], a power of two; few enough for the processor's cache.
const SIGHTED: usize = 1 << 14;

/// Verified tokens by their text.
pub(super) struct TokenCache {
    entries: LruCache<Box<str>, Arc<Verified>, RandomState>,
    bytes: usize,
    /// Fingerprints of tokens seen once. Remembering a token pays only when it comes back, and most
    /// of a flood never do; so it is remembered the second time.
    sighted: Vec<[u16; 4]>,
    hasher: RandomState,
}

impl TokenCache {
    pub(super) fn new() -> Self {
        Self {
            entries: LruCache::unbounded_with_hasher(RandomState::default()),
            bytes: 0,
            sighted: Vec::new(),
            hasher: RandomState::default(),
        }
    }

    /// The outcome for a token seen before.
    pub(super) fn get(&mut self, token: &str) -> Option<&Arc<Verified>> {
        self.entries.get(token)
    }

    /// True where the token is remembered; does not count as a use.
    pub(super) fn contains(&self, token: &str) -> bool {
        self.entries.contains(token)
    }

    /// Remembers a token that is seen for the second time.
    pub(super) fn insert_recurring(&mut self, token: &str, verified: &Arc<Verified>) {
        if self.was_sighted(token) {
            self.insert(token, verified);
        }
    }

    /// Remembers a token.
    pub(super) fn insert(&mut self, token: &str, verified: &Arc<Verified>) {
        self.bytes += weight(token, verified);
        if let Some((old, replaced)) = self.entries.push(token.into(), Arc::clone(verified)) {
            self.bytes = self.bytes.saturating_sub(weight(&old, &replaced));
        }
        while self.bytes > MAX_BYTES {
            let Some((old, dropped)) = self.entries.pop_lru() else { break };
            self.bytes = self.bytes.saturating_sub(weight(&old, &dropped));
        }
    }

    /// Forgets everything: the keys or the configuration have changed.
    pub(super) fn clear(&mut self) {
        self.entries.clear();
        self.sighted.clear();
        self.bytes = 0;
    }

    fn was_sighted(&mut self, token: &str) -> bool {
        if self.sighted.is_empty() {
            self.sighted = vec![[0; 4]; SIGHTED];
        }
        let hash = self.hasher.hash_one(token);
        // The lowest bits find the row, the highest are the fingerprint.
        let fingerprint = ((hash >> 48) as u16).max(1);
        let Some(row) = self.sighted.get_mut(hash as usize & (SIGHTED - 1)) else { return false };
        if row.contains(&fingerprint) {
            return true;
        }
        // Several places in a row, so that two tokens of one row do not drive each other out.
        let [newest, second, third, _oldest] = *row;
        *row = [fingerprint, newest, second, third];
        false
    }
}

fn weight(token: &str, verified: &Verified) -> usize {
    OVERHEAD + token.len() + verified.weight()
}
