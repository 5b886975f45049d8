//! The pages about the server itself: health, public keys, and these documents.

use serde_json::{Map, Value, json};

use crate::routes::{Content, PAGES, Page, PageId, Place};

pub const TAG: &str = "The server itself";

/// The path items of the pages below the server's address.
pub fn paths(base: &str) -> Map<String, Value> {
    let base = if base.is_empty() { "/" } else { base };
    let pages = PAGES.iter().filter(|page| matches!(page.place, Place::Root | Place::Documents));
    let described = pages.filter_map(|page| match page.content {
        Content::Plain { summary, media_type } => Some((page, summary, media_type)),
        Content::Api(_) | Content::Part => None,
    });
    described
        .map(|(page, summary, media_type)| {
            let name = operation_name(page.path);
            let item = json!({
                "servers": [{ "url": base }],
                "get": operation(page, &name, summary, media_type),
                "head": operation(page, &format!("{name}-head"), summary, media_type),
            });
            (page.path.to_owned(), item)
        })
        .collect()
}

/// The name of the file without its extension: `openapi` of `/openapi.json`.
fn operation_name(path: &str) -> String {
    let file = path.rsplit('/').next().unwrap_or_default();
    file.split('.').next().unwrap_or_default().to_owned()
}

fn operation(page: &Page, name: &str, summary: &str, media_type: &str) -> Value {
    let schema = match page.id {
        PageId::PublicKeys => public_keys(),
        _ if media_type == "application/json" => json!({ "type": "object" }),
        _ => json!({ "type": "string" }),
    };
    let content = json!({ media_type: { "schema": schema } });
    let text = json!({ "text/plain": { "schema": { "type": "string" } } });
    let mut responses = Map::new();
    let mut add = |status: &str, response: Value| responses.insert(status.to_owned(), response);
    add("200", json!({ "description": summary, "content": content }));
    if page.place == Place::Documents || page.id == PageId::PublicKeys {
        add("304", json!({ "description": "Not changed since the `ETag` that the caller has." }));
    }
    if page.id == PageId::PublicKeys {
        add("429", json!({ "$ref": "#/components/responses/Status429" }));
    }
    if [PageId::Readyz, PageId::PublicKeys].contains(&page.id) {
        add(
            "503",
            json!({ "description": "Unavailable; the server's log has the reason.", "content": text }),
        );
    }
    json!({ "operationId": name, "tags": [TAG], "summary": summary, "security": [], "responses": responses })
}

fn public_keys() -> Value {
    let moment = |text: &str| json!({ "type": ["integer", "null"], "description": text });
    json!({ "type": "array", "items": {
        "type": "object",
        "properties": {
            "owner": {
                "description": "`global`, or the id of the product.",
                "anyOf": [{ "const": "global" }, { "type": "integer" }],
            },
            "state": { "type": "string", "enum": ["next", "current", "former"] },
            "fingerprint": { "type": "string", "description": "SHA-256 of the key." },
            "pem": { "type": "string" },
            "from": moment("The start of its use, in seconds since 1970."),
            "until": moment("The end of its use, in seconds since 1970."),
        },
        "required": ["owner", "state", "fingerprint", "pem", "from", "until"],
    } })
}
