//! Step-up (RFC 9470): how, and how long ago, did the caller authenticate?

use super::claims::RawClaims;
use super::json::Value;
use super::policy::Conditions;
use super::time::Timestamp;
use super::unmet::UnmetStepUp;

/// The claims `acr`, `amr` and `auth_time`; one of the wrong type is as if it were not met.
#[derive(Clone, Debug, Default)]
pub(super) struct Authentication {
    pub(super) context: Option<Box<str>>,
    pub(super) methods: Box<[Box<str>]>,
    /// Seconds since 1970.
    pub(super) time: Option<f64>,
}

impl Authentication {
    pub(super) fn of(claims: &RawClaims<'_, '_>) -> Self {
        let context = match &claims.acr {
            Some(Value::String(acr)) => Some(Box::from(&**acr)),
            _ => None,
        };
        let methods = match &claims.amr {
            Some(Value::Strings(list)) => list.iter().map(|text| Box::from(&**text)).collect(),
            _ => Box::default(),
        };
        let time = match &claims.auth_time {
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

impl Authentication {
    /// What of it is not strong or fresh enough.
    pub(super) fn unmet(
        &self,
        conditions: &Conditions,
        now: Timestamp,
        leeway: f64,
    ) -> Vec<UnmetStepUp> {
        let Conditions { acr, amr, max_age, .. } = conditions;
        let only = |acr: &[String], amr: &[String], max_age| Conditions {
            acr: acr.to_vec(),
            amr: amr.to_vec(),
            max_age,
            ..Conditions::default()
        };
        let fails = |only: &Conditions| !self.meets(only, now, leeway);
        let mut unmet = Vec::new();
        if fails(&only(acr, &[], None)) {
            let has = self.context.as_deref().map(str::to_owned);
            unmet.push(UnmetStepUp::Context { has, asked: acr.clone() });
        }
        if fails(&only(&[], amr, None)) {
            let has = self.methods.iter().map(|method| method.to_string()).collect();
            unmet.push(UnmetStepUp::Methods { has, asked: amr.clone() });
        }
        if let Some(longest) = *max_age
            && fails(&only(&[], &[], *max_age))
        {
            let at = self.time.and_then(Timestamp::from_seconds);
            unmet.push(UnmetStepUp::Age { at, longest });
        }
        unmet
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
