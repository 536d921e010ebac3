//! What a credential proved or failed by, and what that comes to under another policy.
//!
//! A failure stays one only where nothing in force now could judge it otherwise.

use std::sync::Arc;

use super::super::api_key::ApiKeys;
use super::super::claims::ClaimsFault;
use super::super::credential::{Accepts, CredentialFault};
use super::super::decision::Denial;
use super::super::facts::Presented;
use super::super::failure::Failure;
use super::super::header::HeaderFault;
use super::super::json::{Value, read_member};
use super::super::key::Algorithm;
use super::super::policy::ClaimPath;
use super::super::rules::Rules;
use super::super::time::Timestamp;
use super::super::token::{Refusal, SignedToken, TokenFault};
use super::super::trust::{Issuer, Trust};
use super::super::verified::{Kind, Verified};
use super::Lack;
use super::basis::{Compared, Signature};

/// What a record says of a credential.
#[derive(Clone, Debug, PartialEq)]
pub enum Proof<'a> {
    /// A token that was good, or only expired, revoked or too early.
    Token(TokenProof<'a>),
    /// An API key, by its name.
    ApiKey(&'a str),
    /// It proved nothing.
    Failed(Option<Presented>, Failure),
}

/// What a token proved.
#[derive(Clone, Debug, PartialEq)]
pub struct TokenProof<'a> {
    /// The algorithm of its signature; none of an opaque token.
    pub algorithm: Option<Algorithm>,
    /// The header's `typ`.
    pub typ: Option<&'a str>,
    /// The name of the key that verified it.
    pub key: Option<&'a str>,
    /// The thumbprint of that key, where it is public.
    pub thumbprint: Option<&'a str>,
    /// Its claims, as far as they were kept: a JSON object.
    pub claims: &'a str,
}

/// What a proof comes to; time and revocations are judged at every use.
#[derive(Clone, Debug)]
pub struct Prepared {
    pub(super) presented: Option<Presented>,
    pub(super) known: Known,
}

#[derive(Clone, Debug)]
pub(super) enum Known {
    Signed(SignedToken),
    ApiKey(Arc<Verified>),
    Denied(Denial),
    Lacks(Lack),
    /// Whether it has expired can be told, and nothing more.
    LacksUnlessExpired(SignedToken, Lack),
}

impl Prepared {
    /// What was proved, where the credential is good but for time and revocations.
    pub fn verified(&self) -> Option<&Arc<Verified>> {
        match &self.known {
            Known::Signed(SignedToken::Good(verified)) | Known::ApiKey(verified) => Some(verified),
            _ => None,
        }
    }
}

impl Known {
    /// Says that nothing more than the expiry can be judged.
    pub(super) fn has_expired(signed: &SignedToken, now: Timestamp) -> bool {
        match signed {
            SignedToken::Good(verified) => verified.times.judge_expiry(now).is_err(),
            SignedToken::Faulty(faulty) => faulty.refusal(now) == Refusal::Expired,
        }
    }
}

pub(super) fn prepare(
    proof: &Proof<'_>,
    rules: &Rules,
    (trust, api_keys): (&Trust, &ApiKeys),
    compared: &Compared,
) -> Prepared {
    let denied = |denial: Denial| Known::Denied(denial);
    let presented = match proof {
        Proof::Token(TokenProof { algorithm: None, .. }) => Some(Presented::OpaqueToken),
        Proof::Token(_) => Some(Presented::Token),
        Proof::ApiKey(_) => Some(Presented::ApiKey),
        Proof::Failed(presented, _) => *presented,
    };
    let known = match (proof, presented) {
        (_, Some(Presented::OpaqueToken)) if !rules.opaque_tokens => match proof {
            Proof::Failed(_, Failure::Invalid(TokenFault::TooLong)) => {
                denied(TokenFault::TooLong.into())
            }
            _ => denied(TokenFault::Segments.into()),
        },
        (_, Some(Presented::ApiKey)) if rules.accepts == Accepts::Tokens => {
            denied(Denial::InvalidCredential(CredentialFault::UnknownScheme))
        }
        (Proof::Token(token), _) => match token_known(token, trust, compared) {
            Ok(known) => known,
            Err(fault) => denied(fault.into()),
        },
        (Proof::ApiKey(id), _) => match api_keys.named(id) {
            Some(verified) => Known::ApiKey(Arc::clone(verified)),
            None => denied(TokenFault::UnknownApiKey.into()),
        },
        (Proof::Failed(_, failure), _) => match lack_of(failure, presented, rules, compared) {
            Some(lack) => Known::Lacks(lack),
            None => denied(failure.clone().into()),
        },
    };
    Prepared { presented, known }
}

/// A token that was good.
fn token_known(
    proof: &TokenProof<'_>,
    trust: &Trust,
    compared: &Compared,
) -> Result<Known, TokenFault> {
    let iss = match read_member(proof.claims, "iss") {
        Ok(Some(Value::String(iss))) => Some(iss),
        _ => None,
    };
    let iss = iss.as_deref();
    let id = trust.issuer_named(iss);
    let issuer = trust.issuer(id).ok_or(TokenFault::NoKey)?;
    let kind = match proof.algorithm {
        None => {
            if compared.other_introspection {
                return Ok(Known::Lacks(Lack::Introspection));
            }
            // The endpoint is `[jwt]`'s, and speaks for no further issuer.
            if issuer.name.is_some() {
                return Err(ClaimsFault::OtherIssuer.into());
            }
            Kind::Opaque
        }
        Some(algorithm) => {
            if !issuer.accepts_type(proof.typ) {
                return Err(HeaderFault::Type.into());
            }
            if !issuer.allows(algorithm) {
                return Err(TokenFault::NoFittingKey);
            }
            match compared.signature((id, issuer.name.as_deref()), iss, proof) {
                Signature::Good => {}
                Signature::Bad => return Err(TokenFault::NoFittingKey),
                Signature::Unknown => return Ok(Known::Lacks(Lack::Key)),
            }
            Kind::Token { algorithm, key: proof.key.map(Arc::from) }
        }
    };
    let claims = proof.claims.as_bytes();
    let signed = SignedToken::of_payload(kind, claims, (id, issuer), trust, |_| None)?;
    Ok(match missing_claim(issuer, &signed, compared) {
        Some(claim) => Known::LacksUnlessExpired(signed, Lack::Claim(claim)),
        None => Known::Signed(signed),
    })
}

/// A claim that every token of the issuer is judged by and that was not kept. What else is wrong with
/// a token is wrong with it whatever that claim says.
fn missing_claim(issuer: &Issuer, signed: &SignedToken, compared: &Compared) -> Option<String> {
    let names = &issuer.policy.claim_names;
    let paths = [&names.user, &names.role, &names.permissions];
    let mapped = paths.into_iter().flatten().map(|path: &ClaimPath| &path.claim);
    let mut missing = issuer.policy.required_claims.iter().chain(mapped);
    let missing = missing.find(|claim| !compared.is_kept(claim))?;
    match signed {
        SignedToken::Faulty(faulty) if !faulty.is_missing_a_claim() => None,
        _ => Some(missing.clone()),
    }
}

/// What would have to be known of a credential that failed, so that it could be said to fail now; none
/// where it fails in any case, with the same answer.
fn lack_of(
    failure: &Failure,
    presented: Option<Presented>,
    rules: &Rules,
    compared: &Compared,
) -> Option<Lack> {
    let lack = |lack: Lack, holds: bool| (!holds).then_some(lack);
    let is_opaque = presented == Some(Presented::OpaqueToken);
    match failure {
        Failure::Unread(CredentialFault::UnknownScheme) => {
            let same = compared.accepts == rules.accepts || rules.accepts == Accepts::Tokens;
            lack(Lack::Scheme, same)
        }
        Failure::Missing | Failure::Several | Failure::Unread(_) => None,
        Failure::Introspection => lack(Lack::Introspection, !compared.other_introspection),
        Failure::Expired if is_opaque => lack(Lack::Introspection, !compared.other_introspection)
            .or(lack(Lack::Claims, compared.same_claims)),
        Failure::Expired => {
            lack(Lack::Keys, compared.same_signatures).or(lack(Lack::Claims, compared.same_claims))
        }
        Failure::Invalid(fault) => match fault {
            TokenFault::TooLong | TokenFault::Encoding(_) => None,
            TokenFault::Segments => {
                lack(Lack::Introspection, compared.opaque_tokens || !rules.opaque_tokens)
            }
            TokenFault::Header(HeaderFault::Type) => lack(Lack::Keys, compared.no_more_types),
            TokenFault::Header(_) => None,
            TokenFault::NoKey | TokenFault::NoFittingKey | TokenFault::Signature => {
                lack(Lack::Keys, compared.no_more_verified)
            }
            TokenFault::UnknownApiKey => lack(Lack::ApiKey, compared.no_more_api_keys),
            TokenFault::Inactive => lack(Lack::Introspection, !compared.other_introspection),
            TokenFault::Claims(_) if is_opaque && compared.other_introspection => {
                Some(Lack::Introspection)
            }
            TokenFault::Claims(fault) => claims_lack(fault, compared),
            // These were proved, so that they are no failures.
            TokenFault::NotYetValid | TokenFault::Revoked(_) => None,
        },
    }
}

fn claims_lack(fault: &ClaimsFault, compared: &Compared) -> Option<Lack> {
    let holds = match fault {
        // Wrong under whatever rules, and before the expiry.
        ClaimsFault::Json(_) => true,
        ClaimsFault::Missing(name) | ClaimsFault::WrongType(name) if name == "exp" => true,
        // Wrong under whatever rules, once it is known not to have expired.
        ClaimsFault::WrongType(name) if name == "nbf" => compared.expires_no_sooner,
        ClaimsFault::Missing(name)
        | ClaimsFault::WrongType(name)
        | ClaimsFault::EmptySubject(name)
        | ClaimsFault::Control(name)
            if name == "sub" =>
        {
            compared.expires_no_sooner
        }
        _ => compared.same_claims,
    };
    (!holds).then_some(Lack::Claims)
}
