//! Messages, read out of complete JSON objects.
//!
//! Syntax has been judged before ([`super::framing`]); here it is judged which members stand
//! there, once, and of which type. Nothing knows what a token is.

use std::borrow::Cow;

use smallvec::SmallVec;

use super::layout;
use super::members::{Members, Raw};
use super::operator::{Operator, OperatorKind};
use super::reply::Answer;

/// Who sent a message, to whom, and under which number.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Address<'a> {
    /// The sender.
    pub src: Option<Cow<'a, str>>,
    /// The receiver.
    pub dest: Option<Cow<'a, str>>,
    /// What `in_reply_to` of the answer repeats.
    pub msg_id: Option<MsgId<'a>>,
}

/// A JSON scalar other than `null`, as it was written.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct MsgId<'a>(pub(super) &'a str);

/// One message that arrived.
#[derive(Clone, Debug, PartialEq)]
pub enum Incoming<'a> {
    /// It is understood.
    Message(Message<'a>),
    /// It answers somebody; it gets no answer.
    Answer(Answer<'a>),
    /// It cannot be understood.
    Malformed(Address<'a>, Malformed),
}

/// A message that is understood.
#[derive(Clone, Debug, PartialEq)]
pub struct Message<'a> {
    /// From whom, to whom.
    pub address: Address<'a>,
    /// What it says.
    pub body: Body<'a>,
}

/// What a message says.
#[derive(Clone, Debug, PartialEq)]
pub enum Body<'a> {
    /// `init`, or the member that is of the wrong type.
    Init(Result<Init<'a>, WrongMember>),
    /// `api_request`, or the member that is missing or of the wrong type.
    ApiRequest(Result<ApiRequest<'a>, WrongMember>),
    /// What only an operator may say, or what is wrong with it; whether its sender is one comes
    /// first.
    Operator(OperatorKind, Result<Operator<'a>, Malformed>),
    /// A type that is not known.
    Unknown(Cow<'a, str>),
}

/// An `init`.
#[derive(Clone, Debug, PartialEq)]
pub struct Init<'a> {
    /// The verification key.
    pub key: Option<KeyMember<'a>>,
    /// The JSON of the configuration tree.
    pub config: Option<&'a str>,
    /// The name that the node answers under from now on.
    pub node_id: Option<Cow<'a, str>>,
}

/// A key as it stands in an `init`.
#[derive(Clone, Debug, PartialEq)]
pub enum KeyMember<'a> {
    /// A string.
    Text(Cow<'a, str>),
    /// The JSON of an object.
    Object(&'a str),
}

/// Few enough for the stack in the common case.
pub type Headers<'a> = SmallVec<[(Cow<'a, str>, Cow<'a, str>); 4]>;
/// The permissions a request asks to be checked.
pub type Required<'a> = SmallVec<[Cow<'a, str>; 2]>;

/// An `api_request`.
#[derive(Clone, Debug, PartialEq)]
pub struct ApiRequest<'a> {
    /// Never empty.
    pub method: Cow<'a, str>,
    /// With its query; never empty.
    pub path: Cow<'a, str>,
    /// A header with several values stands once for each.
    pub headers: Headers<'a>,
    /// `required_permission`, then `required_permissions`.
    pub required: Required<'a>,
    /// The client's address.
    pub client_ip: Option<Cow<'a, str>>,
    /// The JSON of what is for the service alone.
    pub body: Option<&'a str>,
}

/// A member that is missing or of the wrong type.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{member} {problem}")]
pub struct WrongMember {
    /// The member's name.
    pub member: &'static str,
    /// What is wrong with it, as the end of a sentence.
    pub problem: &'static str,
}

/// Why something cannot be understood as a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Malformed {
    /// It begins with something else than `{`.
    #[error("a message is a JSON object")]
    NoObject,
    /// It is not JSON.
    #[error("not valid JSON")]
    Syntax,
    /// The input or the next message came before its end.
    #[error("the message is incomplete")]
    Incomplete,
    /// It is longer than allowed (bytes).
    #[error("the message is longer than {0} bytes")]
    TooLong(usize),
    /// A member that matters stands twice.
    #[error("{0} stands there twice")]
    Twice(&'static str),
    /// A string that matters holds half of a surrogate pair.
    #[error("{0} holds a lone surrogate")]
    LoneSurrogate(&'static str),
    /// A member of the envelope is missing or of the wrong type.
    #[error(transparent)]
    Member(#[from] WrongMember),
}

/// Every member that means something in any message: none of them may stand twice.
const NAMED: [&str; 15] = [
    "src",
    "dest",
    "body",
    "type",
    "msg_id",
    "jwt_public_key",
    "config",
    "node_id",
    "node_ids",
    "method",
    "path",
    "headers",
    "required_permission",
    "required_permissions",
    "client_ip",
];

impl<'a> MsgId<'a> {
    /// From the JSON that [`MsgId::json`] gave.
    pub fn of_json(json: &'a str) -> Self {
        Self(json)
    }

    /// As it was written.
    pub fn json(&self) -> &'a str {
        self.0
    }

    /// Repeats it: a number, `true` or `false` to the letter, a string in our own layout.
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        match Raw(self.0).string() {
            Some(text) => layout::string(out, &[&text]),
            None => out.extend_from_slice(self.0.as_bytes()),
        }
    }
}

/// Reads a complete JSON object.
pub(super) fn read(object: &str) -> Incoming<'_> {
    let Some(envelope) = Members::of(object) else {
        return Incoming::Malformed(Address::default(), Malformed::Syntax);
    };
    let bodies: Vec<_> = envelope.all("body").filter_map(|body| Members::of(body.0)).collect();
    if bodies.iter().any(Members::is_answer) {
        return Incoming::Answer(Answer(object));
    }
    let body = match bodies.as_slice() {
        [body] if envelope.once("body").is_ok() => Some(body),
        _ => None,
    };
    match understand(&envelope, body) {
        Ok(message) => Incoming::Message(message),
        Err(fault) => Incoming::Malformed(salvage(&envelope, body), fault),
    }
}

/// True for an object that is plainly a message: with a `body` that is an object and a `src` or a
/// `dest`. Such a one never stands inside another.
pub(super) fn is_envelope(object: &str) -> bool {
    Members::of(object).is_some_and(|envelope| {
        envelope.all("body").any(|body| body.0.starts_with('{'))
            && ["src", "dest"].iter().any(|name| envelope.all(name).next().is_some())
    })
}

fn understand<'a>(
    envelope: &Members<'a>,
    body: Option<&Members<'a>>,
) -> Result<Message<'a>, Malformed> {
    envelope.check_named()?;
    envelope.check_surrogates(&["src", "dest"])?;
    if let Some(body) = body {
        body.check_named()?;
        // A request's own `body` is for the service alone.
        body.check_surrogates(NAMED.get(3..).unwrap_or_default())?;
    }
    let src = envelope.optional_string("src")?;
    let dest = envelope.optional_string("dest")?;
    let must_be = |member, problem| Malformed::Member(WrongMember { member, problem });
    let body = body.ok_or(must_be("body", "must be an object"))?;
    let msg_id = body.msg_id()?;
    let kind = body.optional_string("type")?.ok_or(must_be("type", "is missing"))?;
    let body = match (kind.as_ref(), OperatorKind::named(&kind)) {
        ("init", _) => Body::Init(Init::read(body)),
        ("api_request", _) => Body::ApiRequest(ApiRequest::read(body)),
        (_, Some(kind)) => Body::Operator(kind, Operator::read(kind, body)),
        (_, None) => Body::Unknown(kind),
    };
    Ok(Message { address: Address { src, dest, msg_id }, body })
}

/// What can be used of the address of a malformed message: whatever stands there once and is well
/// formed.
fn salvage<'a>(envelope: &Members<'a>, body: Option<&Members<'a>>) -> Address<'a> {
    let usable = |name| {
        envelope.once(name).ok()?;
        envelope.check_surrogates(&[name]).ok()?;
        envelope.optional_string(name).ok()?
    };
    let msg_id = body.filter(|body| body.once("msg_id").is_ok()).and_then(|body| {
        body.check_surrogates(&["msg_id"]).ok()?;
        body.msg_id().ok()?
    });
    Address { src: usable("src"), dest: usable("dest"), msg_id }
}

impl<'a> Init<'a> {
    fn read(body: &Members<'a>) -> Result<Self, WrongMember> {
        let key = match body.value("jwt_public_key") {
            Some(raw) if raw.is_object() => Some(KeyMember::Object(raw.0)),
            Some(raw) => Some(KeyMember::Text(raw.string().ok_or(WrongMember {
                member: "jwt_public_key",
                problem: "must be a string or an object",
            })?)),
            None => None,
        };
        let config = match body.value("config") {
            Some(raw) if raw.is_object() => Some(raw.0),
            Some(_) => return Err(WrongMember { member: "config", problem: "must be an object" }),
            None => None,
        };
        let node_id = body.optional_string("node_id")?;
        if let Some(raw) = body.value("node_ids") {
            raw.strings()
                .ok_or(WrongMember { member: "node_ids", problem: "must be a list of strings" })?;
        }
        Ok(Self { key, config, node_id })
    }
}

impl<'a> ApiRequest<'a> {
    fn read(body: &Members<'a>) -> Result<Self, WrongMember> {
        let text = |member| match body.optional_string(member)? {
            None => Err(WrongMember { member, problem: "is missing" }),
            Some(text) if text.is_empty() => Err(WrongMember { member, problem: "is empty" }),
            Some(text) => Ok(text),
        };
        let method = text("method")?;
        let path = text("path")?;
        let headers = read_headers(body.value("headers"))?;
        let mut required = Required::new();
        for member in ["required_permission", "required_permissions"] {
            read_required(member, body.value(member), &mut required)?;
        }
        let client_ip = body.optional_string("client_ip")?;
        let own = body.value("body").map(|raw| raw.0);
        Ok(Self { method, path, headers, required, client_ip, body: own })
    }
}

fn read_headers(raw: Option<Raw<'_>>) -> Result<Headers<'_>, WrongMember> {
    let wrong = |problem| WrongMember { member: "headers", problem };
    let mut headers = Headers::new();
    let Some(raw) = raw else { return Ok(headers) };
    let members = Members::of(raw.0).ok_or(wrong("must be an object"))?;
    for (name, value) in members.0 {
        let unreadable = || wrong("must map names to a string or a list of strings");
        let name = match name {
            Cow::Borrowed(name) => std::str::from_utf8(name).map(Cow::Borrowed).ok(),
            Cow::Owned(name) => String::from_utf8(name).map(Cow::Owned).ok(),
        }
        .ok_or_else(unreadable)?;
        if value.is_null() {
            continue;
        }
        match value.string() {
            Some(text) => headers.push((name, text)),
            None => {
                for text in value.strings().ok_or_else(unreadable)? {
                    headers.push((name.clone(), text));
                }
            }
        }
    }
    Ok(headers)
}

fn read_required<'a>(
    member: &'static str,
    raw: Option<Raw<'a>>,
    required: &mut Required<'a>,
) -> Result<(), WrongMember> {
    let Some(raw) = raw else { return Ok(()) };
    let before = required.len();
    match raw.string() {
        Some(text) => required.push(text),
        None => {
            let problem = "must be a string or a list of strings";
            required.extend(raw.strings().ok_or(WrongMember { member, problem })?);
        }
    }
    match required.iter().skip(before).any(|permission| permission.is_empty()) {
        true => Err(WrongMember { member, problem: "holds an empty permission" }),
        false => Ok(()),
    }
}

/// What a message's members must be.
impl<'a> Members<'a> {
    pub(super) fn once(&self, name: &'static str) -> Result<(), Malformed> {
        match self.all(name).count() {
            0 | 1 => Ok(()),
            _ => Err(Malformed::Twice(name)),
        }
    }

    fn check_named(&self) -> Result<(), Malformed> {
        NAMED.iter().try_for_each(|name| self.once(name))
    }

    pub(super) fn check_surrogates(&self, names: &[&'static str]) -> Result<(), Malformed> {
        let lone = |name: &&&'static str| self.all(name).any(|raw| raw.holds_lone_surrogate());
        names.iter().find(lone).map_or(Ok(()), |name| Err(Malformed::LoneSurrogate(name)))
    }

    pub(super) fn optional_string(
        &self,
        member: &'static str,
    ) -> Result<Option<Cow<'a, str>>, WrongMember> {
        let wrong = WrongMember { member, problem: "must be a string" };
        self.value(member).map(|raw| raw.string().ok_or(wrong)).transpose()
    }

    fn msg_id(&self) -> Result<Option<MsgId<'a>>, WrongMember> {
        match self.value("msg_id") {
            Some(raw) if raw.0.starts_with(['{', '[']) => {
                Err(WrongMember { member: "msg_id", problem: "must be a scalar" })
            }
            other => Ok(other.map(|raw| MsgId(raw.0))),
        }
    }

    /// True for the body of an answer, whatever else may be wrong with it.
    fn is_answer(&self) -> bool {
        let answers = |raw: Raw<'_>| {
            raw.unescaped().is_some_and(|kind| {
                matches!(&*kind, b"error" | b"api_response") || kind.ends_with(b"_ok")
            })
        };
        self.all("in_reply_to").any(|raw| !raw.is_null()) || self.all("type").any(answers)
    }
}
