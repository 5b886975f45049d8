//! The reference as an OpenAPI 3.1 document.

mod operation;
mod own_pages;

use serde_json::{Map, Value, json};

use super::answers::{self, Possible};
use super::{AUDIENCES, Settings, api_pages, schemas, text, title};
use crate::api::record::Audience;
use crate::domain::HttpStatus;
use crate::routes::{PREFIXES, ROUTES};

/// The whole document.
pub fn document(settings: &Settings) -> Value {
    let distinct = answers::distinct();
    let servers: Vec<Value> = PREFIXES
        .iter()
        .zip(["The base path of most clients", "An alias", "An alias"])
        .map(|(prefix, text)| json!({ "url": format!("{}{prefix}", settings.base()), "description": text }))
        .collect();
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "Keyseal",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "A license-key server that signs every answer",
            "description": description(settings),
            "license": { "name": "MIT", "identifier": "MIT" },
        },
        "servers": servers,
        "tags": tags(),
        "security": [{ "field": [] }, { "bearer": [] }, { "header": [] }],
        "paths": paths(settings, &distinct),
        "components": {
            "securitySchemes": security_schemes(),
            "parameters": { "IdempotencyKey": operation::idempotency_key() },
            "schemas": reply_schemas(&distinct),
            "examples": examples(&distinct),
            "responses": shared_responses(settings.http_status, &distinct),
        },
    })
}

fn tags() -> Vec<Value> {
    let tag = |audience: &Audience| json!({ "name": title(*audience), "description": text(*audience) });
    let mut tags: Vec<Value> = AUDIENCES.iter().map(tag).collect();
    tags.push(
        json!({ "name": own_pages::TAG, "description": "Without an API key, and without an envelope." }),
    );
    tags
}

fn security_schemes() -> Value {
    let text = "Send the API key in one of three places. `Authorization` takes precedence over `X-API-Key`, and \
                `X-API-Key` over the field.";
    json!({
        "bearer": { "type": "http", "scheme": "bearer", "description": text },
        "header": { "type": "apiKey", "in": "header", "name": "X-API-Key", "description": text },
        "field": {
            "type": "apiKey", "in": "query", "name": "api_key",
            "description": format!("In the query string, or as a field of the body. {text}"),
        },
        "contractKey": {
            "type": "apiKey", "in": "query", "name": "contract_key",
            "description": "The owner of a contract needs no API key: the key of the contract is sent in the query \
                string, as a field of the body, or in place of an API key.",
        },
    })
}

/// The routes in the order of their table, each followed by its other paths; then the pages.
fn paths(settings: &Settings, distinct: &[Possible]) -> Map<String, Value> {
    let mut paths = Map::new();
    for route in ROUTES {
        let method = route.method.as_str().to_ascii_lowercase();
        let operation = operation::of_route(route, settings.http_status, distinct);
        for alias in route.aliases {
            let deprecated = operation::deprecated(&operation, route.path, alias);
            paths.insert((*alias).to_owned(), json!({ method.as_str(): deprecated }));
        }
        paths.insert(route.path.to_owned(), json!({ method: operation }));
    }
    for (page, record) in api_pages() {
        let operations = operation::of_page(page, record, settings.http_status, distinct);
        paths.insert(page.path.to_owned(), operations);
    }
    paths.extend(own_pages::paths(settings.base()));
    paths
}

fn reply_schemas(distinct: &[Possible]) -> Map<String, Value> {
    let members = schemas::envelope_members().into_iter().map(|(name, schema)| (name.to_owned(), schema));
    let replies = distinct.iter().map(|answer| (answer.name(distinct), schemas::reply(answer)));
    members.chain(replies).collect()
}

fn examples(distinct: &[Possible]) -> Map<String, Value> {
    let example = |answer: &Possible| json!({ "summary": answer.title(), "value": schemas::example(answer) });
    distinct.iter().map(|answer| (answer.name(distinct), example(answer))).collect()
}

/// The responses of the statuses that are the same at every endpoint, and of those that belong to no endpoint.
fn shared_responses(mode: HttpStatus, distinct: &[Possible]) -> Map<String, Value> {
    let mut responses = Map::new();
    let nowhere = distinct
        .iter()
        .filter(|answer| answers::NOWHERE.iter().any(|nowhere| nowhere.outcome == answer.outcome));
    let all: Vec<Possible> = answers::everywhere().into_iter().chain(nowhere.copied()).collect();
    for (status, group) in operation::by_status(&all, mode) {
        if status != 200 {
            responses.insert(format!("Status{status}"), operation::response(status, &group, distinct));
        }
    }
    responses
}

fn description(settings: &Settings) -> String {
    let statuses = match settings.http_status {
        HttpStatus::Envelope => {
            "Every answer of the original API has HTTP status 200; its `code` tells the outcome."
        }
        HttpStatus::Documented => {
            "Answers have HTTP status 200, except refusals of the API key (401) and of blocked callers \
                (403); the `code` tells the outcome."
        }
    };
    let own: Vec<String> = answers::distinct()
        .iter()
        .filter(|answer| answer.outcome.code() >= 1900)
        .map(|answer| {
            let status = answer.outcome.http_status(settings.http_status);
            format!("| {} | {} | {status} |", answer.outcome.code(), answer.outcome.message())
        })
        .collect();
    format!(
        "The API of a license-key server, as clients of GetKeyManager and Keevault v1 know it.\n\n\
         Every answer is an envelope: `response`, the same bytes in base64, the key that signed, and the signature. \
         Verify the signature over the text of `response_base64` (RSASSA-PKCS1-v1_5 with SHA-256), \
         decode that text, and trust the result.\n\n\
         {statuses} Codes from 1900 up are this server's own:\n\n\
         | Code | Message | HTTP |\n|---|---|---|\n{}\n\n\
         Fields are read from a form, from multipart, from JSON or from the query string; a field of the body \
         hides one of the query string. The body of a GET is ignored. \
         A body may have 1 MiB. A blank field counts as absent; unknown fields are ignored. \
         A request without a required field can't succeed, \
         and is refused with an outcome of the endpoint, not with an HTTP error. \
         Many fields have aliases, listed as `x-aliases`; the field's own name takes precedence.",
        own.join("\n")
    )
}
