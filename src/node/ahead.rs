//! Signatures checked ahead of their turn, on several threads.
//!
//! Only work moves, never a decision: outcomes go into the core's memory of tokens, and each
//! request is then decided in its turn as if its token had been seen before. So any number of
//! threads gives the same answers.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::gateway::Gateway;
use crate::gateway::credential::Credential;
use crate::gateway::key::KeySet;
use crate::gateway::token::{self, SignedToken, Workspace};
use crate::gateway::{Header, Request};
use crate::protocol::Framer;

/// Fewer tokens than this are not worth waking a thread for.
const WORTH_A_THREAD: usize = 4;

/// Checks the tokens that wait in the input and have not been seen before.
pub(super) fn verify(gateway: &mut Gateway, framer: &Framer, jobs: NonZeroUsize) {
    let mut seen = HashSet::new();
    let requests: Vec<_> = framer.requests_ahead().collect();
    let tokens: Vec<&str> = requests
        .iter()
        .filter_map(|request| bearer(&request.headers))
        .filter(|token| gateway.is_worth_checking_ahead(token) && seen.insert(*token))
        .collect();
    if tokens.len() < WORTH_A_THREAD {
        return;
    }
    let keys = gateway.keys().clone();
    for (token, signed) in on_all_threads(&tokens, &keys, jobs) {
        gateway.remember(token, signed);
    }
}

fn bearer<'r>(headers: &'r [Header<'_>]) -> Option<&'r str> {
    let request = Request { method: "", target: "", headers, required: &[], client_ip: None };
    Credential::of_request(&request).ok().map(|Credential::Bearer(token)| token)
}

/// The tokens whose signature is good; the others are left to their turn.
fn on_all_threads<'t>(
    tokens: &[&'t str],
    keys: &KeySet,
    jobs: NonZeroUsize,
) -> Vec<(&'t str, SignedToken)> {
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        let mut workspace = Workspace::default();
        while let Some(token) = tokens.get(next.fetch_add(1, Ordering::Relaxed)) {
            if let Ok(signed) = token::verify(token, keys, &mut workspace) {
                done.push((*token, signed));
            }
        }
        done
    };
    thread::scope(|scope| {
        let helpers: Vec<_> = (1..jobs.get().min(tokens.len()))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        let mut done = work();
        for helper in helpers {
            done.extend(helper.join().unwrap_or_default());
        }
        done
    })
}
