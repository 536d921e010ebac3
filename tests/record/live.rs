//! A live gateway whose decisions are recorded.

use std::collections::HashMap;
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use portcullis::config::{Configuration, Layers};
use portcullis::gateway::ask::{Ask, Introspection, SharedRoom, SharedWindow, Told};
use portcullis::gateway::key::{KeySet, KeyText};
use portcullis::gateway::trust::IssuerId;
use portcullis::gateway::{
    BadRequest, Decision, Gateway, Header, KeySource, Now, Request, Steady, Step, Timestamp,
};
use portcullis::record::replay::{Replayed, replay};
use portcullis::record::what_if::{Proposal, Report, what_if};
use portcullis::record::{Event, KeysFrom, OpenFault, RecordSettings, Recorder, Start};

/// 2026-01-01T00:00:00Z (seconds since 1970).
pub const NOW: f64 = 1_767_225_600.0;

/// A request of a test.
#[derive(Clone, Debug)]
pub struct Asked {
    pub method: String,
    pub target: String,
    pub headers: Vec<(String, String)>,
    pub required: Vec<String>,
    pub client: Option<String>,
    /// Seconds since [`NOW`].
    pub at: f64,
    /// What the endpoint says of an opaque token.
    pub introspection: Introspection,
    /// What a shared store says; none: it is counted.
    pub store_fails: bool,
}

impl Asked {
    pub fn get(path: &str) -> Self {
        Self {
            method: "GET".to_owned(),
            target: path.to_owned(),
            headers: Vec::new(),
            required: Vec::new(),
            client: Some("192.0.2.1".to_owned()),
            at: 0.0,
            introspection: Introspection::Failed,
            store_fails: false,
        }
    }

    pub fn bearer(self, token: &str) -> Self {
        self.header("Authorization", &format!("Bearer {token}"))
    }

    pub fn header(mut self, name: &str, value: &str) -> Self {
        self.headers.push((name.to_owned(), value.to_owned()));
        self
    }

    pub fn needs(mut self, permission: &str) -> Self {
        self.required.push(permission.to_owned());
        self
    }

    pub fn at(mut self, seconds: f64) -> Self {
        self.at = seconds;
        self
    }

    fn now(&self) -> Now {
        now(self.at)
    }
}

pub fn now(seconds: f64) -> Now {
    Now {
        wall: Timestamp::from_seconds(NOW + seconds).unwrap(),
        steady: Steady::from_seconds(1000.0 + seconds),
    }
}

/// A configuration in TOML.
pub fn configuration(toml: &str) -> Configuration {
    let layers = Layers::new().file(Path::new("gateway.toml"), toml.as_bytes());
    layers.read().unwrap_or_else(|fault| panic!("{fault}\n{toml}"))
}

pub fn keys(text: &str) -> Arc<KeySet> {
    Arc::new(KeyText::Text(text).read().unwrap().0)
}

/// A live gateway, and what it is configured by.
pub struct Live {
    pub gateway: Gateway,
    configuration: Configuration,
    issuers: Vec<(Option<String>, Arc<KeySet>)>,
    store: Store,
}

/// A store of windows, as plain as can be.
#[derive(Default)]
struct Store(HashMap<(String, Vec<u8>), Vec<f64>>);

impl Store {
    fn take(&mut self, window: &SharedWindow, at: f64) -> SharedRoom {
        let name = (window.scope.to_string(), window.caller.to_bytes());
        let admitted = self.0.entry(name).or_default();
        let width = window.limit.window.as_secs_f64();
        let recent: Vec<f64> = admitted.iter().copied().filter(|time| *time > at - width).collect();
        let most = window.limit.requests.get() as usize;
        match recent.len().checked_sub(most) {
            None => {
                admitted.push(at);
                SharedRoom::Taken
            }
            Some(over) => {
                let seconds = (recent[over] + width - at).ceil() as u64;
                SharedRoom::Full { retry_after: seconds.max(1).try_into().unwrap() }
            }
        }
    }
}

impl Live {
    /// Under a configuration; keys by issuer.
    pub fn new(toml: &str, issuers: &[(Option<&str>, Arc<KeySet>)]) -> Self {
        let configuration = configuration(toml);
        let owned = |(name, keys): &(Option<&str>, Arc<KeySet>)| {
            (name.map(str::to_owned), Arc::clone(keys))
        };
        let mut live = Self {
            gateway: Gateway::new(),
            configuration,
            issuers: issuers.iter().map(owned).collect(),
            store: Store::default(),
        };
        live.enforce();
        live
    }

    fn enforce(&mut self) {
        let mut policy = self.configuration.policy.clone();
        policy.recorded = true;
        self.gateway.enforce(&policy).unwrap();
        for (name, keys) in &self.issuers {
            let id = match name {
                None => IssuerId::JWT,
                Some(name) => match policy.issuers.keys().position(|known| known == name) {
                    Some(place) => IssuerId::further(place),
                    None => continue,
                },
            };
            self.gateway.replace_keys_of(id, Arc::clone(keys), KeySource::Given);
        }
    }

    /// Another configuration, in force from now on.
    pub fn configure(&mut self, toml: &str) {
        self.configuration = configuration(toml);
        self.enforce();
    }

    pub fn start(&self, recorder: &mut Recorder, event: Event) {
        recorder.start(&Start {
            event,
            now: now(0.0),
            tree: &self.configuration.to_json(),
            policy: &self.configuration.policy,
            trust: self.gateway.trust(),
            keys_from: KeysFrom::Configuration,
        });
    }

    /// Decides a request, records it where somebody does, and says status and error.
    pub fn decide(&mut self, asked: &Asked, recorder: Option<&mut Recorder>) -> (u16, String) {
        let headers: Vec<Header<'_>> = asked
            .headers
            .iter()
            .map(|(name, value)| (name.as_str().into(), value.as_str().into()))
            .collect();
        let required: Vec<_> = asked.required.iter().map(|text| text.as_str().into()).collect();
        let request = Request {
            method: &asked.method,
            target: &asked.target,
            headers: &headers,
            required: &required,
            client_ip: asked.client.as_deref(),
        };
        self.decide_request(Ok(request), asked, recorder)
    }

    /// The same of a request that could not be read.
    pub fn decide_malformed(
        &mut self,
        fault: BadRequest,
        recorder: &mut Recorder,
    ) -> (u16, String) {
        self.decide_request(Err(fault), &Asked::get("/"), Some(recorder))
    }

    fn decide_request(
        &mut self,
        request: Result<Request<'_>, BadRequest>,
        asked: &Asked,
        recorder: Option<&mut Recorder>,
    ) -> (u16, String) {
        let mut told = Told::default();
        let (decision, facts) = loop {
            match self.gateway.step(&request, asked.now(), &told) {
                Step::Decided(decision, facts) => break (decision, facts),
                Step::Ask(Ask::Introspection(_)) => {
                    told.introspection = Some(asked.introspection.clone());
                }
                Step::Ask(Ask::Room(window)) => {
                    told.room = Some(match asked.store_fails {
                        true => SharedRoom::Failed,
                        false => self.store.take(&window, asked.at),
                    });
                }
                Step::Ask(Ask::Key { .. }) => panic!("no test has keys that can be asked for"),
            }
        };
        if let Some(recorder) = recorder {
            recorder.decision(request.as_ref(), asked.now(), &decision, &facts);
        }
        match &decision {
            Decision::Allow(allowed) => {
                let user = allowed.caller().map(|caller| {
                    let identity = caller.identity();
                    let permissions: Vec<_> = identity.permissions().collect();
                    format!("{} {:?} {permissions:?}", identity.user(), identity.role())
                });
                (200, format!("{} {user:?}", allowed.service()))
            }
            Decision::Deny(denied) => (denied.denial.status(), denied.denial.to_string()),
        }
    }
}

/// A record in a folder of its own.
pub struct Record {
    _folder: tempfile::TempDir,
    pub path: PathBuf,
}

impl Record {
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("decisions.jsonl");
        Self { _folder: folder, path }
    }

    pub fn open(&self, settings: RecordSettings) -> Recorder {
        // Where another test starts a process, that has a copy of every open file for a moment.
        loop {
            match Recorder::open(&self.path, settings) {
                Err(OpenFault::InUse(_)) => std::thread::yield_now(),
                other => break other.unwrap(),
            }
        }
    }

    /// Decides and records requests under a configuration.
    pub fn of(live: &mut Live, requests: &[Asked], settings: RecordSettings) -> Self {
        let record = Self::new();
        let mut recorder = record.open(settings);
        live.start(&mut recorder, Event::Begin);
        for asked in requests {
            live.decide(asked, Some(&mut recorder));
        }
        recorder.flush().unwrap();
        record
    }

    pub fn text(&self) -> String {
        std::fs::read_to_string(&self.path).unwrap()
    }

    pub fn replay(&self) -> Replayed {
        replay(File::open(&self.path).unwrap()).unwrap()
    }

    pub fn what_if(&self, proposal: &Proposal) -> Report {
        what_if(File::open(&self.path).unwrap(), proposal).unwrap()
    }
}

/// What a configuration proposes, its keys being unknown unless they are the same.
pub fn proposal(toml: &str) -> Proposal {
    let configuration = configuration(toml);
    Proposal {
        tree: configuration.to_json(),
        policy: configuration.policy,
        keys: Default::default(),
    }
}
