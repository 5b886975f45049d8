//! Judges one answer: is it one that the server may give to a stranger?

use std::collections::HashSet;
use std::path::Path;
use std::sync::Mutex;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use keyseal_test_support::RawAnswer;
use ring::signature::{RSA_PKCS1_2048_8192_SHA256, UnparsedPublicKey};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::request::{Kind, Request};

/// How many signatures are remembered: each costs as much to verify as ten answers cost to read.
const REMEMBERED: usize = 50_000;

/// The number of an answer that is no envelope.
pub const NO_CODE: i64 = 0;

pub struct Judge {
    global: Key,
    product: Key,
    /// What was verified already, by whom it was signed.
    verified: Mutex<HashSet<(bool, Vec<u8>)>>,
}

type Key = UnparsedPublicKey<Vec<u8>>;

#[derive(Deserialize)]
struct Envelope<'a> {
    response_base64: String,
    private_key_used: &'a str,
    signature: String,
}

impl Judge {
    /// Takes the installation's public key, and that of the one product that has its own: PEM.
    pub fn new(global: &str, product: &str) -> Self {
        Self { global: key(global), product: key(product), verified: Mutex::default() }
    }

    /// Gives the code that was answered; or says what is wrong.
    pub fn judge(&self, request: &Request, answer: &RawAnswer) -> Result<i64, String> {
        if !(200..500).contains(&answer.status) {
            return Err(format!("HTTP status {}", answer.status));
        }
        if request.is_head {
            return Ok(NO_CODE);
        }
        match (request.kind, answer.header("content-type")) {
            (_, Some("application/json")) => self.code(answer),
            (Kind::Download, Some("application/octet-stream")) => Ok(NO_CODE),
            (Kind::Download, _) if [304, 412, 416].contains(&answer.status) => Ok(NO_CODE),
            (Kind::Health, Some("text/plain; charset=utf-8")) if answer.body.len() < 10 => Ok(NO_CODE),
            _ => Err("it is not signed".to_owned()),
        }
    }

    fn code(&self, answer: &RawAnswer) -> Result<i64, String> {
        let body = std::str::from_utf8(&answer.body).map_err(|_| "it is not UTF-8")?;
        let envelope: Envelope = serde_json::from_str(body).map_err(|error| error.to_string())?;
        let response = BASE64.decode(&envelope.response_base64).map_err(|error| error.to_string())?;
        let response = String::from_utf8(response).map_err(|error| error.to_string())?;
        // Order, escapes and all: there is only one way to write an envelope.
        let written = format!(
            r#"{{"response":{response},"response_base64":"{}","private_key_used":"{}","signature":"{}"}}"#,
            envelope.response_base64.replace('/', "\\/"),
            envelope.private_key_used,
            envelope.signature.replace('/', "\\/"),
        );
        if written != body {
            return Err("what is shown is not what is signed, or in another order".to_owned());
        }
        self.verify(&envelope)?;
        let (code, status) = inner(&response)?;
        if status != answer.status {
            return Err(format!("code {code} under HTTP status {}", answer.status));
        }
        Ok(code)
    }

    fn verify(&self, envelope: &Envelope<'_>) -> Result<(), String> {
        let (is_product, key) = match envelope.private_key_used {
            "global" => (false, &self.global),
            "product" => (true, &self.product),
            other => return Err(format!("signed by {other}")),
        };
        let signed = format!("{} {}", envelope.signature, envelope.response_base64).into_bytes();
        let signed = (is_product, signed);
        if self.verified.lock().unwrap().contains(&signed) {
            return Ok(());
        }
        let signature = BASE64.decode(&envelope.signature).map_err(|error| error.to_string())?;
        key.verify(envelope.response_base64.as_bytes(), &signature)
            .map_err(|_| "the signature does not hold")?;
        if signed.1.len() < 2_000 {
            let mut verified = self.verified.lock().unwrap();
            if verified.len() >= REMEMBERED {
                verified.clear();
            }
            verified.insert(signed);
        }
        Ok(())
    }
}

/// The code, and the HTTP status that it travels under; what it can't be is an error.
fn inner(response: &str) -> Result<(i64, u16), String> {
    let response: Map<String, Value> = serde_json::from_str(response).map_err(|error| error.to_string())?;
    let names: Vec<&String> = response.keys().collect();
    let is_framed = names.len() >= 3
        && names[0] == "code"
        && names[1] == "message"
        && names.last().unwrap() == &"timestamp";
    if !is_framed || !response["message"].is_string() || !response["timestamp"].is_u64() {
        return Err(format!("members {names:?}"));
    }
    let code = match &response["code"] {
        Value::String(text) if text == "400" => 400,
        number => number.as_i64().ok_or("a code that is no number")?,
    };
    let status = match code {
        // 700 and 701: what a browser must not save as the file that it asked for.
        700 | 1904 => 404,
        701 => 403,
        100..1900 | 1930..2000 => 200,
        1902 => 400,
        1905 => 405,
        1908 => 408,
        1913 => 413,
        1915 => 415,
        _ => return Err(format!("code {code}")),
    };
    Ok((code, status))
}

/// What ring takes: of a key's PEM, the part behind the header that says that it is RSA.
fn key(public: &str) -> Key {
    use rsa::pkcs1::EncodeRsaPublicKey as _;
    use rsa::pkcs8::DecodePublicKey as _;
    let key = rsa::RsaPublicKey::from_public_key_pem(public).unwrap();
    UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, key.to_pkcs1_der().unwrap().as_bytes().to_vec())
}

/// Keeps a request that was answered badly, to be sent again, and says where.
pub fn report(request: &Request, problem: &str, answer: Option<&RawAnswer>) -> String {
    let file = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("hostile-{}.http", request.number));
    std::fs::write(&file, &request.bytes).unwrap();
    let shown = |bytes: &[u8]| bytes[..bytes.len().min(2_000)].escape_ascii().to_string();
    let answer =
        answer.map_or_else(String::new, |answer| format!("\n{}\n\n{}", answer.head, shown(&answer.body)));
    format!(
        "request {}: {problem}\nits bytes, also in {}:\n{}\n{answer}",
        request.number,
        file.display(),
        shown(&request.bytes)
    )
}
