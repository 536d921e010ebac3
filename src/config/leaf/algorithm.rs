//! Names of signature algorithms.

use std::borrow::Cow;

use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::gateway::key::{Algorithm, algorithm_name, algorithm_named};

/// A signature algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AlgorithmName(pub Algorithm);

/// Every algorithm that a key can have.
const ALGORITHMS: [Algorithm; 12] = [
    Algorithm::HS256,
    Algorithm::HS384,
    Algorithm::HS512,
    Algorithm::RS256,
    Algorithm::RS384,
    Algorithm::RS512,
    Algorithm::PS256,
    Algorithm::PS384,
    Algorithm::PS512,
    Algorithm::ES256,
    Algorithm::ES384,
    Algorithm::EdDSA,
];

impl Serialize for AlgorithmName {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(algorithm_name(self.0))
    }
}

impl<'de> Deserialize<'de> for AlgorithmName {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let algorithm = algorithm_named(&text).filter(|known| ALGORITHMS.contains(known));
        let unknown = || serde::de::Error::custom("no algorithm of that name");
        algorithm.map(Self).ok_or_else(unknown)
    }
}

impl JsonSchema for AlgorithmName {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "algorithm".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut names: Vec<&str> = ALGORITHMS.map(algorithm_name).to_vec();
        // Another name of EdDSA (RFC 9864 §2.2).
        names.push("Ed25519");
        json_schema!({ "type": "string", "enum": names })
    }
}
