//! The reference for integrators: what each endpoint takes and answers, as one table, and the documents that
//! are written from it.

mod answers;
mod endpoints;
mod fields;
mod openapi;
mod page;
mod postman;
mod schemas;
mod shape;

use serde_json::Value;

pub use page::ASSETS;

use crate::domain::{HttpStatus, Outcome};
use crate::routes::{ROUTES, Route};
use fields::Field;
use shape::Shape;

/// What there is to say of one endpoint. Its method, its other paths and its capability are the route table's.
#[derive(Debug)]
pub struct Endpoint {
    /// As in the route table, or of what is mounted beside it.
    path: &'static str,
    asker: Asker,
    /// One line, without a full stop.
    summary: &'static str,
    /// More, as text; may be empty.
    text: &'static str,
    fields: &'static [Field],
    /// What only this endpoint answers, and with which fields. Its success comes first.
    answers: &'static [Answer],
    /// What it shares with others and answers without fields.
    refusals: &'static [Outcome],
}

/// An outcome and the fields of its reply, in order.
#[derive(Debug)]
struct Answer {
    outcome: Outcome,
    fields: &'static [(&'static str, Shape)],
}

const fn answer(outcome: Outcome, fields: &'static [(&'static str, Shape)]) -> Answer {
    Answer { outcome, fields }
}

const fn plain(outcome: Outcome) -> Answer {
    answer(outcome, &[])
}

/// Who asks: what the pages are sorted by.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Asker {
    Product,
    Shop,
    Vendor,
    ContractOwner,
    Anyone,
}

impl Asker {
    const ALL: [Self; 5] = [Self::Product, Self::Shop, Self::Vendor, Self::ContractOwner, Self::Anyone];

    fn title(self) -> &'static str {
        match self {
            Self::Product => "Customers' products ask",
            Self::Shop => "Shops ask",
            Self::Vendor => "Vendors manage",
            Self::ContractOwner => "Contracts' owners ask",
            Self::Anyone => "Anyone may read",
        }
    }

    fn text(self) -> &'static str {
        match self {
            Self::Product => {
                "From software in the customer's hands, and so with an API key that has only the capabilities it needs; the preset `client` has the usual ones."
            }
            Self::Shop => {
                "When something is sold. The preset `shop` is for random assignments and for making contracts."
            }
            Self::Vendor => "With an API key that stays on servers of the vendor.",
            Self::ContractOwner => {
                "With their `contract_key` in the place of an API key or in the field `contract_key`; or with an API key that names the contract."
            }
            Self::Anyone => "Without an API key.",
        }
    }
}

/// What the documents depend on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's address as its customers reach it.
    pub public_url: String,
    pub http_status: HttpStatus,
}

impl Settings {
    fn base(&self) -> &str {
        self.public_url.trim_end_matches('/')
    }

    /// The path of that address, if a proxy serves it below one; empty, or with a slash before it and none after.
    fn base_path(&self) -> &str {
        let host_and_path = self.base().split_once("://").map_or("", |(_, rest)| rest);
        let path = host_and_path.find('/').and_then(|slash| host_and_path.get(slash..)).unwrap_or_default();
        // It goes into a page: whatever else an operator wrote there stays out.
        let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte);
        if path.bytes().all(is_plain) { path } else { "" }
    }
}

/// The documents, as JSON.
#[derive(Debug)]
pub struct Documents {
    pub openapi: Vec<u8>,
    pub postman: Vec<u8>,
}

impl Documents {
    /// Writes them: some milliseconds, and some hundred kilobytes.
    pub fn write(settings: &Settings) -> Self {
        Self { openapi: bytes(&openapi::document(settings)), postman: bytes(&postman::collection(settings)) }
    }
}

fn bytes(document: &Value) -> Vec<u8> {
    document.to_string().into_bytes()
}

/// The table's row for a route. A test holds that every route has one.
fn endpoint(path: &str) -> Option<&'static Endpoint> {
    endpoints::all().find(|endpoint| endpoint.path == path)
}

/// The routes of the table with what is to be said of each, in the route table's order.
fn routed() -> impl Iterator<Item = (&'static Route, &'static Endpoint)> {
    ROUTES.iter().filter_map(|route| Some((route, endpoint(route.path)?)))
}

#[cfg(test)]
mod tests;
