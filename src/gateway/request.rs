//! What a caller asks for, as a face hands it to the core.

use std::borrow::Cow;

use super::path::PathFault;

/// A header's name and one of its values. A header with a list of values stands once for each.
pub type Header<'a> = (Cow<'a, str>, Cow<'a, str>);

/// A request whose members have the right types; nothing in it has been judged.
#[derive(Clone, Debug, PartialEq)]
pub struct Request<'a> {
    /// The method, to the letter.
    pub method: &'a str,
    /// The path as it was sent, with its query.
    pub target: &'a str,
    /// Every header; names compare without regard to case.
    pub headers: &'a [Header<'a>],
    /// The permissions that the request itself asks to be checked, in order.
    pub required: &'a [Cow<'a, str>],
    /// The client's address, where the face knows it.
    pub client_ip: Option<&'a str>,
}

impl<'a> Request<'a> {
    /// Every value of a header.
    pub fn header(&self, name: &str) -> impl Iterator<Item = &'a str> {
        self.headers
            .iter()
            .filter(move |(given, _)| given.eq_ignore_ascii_case(name))
            .map(|(_, value)| value.as_ref())
    }
}

/// Why a request cannot be judged at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadRequest {
    /// A member is missing or of the wrong type.
    #[error("{member} {problem}")]
    Member {
        /// The member's name.
        member: Cow<'static, str>,
        /// What is wrong with it, as the end of a sentence.
        problem: Cow<'static, str>,
    },
    /// The path is ambiguous.
    #[error(transparent)]
    Path(#[from] PathFault),
    /// RFC 6750 §3.1: more than one way of naming the caller.
    #[error("more than one credential")]
    SeveralCredentials,
}
