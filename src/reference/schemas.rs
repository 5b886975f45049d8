//! Schemas and examples of requests and answers.

use serde_json::{Map, Value, json};

use super::answers::Possible;
use super::{fields, insert, shapes};
use crate::api::field::{About, Kind};
use crate::api::record::Record;
use crate::domain::{Outcome, Timestamp};
use crate::wire::envelope::Unsigned;
use crate::wire::reply::Reply;

/// The time of all examples.
const EXAMPLE_TIME: Timestamp = Timestamp(1_772_161_531);

/// The placeholder for a signature in examples: a real one would verify with one server's key only.
const EXAMPLE_SIGNATURE: &str = "(a signature in base64)";

/// The schema of a reply.
pub fn reply(answer: &Possible) -> Value {
    let outcome = answer.outcome;
    let code =
        if outcome.shows_code_as_text() { json!(outcome.code().to_string()) } else { json!(outcome.code()) };
    let mut schema = shapes::object(answer.fields);
    let mut properties = Map::new();
    properties.insert("code".to_owned(), json!({ "const": code }));
    properties.insert("message".to_owned(), json!({ "const": outcome.message() }));
    let mut required = vec![json!("code"), json!("message")];
    if let Some(Value::Object(fields)) = schema.get_mut("properties") {
        properties.append(fields);
    }
    if let Some(Value::Array(fields)) = schema.get_mut("required") {
        required.append(fields);
    }
    properties.insert(
        "timestamp".to_owned(),
        json!({ "type": "integer", "description": "The time of the answer, in seconds since 1970." }),
    );
    required.push(json!("timestamp"));
    json!({
        "description": answer.title(), "type": "object",
        "properties": properties, "required": required, "additionalProperties": false,
    })
}

/// The schema of an envelope around one of these replies.
pub fn envelope(replies: &[Possible], distinct: &[Possible]) -> Value {
    let reference = |reply: &Possible| {
        let name = reply.name(distinct);
        json!({ "$ref": format!("#/components/schemas/{name}") })
    };
    let response = match replies {
        [one] => reference(one),
        several => json!({ "oneOf": several.iter().map(reference).collect::<Value>() }),
    };
    let mut envelope = json!({
        "type": "object",
        "properties": {
            "response": response,
            "response_base64": { "$ref": "#/components/schemas/ResponseBase64" },
            "private_key_used": { "$ref": "#/components/schemas/PrivateKeyUsed" },
            "signature": { "$ref": "#/components/schemas/Signature" },
        },
        "required": ["response", "response_base64", "private_key_used", "signature"],
        "additionalProperties": false,
    });
    if replies.iter().any(|reply| reply.outcome == Outcome::TooManyRequests)
        && let Some(properties) = envelope.get_mut("properties")
    {
        let text = "Number of seconds after which to try again. Not signed.";
        insert(properties, RETRY_AFTER, json!({ "type": "integer", "description": text }));
    }
    envelope
}

/// A member that only envelopes of 1929 have. It is not signed.
const RETRY_AFTER: &str = "retry_after";

/// The schemas of the members that all envelopes have besides their reply.
pub fn envelope_members() -> [(&'static str, Value); 3] {
    [
        (
            "ResponseBase64",
            json!({
                "type": "string", "contentEncoding": "base64",
                "description": "The bytes of `response`, in base64. The signature covers this text: verify it, \
                                decode it, and trust the result.",
            }),
        ),
        (
            "PrivateKeyUsed",
            json!({
                "type": "string", "enum": ["product", "global"],
                "description": "The key that signed: `product` if products sign this outcome and the product has \
                                a key of its own, else `global`.",
            }),
        ),
        (
            "Signature",
            json!({
                "type": "string",
                "description": "RSASSA-PKCS1-v1_5 with SHA-256 over the text of `response_base64`, in base64. `Private \
                                key not set` from a server without signing keys.",
            }),
        ),
    ]
}

/// An envelope as the server would write it, except for its signature.
pub fn example(answer: &Possible) -> Value {
    let fields = answer.fields.iter();
    let reply = fields
        .fold(Reply::from(answer.outcome), |reply, (name, shape)| reply.with(name, shapes::example(shape)));
    let unsigned = Unsigned::write(&reply, EXAMPLE_TIME);
    let response_base64 = String::from_utf8_lossy(unsigned.message()).into_owned();
    let response: Value = serde_json::from_str(&unsigned.into_response()).unwrap_or_default();
    let mut envelope = json!({
        "response": response, "response_base64": response_base64,
        "private_key_used": answer.outcome.signed_by().as_str(), "signature": EXAMPLE_SIGNATURE,
    });
    if answer.outcome == Outcome::TooManyRequests {
        insert(&mut envelope, RETRY_AFTER, json!(1));
    }
    envelope
}

/// The schema of a body: as JSON, or as a form, where every value is text.
pub fn body(record: &Record, as_form: bool) -> Value {
    let properties: Map<String, Value> = record
        .fields()
        .map(|field| (field.name.to_owned(), with_description(field, field_schema(field, as_form))))
        .collect();
    let mut schema = json!({ "type": "object", "properties": properties });
    let required: Vec<&str> =
        record.fields().filter(|field| field.required).map(|field| field.name).collect();
    let instead = record.fields().find(|field| matches!(field.kind, Kind::Objects(_)));
    match instead {
        Some(field) => {
            insert(&mut schema, "if", json!({ "not": { "required": [field.name] } }));
            insert(&mut schema, "then", json!({ "required": required }));
        }
        None if required.is_empty() => {}
        None => insert(&mut schema, "required", json!(required)),
    }
    schema
}

fn field_schema(field: &About, as_form: bool) -> Value {
    match field.kind {
        Kind::Texts(_) | Kind::Objects(_) if as_form => {
            json!({ "type": "string", "contentMediaType": "application/json" })
        }
        Kind::Json(bytes) if as_form => json!({ "type": "string", "x-max-bytes": bytes }),
        _ => fields::schema(field),
    }
}

pub fn with_description(field: &About, mut schema: Value) -> Value {
    insert(&mut schema, "description", json!(fields::description(field)));
    if !fields::aliases(field).is_empty() {
        insert(&mut schema, "x-aliases", json!(fields::aliases(field)));
    }
    schema
}

/// An example of a body: its required fields. It succeeds if the records that it names exist.
pub fn body_example(record: &Record, as_form: bool) -> Value {
    let shown = record.fields().filter(|field| field.required);
    shown
        .map(|field| {
            (field.name.to_owned(), if as_form { json!(field.example) } else { fields::example(field) })
        })
        .collect()
}
