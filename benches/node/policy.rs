//! What a policy costs: deciding by it, and loading it.

use std::fmt::Write;
use std::path::Path;
use std::sync::Arc;

use portcullis::config::Layers;
use portcullis::gateway::Gateway;
use portcullis::gateway::key::Algorithm;

use super::measure::{Samples, cpu_time, median};
use super::workload::{Tokens, Workload};
use super::{PASSES, run_node_under};

/// So many routes, 20 roles, limits, and 100,000 tokens that are revoked.
fn tree(routes: usize) -> String {
    let mut text = String::from("[services.users-service]\n[roles]\nadmin = [\"users:*\"]\n");
    for role in 1..20 {
        let _ = writeln!(text, "role-{role} = [\"area-{role}:read\", \"area-{role}:write\"]");
    }
    text += "[rate_limit]\ndefault = \"1000000/min\"\nroles = { admin = \"1000000/min\" }\n";
    text += "[[routes]]\npath = \"/api/users/{id}\"\nmethods = [\"GET\", \"PUT\"]\n";
    text += "service = \"users-service\"\npermissions = [\"read\"]\nroles = [\"admin\"]\n";
    for route in 1..routes {
        let path = match route % 3 {
            0 => format!("/api/area-{route}/{{id}}"),
            1 => format!("/api/area-{}/{{id}}/part-{route}", route / 7),
            _ => format!("/{{project}}/area-{route}/{{*rest}}"),
        };
        let _ = write!(text, "[[routes]]\npath = \"{path}\"\nservice = \"users-service\"\n");
        let _ = writeln!(text, "permissions = [\"area-{}:read\"]", route % 20);
    }
    text
}

fn revoked(count: usize) -> String {
    let jtis: Vec<String> = (0..count).map(|number| format!("\"revoked-{number}\"")).collect();
    format!("[revocation]\njtis = [{}]\n", jtis.join(", "))
}

fn layers(text: &str) -> Layers {
    Layers::new().file(Path::new("bench.toml"), text.as_bytes())
}

/// CPU per message on recurring tokens, with and without a policy.
pub(crate) fn run() {
    println!("CPU per message, ns: no configuration, 1,000 routes with limits and 100,000 revoked");
    let plain = Arc::new(Layers::new());
    let full = Arc::new(layers(&(tree(1_000) + &revoked(100_000))));
    for (algorithm, tokens) in [
        (Algorithm::HS256, Tokens::One),
        (Algorithm::HS256, Tokens::Thousand),
        (Algorithm::EdDSA, Tokens::Thousand),
    ] {
        let load = Workload::new(algorithm, tokens);
        let mut samples = [Samples::default(), Samples::default()];
        for pass in 0..=PASSES {
            for (samples, layers) in samples.iter_mut().zip([&plain, &full]) {
                let time = run_node_under(&load, 1, Arc::clone(layers)).cpu;
                if pass > 0 {
                    samples.push(time / load.messages as f64);
                }
            }
        }
        let [without, with] = &samples;
        let ratios = (0..PASSES).map(|pass| with.at(pass) / without.at(pass)).collect();
        let name = format!("{algorithm:?}");
        println!(
            "{name:<6} {:<10} {without:>22} {with:>22}  {:.2} x (1.25)",
            tokens.name(),
            median(ratios)
        );
    }
    println!();
    load();
}

/// Time from text to a gateway that decides by it.
fn load() {
    let text = tree(10_000);
    let mut samples = Samples::default();
    for pass in 0..=PASSES {
        let time = cpu_time(|| {
            let configuration = layers(&text).read().unwrap();
            Gateway::new().enforce(&configuration.policy).unwrap();
        });
        if pass > 0 {
            samples.push(time / 1e6);
        }
    }
    println!("10,000 routes, from text to deciding, ms: {samples} (200)");
    println!();
}
