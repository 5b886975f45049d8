//! What the server says of itself: health, and these documents.

use serde_json::{Map, Value, json};

pub const TAG: &str = "The server itself";

/// Where each is, below the server's address, what it is, and as what it comes.
const PAGES: [(&str, &str, &str, &str); 5] = [
    ("/livez", "livez", "The process answers", "text/plain"),
    ("/readyz", "readyz", "The server can read its database and sign", "text/plain"),
    ("/openapi.json", "openapi", "This document", "application/json"),
    ("/docs", "docs", "This document as a page, with a form to try each endpoint", "text/html"),
    ("/postman.json", "postman", "A Postman collection of all endpoints", "application/json"),
];

pub fn paths(base: &str) -> Map<String, Value> {
    let base = if base.is_empty() { "/" } else { base };
    PAGES
        .iter()
        .map(|(path, id, summary, media_type)| {
            let item = json!({
                "servers": [{ "url": base }],
                "get": operation(id, summary, media_type),
                "head": operation(&format!("{id}-head"), summary, media_type),
            });
            ((*path).to_owned(), item)
        })
        .collect()
}

fn operation(id: &str, summary: &str, media_type: &str) -> Value {
    let schema = if media_type == "application/json" {
        json!({ "type": "object" })
    } else {
        json!({ "type": "string" })
    };
    let mut responses = Map::new();
    let content = json!({ media_type: { "schema": schema } });
    responses.insert("200".to_owned(), json!({ "description": "As it says.", "content": content }));
    if id.starts_with("readyz") {
        let text = "It can't; its log says why.";
        responses.insert("503".to_owned(), json!({ "description": text, "content": content }));
    } else if !id.starts_with("livez") {
        responses.insert("304".to_owned(), json!({ "description": "The caller has it already." }));
    }
    json!({ "operationId": id, "tags": [TAG], "summary": summary, "security": [], "responses": responses })
}
