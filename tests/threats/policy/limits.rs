//! H9: who is counted cannot make itself many.

use serde_json::json;

use super::super::ADA;
use super::super::support::{allowed_to, invalid, refused};
use super::{Conversation, ours};

fn full(id: usize, seconds: u64) -> String {
    let answer = refused(id, 429, "Rate limit exceeded");
    answer.replace("\"}}", &format!("\", \"retry_after\": {seconds}}}}}"))
}

#[test]
fn h09_an_address_is_one_however_it_is_written_and_whatever_is_claimed() {
    for (about, addresses) in [
        ("IPv4", vec!["192.0.2.1"; 6]),
        (
            "mapped",
            vec!["192.0.2.1", "::ffff:192.0.2.1", "::FFFF:c000:201", "0:0:0:0:0:ffff:192.0.2.1"],
        ),
        (
            "one /64",
            vec![
                "2001:db8::1",
                "2001:db8::2",
                "2001:DB8:0:0:ffff::",
                "2001:0db8:0000:0000:1:2:3:4",
            ],
        ),
        (
            "no address",
            vec!["", "nonsense", "192.0.2.1:80", "[2001:db8::1]", "192.0.2.001", "fe80::1%eth0"],
        ),
    ] {
        let toml = "[jwt]\nkeys = [\"env:OURS\"]\n[rate_limit]\nper_address = \"3/h\"\n";
        let mut conversation = Conversation::by(toml);
        let good = ours(r#""a":1"#);
        for (turn, address) in addresses.iter().enumerate() {
            let forwarded = format!("198.51.100.{turn}");
            let members = json!({
                "client_ip": address,
                "headers": {
                    "Authorization": format!("Bearer x{turn}"),
                    "X-Forwarded-For": forwarded,
                    "Forwarded": format!("for={forwarded}"),
                    "X-Real-IP": forwarded,
                },
            });
            conversation.ask(format!("{about}: {address}"), "", &members, |id| match turn {
                0..3 => invalid(id),
                _ => full(id, 3600),
            });
        }
        // A valid credential is never held up by it, and another address has a window of its own.
        conversation.ask("good", &good, &json!({ "client_ip": addresses[0] }), |id| {
            super::super::support::allowed(id, ADA)
        });
        conversation.ask("elsewhere", "x", &json!({ "client_ip": "203.0.113.9" }), invalid);
        conversation.check();
    }
}

#[test]
fn h09_a_route_is_one_however_its_path_is_written() {
    let toml = "[jwt]\nkeys = [\"env:OURS\"]\n[rate_limit]\ndefault = \"100/h\"\n[services.s]\n\
         [[routes]]\npath = \"/dear/{id}\"\nservice = \"s\"\nrate_limit = \"5/h\"\n\
         [[routes]]\npath = \"/{*rest}\"\nservice = \"s\"\n";
    let mut conversation = Conversation::by(toml);
    let token = ours(r#""a":1"#);
    let spellings = [
        "/dear/1",
        "//dear//1",
        "/dear/1/",
        "/de%61r/2",
        "/%64ear/3?x",
        "/dear/%31",
        "/dear/99",
        "//%64%65%61%72/1/",
    ];
    for (turn, path) in spellings.iter().enumerate() {
        conversation.ask(*path, &token, &json!({ "path": path }), |id| match turn {
            0..5 => allowed_to(id, "s", ADA),
            _ => full(id, 3600),
        });
    }
    conversation
        .ask("another route", &token, &json!({"path": "/cheap"}), |id| allowed_to(id, "s", ADA));
    conversation.check();
}

/// A fresh user for each request costs those that are there nothing.
#[test]
fn h09_a_flood_of_callers_leaves_the_windows_of_others_alone() {
    let toml =
        "[jwt]\nkeys = [\"env:SECRET\"]\n[rate_limit]\ndefault = \"2/h\"\nmax_callers = 100\n";
    let mut conversation = Conversation::by(toml);
    let token =
        |user: &str| crate::hs256(crate::HS256, format!(r#"{{"sub":"{user}","exp":4102444800}}"#));
    let context = |user: &str| ADA.replace("ada", user);
    let ok = |user: &str| {
        let context = context(user);
        move |id| super::super::support::allowed(id, &context)
    };
    conversation.ask("first", &token("ada"), &json!({}), ok("ada"));
    let mut through = 0;
    for number in 0..1_000 {
        let user = format!("u{number}");
        // As many as there are windows for, and then those of the one that all newcomers share.
        let passes = number < 99 || through < 2;
        if number >= 99 && passes {
            through += 1;
        }
        match passes {
            true => conversation.ask("newcomer", &token(&user), &json!({}), ok(&user)),
            false => conversation.ask("newcomer", &token(&user), &json!({}), |id| full(id, 3600)),
        }
    }
    conversation.ask("second", &token("ada"), &json!({}), ok("ada"));
    conversation.ask("third", &token("ada"), &json!({}), |id| full(id, 3600));
    conversation.check();
}
