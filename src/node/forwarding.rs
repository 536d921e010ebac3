//! Requests that are with a service, until it answers or its time is over.
//!
//! One loop does it all: nothing waits here, and whatever is due is found by its deadline. Each
//! request gets one answer, whoever gives it.

use std::cmp::Reverse;
use std::collections::{BinaryHeap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::gateway::Steady;
use crate::gateway::breaker::Pass;

/// No more requests than this are with services at once: what never answers costs bounded memory.
const MOST: usize = 100_000;

/// What is with services.
#[derive(Default)]
pub(super) struct Forwarding {
    /// The number of the message that was sent last.
    last: u64,
    under_way: HashMap<u64, UnderWay>,
    deadlines: BinaryHeap<Reverse<(Steady, u64)>>,
    /// Messages sent to services.
    pub(super) sent: u64,
    /// Answers that nobody had asked for.
    pub(super) dropped: u64,
}

/// A request that is with a service.
pub(super) struct UnderWay {
    pub(super) service: Arc<str>,
    pub(super) pass: Pass,
    /// Sender and receiver of the answer.
    pub(super) from_to: (Box<str>, Box<str>),
    /// What `in_reply_to` repeats, as JSON.
    pub(super) msg_id: Option<Box<str>>,
    /// The caller, as the answer shows it.
    pub(super) user_context: Box<[u8]>,
    /// The explanation, where one is asked for.
    pub(super) explanation: Option<Box<[u8]>>,
}

impl Forwarding {
    /// True where one more request may be sent.
    pub(super) fn has_room(&self) -> bool {
        self.under_way.len() < MOST
    }

    /// Takes note of a request that is being sent, and numbers it.
    pub(super) fn send(&mut self, request: UnderWay, now: Steady, timeout: Duration) -> u64 {
        self.last += 1;
        self.sent += 1;
        self.under_way.insert(self.last, request);
        self.deadlines.push(Reverse((now.plus(timeout), self.last)));
        self.last
    }

    /// The request that an answer is for, if the answer comes from where the request went.
    pub(super) fn answered(&mut self, number: u64, by: &str) -> Option<UnderWay> {
        let is_expected =
            self.under_way.get(&number).is_some_and(|request| *request.service == *by);
        if !is_expected {
            self.dropped += 1;
            return None;
        }
        self.under_way.remove(&number)
    }

    /// The next request whose time is over, in order of deadline, then of arrival, and when it was.
    pub(super) fn overdue(&mut self, now: Steady) -> Option<(Steady, UnderWay)> {
        while let Some(Reverse((deadline, number))) = self.deadlines.peek().copied() {
            if deadline > now {
                return None;
            }
            self.deadlines.pop();
            if let Some(request) = self.under_way.remove(&number) {
                return Some((deadline, request));
            }
        }
        None
    }

    /// When the next request's time is over.
    pub(super) fn next_deadline(&mut self) -> Option<Steady> {
        while let Some(Reverse((deadline, number))) = self.deadlines.peek().copied() {
            if self.under_way.contains_key(&number) {
                return Some(deadline);
            }
            self.deadlines.pop();
        }
        None
    }

    /// How many requests are with services.
    pub(super) fn under_way(&self) -> usize {
        self.under_way.len()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn request(service: &str) -> UnderWay {
        UnderWay {
            service: service.into(),
            pass: Pass::default(),
            from_to: ("g".into(), "c".into()),
            msg_id: None,
            user_context: Box::default(),
            explanation: None,
        }
    }

    fn at(seconds: f64) -> Steady {
        Steady::from_seconds(seconds)
    }

    #[test]
    fn deadlines_come_in_order_of_time_then_of_arrival() {
        let mut forwarding = Forwarding::default();
        for (service, seconds) in [("a", 3), ("b", 1), ("c", 3), ("d", 2)] {
            forwarding.send(request(service), at(0.0), Duration::from_secs(seconds));
        }
        assert!(forwarding.answered(4, "d").is_some());
        assert_eq!(forwarding.next_deadline(), Some(at(1.0)));
        let mut fired = Vec::new();
        while let Some((deadline, request)) = forwarding.overdue(at(3.0)) {
            fired.push((deadline, request.service.to_string()));
        }
        let expected = [(1.0, "b"), (3.0, "a"), (3.0, "c")];
        assert_eq!(fired, expected.map(|(time, name)| (at(time), name.to_owned())));
        assert_eq!((forwarding.next_deadline(), forwarding.under_way()), (None, 0));
    }

    #[test]
    fn an_answer_counts_once_and_from_its_service_alone() {
        let mut forwarding = Forwarding::default();
        let number = forwarding.send(request("a"), at(0.0), Duration::from_secs(1));
        assert!(forwarding.answered(number, "b").is_none());
        assert!(forwarding.answered(number + 1, "a").is_none());
        assert!(forwarding.answered(number, "a").is_some());
        assert!(forwarding.answered(number, "a").is_none());
        assert_eq!(forwarding.dropped, 3);
        assert!(forwarding.overdue(at(9.0)).is_none());
    }
}
