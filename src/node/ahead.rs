//! Signatures checked ahead of their turn, on several threads.
//!
//! Only work moves, never a decision: the core takes the outcomes, and each request is then decided
//! in its turn. So any number of threads gives the same answers.

use std::collections::HashSet;
use std::num::NonZeroUsize;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use foldhash::fast::RandomState;

use crate::gateway::Gateway;
use crate::gateway::credential::{Accepts, Credential};
use crate::gateway::token::{self, SignedToken, TokenFault, Workspace};
use crate::gateway::trust::Trust;
use crate::gateway::{Header, Request};
use crate::protocol::Framer;

/// Fewer tokens than this are not worth waking a thread for.
const WORTH_A_THREAD: usize = 4;

/// Checks the tokens that wait in the input and have not been seen before.
pub(super) fn verify(gateway: &mut Gateway, framer: &Framer, jobs: NonZeroUsize) {
    let mut seen: HashSet<&str, RandomState> = HashSet::default();
    let requests: Vec<_> = framer.requests_ahead().collect();
    let tokens: Vec<&str> = requests
        .iter()
        .filter_map(|request| bearer(&request.headers))
        .filter(|token| gateway.is_worth_checking_ahead(token) && seen.insert(*token))
        .collect();
    if tokens.len() < WORTH_A_THREAD {
        return;
    }
    let outcomes = on_all_threads(&tokens, gateway.trust(), jobs);
    let outcomes = tokens.iter().zip(outcomes).filter_map(|(token, outcome)| {
        // One is missing only where a thread died; its token is then verified in its turn.
        Some((Box::from(*token), outcome.into_inner()?))
    });
    gateway.take_ahead(outcomes.collect::<Vec<_>>());
}

fn bearer<'r>(headers: &'r [Header<'_>]) -> Option<&'r str> {
    let request = Request { method: "", target: "", headers, required: &[], client_ip: None };
    match Credential::of_request(&request, Accepts::Tokens) {
        Ok(Credential::Bearer(token)) => Some(token),
        _ => None,
    }
}

type Outcome = Result<SignedToken, TokenFault>;

/// The outcome of each token.
fn on_all_threads(tokens: &[&str], trust: &Trust, jobs: NonZeroUsize) -> Vec<OnceLock<Outcome>> {
    let outcomes: Vec<OnceLock<Outcome>> = tokens.iter().map(|_| OnceLock::new()).collect();
    let next = AtomicUsize::new(0);
    let work = || {
        let mut workspace = Workspace::default();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let (Some(token), Some(outcome)) = (tokens.get(index), outcomes.get(index)) else {
                break;
            };
            outcome.get_or_init(|| token::verify(token, trust, &mut workspace));
        }
    };
    thread::scope(|scope| {
        // Where no thread can be had, there is one fewer to work.
        let helpers: Vec<_> = (1..jobs.get().min(tokens.len()))
            .map_while(|_| thread::Builder::new().spawn_scoped(scope, work).ok())
            .collect();
        work();
        helpers.into_iter().for_each(|helper| drop(helper.join()));
    });
    outcomes
}
