//! What was decided: the request may pass, or the one reason why not.
//!
//! [`Denial`] has one variant for each row of the table of answers and alone knows the row's
//! status and text; every face only carries them.

use std::fmt;
use std::sync::Arc;

use super::breaker::Pass;
use super::credential::CredentialFault;
use super::identity::Identity;
use super::request::BadRequest;
use super::service::ServiceName;
use super::token::TokenFault;
use super::verified::Verified;

/// The outcome of one request.
#[derive(Clone, Debug)]
pub enum Decision<'a> {
    /// The request may go to the service.
    Allow(Allowed<'a>),
    /// The request ends here.
    Deny(Denied<'a>),
}

impl<'a> Decision<'a> {
    /// Where the request belongs, if anywhere.
    pub fn service(&self) -> Option<&ServiceName<'a>> {
        match self {
            Self::Allow(allowed) => Some(&allowed.service),
            Self::Deny(denied) => denied.service.as_ref(),
        }
    }
}

/// A request that passed every check; made by the core alone, so that it is a permit to forward.
#[derive(Clone, Debug)]
pub struct Allowed<'a> {
    pub(super) service: ServiceName<'a>,
    pub(super) caller: Option<Caller>,
    pub(super) route: Option<usize>,
    pub(super) pass: Pass,
}

/// Who calls: proof that a credential was verified and good at the time of the decision.
#[derive(Clone)]
pub struct Caller {
    pub(super) verified: Arc<Verified>,
    pub(super) recurs: bool,
}

impl Caller {
    /// The verified credential.
    pub fn verified(&self) -> &Arc<Verified> {
        &self.verified
    }

    /// Who is calling.
    pub fn identity(&self) -> &Identity {
        self.verified.identity()
    }

    /// True where the credential was seen before, so that what is computed from it pays to be kept.
    pub fn recurs(&self) -> bool {
        self.recurs
    }
}

/// Without `recurs`, which is about cost, not about who it is.
impl fmt::Debug for Caller {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Caller").field(&self.verified).finish()
    }
}

impl<'a> Allowed<'a> {
    /// Where the request belongs.
    pub fn service(&self) -> &ServiceName<'a> {
        &self.service
    }

    /// Who calls; none where a public route was asked for without a credential.
    pub fn caller(&self) -> Option<&Caller> {
        self.caller.as_ref()
    }

    /// The route that was taken, by its place among the configured ones.
    pub fn route(&self) -> Option<usize> {
        self.route
    }

    /// What the service's circuit is told the outcome with.
    pub fn pass(&self) -> Pass {
        self.pass
    }
}

/// A request that failed a check, and what was known by then.
#[derive(Clone, Debug)]
pub struct Denied<'a> {
    /// The check that failed.
    pub denial: Denial,
    /// Where the request belongs, if anywhere.
    pub service: Option<ServiceName<'a>>,
    /// Who calls, where that was proved.
    pub caller: Option<Caller>,
}

/// The check that failed first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Denial {
    /// Row 1: the request cannot be judged.
    BadRequest(BadRequest),
    /// Row 2: no credential.
    MissingCredential,
    /// Row 3: a credential that is not understood.
    InvalidCredential(CredentialFault),
    /// Row 4: a token that was good once.
    TokenExpired,
    /// Row 5: a token that was never good.
    InvalidToken(TokenFault),
    /// Row 6: the caller has used up its limit.
    RateLimited {
        /// Whole seconds until a request may be admitted again.
        retry_after: u64,
    },
    /// Row 7: no service is reached by this path.
    UnknownService,
    /// Row 8: permissions that are required and not held.
    Forbidden {
        /// All that is required, met or not, each once.
        required: Vec<String>,
        /// All that is held.
        held: Vec<String>,
    },
    /// Row 8a: the caller has not authenticated strongly or freshly enough (RFC 9470).
    StepUp,
    /// Row 9: it cannot be decided, or the service cannot take it now.
    Unavailable(Unavailable),
    /// The service's answer was none.
    BadGateway {
        /// The service.
        service: Arc<str>,
    },
    /// The service did not answer in time.
    GatewayTimeout {
        /// The service.
        service: Arc<str>,
    },
}

/// Why something that is needed is not there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Unavailable {
    /// The introspection endpoint does not answer, or may not be asked now.
    Introspection,
    /// The store of rate limits does not answer.
    RateLimit,
    /// The service keeps failing and is given a rest.
    Circuit {
        /// The service.
        service: Arc<str>,
        /// Whole seconds until it may be worth another try.
        retry_after: u64,
    },
    /// Decisions cannot be recorded.
    Recording,
    /// Services have been sent more than anybody keeps track of.
    TooManyUnderWay,
}

/// The checks, in the order in which they are made; the first that fails decides.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Check {
    /// Row 1: the request is well formed.
    Request,
    /// Row 2: a credential is there.
    Credential,
    /// Row 3: it is understood.
    Scheme,
    /// Row 4: the token has not expired.
    Expiry,
    /// Row 5: the token is valid.
    Token,
    /// Row 6: the caller is within its rate limit.
    RateLimit,
    /// Row 7: a route matches.
    Route,
    /// Row 8: what is required is held.
    Permission,
    /// Row 8a: the caller authenticated as strongly and freshly as the route asks.
    StepUp,
    /// Row 9: the service can take it.
    Availability,
}

impl Check {
    /// Every check, in order.
    pub const ALL: [Self; 10] = [
        Self::Request,
        Self::Credential,
        Self::Scheme,
        Self::Expiry,
        Self::Token,
        Self::RateLimit,
        Self::Route,
        Self::Permission,
        Self::StepUp,
        Self::Availability,
    ];

    /// The check's name in explanations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Request => "request",
            Self::Credential => "credential",
            Self::Scheme => "scheme",
            Self::Expiry => "expiry",
            Self::Token => "token",
            Self::RateLimit => "rate_limit",
            Self::Route => "route",
            Self::Permission => "permission",
            Self::StepUp => "step_up",
            Self::Availability => "availability",
        }
    }
}

impl Denial {
    /// The HTTP status of the answer.
    pub fn status(&self) -> u16 {
        match self {
            Self::BadRequest(_) => 400,
            Self::MissingCredential
            | Self::InvalidCredential(_)
            | Self::TokenExpired
            | Self::InvalidToken(_)
            | Self::StepUp => 401,
            Self::RateLimited { .. } => 429,
            Self::UnknownService => 404,
            Self::Forbidden { .. } => 403,
            Self::Unavailable(_) => 503,
            Self::BadGateway { .. } => 502,
            Self::GatewayTimeout { .. } => 504,
        }
    }

    /// The check that failed.
    pub fn check(&self) -> Check {
        match self {
            Self::BadRequest(_) => Check::Request,
            Self::MissingCredential => Check::Credential,
            Self::InvalidCredential(_) => Check::Scheme,
            Self::TokenExpired => Check::Expiry,
            Self::InvalidToken(_) => Check::Token,
            Self::RateLimited { .. } => Check::RateLimit,
            Self::UnknownService => Check::Route,
            Self::Forbidden { .. } => Check::Permission,
            Self::StepUp => Check::StepUp,
            // Row 9 is what the caller is told; where it came from is another matter.
            Self::Unavailable(Unavailable::Introspection) => Check::Token,
            Self::Unavailable(Unavailable::RateLimit) => Check::RateLimit,
            Self::Unavailable(_) | Self::BadGateway { .. } | Self::GatewayTimeout { .. } => {
                Check::Availability
            }
        }
    }

    /// Whole seconds after which the caller may try again, where that is known.
    pub fn retry_after(&self) -> Option<u64> {
        match self {
            Self::RateLimited { retry_after } => Some(*retry_after),
            Self::Unavailable(Unavailable::Circuit { retry_after, .. }) => Some(*retry_after),
            _ => None,
        }
    }

    /// True for the rows that refuse a credential: 2 to 5.
    pub(super) fn is_about_the_credential(&self) -> bool {
        matches!(
            self,
            Self::MissingCredential
                | Self::InvalidCredential(_)
                | Self::TokenExpired
                | Self::InvalidToken(_)
        )
    }

    /// What is behind the answer's text, for the log and for explanations; never for the caller
    /// without being asked, and never with a token, a key or a secret in it.
    pub fn reason(&self) -> Option<String> {
        match self {
            Self::InvalidCredential(fault) => Some(fault.to_string()),
            Self::InvalidToken(fault) => Some(fault.to_string()),
            _ => None,
        }
    }
}

impl fmt::Display for Unavailable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Introspection => f.write_str("introspection"),
            Self::RateLimit => f.write_str("rate limit"),
            Self::Circuit { service, .. } => write!(f, "circuit open for {service}"),
            Self::Recording => f.write_str("recording"),
            Self::TooManyUnderWay => f.write_str("too many requests under way"),
        }
    }
}

/// What the caller is told.
impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::BadRequest(fault) => write!(f, "Bad request: {fault}"),
            Self::MissingCredential => f.write_str("Missing Authorization header"),
            Self::InvalidCredential(_) => f.write_str("Invalid authentication credentials"),
            Self::TokenExpired => f.write_str("Token expired"),
            // Which check failed is not for whoever sent the token.
            Self::InvalidToken(_) => f.write_str("Invalid or expired token"),
            Self::RateLimited { .. } => f.write_str("Rate limit exceeded"),
            Self::UnknownService => f.write_str("Service not recognized"),
            Self::Forbidden { required, held } => {
                let (required, held) = (required.join(", "), held.join(", "));
                write!(f, "Insufficient permissions: required [{required}], have [{held}]")
            }
            Self::StepUp => f.write_str("Stronger authentication required"),
            Self::Unavailable(why) => write!(f, "Service unavailable: {why}"),
            Self::BadGateway { service } => write!(f, "Bad gateway: {service}"),
            Self::GatewayTimeout { service } => write!(f, "Gateway timeout: {service}"),
        }
    }
}
