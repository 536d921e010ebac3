//! Any text as a file of revocations: it never panics, one line means one thing, and what it means is
//! written so that it is read again.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::gateway::revocation::{Revocation, parse_file, parse_line, write_line};

fuzz_target!(|text: &str| {
    match parse_file(text) {
        Ok(revocations) => {
            let lines: String =
                revocations.iter().map(|revocation| write_line(revocation) + "\n").collect();
            assert_eq!(parse_file(&lines).as_ref(), Ok(&revocations), "{text}");
            // Half a list is none, so each line is good by itself too.
            let text = text.strip_prefix('\u{feff}').unwrap_or(text);
            let lines = text.lines().filter(|line| !line.trim_ascii().is_empty());
            let each: Result<Vec<Revocation>, _> = lines.map(parse_line).collect();
            assert_eq!(each.as_ref(), Ok(&revocations), "{text}");
        }
        Err(fault) => {
            assert!((1..=text.lines().count()).contains(&fault.line), "{text}");
            assert!(!fault.to_string().contains(['\n', '\r', '\u{1b}']), "{fault:?}");
        }
    }
});
