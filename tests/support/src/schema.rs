//! Checks values against a JSON Schema, as far as the server's documents use it. An unknown keyword fails the test.

use serde_json::{Map, Value};

/// Checks a value against a schema, whose references point into `root`.
pub fn conform(root: &Value, schema: &Value, value: &Value) -> Result<(), String> {
    for (word, rule) in schema.as_object().unwrap() {
        if !holds(root, word, rule, value, schema) {
            return Err(format!("{value} against {word}: {rule}"));
        }
    }
    Ok(())
}

fn holds(root: &Value, word: &str, rule: &Value, value: &Value, schema: &Value) -> bool {
    let is = |schema: &Value, value: &Value| conform(root, schema, value).is_ok();
    let members = |value: &Value| value.as_object().cloned().unwrap_or_default();
    let any_of = |value: &Value| rule.as_array().unwrap().iter().filter(|schema| is(schema, value)).count();
    match word {
        "description" | "contentEncoding" | "contentMediaType" => true,
        _ if word.starts_with("x-") => true,
        "$ref" => is(root.pointer(rule.as_str().unwrap().trim_start_matches('#')).unwrap(), value),
        "type" if rule.is_array() => rule.as_array().unwrap().iter().any(|one| has_type(one, value)),
        "type" => has_type(rule, value),
        "const" => rule == value,
        "enum" => rule.as_array().unwrap().contains(value),
        "not" => !is(rule, value),
        "if" => !is(rule, value) || is(&schema["then"], value),
        // Part of `if`.
        "then" => true,
        "anyOf" => any_of(value) > 0,
        "oneOf" => any_of(value) == 1,
        "required" => {
            let have = members(value);
            rule.as_array().unwrap().iter().all(|name| have.contains_key(name.as_str().unwrap()))
        }
        "properties" => {
            let rules = rule.as_object().unwrap();
            members(value).iter().all(|(name, value)| rules.get(name).is_none_or(|rule| is(rule, value)))
        }
        "additionalProperties" => {
            let named = schema["properties"].as_object().cloned().unwrap_or_default();
            others(&members(value), &named).all(|value| rule != &Value::Bool(false) && is(rule, value))
        }
        "items" => value.as_array().is_none_or(|items| items.iter().all(|item| is(rule, item))),
        "maxItems" => value.as_array().is_none_or(|items| items.len() as u64 <= rule.as_u64().unwrap()),
        "maxLength" => {
            value.as_str().is_none_or(|text| text.chars().count() as u64 <= rule.as_u64().unwrap())
        }
        "pattern" => {
            assert_eq!(rule, r"^[^\u0000]*$", "a pattern that this check doesn't know");
            value.as_str().is_none_or(|text| !text.contains('\0'))
        }
        "minimum" => value.as_i64().is_none_or(|number| number >= rule.as_i64().unwrap()),
        "maximum" => value.as_i64().is_none_or(|number| number <= rule.as_i64().unwrap()),
        unknown => panic!("a schema says {unknown}, which this check doesn't know"),
    }
}

fn others<'a>(all: &'a Map<String, Value>, named: &'a Map<String, Value>) -> impl Iterator<Item = &'a Value> {
    all.iter().filter(|(name, _)| !named.contains_key(*name)).map(|(_, value)| value)
}

fn has_type(name: &Value, value: &Value) -> bool {
    match name.as_str().unwrap() {
        "object" => value.is_object(),
        "array" => value.is_array(),
        "string" => value.is_string(),
        "integer" => value.is_i64() || value.is_u64(),
        "boolean" => value.is_boolean(),
        "null" => value.is_null(),
        unknown => panic!("type {unknown}"),
    }
}
