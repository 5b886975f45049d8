//! The reference as a Postman collection, version 2.1.

use serde_json::{Value, json};

use super::answers;
use super::{AUDIENCES, Settings, api_pages, fields, insert, records, schemas, text, title};
use crate::api::field::About;
use crate::api::record::Record;
use crate::domain::HttpStatus;
use crate::routes::{Page, PageId, ROUTES, Route, Runs, has_in_path};
use crate::wire::params::path_field;

const SCHEMA: &str = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";

/// Fields whose value is a variable of the collection, which its user sets once.
const VARIABLES: [&str; 6] =
    ["license_key", "identifier", "product_id", "generator_id", "contract_id", "contract_key"];

/// The whole collection, with a folder for each audience.
pub fn collection(settings: &Settings) -> Value {
    let folders: Vec<Value> = AUDIENCES
        .iter()
        .map(|audience| {
            let routes = ROUTES.iter().filter(|route| route.endpoint.record.audience == *audience);
            let mut items: Vec<Value> = routes.map(|route| of_route(route, settings.http_status)).collect();
            let pages = api_pages().filter(|(_, record)| record.audience == *audience);
            items.extend(pages.map(|(page, record)| of_page(page, record, settings.http_status)));
            json!({ "name": title(*audience), "description": text(*audience), "item": items })
        })
        .collect();
    json!({
        "info": {
            "name": "Keyseal", "schema": SCHEMA, "version": env!("CARGO_PKG_VERSION"),
            "description": "Set the variables of the collection, beginning with `api_key`. Each request checks \
                            that its answer is a documented one.",
        },
        "auth": { "type": "bearer", "bearer": [{ "key": "token", "value": "{{api_key}}", "type": "string" }] },
        "variable": variables(settings),
        "item": folders,
    })
}

fn variables(settings: &Settings) -> Vec<Value> {
    let example = |name: &str| {
        let mut fields = records().flat_map(Record::fields);
        fields.find(|field| field.name == name).map_or("", |field| field.example)
    };
    let own = [("base_url", format!("{}/api/v1", settings.base())), ("api_key", String::new())];
    let of_fields = VARIABLES.iter().map(|name| (*name, example(name).to_owned()));
    own.into_iter()
        .chain(of_fields)
        .map(|(key, value)| json!({ "key": key, "value": value, "type": "string" }))
        .collect()
}

fn of_route(route: &Route, mode: HttpStatus) -> Value {
    let record = &route.endpoint.record;
    let is_get = route.method.as_str() == "GET";
    let mut headers = Vec::new();
    if route.runs == Runs::OnWriter {
        headers.push(json!({
            "key": "Idempotency-Key", "value": "{{$guid}}", "disabled": true,
            "description": "A repeated request with the same key gets the answer of the first.",
        }));
    }
    let of_query: Vec<&About> =
        record.fields().filter(|field| is_get && !has_in_path(route.path, field.name)).collect();
    let mut request = json!({
        "method": route.method.as_str(), "header": headers, "description": description(record),
        "url": url(route.path, record, &of_query),
    });
    if !is_get {
        let fields: Vec<Value> = record.fields().map(pair).collect();
        insert(&mut request, "body", json!({ "mode": "urlencoded", "urlencoded": fields }));
    }
    item(route.path, record, &request, mode)
}

fn of_page(page: &Page, record: &Record, mode: HttpStatus) -> Value {
    let request = json!({
        "method": "GET", "header": [], "auth": { "type": "noauth" }, "description": description(record),
        "url": url(page.path, record, &[]),
    });
    let mut item = item(page.path, record, &request, mode);
    // A valid link is answered with a file, which has no code.
    if let (PageId::Download, Some(members)) = (page.id, item.as_object_mut()) {
        members.remove("event");
    }
    item
}

/// A URL with the fields in its path as variables, and those of `of_query` as its query string.
fn url(path: &str, record: &Record, of_query: &[&About]) -> Value {
    let segment = |segment: &str| match path_field(segment) {
        Some(name) => format!(":{name}"),
        None => segment.to_owned(),
    };
    let segments: Vec<String> = path.trim_start_matches('/').split('/').map(segment).collect();
    let query: Vec<Value> = of_query.iter().map(|field| pair(field)).collect();
    let raw = format!("{{{{base_url}}}}/{}", segments.join("/"));
    let mut url = json!({ "raw": raw, "host": ["{{base_url}}"], "path": segments, "query": query });
    let variables: Vec<Value> =
        record.fields().filter(|field| has_in_path(path, field.name)).map(path_variable).collect();
    if !variables.is_empty() {
        insert(&mut url, "variable", variables.into());
    }
    url
}

fn path_variable(field: &About) -> Value {
    let value = match field.name {
        "api_key" | "license_key" => format!("{{{{{}}}}}", field.name),
        _ => field.example.to_owned(),
    };
    json!({ "key": field.name, "value": value, "description": fields::description(field) })
}

/// A request with its possible answers, and a test of the answer.
fn item(path: &str, record: &Record, request: &Value, mode: HttpStatus) -> Value {
    let all = answers::of(record);
    let codes: Vec<u16> = all.iter().map(|answer| answer.outcome.code()).collect();
    let script = format!(
        "pm.test('the answer is one of {}', () => \
         pm.expect({}).to.include(Number(pm.response.json().response.code)));",
        path,
        json!(codes),
    );
    let responses: Vec<Value> = all
        .iter()
        .filter(|answer| answer.own)
        .map(|answer| {
            json!({
                "name": answer.title(), "originalRequest": request, "code": answer.outcome.http_status(mode),
                "header": [{ "key": "Content-Type", "value": "application/json" }],
                "body": schemas::example(answer).to_string(),
            })
        })
        .collect();
    let test = json!({ "type": "text/javascript", "exec": [script] });
    json!({
        "name": path.trim_start_matches('/'), "request": request, "response": responses,
        "event": [{ "listen": "test", "script": test }],
    })
}

fn pair(field: &About) -> Value {
    let value = if VARIABLES.contains(&field.name) {
        format!("{{{{{}}}}}", field.name)
    } else {
        field.example.to_owned()
    };
    json!({
        "key": field.name, "value": value, "description": fields::description(field), "disabled": !field.required,
    })
}

fn description(record: &Record) -> String {
    if record.text.is_empty() {
        return format!("{}.", record.summary);
    }
    format!("{}. {}", record.summary, record.text)
}
