//! One request explained in full, without its leaving a trace: no window is charged.

use super::conversation::{Node, asked_by};
use crate::gateway::ask::{Ask, SharedRoom, Told};
use crate::gateway::explain::{Case, Seen, Step};
use crate::gateway::nearest::Nearest;
use crate::gateway::{Check, Decision, Facts, Timestamp};
use crate::protocol::{ApiRequest, WrongMember};

/// A decision, told in full.
#[derive(Clone, Debug)]
pub struct Explanation {
    /// When it was made.
    pub now: Timestamp,
    /// The answer.
    pub answer: Answer,
    /// Every check in order.
    pub checks: Vec<ExplainedCheck>,
    /// What would turn it round.
    pub nearest: Nearest,
}

/// What was answered.
#[derive(Clone, Debug)]
pub enum Answer {
    /// The request may pass.
    Passes {
        /// To where.
        service: String,
        /// Who calls; none where nobody was asked.
        user: Option<String>,
    },
    /// It ends here.
    Refused {
        /// The status.
        status: u16,
        /// What the caller is told.
        error: String,
        /// The check that decided.
        by: Check,
    },
}

/// One check.
#[derive(Clone, Debug)]
pub struct ExplainedCheck {
    /// How it came out.
    pub step: Step,
    /// What it looked at.
    pub saw: Vec<Seen>,
}

impl Node {
    /// Decides a request with limits and circuits taken as fresh, and tells everything about it. The
    /// store of limits is not asked.
    pub fn explain(&mut self, request: &Result<ApiRequest<'_>, WrongMember>) -> Explanation {
        let asked = asked_by(request);
        let mut told = Told::default();
        let mut facts = Facts::default();
        let find_out = |node: &mut Self, ask: &Ask, told: &mut Told| match ask {
            Ask::Room(_) => told.room = Some(SharedRoom::Taken),
            ask => node.find_out(ask, told),
        };
        let decision = self.decide_with(&asked, &mut told, &mut facts, find_out);
        let now = self.now;
        let case = Case { request: &asked, decision: &decision, facts: &facts, now };
        let gateway = &self.gateway;
        let explained = |step: Step| ExplainedCheck { saw: gateway.saw(case, step.check), step };
        let checks = gateway.explain(case).into_iter().map(explained).collect();
        let answer = match &decision {
            Decision::Allow(allowed) => Answer::Passes {
                service: allowed.service().to_string(),
                user: allowed.caller().map(|caller| caller.identity().user().to_owned()),
            },
            Decision::Deny(denied) => Answer::Refused {
                status: denied.denial.status(),
                error: denied.denial.to_string(),
                by: denied.denial.check(),
            },
        };
        let nearest = match &asked {
            Ok(request) => self.gateway.nearest(request, now, &told),
            Err(fault) => Nearest {
                ways: Vec::new(),
                hint: Some(format!("the request itself must be another: {fault}")),
            },
        };
        Explanation { now: now.wall, answer, checks, nearest }
    }
}
