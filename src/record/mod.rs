//! Recorded decisions: one JSON object a line, from which every decision can be made again.
//!
//! A [`start`](Start) line opens a record and follows every change of configuration or keys. Then comes
//! a line a decision, numbered over the whole file. No credential, no value of a header and no secret
//! ever gets in: what is recorded of a credential is what it proved, or the name of the failure.
//!
//! - `text`, `write`: the lines, compact and with their members in a fixed order
//! - [`Recorder`]: the file, with one writer, whole lines and a bound on what waits
//! - `redact`: keyed hashes in place of users and addresses
//! - [`Records`]: reading; `scan` reads the lines as they are written, `read` those of any shape
//! - [`replay`], [`what_if`]: decided again, as then or under another configuration

mod judge;
mod line_file;
mod read;
mod recorder;
mod redact;
pub mod replay;
mod scan;
mod start;
mod text;
pub mod what_if;
mod write;

pub use self::read::{
    Answer, CredentialLine, DecisionLine, KeysOfIssuer, Line, ReadError, RecordFault, Records,
    RequestLine, StartLine, StateLine,
};
pub use self::recorder::{OnFailure, OpenFault, RecordSettings, Recorder, WriteFault};
pub use self::redact::Redaction;
pub use self::start::{Event, KeysFrom, Start};

/// True for what begins like a record of decisions.
pub fn is_record(beginning: &[u8]) -> bool {
    beginning.starts_with(start::OPENING)
}
