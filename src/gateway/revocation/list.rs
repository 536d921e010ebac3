//! All that is revoked, looked up in time that does not grow with it.

use std::collections::HashMap;

use foldhash::fast::RandomState;
use smallvec::SmallVec;

use super::super::time::Timestamp;
use super::{Revocation, RevocationTarget};

/// Everything that is revoked, wherever it is said.
#[derive(Clone, Debug, Default)]
pub struct RevocationList {
    /// What the tree, earlier trees and messages have said: it stays.
    kept: Entries,
    /// What the file says now.
    file: Entries,
    version: u64,
    /// What the clock showed last.
    shown: Option<Timestamp>,
}

/// What is known of a token besides its being good.
#[derive(Clone, Copy, Debug, Default)]
pub struct TokenFacts<'a> {
    /// The claim `jti`.
    pub jti: Option<&'a str>,
    /// The user that it names.
    pub user: &'a str,
    /// The claim `iat`, where it is a number.
    pub issued: Option<Timestamp>,
    /// The name of the key that verified it.
    pub kid: Option<&'a str>,
}

/// What a credential is revoked by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RevokedBy {
    /// Its `jti`.
    Jti,
    /// Its user.
    User,
    /// The key that verified it.
    Kid,
    /// Its API key's `id`.
    ApiKey,
}

#[derive(Clone, Debug, Default, PartialEq)]
struct Entries {
    jtis: Names,
    kids: Names,
    api_keys: Names,
    users: HashMap<Box<str>, SmallVec<[Cutoff; 1]>, RandomState>,
}

/// Names, each until an instant.
type Names = HashMap<Box<str>, Until, RandomState>;

/// The last instant at which something is known; infinite where it stays (seconds since 1970).
#[derive(Clone, Copy, Debug, PartialEq, PartialOrd)]
struct Until(f64);

/// A user's tokens from before an instant, as long as that is known.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cutoff {
    before: Timestamp,
    until: Until,
}

impl RevocationList {
    /// Grows with every change, and where the clock was put back.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// Looks at the clock. Where it was put back, what was clear may be so no more: a token can have
    /// been issued in the future again.
    pub fn look_at(&mut self, now: Timestamp) {
        self.version += u64::from(self.shown.is_some_and(|shown| now < shown));
        self.shown = Some(now);
    }

    /// True where nothing is revoked.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many things are revoked; what is known twice may count twice.
    pub fn len(&self) -> usize {
        self.kept.len() + self.file.len()
    }

    /// Adds what stays revoked: from the tree, or from a message. Says whether that changed anything.
    pub fn add(&mut self, revocations: impl IntoIterator<Item = Revocation>) -> bool {
        let mut changed = false;
        for revocation in revocations {
            changed |= self.kept.add(revocation);
        }
        self.version += u64::from(changed);
        changed
    }

    /// Puts what the file says now in place of what it said. Says whether that changed anything.
    pub fn replace_file(&mut self, revocations: impl IntoIterator<Item = Revocation>) -> bool {
        let mut file = Entries::default();
        for revocation in revocations {
            file.add(revocation);
        }
        let changed = file != self.file;
        if changed {
            self.file = file;
        }
        self.version += u64::from(changed);
        changed
    }

    /// Forgets what need not be known any more. Look-ups do not wait for it. Says whether that changed
    /// anything.
    pub fn drop_expired(&mut self, now: Timestamp) -> bool {
        let before = self.len();
        self.kept.drop_expired(now);
        self.file.drop_expired(now);
        let changed = self.len() != before;
        self.version += u64::from(changed);
        changed
    }

    /// Whether a token is revoked, and by what. Once it is not, it is not at any later instant either
    /// while the version stays the same.
    pub fn token(&self, token: &TokenFacts<'_>, now: Timestamp) -> Option<RevokedBy> {
        let any = |known: fn(&Entries) -> &Names, name: Option<&str>| {
            name.is_some_and(|name| self.both().any(|list| holds(known(list), name, now)))
        };
        if any(|list| &list.jtis, token.jti) {
            return Some(RevokedBy::Jti);
        }
        let bad = |cutoff: &Cutoff| {
            token.issued.is_none_or(|issued| issued < cutoff.before || issued > now)
        };
        if self.cutoffs(token.user, now).any(bad) {
            return Some(RevokedBy::User);
        }
        any(|list| &list.kids, token.kid).then_some(RevokedBy::Kid)
    }

    /// Whether an API key of a user is revoked, and by what: it has no instant of issue, so that any
    /// revocation of its user counts.
    pub fn api_key(&self, id: &str, user: &str, now: Timestamp) -> Option<RevokedBy> {
        if self.both().any(|list| holds(&list.api_keys, id, now)) {
            return Some(RevokedBy::ApiKey);
        }
        self.cutoffs(user, now).next().map(|_| RevokedBy::User)
    }

    fn both(&self) -> impl Iterator<Item = &Entries> {
        [&self.kept, &self.file].into_iter()
    }

    fn cutoffs(&self, user: &str, now: Timestamp) -> impl Iterator<Item = &Cutoff> {
        let known = self.both().filter_map(move |list| list.users.get(user));
        known.flatten().filter(move |cutoff| cutoff.until.holds(now))
    }
}

fn holds(names: &Names, name: &str, now: Timestamp) -> bool {
    names.get(name).is_some_and(|until| until.holds(now))
}

impl Until {
    fn holds(self, now: Timestamp) -> bool {
        now.seconds() <= self.0
    }
}

impl Entries {
    fn len(&self) -> usize {
        let users = self.users.values().map(|cutoffs| cutoffs.len()).sum::<usize>();
        self.jtis.len() + self.kids.len() + self.api_keys.len() + users
    }

    /// False where all of it was known already.
    fn add(&mut self, revocation: Revocation) -> bool {
        let until = Until(revocation.expires.map_or(f64::INFINITY, Timestamp::seconds));
        let (names, name) = match revocation.target {
            RevocationTarget::Jti(jti) => (&mut self.jtis, jti),
            RevocationTarget::Kid(kid) => (&mut self.kids, kid),
            RevocationTarget::ApiKey(id) => (&mut self.api_keys, id),
            RevocationTarget::User { user, before } => {
                let cutoffs = self.users.entry(user.into()).or_default();
                return add_cutoff(cutoffs, Cutoff { before, until });
            }
        };
        match names.get_mut(name.as_str()) {
            Some(known) if *known >= until => false,
            Some(known) => {
                *known = until;
                true
            }
            None => names.insert(name.into(), until).is_none(),
        }
    }

    fn drop_expired(&mut self, now: Timestamp) {
        for names in [&mut self.jtis, &mut self.kids, &mut self.api_keys] {
            names.retain(|_, until| until.holds(now));
        }
        self.users.retain(|_, cutoffs| {
            cutoffs.retain(|cutoff| cutoff.until.holds(now));
            !cutoffs.is_empty()
        });
    }
}

/// Keeps of a user's cutoffs those that say more than every other one, the latest first. False where
/// the new one does not.
fn add_cutoff(cutoffs: &mut SmallVec<[Cutoff; 1]>, new: Cutoff) -> bool {
    let says_less =
        |one: &Cutoff, than: &Cutoff| one.before <= than.before && one.until <= than.until;
    if cutoffs.iter().any(|known| says_less(&new, known)) {
        return false;
    }
    cutoffs.retain(|known| !says_less(known, &new));
    let place = cutoffs.iter().position(|known| known.before < new.before);
    cutoffs.insert(place.unwrap_or(cutoffs.len()), new);
    true
}
