//! `GET /openapi.json`: an OpenAPI 3.1 document that code generators can read without a warning.

use std::collections::BTreeSet;

use keyseal::HttpStatus;
use serde_json::{Map, Value};

use crate::support::Document;

const METHODS: [&str; 3] = ["get", "head", "post"];

/// The words that a schema of the document may hold.
const SCHEMA_WORDS: &[&str] = &[
    "$ref",
    "additionalProperties",
    "anyOf",
    "const",
    "contentEncoding",
    "contentMediaType",
    "description",
    "enum",
    "if",
    "items",
    "maxItems",
    "maxLength",
    "maximum",
    "minimum",
    "not",
    "oneOf",
    "pattern",
    "properties",
    "propertyNames",
    "required",
    "then",
    "type",
    "x-aliases",
    "x-max-bytes",
];

fn members(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn elements(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text: {value}"))
}

/// Every object of the document, with its place.
fn objects<'a>(value: &'a Value, place: &str, found: &mut Vec<(String, &'a Map<String, Value>)>) {
    if let Value::Object(object) = value {
        found.push((place.to_owned(), object));
    }
    for (name, member) in members(value) {
        objects(member, &format!("{place}/{name}"), found);
    }
    for (number, element) in elements(value).enumerate() {
        objects(element, &format!("{place}/{number}"), found);
    }
}

/// Every operation, with its path and method.
fn operations(api: &Value) -> impl Iterator<Item = (&str, &str, &Value)> {
    members(&api["paths"]).flat_map(|(path, item)| {
        members(item)
            .filter(|(name, _)| METHODS.contains(&name.as_str()))
            .map(|(method, operation)| (path.as_str(), method.as_str(), operation))
    })
}

fn documents() -> impl Iterator<Item = &'static Document> {
    [HttpStatus::Envelope, HttpStatus::Documented].into_iter().map(Document::of)
}

#[test]
fn every_reference_leads_somewhere_and_nothing_is_there_for_nobody() {
    for document in documents() {
        let api = &document.api;
        let mut found = Vec::new();
        objects(api, "", &mut found);
        let mut referenced = BTreeSet::new();
        for (place, object) in found {
            if let Some(reference) = object.get("$ref") {
                let pointer = text(reference).strip_prefix('#').unwrap();
                assert!(api.pointer(pointer).is_some(), "{place}: {reference}");
                referenced.insert(pointer);
            }
        }
        for (kind, components) in members(&api["components"]).filter(|(kind, _)| *kind != "securitySchemes") {
            for (name, _) in members(components) {
                let is_plain = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
                assert!(name.chars().all(is_plain), "{kind} {name}");
                // What is answered on paths and by methods that don't exist is in no operation.
                let is_nowhere = ["UnknownEndpoint", "MethodNotAllowed", "Status404", "Status405"];
                let pointer = format!("/components/{kind}/{name}");
                assert!(
                    is_nowhere.contains(&name.as_str()) || referenced.contains(pointer.as_str()),
                    "{pointer}"
                );
            }
        }
    }
}

#[test]
fn every_schema_is_one() {
    for document in documents() {
        let mut schemas = Vec::new();
        let mut found = Vec::new();
        objects(&document.api, "", &mut found);
        for (place, object) in found {
            schemas.extend(object.get("schema").map(|schema| (format!("{place}/schema"), schema)));
        }
        for (name, schema) in members(&document.api["components"]["schemas"]) {
            schemas.push((name.clone(), schema));
        }
        assert!(schemas.len() > 300, "{}", schemas.len());
        while let Some((place, schema)) = schemas.pop() {
            for (word, _) in members(schema) {
                assert!(SCHEMA_WORDS.contains(&word.as_str()), "{place}: {word} is no word of a schema");
            }
            let is_array = schema["type"] == "array" || elements(&schema["type"]).any(|one| one == "array");
            assert!(!is_array || schema["items"].is_object(), "{place}: a list of what?");
            for name in elements(&schema["required"]) {
                let is_known = schema["properties"].is_null() || !schema["properties"][text(name)].is_null();
                assert!(is_known, "{place}: {name} is required and not described");
            }
            let below =
                ["items", "additionalProperties", "propertyNames"].into_iter().map(|word| &schema[word]);
            let below = below.filter(|schema| schema.is_object());
            let below = below.chain(members(&schema["properties"]).map(|(_, schema)| schema));
            let below = below.chain(elements(&schema["anyOf"])).chain(elements(&schema["oneOf"]));
            schemas.extend(below.map(|schema| (format!("{place}/…"), schema)));
        }
    }
}

#[test]
fn every_operation_is_complete() {
    for document in documents() {
        let api = &document.api;
        let (mut ids, mut count) = (BTreeSet::new(), 0);
        let tags: BTreeSet<&str> = elements(&api["tags"]).map(|tag| text(&tag["name"])).collect();
        for (path, method, operation) in operations(api) {
            count += 1;
            assert!(ids.insert(text(&operation["operationId"])), "two of {}", operation["operationId"]);
            assert!(!text(&operation["summary"]).is_empty(), "{method} {path}");
            assert!(elements(&operation["tags"]).all(|tag| tags.contains(text(tag))), "{method} {path}");
            for requirement in elements(&operation["security"]) {
                for (scheme, _) in members(requirement) {
                    assert!(api["components"]["securitySchemes"][scheme].is_object(), "{path}: {scheme}");
                }
            }
            for (status, response) in members(&operation["responses"]) {
                assert!(
                    status.parse::<u16>().is_ok_and(|status| (200..600).contains(&status)),
                    "{path}: {status}"
                );
                assert!(!text(&document.resolve(response)["description"]).is_empty(), "{path}: {status}");
            }
            assert!(members(&operation["responses"]).count() > 0, "{method} {path}");
            check_parameters(document, path, operation);
        }
        assert!(count > 60, "{count}");
    }
}

/// The fields in a path are those that it names, and each is required.
fn check_parameters(document: &Document, path: &str, operation: &Value) {
    let mut in_path = BTreeSet::new();
    let mut all = BTreeSet::new();
    for parameter in elements(&operation["parameters"]).map(|parameter| document.resolve(parameter)) {
        let (name, place) = (text(&parameter["name"]), text(&parameter["in"]));
        assert!(
            ["path", "query", "header"].contains(&place) && parameter["schema"].is_object(),
            "{path}: {name}"
        );
        assert!(all.insert((name, place)), "{path}: {name} twice");
        if place == "path" {
            assert_eq!(parameter["required"], true, "{path}: {name}");
            in_path.insert(name);
        }
    }
    let named = path.split('/').filter_map(|segment| segment.strip_prefix('{')?.strip_suffix('}'));
    assert_eq!(named.collect::<BTreeSet<_>>(), in_path, "{path}");
}
