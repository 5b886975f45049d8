//! Endpoints as operations of an OpenAPI document.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use crate::api::field::About;
use crate::api::record::{Audience, Record};
use crate::domain::{HttpStatus, Outcome};
use crate::reference::answers::{self, Possible};
use crate::reference::{fields, insert, schemas, title};
use crate::routes::{Page, PageId, Route, Runs, has_in_path};

/// The pattern of a multipart field's name that needs no quoting.
const PART_NAME: &str = r#"^[^\u0000-\u001f\u007f\\"]*$"#;

/// The operation of a route.
pub fn of_route(route: &Route, mode: HttpStatus, distinct: &[Possible]) -> Value {
    let record = &route.endpoint.record;
    let mut operation = described(record, route.capability, mode, distinct);
    let by_query = route.method.as_str() == "GET";
    let mut parameters: Vec<Value> = Vec::new();
    if by_query {
        let place = |field: &About| if has_in_path(route.path, field.name) { "path" } else { "query" };
        parameters.extend(record.fields().map(|field| parameter(field, place(field))));
    } else {
        insert(&mut operation, "requestBody", request_body(record));
    }
    if route.runs == Runs::OnWriter {
        parameters.push(json!({ "$ref": "#/components/parameters/IdempotencyKey" }));
    }
    if !parameters.is_empty() {
        insert(&mut operation, "parameters", Value::Array(parameters));
    }
    if record.audience == Audience::ContractOwner {
        let security = json!([{ "contractKey": [] }, { "bearer": [] }, { "header": [] }, { "field": [] }]);
        insert(&mut operation, "security", security);
    }
    insert(&mut operation, "x-capability", json!(route.capability));
    operation
}

/// The operation under one of its other paths, marked as deprecated.
pub fn deprecated(operation: &Value, path: &str, alias: &str) -> Value {
    let mut operation = operation.clone();
    insert(&mut operation, "deprecated", json!(true));
    insert(&mut operation, "operationId", json!(alias.trim_start_matches('/').replace('/', "-")));
    insert(&mut operation, "description", json!(format!("An alias of `{path}`.")));
    operation
}

/// A page that answers like an endpoint. Its fields are segments of the path.
pub fn of_page(page: &Page, record: &Record, mode: HttpStatus, distinct: &[Possible]) -> Value {
    let is_download = page.id == PageId::Download;
    let name = if is_download { "download" } else { "product-changelog" };
    let mut get = described(record, name, mode, distinct);
    insert(&mut get, "security", json!([]));
    let parameters: Vec<Value> = record.fields().map(|field| parameter(field, "path")).collect();
    insert(&mut get, "parameters", Value::Array(parameters));
    if !is_download {
        return json!({ "get": get });
    }
    insert(&mut get, "x-capability", json!(name));
    if let Some(responses) = get.get_mut("responses").and_then(Value::as_object_mut) {
        add_file_responses(responses);
    }
    let mut head = get.clone();
    insert(&mut head, "operationId", json!("download-head"));
    insert(&mut head, "summary", json!("The headers of a download, without the file"));
    json!({ "get": get, "head": head })
}

fn described(record: &Record, id: &str, mode: HttpStatus, distinct: &[Possible]) -> Value {
    let all = answers::of(record);
    let outcomes: Vec<Value> = all.iter().map(|answer| outcome(answer, mode, distinct)).collect();
    let mut operation = json!({
        "operationId": id, "tags": [title(record.audience)], "summary": record.summary,
    });
    if !record.text.is_empty() {
        insert(&mut operation, "description", json!(record.text));
    }
    insert(&mut operation, "responses", responses(&all, mode, distinct).into());
    insert(&mut operation, "x-outcomes", Value::Array(outcomes));
    operation
}

/// The facts about one answer that programs need without reading schemas. `own`: not shared by all endpoints.
fn outcome(answer: &Possible, mode: HttpStatus, distinct: &[Possible]) -> Value {
    json!({
        "code": answer.outcome.code(), "message": answer.outcome.message(),
        "signed_by": answer.outcome.signed_by().as_str(),
        "http_status": answer.outcome.http_status(mode), "own": answer.own, "name": answer.name(distinct),
    })
}

fn responses(all: &[Possible], mode: HttpStatus, distinct: &[Possible]) -> Map<String, Value> {
    let shared = by_status(&answers::everywhere(), mode);
    let groups = by_status(all, mode).into_iter();
    groups
        .map(|(status, group)| {
            let is_shared = status != 200 && shared.get(&status) == Some(&group);
            let response = if is_shared {
                json!({ "$ref": format!("#/components/responses/Status{status}") })
            } else {
                response(status, &group, distinct)
            };
            (status.to_string(), response)
        })
        .collect()
}

pub fn by_status(all: &[Possible], mode: HttpStatus) -> BTreeMap<u16, Vec<Possible>> {
    let mut groups: BTreeMap<u16, Vec<Possible>> = BTreeMap::new();
    for answer in all {
        groups.entry(answer.outcome.http_status(mode)).or_default().push(*answer);
    }
    groups
}

/// The response with all answers of one HTTP status.
pub fn response(status: u16, group: &[Possible], distinct: &[Possible]) -> Value {
    let names: Vec<String> = group.iter().map(|answer| answer.name(distinct)).collect();
    let examples: Map<String, Value> = names
        .iter()
        .map(|name| (name.clone(), json!({ "$ref": format!("#/components/examples/{name}") })))
        .collect();
    let description = if status == 200 {
        "A signed envelope; its `code` tells the outcome.".to_owned()
    } else {
        group.iter().map(Possible::title).collect::<Vec<_>>().join("; ")
    };
    let mut response = json!({
        "description": description,
        "content": { "application/json": { "schema": schemas::envelope(group, distinct), "examples": examples } },
    });
    let asks_again = [Outcome::ServiceUnavailable, Outcome::TooManyRequests];
    if group.iter().any(|answer| asks_again.contains(&answer.outcome)) {
        let text = "Number of seconds after which to try again.";
        let header = json!({ "Retry-After": { "description": text, "schema": { "type": "integer" } } });
        insert(&mut response, "headers", header);
    }
    if group.iter().any(|answer| answer.outcome == Outcome::MethodNotAllowed) {
        let header = json!({ "Allow": { "description": "The methods of this path.", "schema": { "type": "string" } } });
        insert(&mut response, "headers", header);
    }
    response
}

/// Adds the responses with a file or a part of it. A refusal may also have status 200, but is JSON, which a file never
/// is.
fn add_file_responses(responses: &mut Map<String, Value>) {
    let file = json!({ "schema": { "type": "string", "contentMediaType": "application/octet-stream" } });
    let content = json!({ "application/octet-stream": file });
    match responses.get_mut("200").and_then(|response| response.get_mut("content")) {
        Some(Value::Object(refusals)) => {
            refusals.insert("application/octet-stream".to_owned(), file.clone());
        }
        _ => {
            responses.insert("200".to_owned(), json!({ "description": "The file.", "content": content }));
        }
    }
    responses.insert("206".to_owned(), json!({ "description": "The requested part.", "content": content }));
    for (status, text) in [
        ("304", "Not modified."),
        ("412", "A precondition of the request failed."),
        ("416", "The file doesn't have the requested part."),
    ] {
        responses.insert(status.to_owned(), json!({ "description": text }));
    }
}

fn request_body(record: &Record) -> Value {
    let content = |as_form: bool| {
        let mut content = json!({ "schema": schemas::body(record, as_form) });
        let example = schemas::body_example(record, as_form);
        if example != json!({}) {
            insert(&mut content, "example", example);
        }
        content
    };
    let form = content(true);
    let mut multipart = form.clone();
    if let Some(schema) = multipart.get_mut("schema") {
        insert(schema, "propertyNames", json!({ "pattern": PART_NAME }));
    }
    json!({ "content": {
        "application/x-www-form-urlencoded": form,
        "multipart/form-data": multipart,
        "application/json": content(false),
    } })
}

fn parameter(field: &About, place: &str) -> Value {
    let mut parameter = json!({
        "name": field.name, "in": place, "required": field.required, "description": fields::description(field),
        "schema": fields::schema(field), "example": fields::example(field),
    });
    if !fields::aliases(field).is_empty() && place == "query" {
        insert(&mut parameter, "x-aliases", json!(fields::aliases(field)));
    }
    parameter
}

/// The header that every route on the writer takes.
pub fn idempotency_key() -> Value {
    json!({
        "name": "Idempotency-Key", "in": "header", "required": false,
        "description": "Makes the request safe to repeat: for a day, the same request with the same key gets its first \
                        answer again. Refusals are not stored.",
        "schema": { "type": "string", "maxLength": 255 },
        "example": "5f1c2e9a-7c1d-4a51-9c64-0d6b7f0f9e21",
    })
}
