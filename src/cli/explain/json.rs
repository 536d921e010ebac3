//! An explanation for a program.

use anyhow::Result;
use portcullis::gateway::BoundValue;
use portcullis::gateway::explain::{Seen, Value as SeenValue};
use portcullis::gateway::nearest::{Change, Step};
use portcullis::node::{Answer, ExplainedCheck, Explanation};
use serde::ser::{Serialize, SerializeMap, Serializer};
use serde_json::{Value, json};

pub(super) fn shown(explanation: &Explanation) -> Result<String> {
    Ok(serde_json::to_string_pretty(&Whole(explanation))? + "\n")
}

struct Whole<'e>(&'e Explanation);
struct Checked<'e>(&'e ExplainedCheck);
struct Saw<'e>(&'e [Seen]);
struct Stepped<'e>(&'e Step);

impl Serialize for Whole<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Explanation { now, answer, checks, nearest } = self.0;
        let mut whole = serializer.serialize_map(None)?;
        whole.serialize_entry("now", &now.to_string())?;
        match answer {
            Answer::Passes { service, user } => {
                whole.serialize_entry("status", &200)?;
                whole.serialize_entry("service", service)?;
                whole.serialize_entry("user", user)?;
            }
            Answer::Refused { status, error, by } => {
                whole.serialize_entry("status", status)?;
                whole.serialize_entry("error", error)?;
                whole.serialize_entry("decided_by", by.name())?;
            }
        }
        let checks: Vec<_> = checks.iter().map(Checked).collect();
        whole.serialize_entry("checks", &checks)?;
        let ways: Vec<Vec<_>> =
            nearest.ways.iter().map(|way| way.steps.iter().map(Stepped).collect()).collect();
        whole.serialize_entry("turned_round_by", &ways)?;
        if let Some(hint) = &nearest.hint {
            whole.serialize_entry("hint", hint)?;
        }
        whole.end()
    }
}

impl Serialize for Checked<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let ExplainedCheck { step, saw } = self.0;
        let mut check = serializer.serialize_map(None)?;
        check.serialize_entry("check", step.check.name())?;
        check.serialize_entry("outcome", step.outcome.name())?;
        if let Some(detail) = &step.detail {
            check.serialize_entry("detail", detail)?;
        }
        if !saw.is_empty() {
            check.serialize_entry("saw", &Saw(saw))?;
        }
        check.end()
    }
}

impl Serialize for Saw<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.0.iter().map(|Seen { name, value }| {
            let value = match value {
                SeenValue::One(one) => json!(one),
                SeenValue::Many(many) => json!(many),
            };
            (name.replace(' ', "_"), value)
        }))
    }
}

impl Serialize for Stepped<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Step { kind, change, text, granted_by } = self.0;
        let mut step = serializer.serialize_map(None)?;
        step.serialize_entry("kind", kind.name())?;
        step.serialize_entry("text", text)?;
        for (name, value) in members(change) {
            step.serialize_entry(name, &value)?;
        }
        if !granted_by.is_empty() {
            step.serialize_entry("granted_by", granted_by)?;
        }
        step.end()
    }
}

/// What is different.
fn members(change: &Change) -> Vec<(&'static str, Value)> {
    match change {
        Change::At(instant) => vec![("now", json!(instant.to_string()))],
        Change::Hold(permissions) => vec![("permissions", json!(permissions))],
        Change::Role(role) => vec![("role", json!(role))],
        Change::Claim { name, value } => vec![("claim", json!(name)), ("value", bound(value))],
        Change::Context(acr) => vec![("acr", json!(acr))],
        Change::AuthenticationMethod(amr) => vec![("amr", json!(amr))],
        Change::Authenticate => vec![("authenticated", json!("now"))],
        Change::Issuer(issuer) => vec![("issuer", json!(issuer))],
        Change::Method(method) => vec![("method", json!(method))],
        Change::Path(path) => vec![("path", json!(path))],
        Change::OnlyHeader(place) => vec![("only_credential_header", json!(place))],
        Change::Bearer => vec![("scheme", json!("Bearer"))],
        Change::AskForNothing => vec![("required_permissions", json!([]))],
        Change::Lose(permission) => vec![("without_permission", json!(permission))],
        Change::LoseRole(role) => vec![("without_role", json!(role))],
    }
}

fn bound(value: &BoundValue) -> Value {
    match value {
        BoundValue::Text(text) => json!(text),
        BoundValue::Texts(texts) => json!(texts),
        BoundValue::Number(number) => json!(number),
        BoundValue::Boolean(truth) => json!(truth),
        BoundValue::Other => Value::Null,
    }
}
