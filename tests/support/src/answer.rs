//! A verified answer: its envelope has the members, order and types of API §1.4, and the key that it names signed it.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rsa::RsaPublicKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::DecodePublicKey as _;
use rsa::signature::Verifier as _;
use serde_json::{Map, Value};
use sha2::Sha256;

#[derive(Clone, Debug)]
pub struct Answer {
    pub status: u16,
    pub code: i64,
    pub message: String,
    /// The key that signed: `global` or `product`.
    pub signer: String,
    /// The members between `message` and `timestamp`.
    pub fields: Map<String, Value>,
    /// The signed text, decoded from base64.
    pub response: String,
    pub timestamp: i64,
    /// The envelope, byte for byte.
    pub body: String,
    pub allow: Option<String>,
    /// Seconds until the next request may be sent: in the envelope, unsigned, and in the `Retry-After` header.
    pub retry_after: Option<u64>,
}

impl Answer {
    /// Panics unless `body` is a well-formed envelope with a valid signature. Verifies with the rsa crate, while
    /// the server signs with ring or AWS-LC.
    pub fn check(status: u16, body: &str, global_key: &str, product_key: &str) -> Self {
        let envelope: Map<String, Value> =
            serde_json::from_str(body).unwrap_or_else(|_| panic!("no JSON: {body}"));
        let members: Vec<&str> = envelope.keys().map(String::as_str).collect();
        let own = ["response", "response_base64", "private_key_used", "signature"];
        assert_eq!(members[..4], own);
        let retry_after = envelope.get("retry_after").map(|seconds| seconds.as_u64().unwrap());
        assert_eq!(members.len(), own.len() + usize::from(retry_after.is_some()));
        let text = |name: &str| envelope[name].as_str().unwrap();
        let response = String::from_utf8(BASE64.decode(text("response_base64")).unwrap()).unwrap();
        assert!(body.starts_with(&format!("{{\"response\":{response},\"response_base64\":\"")), "{body}");

        let key = match text("private_key_used") {
            "global" => global_key,
            "product" => product_key,
            other => panic!("signed by {other}"),
        };
        assert!(is_signed_by(key, body), "forged: {body}");

        let mut fields: Map<String, Value> = serde_json::from_str(&response).unwrap();
        let names: Vec<&str> = fields.keys().map(String::as_str).collect();
        assert_eq!(names[..2], ["code", "message"]);
        assert_eq!(names.last(), Some(&"timestamp"));
        let mut take = |name: &str| fields.shift_remove(name).unwrap();
        Self {
            status,
            code: code(&take("code")),
            message: take("message").as_str().unwrap().to_owned(),
            timestamp: take("timestamp").as_i64().unwrap(),
            signer: text("private_key_used").to_owned(),
            fields,
            body: body.to_owned(),
            response,
            allow: None,
            retry_after,
        }
    }
}

/// Whether an envelope's signature verifies under a public key in PEM.
pub fn is_signed_by(public_key: &str, envelope: &str) -> bool {
    let envelope: Value = serde_json::from_str(envelope).unwrap();
    let key = VerifyingKey::<Sha256>::new(RsaPublicKey::from_public_key_pem(public_key).unwrap());
    let signature = BASE64.decode(envelope["signature"].as_str().unwrap()).unwrap();
    let signature = Signature::try_from(signature.as_slice()).unwrap();
    key.verify(envelope["response_base64"].as_str().unwrap().as_bytes(), &signature).is_ok()
}

/// A code is a number, except 400, which is text (API §4.3).
fn code(value: &Value) -> i64 {
    match value {
        Value::String(text) if text == "400" => 400,
        number if *number != 400 => number.as_i64().unwrap(),
        other => panic!("code {other}"),
    }
}
