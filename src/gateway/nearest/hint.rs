//! What to look at where no change of time, permission, role or route would do: what is in force, for
//! comparing. What a token says of itself is shown only as far as its header names a key.

use super::super::check;
use super::super::claims::ClaimsFault;
use super::super::credential::{Accepts, Credential, CredentialFault};
use super::super::decision::{Denial, Unavailable};
use super::super::header::HeaderFault;
use super::super::key::algorithm_name;
use super::super::path::NormalPath;
use super::super::permission;
use super::super::request::Request;
use super::super::revocation::RevokedBy;
use super::super::rules::Rules;
use super::super::time::Timestamp;
use super::super::token::{self, TokenFault};
use super::super::trust::{Issuer, Trust};
use super::super::unmet::{Unmet, either, span};
use super::super::verified::{Kind, Verified};
use super::supposed::{Change, Outcome, Supposing};

/// What to look at.
pub(super) fn of(
    supposing: &mut Supposing<'_, '_>,
    outcome: &Outcome,
    denial: &Denial,
) -> Option<String> {
    if *denial == Denial::TokenExpired {
        return expired(supposing);
    }
    let (rules, trust) = (supposing.rules, supposing.trust());
    outcome.asked.with(|request| match denial {
        Denial::BadRequest(_) => Some("the request itself must be another".to_owned()),
        Denial::MissingCredential => Some(format!("a credential is needed: {}", ways_in(rules))),
        Denial::InvalidCredential(fault) => Some(scheme(*fault, rules)),
        Denial::InvalidToken(fault) => Some(token(fault, request, rules, trust)),
        Denial::UnknownService => Some(nowhere(rules, request)),
        Denial::Forbidden { .. } | Denial::StepUp => {
            let caller = outcome.caller.as_deref()?;
            never(rules, trust, request, (caller, outcome.now.wall))
        }
        Denial::Unavailable(Unavailable::Introspection) => {
            Some("the introspection endpoint could not be asked; the log says why".to_owned())
        }
        _ => None,
    })
}

fn ways_in(rules: &Rules) -> &'static str {
    match rules.accepts {
        Accepts::Tokens => "`Authorization: Bearer TOKEN` (API keys are not configured)",
        Accepts::TokensAndApiKeys => "`Authorization: Bearer TOKEN`, or `X-API-Key: KEY`",
    }
}

fn scheme(fault: CredentialFault, rules: &Rules) -> String {
    format!("{fault}; what is understood is {}", ways_in(rules))
}

/// What was wrong before that, since no earlier time would have done.
fn expired(supposing: &mut Supposing<'_, '_>) -> Option<String> {
    const LONG_AGO: f64 = -1e15;
    let change = Change::At(Timestamp::from_seconds(LONG_AGO)?);
    let denial = supposing.decide(&[change]).denial?;
    let reason = denial.reason().unwrap_or_else(|| denial.to_string());
    Some(format!("it was never good, whatever the time: {reason}"))
}

fn token(fault: &TokenFault, request: &Request<'_>, rules: &Rules, trust: &Trust) -> String {
    let text = match Credential::of_request(request, rules.accepts) {
        Ok(Credential::Bearer(text)) => text,
        _ => "",
    };
    let (header, issuer) = token::named(text, trust).unzip();
    let issuer = issuer.flatten();
    let policy = issuer.map(|issuer| &issuer.policy);
    match fault {
        TokenFault::NoKey => "no key is in force: --key, jwt.keys or an init brings one".into(),
        TokenFault::NoFittingKey | TokenFault::Signature => {
            let says = header.flatten().map(|(algorithm, kid)| match kid {
                Some(kid) => format!("it says alg {} and kid {kid:?}; ", algorithm_name(algorithm)),
                None => format!("it says alg {} and no kid; ", algorithm_name(algorithm)),
            });
            let changed = match fault {
                TokenFault::Signature => "signed by another key, or changed since: ",
                _ => "",
            };
            format!("{changed}{}in force {}", says.unwrap_or_default(), keys(issuer))
        }
        TokenFault::Header(HeaderFault::Type) => {
            let types = policy.map(|policy| policy.types.as_slice()).unwrap_or_default();
            format!("its `typ` must be {}", either(types))
        }
        TokenFault::Header(HeaderFault::Algorithm) => format!("in force {}", keys(issuer)),
        TokenFault::Claims(fault) => claims(fault, issuer),
        TokenFault::Revoked(by) => format!(
            "only {} would do",
            match by {
                RevokedBy::Jti => "another token",
                RevokedBy::User => "a token that is issued since",
                RevokedBy::Kid => "a token that another key signed",
                RevokedBy::ApiKey => "another API key",
            }
        ),
        TokenFault::Inactive => "only its issuer can say why".into(),
        TokenFault::UnknownApiKey => "no entry of [[api_keys]] has its SHA-256; \
             `portcullis key generate --kind api-key` makes one"
            .into(),
        _ => "only another token would do".into(),
    }
}

/// The keys of an issuer, by name and algorithm.
fn keys(issuer: Option<&Issuer>) -> String {
    let Some(issuer) = issuer else { return "is no key that could be named".into() };
    let name = issuer.name.as_deref().unwrap_or("[jwt]");
    let shown = issuer.keys.keys().iter().map(|key| {
        let algorithms: Vec<&str> = key
            .algorithms()
            .iter()
            .filter(|algorithm| issuer.allows(**algorithm))
            .map(|algorithm| algorithm_name(*algorithm))
            .collect();
        let name = key.name().map_or("one without a kid".to_owned(), |name| format!("{name:?}"));
        format!(
            "{name} ({})",
            if algorithms.is_empty() { "no algorithm".to_owned() } else { algorithms.join(", ") }
        )
    });
    let shown: Vec<String> = shown.collect();
    match shown.is_empty() {
        true => format!("for {name} is no key"),
        false => format!("for {name}: {}", shown.join("; ")),
    }
}

fn claims(fault: &ClaimsFault, issuer: Option<&Issuer>) -> String {
    let Some(issuer) = issuer else { return "only another token would do".into() };
    let policy = &issuer.policy;
    match fault {
        ClaimsFault::OtherAudience => format!("`aud` must be {}", either(&policy.audience)),
        ClaimsFault::Missing(name) if name == "aud" => {
            format!("`aud` must be {}", either(&policy.audience))
        }
        ClaimsFault::Audience => "jwt.audience can name the audiences that we answer to".into(),
        ClaimsFault::OtherIssuer => match policy.names.as_slice() {
            [] => "its issuer is none of [issuers]".into(),
            names => format!("`iss` must be {}", either(names)),
        },
        ClaimsFault::Missing(name) if name == "iss" => {
            format!("`iss` must be {}", either(&policy.names))
        }
        ClaimsFault::Lifetime => match policy.max_lifetime {
            Some(longest) => {
                format!("`exp` may lie {} after `iat`, at most", span(longest.as_secs_f64()))
            }
            None => "only another token would do".into(),
        },
        _ => "only another token would do".into(),
    }
}

fn nowhere(rules: &Rules, request: &Request<'_>) -> String {
    match rules.routes() {
        None => "by the convention of paths a service is named like \
                 `/users`, `/api/users` or `/api/v1/users`"
            .into(),
        Some([]) => "routes are configured, and there are none".into(),
        Some(routes) => {
            let path = NormalPath::parse(request.target);
            let path = path.as_ref().map_or("", NormalPath::as_str);
            let routes = match routes.len() {
                1 => "the one route".to_owned(),
                many => format!("the {many} routes"),
            };
            format!(
                "{routes} that there are and {path} have too little in common, \
                 or passing it takes more than one path"
            )
        }
    }
}

/// What can never be had by this caller.
fn never(
    rules: &Rules,
    trust: &Trust,
    request: &Request<'_>,
    (caller, now): (&Verified, Timestamp),
) -> Option<String> {
    let path = NormalPath::parse(request.target).ok()?;
    let destination = rules.destination(&path, request.method);
    let unmet = check::required(rules, request, (&path, &destination), |required| {
        permission::unmet(required, caller, now)
    });
    let ceiling = trust.issuer(caller.issuer).and_then(|issuer| issuer.ceiling.as_ref());
    let beyond = |permission: &str| {
        ceiling.is_some_and(|most| !most.permissions.iter().any(|grant| grant.covers(permission)))
    };
    let iss = caller.iss().unwrap_or("its issuer");
    let is_key = matches!(caller.kind, Kind::ApiKey { .. });
    let reason = |missing: &Unmet| match missing {
        Unmet::Permission(permission) if beyond(permission) => {
            Some(format!("tokens of {iss} can never hold {permission}"))
        }
        Unmet::AnyPermission(any) if any.iter().all(|permission| beyond(permission)) => {
            Some(format!("tokens of {iss} can never hold {}", either(any)))
        }
        Unmet::Role(any)
            if any.iter().all(|role| ceiling.is_some_and(|most| !most.roles.contains(role))) =>
        {
            Some(format!("for tokens of {iss} role {} does not exist", either(any)))
        }
        Unmet::Claim(claim) if is_key => {
            Some(format!("an API key has no claims, and the route binds {}", claim.name))
        }
        Unmet::StepUpByApiKey(_) => Some(format!("{missing}; a token may")),
        _ => None,
    };
    let reasons: Vec<String> = unmet.iter().filter_map(reason).collect();
    match reasons.is_empty() {
        true => Some(unmet.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ")),
        false => Some(reasons.join("; ")),
    }
}
