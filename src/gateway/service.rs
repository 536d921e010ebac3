//! Which service a request is for.
//!
//! A route names it. Where none are configured there is the convention: `/api/v2/users/7`,
//! `/api/users/7` and `/users/7` all belong to `users-service`.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use super::path::NormalPath;

/// The name of a service.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServiceName<'a>(Name<'a>);

#[derive(Clone, Debug, PartialEq, Eq)]
enum Name<'a> {
    /// As a route names it.
    Given(Arc<str>),
    /// By convention: what stands before the [`SUFFIX`].
    Stem(Cow<'a, str>),
}

/// What the convention puts behind the path's own segment.
const SUFFIX: &str = "-service";

impl<'a> ServiceName<'a> {
    /// By convention: an optional `api`, an optional version, then the service's own segment.
    pub fn of_path(path: &NormalPath<'a>) -> Option<Self> {
        let text = path.as_str();
        let mut segment = segment_at(text, 1);
        if text.get(segment.clone()) == Some("api") {
            segment = segment_at(text, segment.end + 1);
        }
        if text.get(segment.clone()).is_some_and(is_version) {
            segment = segment_at(text, segment.end + 1);
        }
        let name = text.get(segment.clone()).filter(|name| is_service_segment(name))?;
        debug_assert!(!name.is_empty());
        Some(Self(Name::Stem(path.slice(segment))))
    }

    /// The name in the two parts it is made of.
    pub fn parts(&self) -> [&str; 2] {
        match &self.0 {
            Name::Given(name) => [name, ""],
            Name::Stem(stem) => [stem, SUFFIX],
        }
    }

    /// As a route names it.
    pub(super) fn given(name: &Arc<str>) -> Self {
        Self(Name::Given(Arc::clone(name)))
    }

    /// The name by itself.
    pub fn shared(&self) -> Arc<str> {
        match &self.0 {
            Name::Given(name) => Arc::clone(name),
            Name::Stem(stem) => [stem, SUFFIX].concat().into(),
        }
    }
}

impl fmt::Display for ServiceName<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [stem, suffix] = self.parts();
        write!(f, "{stem}{suffix}")
    }
}

/// From `start` to the next slash or the end; empty beyond the end.
fn segment_at(path: &str, start: usize) -> std::ops::Range<usize> {
    let start = start.min(path.len());
    let rest = path.as_bytes().get(start..).unwrap_or_default();
    let length = rest.iter().position(|&byte| byte == b'/').unwrap_or(rest.len());
    start..start + length
}

fn is_version(segment: &str) -> bool {
    segment
        .strip_prefix('v')
        .is_some_and(|digits| !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
}

fn is_service_segment(segment: &str) -> bool {
    let allowed = |b: u8| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.' | b'~');
    !segment.is_empty() && segment.bytes().all(allowed)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_own_segment_names_the_service() {
        for (path, service) in [
            ("/api/users/123", Some("users-service")),
            ("/api/v2/users", Some("users-service")),
            ("/v2/users", Some("users-service")),
            ("/users", Some("users-service")),
            ("//users/", Some("users-service")),
            ("/api//v1//users", Some("users-service")),
            ("/users/api", Some("users-service")),
            ("/api/api/users", Some("api-service")),
            ("/v1/api", Some("api-service")),
            ("/v1/v2/users", Some("v2-service")),
            ("/API/users", Some("API-service")),
            ("/v/users", Some("v-service")),
            ("/V1/users", Some("V1-service")),
            ("/%75sers", Some("users-service")),
            ("/a.b_c~d-e", Some("a.b_c~d-e-service")),
            ("/", None),
            ("/api", None),
            ("/api/", None),
            ("/api/v1", None),
            ("/api/v1/", None),
            ("/v1", None),
            ("/api/us%20ers", None),
            ("/users;x", None),
            ("/a:b", None),
        ] {
            let normal = NormalPath::parse(path).expect(path);
            let found = ServiceName::of_path(&normal).map(|name| name.to_string());
            assert_eq!(found.as_deref(), service, "{path}");
        }
    }
}
