//! Step-up (RFC 9470): how, and how long ago, did the caller authenticate?

use super::claims::RawClaims;
use super::json::Value;
use super::policy::Conditions;
use super::time::Timestamp;

/// The claims `acr`, `amr` and `auth_time`; one of the wrong type is as if it were not met.
#[derive(Debug, Default)]
pub(super) struct Authentication {
    context: Option<Box<str>>,
    methods: Box<[Box<str>]>,
    /// Seconds since 1970.
    time: Option<f64>,
}

impl Authentication {
    pub(super) fn of(claims: &RawClaims<'_, '_>) -> Self {
        let context = match claims.get("acr") {
            Some(Value::String(acr)) => Some(Box::from(&**acr)),
            _ => None,
        };
        let methods = match claims.get("amr") {
            Some(Value::Strings(list)) => list.iter().map(|text| Box::from(&**text)).collect(),
            _ => Box::default(),
        };
        let time = match claims.get("auth_time") {
            Some(Value::Number(seconds)) => Some(*seconds),
            _ => None,
        };
        Self { context, methods, time }
    }

    /// True where it is strong and fresh enough. A time that lies ahead, by more than clocks may
    /// differ, is not fresh.
    pub(super) fn meets(&self, conditions: &Conditions, now: Timestamp, leeway: f64) -> bool {
        let is_one_of = |wanted: &[String], given: &str| wanted.iter().any(|text| text == given);
        let context = conditions.acr.is_empty()
            || self.context.as_deref().is_some_and(|acr| is_one_of(&conditions.acr, acr));
        let method = conditions.amr.is_empty()
            || self.methods.iter().any(|method| is_one_of(&conditions.amr, method));
        let fresh = conditions.max_age.is_none_or(|longest| {
            self.time.is_some_and(|time| {
                let age = now.seconds() - time;
                -leeway <= age && age <= longest.as_secs_f64()
            })
        });
        context && method && fresh
    }
}

/// True where a route asks for step-up at all.
pub(super) fn is_asked_for(conditions: &Conditions) -> bool {
    !conditions.acr.is_empty() || !conditions.amr.is_empty() || conditions.max_age.is_some()
}

/// What is asked for, as a caller is told who could never meet it.
pub(super) fn requirements(conditions: &Conditions) -> impl Iterator<Item = String> {
    let any = |name: &str, values: &[String]| {
        let texts: Vec<String> = values.iter().map(|value| format!("{name}:{value}")).collect();
        (!texts.is_empty()).then(|| texts.join("|"))
    };
    let age = conditions.max_age.map(|longest| format!("max_age:{}", longest.as_secs()));
    [any("acr", &conditions.acr), any("amr", &conditions.amr), age].into_iter().flatten()
}
