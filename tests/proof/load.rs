//! The load of the proofs: a client that sends random changes one by one until its server dies or it is stopped.

use fastrand::Rng;

use crate::records::{Change, ClientChanges, Record};
use crate::support::Client;

/// Licenses that all clients compete for, with one activation more each.
const SHARED: usize = 4;

/// Creates the shared licenses and gives their records.
pub fn share_licenses(client: &mut Client) -> Vec<(Record, String)> {
    let share = |number: usize| {
        let (key, limit) = (format!("SHARED-{number}"), number + 1);
        let request = create(key.clone(), limit);
        assert_eq!(client.post(request.endpoint, &request.fields()).unwrap().code, request.codes.0);
        (Record::License(key), limit.to_string())
    };
    (0..SHARED).map(share).collect()
}

/// The steps of a request, for callers that record them.
pub enum Step<'a> {
    /// The request is about to be sent.
    Sending(&'a Change),
    /// The change was acknowledged.
    Done,
    /// The change was refused.
    Refused,
    /// The server answered that it failed.
    Failed { code: i64, body: &'a str },
}

pub struct Activation {
    pub key: String,
    pub identifier: String,
    pub has_meta: bool,
}

/// The key of the metadata that is written for an activation, so that each entry has one writer.
pub fn meta_key(identifier: &str) -> String {
    format!("meta-{identifier}")
}

pub fn identifier_of(meta_key: &str) -> &str {
    meta_key.trim_start_matches("meta-")
}

/// One client. It creates records under names of its own, and competes with the others for the shared licenses.
pub struct Worker {
    /// The prefix of its names, and how many it has used.
    name: String,
    used: usize,
    rng: Rng,
    keys: Vec<String>,
    activations: Vec<Activation>,
    changes: ClientChanges,
}

/// A request, the change that it makes, and the codes that acknowledge and refuse it.
struct Request {
    endpoint: &'static str,
    fields: Vec<(&'static str, String)>,
    change: Change,
    codes: (i64, Option<i64>),
}

impl Request {
    fn fields(&self) -> Vec<(&str, &str)> {
        self.fields.iter().map(|(name, value)| (*name, value.as_str())).collect()
    }
}

impl Worker {
    pub fn new(number: usize, kill: usize, rng: Rng, activations: Vec<Activation>) -> Self {
        let keys = (0..SHARED).map(|number| format!("SHARED-{number}")).collect();
        Self {
            name: format!("{number}:{kill}"),
            used: 0,
            rng,
            keys,
            activations,
            changes: ClientChanges::default(),
        }
    }

    /// Runs until the connection ends, or `on_step` returns false for a request that is about to be sent.
    pub fn run(mut self, mut client: Client, mut on_step: impl FnMut(Step<'_>) -> bool) -> ClientChanges {
        loop {
            let request = self.request();
            if !on_step(Step::Sending(&request.change)) {
                return self.changes;
            }
            match client.ask(request.endpoint, &request.fields()) {
                Err(_) => {
                    self.changes.unanswered = Some(request.change);
                    return self.changes;
                }
                Ok(answer) if answer.code == request.codes.0 => {
                    on_step(Step::Done);
                    self.done(request.change);
                }
                // A license may be full.
                Ok(answer) if Some(answer.code) == request.codes.1 => drop(on_step(Step::Refused)),
                Ok(answer) => {
                    assert!(
                        answer.is_failure(),
                        "{} {:?}: {}",
                        request.endpoint,
                        request.change,
                        answer.code
                    );
                    on_step(Step::Failed { code: answer.code, body: &client.body });
                }
            }
        }
    }

    fn done(&mut self, change: Change) {
        match &change {
            (Record::License(key), _) => self.keys.push(key.clone()),
            (Record::Activation(key, identifier), Some(_)) => {
                let (key, identifier) = (key.clone(), identifier.clone());
                self.activations.push(Activation { key, identifier, has_meta: false });
            }
            (Record::Activation(_, identifier), None) => {
                self.activations.retain(|activation| activation.identifier != *identifier);
            }
            (Record::Meta(_, name), _) => {
                let identifier = identifier_of(name);
                let activation =
                    self.activations.iter_mut().find(|activation| activation.identifier == identifier);
                activation.expect("metadata is written for an activation").has_meta = true;
            }
        }
        self.changes.acknowledged.push(change);
    }

    fn request(&mut self) -> Request {
        self.used += 1;
        let activation = self.rng.choice(&self.activations);
        match (self.rng.u8(0..10), activation) {
            (0..2, _) => create(format!("{}:{}", self.name, self.used), self.rng.usize(0..4)),
            (2..5, Some(activation)) => deactivate(activation),
            (5..7, Some(activation)) => write_meta(activation, self.rng.u64(..).to_string()),
            _ => {
                let key = self.rng.choice(&self.keys).expect("the shared ones").clone();
                activate(key, format!("{}:{}", self.name, self.used))
            }
        }
    }
}

fn create(key: String, limit: usize) -> Request {
    let fields = vec![
        ("license_keys", format!("[\"{key}\"]")),
        ("product_id", "1".to_owned()),
        ("activation_limit", limit.to_string()),
        ("validity", "0".to_owned()),
        ("status", "assigned".to_owned()),
    ];
    let change = (Record::License(key), Some(limit.to_string()));
    Request { endpoint: "create-license-keys", fields, change, codes: (900, None) }
}

fn activate(key: String, identifier: String) -> Request {
    let fields = vec![("license_key", key.clone()), ("identifier", identifier.clone())];
    let change = (Record::Activation(key, identifier), Some(String::new()));
    Request { endpoint: "activate", fields, change, codes: (300, Some(302)) }
}

fn deactivate(activation: &Activation) -> Request {
    let fields = vec![("license_key", activation.key.clone()), ("identifier", activation.identifier.clone())];
    let change = (Record::Activation(activation.key.clone(), activation.identifier.clone()), None);
    Request { endpoint: "deactivate", fields, change, codes: (400, None) }
}

fn write_meta(activation: &Activation, value: String) -> Request {
    let name = meta_key(&activation.identifier);
    let fields = vec![
        ("license_key", activation.key.clone()),
        ("identifier", activation.identifier.clone()),
        ("key", name.clone()),
        ("value", value.clone()),
    ];
    let change = (Record::Meta(activation.key.clone(), name), Some(value));
    let (endpoint, done) =
        if activation.has_meta { ("update-license-key-meta", 353) } else { ("create-license-key-meta", 453) };
    Request { endpoint, fields, change, codes: (done, None) }
}
