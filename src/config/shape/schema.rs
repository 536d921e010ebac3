//! The JSON Schema of the tree, generated from its types.

use std::sync::LazyLock;

use serde_json::{Value, json};

use crate::config::tree::Tree;

static SCHEMA: LazyLock<Value> = LazyLock::new(|| {
    let mut schema = schemars::schema_for!(Tree).to_value();
    drop_null(&mut schema);
    if let Some(members) = schema.as_object_mut() {
        // An editor looks for this; a file may name its schema so.
        members.insert("$id".to_owned(), json!("portcullis.schema.json"));
    }
    schema
});

/// The schema of the whole tree.
pub(in crate::config) fn schema() -> &'static Value {
    &SCHEMA
}

/// What may be absent is absent: a `null` means nothing but that a lower layer's value goes.
fn drop_null(schema: &mut Value) {
    match schema {
        Value::Array(items) => items.iter_mut().for_each(drop_null),
        Value::Object(members) => {
            if let Some(Value::Array(types)) = members.get_mut("type") {
                types.retain(|kind| kind != "null");
                if let [only] = types.as_slice() {
                    let only = only.clone();
                    members.insert("type".to_owned(), only);
                }
            }
            if let Some(Value::Array(shapes)) = members.get_mut("anyOf") {
                shapes.retain(|shape| shape.get("type") != Some(&json!("null")));
                if let [Value::Object(only)] = shapes.as_mut_slice() {
                    let only = std::mem::take(only);
                    members.remove("anyOf");
                    for (name, value) in only {
                        members.entry(name).or_insert(value);
                    }
                }
            }
            if members.get("default") == Some(&Value::Null) {
                members.remove("default");
            }
            members.values_mut().for_each(drop_null);
        }
        _ => {}
    }
}
