//! O2: whatever is sent, the series stay those that they were.

use serde_json::{Value, json};

use super::super::support::message;
use super::Conversation;

fn names(answer: &str) -> Vec<String> {
    let answer: Value = serde_json::from_str(answer).unwrap();
    let text = answer["body"]["metrics"].as_str().unwrap();
    let series = text.lines().filter(|line| !line.starts_with('#'));
    series.map(|line| line.rsplit_once(' ').unwrap().0.to_owned()).collect()
}

#[test]
fn o02_a_hundred_thousand_different_requests_make_no_series() {
    let toml = "[jwt]\nkeys = [\"env:SECRET\"]\n[rate_limit]\ndefault = \"10/s\"\nper_address = \"1000/s\"\nmax_callers = 50\n[services.s]\n[[routes]]\npath = \"/s/{*rest}\"\nservice = \"s\"\n";
    let mut conversation = Conversation::forwarding(toml);
    let ask = || message(json!({"type": "metrics", "msg_id": 1}));
    conversation.line("before", ask(), String::new());
    for number in 0..100_000 {
        let header = format!(r#"{{"alg":"HS256","kid":"kid-{number}"}}"#);
        let body = match number % 4 {
            0 => {
                // A good one, of somebody new.
                let claims = format!(r#"{{"sub":"u{number}","iss":"i{number}","exp":4102444800}}"#);
                let token = crate::hs256(&header, claims);
                json!({"type": "api_request", "method": format!("M{number}"), "path": format!("/s/{number}"), "headers": {"Authorization": format!("Bearer {token}")}})
            }
            1 => {
                let token = format!("{}.e30.AAAA", crate::base64url(&header));
                json!({"type": "api_request", "method": "GET", "path": format!("/p{number}"), "client_ip": format!("10.{}.{}.1", number % 256, number / 256 % 256), "headers": {"Authorization": format!("Bearer {token}")}})
            }
            2 => json!({"type": format!("type-{number}"), "msg_id": number}),
            _ => json!({"type": "api_response", "in_reply_to": number, "status": number}),
        };
        let line = json!({"src": format!("s{number}"), "dest": format!("d{number}"), "body": body});
        conversation.line("", line.to_string(), String::new());
    }
    conversation.line("after", ask(), String::new());
    let answers = conversation.answers();
    let pages: Vec<_> = answers.iter().filter(|line| line.contains("\"metrics_ok\"")).collect();
    let [before, after] = pages[..] else { panic!("two pages") };
    assert_eq!(names(before), names(after));
    assert!(names(after).len() <= 200, "{}", names(after).len());
    assert!(after.len() < 2 * before.len());
    assert!(after.contains(r#"portcullis_requests_total{status=\"429\"} "#), "{after}");
}
