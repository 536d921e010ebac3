//! `portcullis token verify`: would the gateway take this token, and why not?
//!
//! The judgement is the gateway's own, [`Jws::verify`] and then [`SignedToken`]; nothing about
//! tokens is decided here. No token is repeated, and claims are shown only where the signature
//! was good.

use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use anyhow::Result;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clap::Args;
use portcullis::gateway::Timestamp;
use portcullis::gateway::key::algorithm_name;
use portcullis::gateway::token::{Jws, Refusal, SignedToken, TokenFault, Workspace};
use portcullis::gateway::trust::Trust;
use portcullis::node::Clock;
use portcullis::protocol::layout::{self, ObjectWriter};
use serde_json::value::RawValue;

use super::logging::LogArgs;
use super::token_input::{TokenLine, TokenLines};
use super::{Failure, Verdict, policy};

const EXAMPLES: &str = "\
Examples:
  One token; `portcullis token sign` made it with the private half of the key:
    portcullis token verify --key issuer.pub.pem < token.txt

  Many, one a line, as they were at a point in time:
    portcullis token verify --key jwks.json --now 2026-01-01T00:00:00Z < tokens.txt

  Is it signed, whatever it says? The payload comes out in base64url:
    portcullis token verify --key issuer.pub.pem --signature-only < token.txt

Each token gets one line of JSON, in order: {\"valid\": true, \"algorithm\": ..., \"key\": ...,
\"claims\": ...} or {\"valid\": false, \"reason\": ...}, with the claims where the signature was good.
A token among the arguments can be seen by others on the machine; standard input is private.

Exit status: 0 where all are valid, 1 where any is not, 2 where the key cannot be used.";

/// Arguments of `portcullis token verify`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct TokenVerifyArgs {
    /// The tokens [default: standard input, one a line]
    #[arg(value_name = "TOKEN")]
    tokens: Vec<String>,

    /// File with the verification key: PEM, JWK, JWK Set, or a secret
    #[arg(long, value_name = "FILE")]
    key: PathBuf,

    /// The time it is, in seconds since 1970 or RFC 3339 [default: the system's clock]
    #[arg(long, value_name = "T", value_parser = Timestamp::parse, allow_negative_numbers = true)]
    now: Option<Timestamp>,

    /// Judge header and signature alone, whatever the payload is
    #[arg(long, conflicts_with = "now")]
    signature_only: bool,
}

/// Runs `portcullis token verify`.
pub(super) fn run(args: &TokenVerifyArgs, out: &mut dyn Write) -> Result<Verdict, Failure> {
    LogArgs::default().start().map_err(Failure::Usage)?;
    let keys = policy::keys_in(&args.key).map_err(Failure::Usage)?;
    let mut judge = Judge {
        trust: &Trust::of_keys(keys),
        clock: args.now.map_or(Clock::System, Clock::Frozen),
        signature_only: args.signature_only,
        out: BufWriter::new(out),
        all_valid: true,
    };
    if args.tokens.is_empty() {
        judge.lines(&mut TokenLines::new(io::stdin().lock()))?;
    } else {
        for token in &args.tokens {
            judge.token(token)?;
        }
    }
    judge.flush()?;
    Ok(if judge.all_valid { Verdict::Positive } else { Verdict::Negative })
}

struct Judge<'a> {
    trust: &'a Trust,
    clock: Clock,
    signature_only: bool,
    out: BufWriter<&'a mut dyn Write>,
    all_valid: bool,
}

impl Judge<'_> {
    fn lines(&mut self, lines: &mut TokenLines<impl io::Read>) -> Result<()> {
        loop {
            if !lines.is_next_here() {
                self.flush()?;
            }
            match lines.next()? {
                None => return Ok(()),
                Some(TokenLine::Text(token)) => self.token(&token)?,
                Some(TokenLine::TooLong) => self.refused(&TokenFault::TooLong.into(), None)?,
            }
        }
    }

    fn token(&mut self, token: &str) -> Result<()> {
        let mut workspace = Workspace::default();
        let jws = match Jws::verify(token, self.trust, &mut workspace) {
            Ok(jws) => jws,
            Err(fault) => return self.refused(&fault.into(), None),
        };
        if self.signature_only {
            let payload = URL_SAFE_NO_PAD.encode(jws.payload());
            return self.passed(&jws, |line| line.text("payload", &payload));
        }
        let claims = object_text(jws.payload());
        let judged = SignedToken::read(&jws)
            .map_err(Refusal::from)
            .and_then(|signed| signed.at(self.clock.now().wall).map(drop));
        match judged {
            Ok(()) => self.passed(&jws, |line| line.json("claims", claims.unwrap_or("null"))),
            Err(refusal) => self.refused(&refusal, claims),
        }
    }

    fn passed(
        &mut self,
        jws: &Jws<'_, '_>,
        rest: impl FnOnce(&mut ObjectWriter<'_>),
    ) -> Result<()> {
        self.line(|line| {
            line.boolean("valid", true);
            line.text("algorithm", algorithm_name(jws.algorithm()));
            line.text_or_null("key", jws.key());
            rest(line);
        })
    }

    fn refused(&mut self, refusal: &Refusal, claims: Option<&str>) -> Result<()> {
        self.all_valid = false;
        self.line(|line| {
            line.boolean("valid", false);
            line.text("reason", &refusal.to_string());
            if let Some(claims) = claims {
                line.json("claims", claims);
            }
        })
    }

    fn line(&mut self, members: impl FnOnce(&mut ObjectWriter<'_>)) -> Result<()> {
        let mut line = Vec::new();
        layout::object(&mut line, members);
        line.push(b'\n');
        Ok(self.out.write_all(&line)?)
    }

    fn flush(&mut self) -> Result<()> {
        Ok(self.out.flush()?)
    }
}

/// The text of the one JSON object that these bytes are, if they are one.
pub(super) fn object_text(bytes: &[u8]) -> Option<&str> {
    let value: &RawValue = serde_json::from_slice(bytes).ok()?;
    Some(value.get()).filter(|text| text.starts_with('{'))
}
