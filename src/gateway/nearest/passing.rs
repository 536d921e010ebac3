//! What would have a request refused that passes.

use super::super::path::NormalPath;
use super::super::policy::Conditions;
use super::super::time::Timestamp;
use super::super::unmet::{either, span};
use super::super::verified::Verified;
use super::supposed::{Change, Outcome, Supposing};
use super::{Kind, Step, Way};

/// The most permissions that are told.
const MOST: usize = 16;

/// Each change that, alone, would have it refused.
pub(super) fn ways(supposing: &mut Supposing<'_, '_>, outcome: &Outcome) -> Vec<Way> {
    let Some(caller) = outcome.caller.clone() else { return Vec::new() };
    let mut steps = Vec::new();
    outcome.asked.with(|request| {
        let Ok(path) = NormalPath::parse(request.target) else { return };
        let destination = supposing.rules.destination(&path, request.method);
        let conditions = destination.conditions();
        let own = request.required.iter().map(|permission| permission.to_string());
        steps.extend(ends(&caller, conditions, outcome));
        let rests = Resting { supposing, caller: &caller };
        steps.extend(rests.permissions(own.collect(), conditions));
        steps.extend(conditions.and_then(|conditions| rests.role(conditions)));
    });
    let refused =
        |step: &Step| supposing.decide(std::slice::from_ref(&step.change)).denial.is_some();
    steps.into_iter().filter(refused).map(|step| Way { steps: vec![step] }).collect()
}

/// When the time of the credential, or of how its holder authenticated, is over; what is over sooner
/// comes first.
fn ends(caller: &Verified, conditions: Option<&Conditions>, outcome: &Outcome) -> Vec<Step> {
    let now = outcome.now.wall.seconds();
    let expiry = caller.times.expiry.map(|expiry| ("expires", expiry + caller.times.leeway));
    let longest = conditions.and_then(|conditions| conditions.max_age);
    let age = longest.zip(caller.authentication.time).map(|(longest, time)| {
        // Fresh up to and with that instant.
        ("authenticated too long ago", (time + longest.as_secs_f64()).floor() + 1.0)
    });
    let mut ends: Vec<_> = expiry.into_iter().chain(age).filter(|(_, end)| *end > now).collect();
    ends.sort_by(|(_, one), (_, other)| one.total_cmp(other));
    let step = |(what, end): (&str, f64)| {
        let at = Timestamp::from_seconds(end)?;
        let text = format!("{what} in {}, at {at}", span(end - now));
        Some(Step::new(Kind::Time, Change::At(at), text))
    };
    ends.into_iter().filter_map(step).collect()
}

struct Resting<'a, 's, 'r> {
    supposing: &'a Supposing<'s, 'r>,
    caller: &'a Verified,
}

impl Resting<'_, '_, '_> {
    fn permissions(&self, own: Vec<String>, conditions: Option<&Conditions>) -> Vec<Step> {
        let identity = self.caller.identity();
        let mut needed = own;
        if let Some(Conditions { permissions, any_permissions, .. }) = conditions {
            needed.extend(permissions.iter().cloned());
            needed.extend(any_permissions.iter().filter(|any| identity.holds(any)).cloned());
        }
        let mut steps: Vec<Step> = Vec::new();
        for permission in needed {
            let granted_by = self.granted_by(&permission);
            let text = match granted_by.as_slice() {
                [] => format!("without permission {permission}"),
                roles => {
                    format!("without permission {permission}, which role {} grants", either(roles))
                }
            };
            let step = Step::new(Kind::Permission, Change::Lose(permission), text);
            if steps.len() < MOST && steps.iter().all(|other| other.change != step.change) {
                steps.push(Step { granted_by, ..step });
            }
        }
        steps
    }

    /// Which of the caller's roles grant a permission.
    fn granted_by(&self, permission: &str) -> Vec<String> {
        let trust = self.supposing.trust();
        let grants = |role: &&str| trust.grants(role).iter().any(|grant| grant.covers(permission));
        self.caller.identity().roles().filter(grants).map(str::to_owned).collect()
    }

    fn role(&self, conditions: &Conditions) -> Option<Step> {
        let mut had = conditions.roles.iter().filter(|role| self.caller.identity().has_role(role));
        let role = had.next()?;
        let text = format!("without role {role}");
        Some(Step::new(Kind::Role, Change::LoseRole(role.clone()), text))
    }
}
