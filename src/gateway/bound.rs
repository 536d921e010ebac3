//! Claims that routes and identity headers look at, kept with the verified credential.

use serde_json::value::RawValue;

use super::claims::RawClaims;
use super::json::Value;

/// The values of the claims that the policy looks at, in the order of their names.
#[derive(Clone, Debug, Default)]
pub struct BoundClaims(Box<[(Box<str>, BoundValue)]>);

/// What such a claim is.
#[derive(Clone, Debug, PartialEq)]
pub enum BoundValue {
    /// A string.
    Text(Box<str>),
    /// The strings of a list.
    Texts(Box<[Box<str>]>),
    /// A number.
    Number(f64),
    /// A truth.
    Boolean(bool),
    /// Anything else, which meets no condition.
    Other,
}

impl BoundClaims {
    pub(super) fn of(claims: &RawClaims<'_, '_>, names: &[Box<str>]) -> Self {
        let value = |name: &str| Some((Box::from(name), BoundValue::of(claims.get(name)?)));
        Self(names.iter().filter_map(|name| value(name)).collect())
    }

    /// The same with another value for one claim.
    #[must_use]
    pub(super) fn with(&self, claim: &str, value: &BoundValue) -> Self {
        let others = self.0.iter().filter(|(name, _)| **name != *claim).cloned();
        Self(others.chain([(claim.into(), value.clone())]).collect())
    }

    /// Bytes of memory held, about.
    pub(super) fn weight(&self) -> usize {
        let text = |value: &BoundValue| match value {
            BoundValue::Text(text) => text.len(),
            BoundValue::Texts(list) => list.iter().map(|text| text.len() + 16).sum(),
            _ => 0,
        };
        self.0.iter().map(|(name, value)| name.len() + text(value) + 64).sum()
    }

    /// The value of a claim, where it is there.
    pub fn get(&self, claim: &str) -> Option<&BoundValue> {
        self.0.iter().find(|(name, _)| **name == *claim).map(|(_, value)| value)
    }
}

impl BoundValue {
    fn of(value: &Value<'_>) -> Self {
        match value {
            Value::String(text) => Self::Text(Box::from(&**text)),
            Value::Strings(list) => {
                Self::Texts(list.iter().map(|text| Box::from(&**text)).collect())
            }
            Value::Number(number) => Self::Number(*number),
            Value::Other("true") => Self::Boolean(true),
            Value::Other("false") => Self::Boolean(false),
            Value::Other(json) if json.starts_with('[') => Self::Texts(strings_of(json)),
            Value::Object(_) | Value::Other(_) => Self::Other,
        }
    }
}

/// The strings in a list that holds other things too.
fn strings_of(json: &str) -> Box<[Box<str>]> {
    let list: Vec<&RawValue> = serde_json::from_str(json).unwrap_or_default();
    let text = |element: &&RawValue| serde_json::from_str::<Box<str>>(element.get()).ok();
    list.iter().filter_map(text).collect()
}
