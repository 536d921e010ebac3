//! Credentials that were verified: proof of who calls, made nowhere else.
//!
//! What depends on the clock or on revocations is judged at every use.

use std::fmt;
use std::sync::{Arc, OnceLock};

use super::bound::BoundClaims;
use super::claims::{Claims, TokenId};
use super::evidence::Evidence;
use super::identity::Identity;
use super::key::Algorithm;
use super::limit::{CallerKey, CallerKind, RateLimit};
use super::step_up::Authentication;
use super::time::Timestamp;
use super::token::{Refusal, TokenFault};
use super::trust::{Issuer, IssuerId, Trust};

/// A credential that is good in every way but the clock's and the revocations'.
pub struct Verified {
    pub(super) kind: Kind,
    pub(super) issuer: IssuerId,
    pub(super) iss: Option<Box<str>>,
    pub(super) times: Times,
    pub(super) issued_at: Option<f64>,
    pub(super) jti: TokenId,
    pub(super) authentication: Authentication,
    pub(super) bound: BoundClaims,
    pub(super) identity: Identity,
    pub(super) counted_as: OnceLock<CallerKey>,
    pub(super) rate: Option<RateLimit>,
    pub(super) evidence: Option<Evidence>,
    pub(super) rendered_evidence: OnceLock<Box<[u8]>>,
    /// The version of the revocation list that was last found to hold nothing against it.
    pub(super) clear_at: std::sync::atomic::AtomicU64,
}

/// What kind of credential it was.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Kind {
    /// A JSON Web Token.
    Token {
        /// The algorithm of its signature.
        algorithm: Algorithm,
        /// The name of the key that verified it, where the key has one.
        key: Option<Arc<str>>,
    },
    /// A token that an introspection endpoint answered for (RFC 7662).
    Opaque,
    /// An API key.
    ApiKey {
        /// Its name, which is no secret.
        id: Arc<str>,
    },
}

/// When a credential is good (seconds since 1970).
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Times {
    pub(super) expiry: Option<f64>,
    pub(super) start: Option<f64>,
    /// How far clocks may differ.
    pub(super) leeway: f64,
}

impl Times {
    /// Judges an instant; that it has expired comes first.
    pub(super) fn judge(self, now: Timestamp) -> Result<(), Refusal> {
        self.judge_expiry(now)?;
        Ok(self.judge_start(now)?)
    }

    /// RFC 7519 §4.1.4: on the second of its expiry a token is no longer accepted.
    pub(super) fn judge_expiry(self, now: Timestamp) -> Result<(), Refusal> {
        match self.expiry {
            Some(expiry) if now.seconds() >= expiry + self.leeway => Err(Refusal::Expired),
            _ => Ok(()),
        }
    }

    /// RFC 7519 §4.1.5: before its time a token is not accepted.
    pub(super) fn judge_start(self, now: Timestamp) -> Result<(), TokenFault> {
        match self.start {
            Some(start) if now.seconds() + self.leeway < start => Err(TokenFault::NotYetValid),
            _ => Ok(()),
        }
    }
}

impl Verified {
    /// From the claims of a token that is believed.
    pub(super) fn of_claims(
        kind: Kind,
        (id, issuer): (IssuerId, &Issuer),
        trust: &Trust,
        (expiry, claims): (Option<f64>, Claims),
        (iss, evidence): (Option<&str>, Option<Evidence>),
    ) -> Self {
        // Where the lifetime is bounded, a token from the future is not valid yet.
        let bounded = issuer.policy.max_lifetime.and(claims.issued_at);
        let start = match (claims.not_before, bounded) {
            (Some(one), Some(other)) => Some(one.max(other)),
            (one, other) => one.or(other),
        };
        let leeway = issuer.policy.leeway.as_secs_f64();
        let identity = claims.identity;
        Self {
            kind,
            issuer: id,
            iss: iss.map(Box::from),
            times: Times { expiry, start, leeway },
            issued_at: claims.issued_at,
            jti: claims.jti,
            authentication: claims.authentication,
            bound: claims.bound,
            counted_as: OnceLock::new(),
            rate: trust.rate_of(identity.roles()),
            identity,
            evidence,
            rendered_evidence: OnceLock::new(),
            clear_at: Default::default(),
        }
    }

    /// Judges the credential at an instant.
    ///
    /// # Errors
    /// Where its time has not come, or is over.
    pub fn at(&self, now: Timestamp) -> Result<(), Refusal> {
        self.times.judge(now)
    }

    /// Who is counted where something limits this caller.
    pub(super) fn counted_as(&self) -> &CallerKey {
        self.counted_as.get_or_init(|| {
            let user = self.identity.user();
            match &self.kind {
                Kind::Token { .. } => CallerKey::new(CallerKind::Token, self.iss(), user),
                Kind::Opaque => CallerKey::new(CallerKind::OpaqueToken, self.iss(), user),
                Kind::ApiKey { id } => CallerKey::new(CallerKind::ApiKey, None, id),
            }
        })
    }

    /// What kind of credential it was.
    pub fn kind(&self) -> &Kind {
        &self.kind
    }

    /// Whose rules it was judged by.
    pub fn issuer(&self) -> IssuerId {
        self.issuer
    }

    /// Who issued it, as it says.
    pub fn iss(&self) -> Option<&str> {
        self.iss.as_deref()
    }

    /// Who is calling.
    pub fn identity(&self) -> &Identity {
        &self.identity
    }

    /// The claims that routes and identity headers look at.
    pub fn bound(&self) -> &BoundClaims {
        &self.bound
    }

    /// What it proved, where that is kept for the record.
    pub fn evidence(&self) -> Option<&Evidence> {
        self.evidence.as_ref()
    }

    /// What a recorder renders the evidence to, kept with it so that it is rendered once.
    pub fn rendered_evidence(&self, render: impl FnOnce() -> Vec<u8>) -> &[u8] {
        self.rendered_evidence.get_or_init(|| render().into_boxed_slice())
    }

    /// Bytes of memory held, about, once everything is rendered.
    pub(super) fn weight(&self) -> usize {
        let evidence = self.evidence.as_ref().map_or(0, |evidence| 2 * evidence.weight());
        size_of::<Self>() + self.identity.weight() + self.bound.weight() + evidence
    }
}

impl fmt::Debug for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Verified")
            .field("kind", &self.kind)
            .field("issuer", &self.issuer)
            .field("times", &self.times)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
