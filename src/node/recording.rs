//! Decisions on their way into the record: each is written before its answer goes out.

use tracing::{error, warn};

use super::answer;
use super::conversation::Node;
use super::{Allowed, NodeError};
use crate::config::tree;
use crate::gateway::{BadRequest, Decision, Denial, Denied, Facts, Request, Unavailable};
use crate::record::{Event, OnFailure, RecordSettings, Recorder, Redaction, Start};

/// The record, where decisions are recorded.
#[derive(Default)]
pub(super) struct Recording {
    recorder: Option<Recorder>,
    failing: bool,
}

/// Whether what was decided is in the record, as far as it has to be.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Recorded {
    Yes,
    No,
}

impl Recording {
    /// Opens the record that a configuration names.
    pub(super) fn open(configuration: &crate::config::Configuration) -> Result<Self, NodeError> {
        let settings = &configuration.settings.record;
        let Some(file) = &settings.file else { return Ok(Self::default()) };
        let redacted = |what| settings.redact.contains(&what);
        let how = RecordSettings {
            redact: Redaction {
                user: redacted(tree::Redacted::User),
                client: redacted(tree::Redacted::Client),
            },
            on_failure: match settings.on_failure {
                tree::OnRecordFailure::Deny => OnFailure::Deny,
                tree::OnRecordFailure::Drop => OnFailure::Drop,
            },
        };
        let recorder = Recorder::open(file, how).map_err(NodeError::Record)?;
        Ok(Self { recorder: Some(recorder), failing: false })
    }

    /// True where decisions are recorded.
    pub(super) fn is_on(&self) -> bool {
        self.recorder.is_some()
    }

    /// How many decisions could not be written and were dropped.
    pub(super) fn dropped(&self) -> u64 {
        self.recorder.as_ref().map_or(0, Recorder::dropped)
    }

    fn flush(&mut self) -> Recorded {
        let Some(recorder) = &mut self.recorder else { return Recorded::Yes };
        let dropped = recorder.dropped();
        match recorder.flush() {
            Ok(()) if recorder.dropped() > dropped => {
                if !std::mem::replace(&mut self.failing, true) {
                    warn!("decisions cannot be recorded; they are dropped and counted");
                }
                Recorded::Yes
            }
            Ok(()) => {
                if std::mem::take(&mut self.failing) {
                    warn!("decisions are recorded again");
                }
                Recorded::Yes
            }
            Err(fault) => {
                if !std::mem::replace(&mut self.failing, true) {
                    let fault = with_causes(&fault);
                    error!("{fault}; requests are refused until they can be");
                }
                Recorded::No
            }
        }
    }
}

/// An error with everything behind it.
fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    text
}

impl Node {
    /// Notes in the record what is in force from here on.
    pub(super) fn record_start(&mut self, event: Event) {
        let Some(recorder) = &mut self.recording.recorder else { return };
        let configuration = &self.in_force.configuration;
        recorder.start(&Start {
            event,
            now: self.now,
            tree: &configuration.to_json(),
            policy: &configuration.policy,
            trust: self.gateway.trust(),
            keys_from: self.in_force.keys_from,
        });
    }

    /// Takes a decision into the record. What is sent on to a service is written at once, since it
    /// cannot be taken back.
    pub(super) fn record<'a>(
        &mut self,
        request: &Result<Request<'a>, BadRequest>,
        decision: Decision<'a>,
        facts: &Facts<'a>,
    ) -> Decision<'a> {
        let Some(recorder) = &mut self.recording.recorder else { return decision };
        recorder.decision(request.as_ref(), self.now, &decision, facts);
        if self.options.allowed == Allowed::Answered || self.recording.flush() == Recorded::Yes {
            return decision;
        }
        let (service, caller) = match decision {
            Decision::Allow(allowed) => {
                (Some(allowed.service().clone()), allowed.caller().cloned())
            }
            Decision::Deny(denied) => (denied.service, denied.caller),
        };
        let denial = Denial::Unavailable(Unavailable::Recording);
        Decision::Deny(Denied { denial, service, caller })
    }

    /// Writes what was decided, before the answers go out. Answers to what could not be recorded are
    /// replaced.
    pub(super) fn flush_record(&mut self, answers: &mut Vec<u8>) {
        if self.recording.flush() == Recorded::No {
            let denial = Denial::Unavailable(Unavailable::Recording);
            answer::refuse_all(answers, &denial);
        }
    }
}
