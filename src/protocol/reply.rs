//! Answers of services, to what was forwarded to them.

use std::borrow::Cow;

use super::members::{Members, Raw};

/// A message that is itself an answer. Nobody has to read it.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Answer<'a>(pub(super) &'a str);

/// What can be read out of an answer.
#[derive(Clone, Debug, PartialEq)]
pub struct Reply<'a> {
    /// Who answers.
    pub src: Cow<'a, str>,
    /// The number of the message that is answered.
    pub in_reply_to: u64,
    /// What the service says.
    pub content: ReplyContent<'a>,
}

/// What a service says.
#[derive(Clone, Debug, PartialEq)]
pub enum ReplyContent<'a> {
    /// An `api_response` that can be handed on.
    Response {
        /// From 100 to 599.
        status: u16,
        /// The JSON of its body.
        body: Option<&'a str>,
    },
    /// Anything else.
    Unusable,
}

impl<'a> Answer<'a> {
    /// Reads it; none where it does not say who answers what.
    pub fn read(self) -> Option<Reply<'a>> {
        let envelope = Members::of(self.0)?;
        ["src", "body"].iter().try_for_each(|name| envelope.once(name)).ok()?;
        let src = envelope.value("src")?.string()?;
        let body = Members::of(envelope.value("body")?.0)?;
        body.once("in_reply_to").ok()?;
        let in_reply_to = whole(body.value("in_reply_to")?)?;
        let content = response(&body).unwrap_or(ReplyContent::Unusable);
        Some(Reply { src, in_reply_to, content })
    }
}

fn response<'a>(body: &Members<'a>) -> Option<ReplyContent<'a>> {
    ["type", "status", "body"].iter().try_for_each(|name| body.once(name)).ok()?;
    if body.value("type")?.string()? != "api_response" {
        return None;
    }
    let status = u16::try_from(whole(body.value("status")?)?).ok()?;
    let body = body.value("body").map(|raw| raw.0);
    (100..=599).contains(&status).then_some(ReplyContent::Response { status, body })
}

/// A whole number as we write it ourselves.
fn whole(raw: Raw<'_>) -> Option<u64> {
    let digits = raw.0.bytes().all(|byte| byte.is_ascii_digit());
    if digits { raw.0.parse().ok() } else { None }
}
