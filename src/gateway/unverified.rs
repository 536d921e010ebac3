//! Tokens looked at without a key.
//!
//! For showing a token to a person, never for deciding: nothing here says that anybody signed it,
//! and no identity comes out. What is wrong with it is judged by the same rules as in a decision;
//! only here every rule that can be tried is, while a decision ends at the first that fails.

use super::claims::{ClaimsFault, RawClaims};
use super::header::{HeaderFault, JoseHeader};
use super::json::ObjectFault;
use super::time::Timestamp;
use super::token::{self, MAX_TOKEN_BYTES, Refusal, Segments, TokenFault};
use super::trust::{Issuer, IssuerId, Trust};
use super::verified::Times;

/// A token taken apart; whoever wrote it may have lied.
#[derive(Debug)]
pub struct UnverifiedToken {
    header: Vec<u8>,
    payload: Option<Vec<u8>>,
    form: Vec<TokenFault>,
}

impl UnverifiedToken {
    /// Takes a token apart, however long it is.
    ///
    /// # Errors
    /// Where it is no token at all: not three segments, or the first of them no JSON object.
    pub fn read(token: &str) -> Result<Self, TokenFault> {
        let segments = Segments::split_any(token).ok_or(TokenFault::Segments)?;
        let mut header = Vec::new();
        token::decode(segments.header, "header", &mut header)?;
        if let Err(fault @ HeaderFault::Json(ObjectFault::Syntax)) = JoseHeader::read(&header) {
            return Err(fault.into());
        }
        let mut form = Vec::new();
        if token.len() > MAX_TOKEN_BYTES {
            form.push(TokenFault::TooLong);
        }
        if segments.is_any_empty() {
            form.push(TokenFault::Segments);
        }
        let mut payload = Vec::new();
        let decoded = token::decode(segments.payload, "payload", &mut payload);
        let payload = decoded.is_ok().then_some(payload);
        form.extend(decoded.err());
        form.extend(token::decode(segments.signature, "signature", &mut Vec::new()).err());
        Ok(Self { header, payload, form })
    }

    /// The header, a JSON object.
    pub fn header(&self) -> &[u8] {
        &self.header
    }

    /// The payload, whatever it is; none where it cannot be decoded.
    pub fn payload(&self) -> Option<&[u8]> {
        self.payload.as_deref()
    }

    /// Everything that is wrong with it and can be seen without a key, of the header and of each
    /// group of claims the first fault.
    pub fn faults(&self, now: Timestamp) -> Vec<Refusal> {
        let mut faults: Vec<Refusal> = self.form.iter().cloned().map(Refusal::from).collect();
        faults
            .extend(JoseHeader::read(&self.header).err().map(TokenFault::from).map(Refusal::from));
        // Where nothing is configured, which is all that can be supposed here.
        let trust = Trust::default();
        let Some(issuer) = trust.issuer(IssuerId::JWT) else { return faults };
        if let Ok(header) = JoseHeader::read(&self.header)
            && !issuer.accepts_type(header.typ.as_deref())
        {
            faults.push(TokenFault::from(HeaderFault::Type).into());
        }
        if let Some(payload) = &self.payload {
            match RawClaims::read(payload, &trust) {
                Err(fault) => faults.push(refusal(fault)),
                Ok(claims) => judge_claims(&claims, (issuer, &trust), now, &mut faults),
            }
        }
        faults
    }
}

fn judge_claims(
    claims: &RawClaims<'_, '_>,
    (issuer, trust): (&Issuer, &Trust),
    now: Timestamp,
    faults: &mut Vec<Refusal>,
) {
    let mut times = Times::default();
    match claims.expiry() {
        Err(fault) => faults.push(refusal(fault)),
        Ok(expiry) => times.expiry = Some(expiry),
    }
    faults.extend(times.judge_expiry(now).err());
    match claims.judge(issuer, trust) {
        Err(fault) => faults.push(refusal(fault)),
        Ok(claims) => {
            times.start = claims.not_before;
            faults.extend(times.judge_start(now).err().map(Refusal::from));
        }
    }
}

fn refusal(fault: ClaimsFault) -> Refusal {
    TokenFault::from(fault).into()
}

#[cfg(test)]
mod tests {
    use base64::Engine;
    use base64::engine::general_purpose::URL_SAFE_NO_PAD;

    use super::*;

    fn faults(header: &str, payload: &str, signature: &str) -> Vec<String> {
        let token = format!(
            "{}.{}.{signature}",
            URL_SAFE_NO_PAD.encode(header),
            URL_SAFE_NO_PAD.encode(payload)
        );
        let now = Timestamp::from_seconds(1000.0).unwrap();
        let token = UnverifiedToken::read(&token).unwrap();
        token.faults(now).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn each_part_is_judged_for_itself() {
        let header = r#"{"alg":"HS256"}"#;
        let claims = r#"{"sub":"ada","exp":1001}"#;
        assert_eq!(faults(header, claims, "AAAA"), [""; 0]);
        assert_eq!(
            faults(r#"{"alg":"none","alg":1}"#, r#"{"exp":1000,"aud":"x"}"#, "A="),
            [
                "the token's signature is not canonical base64url",
                "the header has a member twice",
                "the token has expired",
                "the token has an audience, and none is configured",
            ]
        );
        assert_eq!(
            faults(r#"{"alg":"none"}"#, r#"{"sub":"a","nbf":1001}"#, ""),
            [
                "the token is not three segments parted by dots",
                "the header's `alg` is no supported algorithm",
                "the claim `exp` is missing",
                "the token is not valid yet",
            ]
        );
        assert_eq!(faults(header, "prose", "AAAA"), ["the payload is not one JSON object"]);
        assert_eq!(
            faults(header, claims, &"A".repeat(MAX_TOKEN_BYTES)),
            ["the token is longer than 16 KiB"]
        );
    }

    #[test]
    fn a_payload_that_cannot_be_decoded_hides_nothing_else() {
        let token = UnverifiedToken::read("e30.A.AAAA").unwrap();
        assert_eq!(token.payload(), None);
        let now = Timestamp::from_seconds(0.0).unwrap();
        assert_eq!(
            token.faults(now),
            [
                TokenFault::Encoding("payload").into(),
                TokenFault::Header(HeaderFault::Algorithm).into(),
            ]
        );
    }

    #[test]
    fn what_is_no_token_at_all_is_refused() {
        let syntax = TokenFault::Header(HeaderFault::Json(ObjectFault::Syntax));
        for (text, fault) in [
            ("", TokenFault::Segments),
            ("e30.e30", TokenFault::Segments),
            ("e30.e30.e30.e30", TokenFault::Segments),
            ("e30=.e30.AAAA", TokenFault::Encoding("header")),
            (".e30.AAAA", syntax.clone()),
            ("W10.e30.AAAA", syntax),
        ] {
            assert_eq!(UnverifiedToken::read(text).err(), Some(fault), "{text}");
        }
    }
}
