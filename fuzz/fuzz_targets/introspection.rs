//! Any text as what an endpoint says of an opaque token: it never panics, only `true` is active, and
//! whoever is let in has a name.
#![no_main]

use std::cell::RefCell;
use std::path::Path;

use libfuzzer_sys::fuzz_target;
use portcullis::config::Layers;
use portcullis::gateway::ask::{Ask, Introspection, Told};
use portcullis::gateway::introspected::TokenStatus;
use portcullis::gateway::{Decision, Gateway, Now, Request, Steady, Step, Timestamp};
use serde_json::Value;

const TREE: &str = r#"
[introspection]
url = "https://auth.example/introspect"
client_id = "gateway"
client_secret = "env:SECRET"
[roles]
admin = ["*"]
"#;

thread_local! {
    static GATEWAY: RefCell<Gateway> = RefCell::new(gateway());
}

fn gateway() -> Gateway {
    let layers = Layers::new().file(Path::new("gateway.toml"), TREE.as_bytes());
    let mut gateway = Gateway::new();
    gateway.enforce(&layers.read().expect("a good tree").policy).expect("no ties");
    gateway
}

fuzz_target!(|json: &str| {
    let status = TokenStatus::read(json);
    // Another reader agrees, where it takes so deep a text at all.
    if let (Ok(status), Ok(value)) = (&status, serde_json::from_str::<Value>(json)) {
        assert!(value.is_object());
        assert_eq!(status.active, value["active"] == true, "{json}");
    }
    let headers = [("Authorization".into(), "Bearer opaque".into())];
    let request = Ok(Request {
        method: "GET",
        target: "/api/users/1",
        headers: &headers,
        required: &[],
        client_ip: None,
    });
    let wall = Timestamp::from_seconds(1_767_225_600.0).expect("a finite number");
    let now = Now { wall, steady: Steady::from_seconds(1.0) };
    GATEWAY.with_borrow_mut(|gateway| {
        let asks = gateway.step(&request, now, &Told::default());
        assert!(matches!(asks, Step::Ask(Ask::Introspection(_))));
        // Active is what the answer says it is; the rest must stand even if it were said wrongly.
        let told = Introspection::Active(json.into());
        let told = Told { introspection: Some(told), ..Told::default() };
        let Step::Decided(decision, _) = gateway.step(&request, now, &told) else {
            panic!("nothing else is asked");
        };
        if let Decision::Allow(allowed) = decision {
            assert!(status.is_ok(), "{json}");
            let caller = allowed.caller().expect("a caller");
            let identity = caller.identity();
            let user = [identity.user()];
            for name in user.into_iter().chain(identity.roles()).chain(identity.permissions()) {
                assert!(!name.is_empty() && !name.bytes().any(|byte| byte.is_ascii_control()));
            }
        }
    });
});
