//! What the operator may say: whoever sent the init, and nobody else.

use super::answer;
use super::conversation::{ErrorCode, Node, route_back};
use super::revoking::Durable;
use super::{Clock, metrics};
use crate::gateway::Timestamp;
use crate::gateway::revocation::{Revocation, RevocationTarget};
use crate::protocol::operator::{Operator, OperatorKind, Revoke, Time};
use crate::protocol::{Address, Malformed, WrongMember};

impl Node {
    /// Takes a message of the operator.
    pub(super) fn operator(
        &mut self,
        line: u64,
        address: &Address<'_>,
        (kind, message): (OperatorKind, &Result<Operator<'_>, Malformed>),
        out: &mut Vec<u8>,
    ) {
        if kind == OperatorKind::Tick && self.options.clock == Clock::System {
            return self.unsupported(line, address, kind.name(), out);
        }
        // Decided before anything else, so that a stranger learns nothing about what it sent.
        if self.appointed_by.is_none() || self.appointed_by.as_deref() != address.src.as_deref() {
            let text = format!("Not permitted: {} is for whoever sent the init", kind.name());
            return self.error(line, address, ErrorCode::NotPermitted, &text, out);
        }
        let done = match message {
            Err(why) => Err(*why),
            Ok(Operator::Revoke(revoke)) => self.revoke(address, revoke, out),
            Ok(Operator::Tick(time)) => self.tick(address, time, out),
            Ok(Operator::Health) => {
                self.health(address, out);
                Ok(())
            }
            Ok(Operator::Metrics) => {
                let text = metrics::text(self);
                let from_to = route_back(self.name.as_deref(), address);
                answer::with(from_to, address, "metrics_ok", out, |body| {
                    body.text("metrics", &text);
                });
                Ok(())
            }
        };
        if let Err(why) = done {
            self.malformed(line, address, why, out);
        }
    }

    fn revoke(
        &mut self,
        address: &Address<'_>,
        revoke: &Revoke<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let target = match revoke {
            Revoke::Jti(jti) => RevocationTarget::Jti(jti.to_string()),
            Revoke::Kid(kid) => RevocationTarget::Kid(kid.to_string()),
            Revoke::ApiKey(id) => RevocationTarget::ApiKey(id.to_string()),
            Revoke::User(user, None) => RevocationTarget::user_until_now(user, self.now.wall),
            Revoke::User(user, Some(before)) => RevocationTarget::User {
                user: user.to_string(),
                before: instant("before", before)?,
            },
        };
        let revocation = Revocation { target, expires: None };
        let durable = self.revocation_file.append(&revocation);
        self.gateway.revocations().add([revocation]);
        let from_to = route_back(self.name.as_deref(), address);
        answer::with(from_to, address, "revoke_ok", out, |body| {
            body.boolean("durable", durable == Durable::Yes);
        });
        Ok(())
    }

    /// A stopped clock goes on. What was due in between happens before the answer.
    fn tick(
        &mut self,
        address: &Address<'_>,
        time: &Time<'_>,
        out: &mut Vec<u8>,
    ) -> Result<(), Malformed> {
        let now = instant("now", time)?;
        if now < self.now.wall {
            let problem = "lies before what the clock shows";
            return Err(WrongMember { member: "now", problem }.into());
        }
        self.options.clock = Clock::Frozen(now);
        self.now = self.options.clock.now();
        self.revocation_file.read(self.now, self.gateway.revocations());
        self.fire_deadlines(out);
        answer::plain(route_back(self.name.as_deref(), address), address, "tick_ok", out);
        Ok(())
    }

    fn health(&self, address: &Address<'_>, out: &mut Vec<u8>) {
        let hash = self.in_force.hash(&self.gateway);
        let keys = self.gateway.trust().key_sets().flat_map(|keys| keys.keys());
        let names = keys.filter_map(|key| key.name());
        let sets = self.outside.key_set_status();
        let uptime = self.now.steady.seconds_since(self.started.steady);
        answer::with(
            route_back(self.name.as_deref(), address),
            address,
            "health_ok",
            out,
            |body| {
                body.text("version", env!("CARGO_PKG_VERSION"));
                body.text("configuration", &hash);
                body.texts("keys", names);
                body.objects("key_sets", &sets, |set, out| {
                    out.text("url", &set.url.to_string());
                    match set.age {
                        Some(age) => out.number("age", age.as_secs()),
                        None => out.raw("age", b"null"),
                    }
                });
                body.number("uptime", uptime);
            },
        );
    }
}

fn instant(member: &'static str, time: &Time<'_>) -> Result<Timestamp, Malformed> {
    let read = match time {
        Time::Text(text) => Timestamp::parse(text).ok(),
        Time::Number(digits) => digits.parse().ok().and_then(Timestamp::from_seconds),
    };
    let problem = "must be RFC 3339 or seconds since 1970";
    read.ok_or(Malformed::Member(WrongMember { member, problem }))
}
