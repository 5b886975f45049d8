//! The reference for integrators: what each endpoint takes and answers, as one table, and the documents that
//! are written from it.

mod answers;
mod fields;
mod openapi;
mod page;
mod postman;
mod schemas;
mod shapes;

use serde_json::Value;

pub use page::ASSETS;

use crate::api::record::{Audience, Record};
use crate::domain::HttpStatus;
use crate::routes::{PAGES, Page, ROUTES};

/// The audiences, in the order in which the pages show them.
const AUDIENCES: [Audience; 5] =
    [Audience::Product, Audience::Shop, Audience::Vendor, Audience::ContractOwner, Audience::Anyone];

/// The heading of an audience's endpoints.
fn title(audience: Audience) -> &'static str {
    match audience {
        Audience::Product => "Customers' products ask",
        Audience::Shop => "Shops ask",
        Audience::Vendor => "Vendors manage",
        Audience::ContractOwner => "Contracts' owners ask",
        Audience::Anyone => "Anyone may read",
    }
}

/// The text under the heading.
fn text(audience: Audience) -> &'static str {
    match audience {
        Audience::Product => {
            "From software in the customer's hands, and so with an API key that has only the capabilities it needs; \
             the preset `client` has the usual ones."
        }
        Audience::Shop => {
            "When something is sold. The preset `shop` is for random assignments and for making contracts."
        }
        Audience::Vendor => "With an API key that stays on servers of the vendor.",
        Audience::ContractOwner => {
            "With their `contract_key` in the place of an API key or in the field `contract_key`; or with an API key \
             that names the contract."
        }
        Audience::Anyone => "Without an API key.",
    }
}

/// The settings that appear in the documents.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The base URL under which customers reach the server.
    pub public_url: String,
    pub http_status: HttpStatus,
}

impl Settings {
    fn base(&self) -> &str {
        self.public_url.trim_end_matches('/')
    }

    /// The path of the base URL, if a proxy serves the API below one: empty, or with a leading and without a trailing
    /// slash.
    fn base_path(&self) -> &str {
        let host_and_path = self.base().split_once("://").map_or("", |(_, rest)| rest);
        let path = host_and_path.find('/').and_then(|slash| host_and_path.get(slash..)).unwrap_or_default();
        // It is inserted into HTML, so other characters are dropped.
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
    /// Writes all documents. Takes some milliseconds and some hundred kilobytes.
    pub fn write(settings: &Settings) -> Self {
        Self { openapi: bytes(&openapi::document(settings)), postman: bytes(&postman::collection(settings)) }
    }
}

fn bytes(document: &Value) -> Vec<u8> {
    document.to_string().into_bytes()
}

/// The records of all endpoints, and of the pages that answer as endpoints do.
fn records() -> impl Iterator<Item = &'static Record> {
    ROUTES.iter().map(|route| &route.endpoint.record).chain(api_pages().map(|(_, record)| record))
}

/// The pages that answer as endpoints do.
fn api_pages() -> impl Iterator<Item = (&'static Page, &'static Record)> {
    PAGES.iter().filter_map(|page| Some((page, page.record()?)))
}

#[cfg(test)]
mod tests;
