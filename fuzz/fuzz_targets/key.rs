//! Any text as a key: it never panics, and what says that it is a key is never taken for a secret.
#![no_main]

use libfuzzer_sys::fuzz_target;
use portcullis::gateway::key::KeyText;

fuzz_target!(|input: &[u8]| {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let says_key = text.contains("-----BEGIN")
        || text.contains("-----END")
        || text.starts_with("ssh-")
        || text.is_empty();
    let is_jwk = text.trim_start().starts_with('{');
    match KeyText::Text(text).read() {
        Err(fault) => assert!(!fault.to_string().is_empty()),
        Ok((set, _)) => {
            let keys = set.keys();
            assert!(!keys.is_empty());
            for key in keys {
                assert!(!key.algorithms().is_empty());
                assert!(!(key.is_secret() && says_key && !is_jwk), "{text}");
                assert_eq!(key.is_secret(), keys[0].is_secret(), "{text}");
                assert!(key.algorithms().iter().all(|alg| key.verifier(*alg).is_some()));
            }
            // One key that is no JWK has no name.
            assert!(is_jwk || (keys.len() == 1 && keys[0].name().is_none()));
            assert!(!is_jwk || text.contains("kty") || text.contains('\\'));
            let debug = format!("{set:?}");
            assert!(text.len() < 8 || keys[0].name().is_some() || !debug.contains(text));
        }
    }
    // Where it stands as an object, the text is JSON; a node has judged the syntax by then.
    if let Ok((set, _)) = KeyText::Object(text).read() {
        assert!(is_jwk && !set.keys().is_empty());
    }
});
