//! A request on its way to a service: under which path, and with which headers.
//!
//! Nothing that the caller sent can be taken for something that we say: credentials stay behind, and
//! so does every header that some server might read as one of ours.

use std::borrow::Cow;

use super::bound::BoundValue;
use super::decision::{Allowed, Caller};
use super::path::NormalPath;
use super::policy::IdentityHeaders;
use super::request::{Header, Request};
use super::route::forwarded;
use super::rules::{Destination, Rules};
use super::trust::IssuerId;
use super::verified::Kind;

/// What a service is sent of a request.
#[derive(Clone, Debug, PartialEq)]
pub struct Forwarded<'a> {
    /// The path, rewritten where the route says so, with the query.
    pub target: String,
    /// The headers that may pass, then those that name the caller.
    pub headers: Vec<Header<'a>>,
}

/// Headers that never pass: credentials, and what makes some servers see another request.
const STAYS: [&str; 7] = [
    "authorization",
    "x-api-key",
    "x-http-method",
    "x-http-method-override",
    "x-method-override",
    "x-original-url",
    "x-rewrite-url",
];

impl Rules {
    /// What the service is sent of a request that may pass; none where it is not the request that
    /// was allowed.
    pub(super) fn forward<'a>(
        &self,
        request: &Request<'a>,
        allowed: &Allowed<'_>,
    ) -> Option<Forwarded<'a>> {
        let path = NormalPath::parse(request.target).ok()?;
        let (rewrite, values) = match self.destination(&path, request.method) {
            Destination::Route { route, values, .. } => (route.route.rewrite.as_ref(), values),
            Destination::ByConvention(_) | Destination::Nowhere => (None, Default::default()),
        };
        let names = &self.identity_headers;
        let passes = |(name, _): &&Header<'a>| !stays(name) && !names.has_alias(name);
        let mut headers: Vec<Header<'a>> = request.headers.iter().filter(passes).cloned().collect();
        if let Some(caller) = allowed.caller() {
            names.add(caller, &mut headers);
        }
        Some(Forwarded { target: forwarded(rewrite, &values, &path, request.target), headers })
    }
}

fn stays(name: &str) -> bool {
    STAYS.iter().any(|stays| name.eq_ignore_ascii_case(stays))
}

impl IdentityHeaders {
    fn names(&self) -> impl Iterator<Item = &String> {
        let own =
            [Some(&self.user), Some(&self.role), Some(&self.permissions), self.issuer.as_ref()];
        own.into_iter().flatten().chain(self.claims.keys())
    }

    /// True where some server could take the name for one of ours: case does not count, and `_`,
    /// `-` and `.` are alike.
    fn has_alias(&self, name: &str) -> bool {
        self.names().any(|ours| {
            ours.len() == name.len()
                && ours.bytes().zip(name.bytes()).all(|(a, b)| fold(a) == fold(b))
        })
    }

    fn add(&self, caller: &Caller, headers: &mut Vec<Header<'_>>) {
        let identity = caller.identity();
        let mut add = |name: &str, value: String| {
            headers.push((Cow::Owned(name.to_owned()), Cow::Owned(value)));
        };
        add(&self.user, encoded(identity.user()));
        if let Some(role) = identity.role() {
            add(&self.role, encoded(role));
        }
        // A star that stands for itself must not look like one that covers everything.
        let shown = |held: &str| match identity.is_pattern(held) {
            true => encoded(held.trim_end_matches('*')) + "*",
            false => encoded(held),
        };
        let permissions: Vec<String> = identity.permissions().map(shown).collect();
        if !permissions.is_empty() {
            add(&self.permissions, permissions.join(","));
        }
        let verified = caller.verified();
        if let (Some(name), Some(iss)) = (&self.issuer, verified.iss()) {
            add(name, encoded(iss));
        }
        let is_ours = verified.issuer() == IssuerId::JWT;
        if is_ours && !matches!(verified.kind(), Kind::ApiKey { .. }) {
            for (name, claim) in &self.claims {
                if let Some(value) = verified.bound().get(claim).and_then(BoundValue::as_header) {
                    add(name, value);
                }
            }
        }
    }
}

impl BoundValue {
    /// The value as a header has it; none where it says nothing.
    fn as_header(&self) -> Option<String> {
        match self {
            Self::Text(text) => Some(encoded(text)),
            Self::Texts(list) => {
                let parts: Vec<String> = list.iter().map(|text| encoded(text)).collect();
                Some(parts.join(","))
            }
            Self::Number(number) => Some(number.to_string()),
            Self::Boolean(truth) => Some(truth.to_string()),
            Self::Other => None,
        }
        .filter(|value| !value.is_empty())
    }
}

fn fold(byte: u8) -> u8 {
    match byte {
        b'_' | b'.' => b'-',
        _ => byte.to_ascii_lowercase(),
    }
}

/// `%`, `,`, `*` and everything outside U+0021 to U+007E percent-encoded, so that a value is one
/// word whatever it holds.
fn encoded(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        match byte {
            b'%' | b',' | b'*' => push_escaped(&mut out, byte),
            b'!'..=b'~' => out.push(char::from(byte)),
            _ => push_escaped(&mut out, byte),
        }
    }
    out
}

fn push_escaped(out: &mut String, byte: u8) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    let digit = |value: u8| DIGITS.get(usize::from(value & 15)).copied().unwrap_or('0');
    out.extend(['%', digit(byte >> 4), digit(byte)]);
}
