//! The reference for integrators: writes the OpenAPI document, the Postman collection and the page `/docs` from the
//! endpoints' records.

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
        Audience::Product => "For products in customers' hands",
        Audience::Shop => "For shops",
        Audience::Vendor => "For the vendor",
        Audience::ContractOwner => "For owners of contracts",
        Audience::Anyone => "For everybody",
    }
}

/// The text under the heading.
fn text(audience: Audience) -> &'static str {
    match audience {
        Audience::Product => {
            "Called by software that customers run: give its API key only the capabilities that it needs. The preset \
             `client` has the usual ones."
        }
        Audience::Shop => {
            "Called when something is sold. The preset `shop` allows random assignments and creating contracts."
        }
        Audience::Vendor => "Called with an API key that stays on the vendor's servers.",
        Audience::ContractOwner => {
            "Called with the key of a contract in place of an API key or in the field `contract_key`; or with an API \
             key and the contract's id or key."
        }
        Audience::Anyone => "Called without an API key.",
    }
}

/// The settings that the documents depend on.
#[derive(Clone, Debug)]
pub struct Settings {
    /// The server's address as its clients reach it.
    pub public_url: String,
    pub http_status: HttpStatus,
}

impl Settings {
    fn base(&self) -> &str {
        self.public_url.trim_end_matches('/')
    }

    /// The path of that address, if a proxy serves it below one: empty, or with a leading and no trailing slash.
    fn base_path(&self) -> &str {
        let host_and_path = self.base().split_once("://").map_or("", |(_, rest)| rest);
        let path = host_and_path.find('/').and_then(|slash| host_and_path.get(slash..)).unwrap_or_default();
        // It is inserted into a page, so anything but plain characters is left out.
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

/// Adds a member to a JSON object.
fn insert(object: &mut Value, name: &str, value: Value) {
    if let Some(members) = object.as_object_mut() {
        members.insert(name.to_owned(), value);
    }
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
