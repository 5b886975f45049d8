//! The possible answers of an endpoint: its own outcomes, and those that all endpoints share.

use super::records;
use crate::api::record::{Answer, Audience, Record, answer, plain};
use crate::api::shape::Shape;
use crate::domain::Outcome::{self, *};

/// A possible answer of an endpoint.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Possible {
    pub outcome: Outcome,
    pub fields: &'static [(&'static str, Shape)],
    /// Whether it is in the endpoint's record.
    pub own: bool,
}

/// The refusals of callers that may not call (API §2.2).
const GATE: &[Answer] = &[
    plain(InvalidApiKey),
    plain(InactiveApiKey),
    plain(MissingCapability),
    plain(AddressNotAllowed),
    plain(AccessDenied),
];

const REASON: &[(&str, Shape)] =
    &[("reason", Shape::Sometimes(&Shape::Text("Content-Encoding: send the body uncompressed")))];

const FIELD_OR_REASON: &[(&str, Shape)] = &[
    ("field", Shape::Sometimes(&Shape::Text("identifier"))),
    ("reason", Shape::Sometimes(&Shape::Text("query string: not valid UTF-8 once it is percent-decoded"))),
];

/// The refusals of requests that the server can't read.
const UNREAD: &[Answer] = &[
    answer(UnreadableBody, FIELD_OR_REASON),
    plain(RequestTimeout),
    answer(PayloadTooLarge, FIELD_OR_REASON),
    answer(UnsupportedMediaType, REASON),
];

/// The answers to failures and to overload.
const FAULTS: &[Answer] = &[plain(InternalError), plain(ServiceUnavailable), plain(TooManyRequests)];

/// The answers that no endpoint gives.
pub const NOWHERE: &[Answer] = &[plain(UnknownEndpoint), plain(MethodNotAllowed)];

/// All answers of an endpoint, its own first.
pub fn of(record: &Record) -> Vec<Possible> {
    let own = record.answers.iter().map(|answer| (answer.outcome, answer.fields));
    let refusals = record.refusals.iter().map(|outcome| (*outcome, &[][..]));
    let own = own.chain(refusals).map(|(outcome, fields)| Possible { outcome, fields, own: true });
    let is_link = record.answers.iter().any(|answer| answer.outcome == DownloadNotPermitted);
    let shared: Vec<Possible> = match record.audience {
        Audience::Anyone => shared(GATE).filter(|answer| answer.outcome == AccessDenied).collect(),
        // Its fields are in its path; nothing else is read.
        _ if is_link => shared(GATE).collect(),
        _ => shared(GATE).chain(shared(UNREAD)).collect(),
    };
    own.chain(shared).chain(shared_faults()).collect()
}

fn shared(answers: &'static [Answer]) -> impl Iterator<Item = Possible> {
    answers.iter().map(|answer| Possible { outcome: answer.outcome, fields: answer.fields, own: false })
}

fn shared_faults() -> impl Iterator<Item = Possible> {
    shared(FAULTS)
}

/// The answers that every endpoint of the route table shares.
pub fn everywhere() -> Vec<Possible> {
    shared(GATE).chain(shared(UNREAD)).chain(shared(FAULTS)).collect()
}

/// All answers, each once; answers with the same outcome and other fields are different.
pub fn distinct() -> Vec<Possible> {
    let all = records().flat_map(of).chain(shared(NOWHERE));
    let mut distinct: Vec<Possible> = Vec::new();
    for answer in all {
        if !distinct.iter().any(|known| known.is_like(&answer)) {
            distinct.push(answer);
        }
    }
    distinct.sort_by_key(|answer| answer.outcome.code());
    distinct
}

impl Possible {
    fn is_like(&self, other: &Self) -> bool {
        self.outcome == other.outcome && self.fields == other.fields
    }

    /// The name of its schema and its example: the name of the outcome. If another answer with this outcome has other
    /// fields, the names of its fields are appended.
    pub fn name(&self, distinct: &[Self]) -> String {
        let first = distinct.iter().find(|other| other.outcome == self.outcome);
        let name = format!("{:?}", self.outcome);
        if first.is_none_or(|first| first.is_like(self)) {
            return name;
        }
        self.fields.iter().fold(name, |name, (field, _)| name + &capitalized(field))
    }

    pub fn title(&self) -> String {
        format!("{} {}", self.outcome.code(), self.outcome.message())
    }
}

/// Converts a field's name such as `meta_data` to `MetaData`.
fn capitalized(field: &str) -> String {
    let capital = |word: &str| {
        word.chars().take(1).map(|c| c.to_ascii_uppercase()).chain(word.chars().skip(1)).collect()
    };
    field.split('_').map(capital).collect::<Vec<String>>().concat()
}
