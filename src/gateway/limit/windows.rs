//! The windows of one scope, in the order of their latest admissions.

use std::collections::HashMap;

use super::super::time::Steady;
use super::caller::{CallerKey, Prehashed};
use super::window::{Reach, Window};

/// Windows by caller, and from the one that will be idle first to the one that will be last. A list
/// over places, so that an admission costs one look-up, whoever it is.
#[derive(Debug, Default)]
pub(super) struct Windows {
    pub(super) reach: Reach,
    /// True where the pool has this scope in its queue.
    pub(super) queued: bool,
    places: HashMap<CallerKey, Place, Prehashed>,
    entries: Vec<Entry>,
    free: Vec<Place>,
    oldest: Option<Place>,
    newest: Option<Place>,
}

pub(super) type Place = u32;

#[derive(Debug)]
pub(super) struct Entry {
    key: CallerKey,
    pub(super) window: Window,
    pub(super) standing: Standing,
    older: Option<Place>,
    newer: Option<Place>,
}

/// Whether a caller is counted for itself alone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    Resident,
    /// Counted together with the other guests as well.
    Guest,
}

impl Windows {
    pub(super) fn place(&self, caller: &CallerKey) -> Option<Place> {
        let place = caller.found_at();
        let is_there =
            |entry: &Entry| entry.key.is_copy_of(caller) && entry.window.latest().is_some();
        if self.entries.get(place as usize).is_some_and(is_there) {
            return Some(place);
        }
        self.places.get(caller).copied().inspect(|place| caller.note(*place))
    }

    pub(super) fn entry(&self, place: Place) -> &Entry {
        &self.entries[place as usize]
    }

    pub(super) fn entry_mut(&mut self, place: Place) -> &mut Entry {
        &mut self.entries[place as usize]
    }

    /// Counts an admission and puts the window last.
    pub(super) fn charge(&mut self, place: Place, now: Steady) {
        let reach = self.reach;
        self.entry_mut(place).window.charge(reach, now);
        if self.newest != Some(place) {
            self.unlink(place);
            self.link_newest(place);
        }
    }

    /// A new window with its first admission.
    pub(super) fn insert(&mut self, caller: &CallerKey, standing: Standing, now: Steady) {
        let mut window = Window::default();
        window.charge(self.reach, now);
        let entry = Entry { key: caller.clone(), window, standing, older: None, newer: None };
        let place = match self.free.pop() {
            Some(place) => {
                *self.entry_mut(place) = entry;
                place
            }
            None => {
                // Not twice as much: half of that would never be used, and all of it is moved.
                if self.entries.len() == self.entries.capacity() {
                    self.entries.reserve_exact(64 + self.entries.len() / 8);
                }
                self.entries.push(entry);
                (self.entries.len() - 1) as Place
            }
        };
        self.places.insert(caller.clone(), place);
        self.link_newest(place);
    }

    /// When the first of the windows is idle.
    pub(super) fn first_idle(&self) -> Option<Steady> {
        let latest = self.entry(self.oldest?).window.latest()?;
        Some(self.reach.end_of(latest))
    }

    /// Forgets the window that is idle first.
    pub(super) fn remove_first(&mut self) -> Option<Standing> {
        let place = self.oldest?;
        self.unlink(place);
        let entry = self.entry_mut(place);
        entry.window = Window::default();
        let (key, standing) = (entry.key.clone(), entry.standing);
        self.places.remove(&key);
        self.free.push(place);
        if self.places.is_empty() {
            // What a flood has left behind.
            *self = Self { reach: self.reach, queued: self.queued, ..Self::default() };
        }
        Some(standing)
    }

    fn unlink(&mut self, place: Place) {
        let Entry { older, newer, .. } = *self.entry(place);
        match older {
            Some(older) => self.entry_mut(older).newer = newer,
            None => self.oldest = newer,
        }
        match newer {
            Some(newer) => self.entry_mut(newer).older = older,
            None => self.newest = older,
        }
    }

    fn link_newest(&mut self, place: Place) {
        let older = self.newest.replace(place);
        let entry = self.entry_mut(place);
        (entry.older, entry.newer) = (older, None);
        match older {
            Some(older) => self.entry_mut(older).newer = Some(place),
            None => self.oldest = Some(place),
        }
    }

    /// Bytes of memory held, about.
    pub(super) fn weight(&self) -> usize {
        // A table keeps one place in eight free and a byte for each.
        let row = size_of::<CallerKey>() + size_of::<Place>() + 5;
        let each = |entry: &Entry| entry.window.weight() + entry.key.weight();
        self.places.capacity() * row * 8 / 7
            + self.entries.capacity() * size_of::<Entry>()
            + self.free.capacity() * size_of::<Place>()
            + self.entries.iter().map(each).sum::<usize>()
    }
}
