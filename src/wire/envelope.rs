//! Envelopes: a reply is written as JSON, encoded in base64 and signed, and sent with its signature.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;

use crate::domain::{ProductKey, Timestamp};
use crate::signing::{Error, KeyError, Keyring, Priority, Signatures, SigningKey};
use crate::wire::reply::Reply;

/// The envelope's name for the key that signed it (API §0.4, item 3).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Label {
    Global,
    Product,
}

impl Label {
    fn as_str(self) -> &'static str {
        match self {
            Self::Global => "global",
            Self::Product => "product",
        }
    }
}

/// A signing key and its label. Without a key the server signs nothing.
#[derive(Clone)]
pub struct Signer {
    key: Option<Arc<SigningKey>>,
    label: Label,
}

/// The text in place of a signature when there is no key (API §1.4).
const NOT_SIGNED: &str = "Private key not set";

impl Signer {
    /// Chooses the key of this product, or else the global key.
    pub fn choose(keyring: &Keyring, product: Option<&ProductKey>) -> Result<Self, KeyError> {
        match (keyring.global(), product) {
            (None, _) => Ok(Self { key: None, label: Label::Global }),
            (Some(_), Some(key)) => Ok(Self { key: Some(keyring.of_product(key)?), label: Label::Product }),
            (Some(global), None) => Ok(Self { key: Some(global), label: Label::Global }),
        }
    }

    pub fn label(&self) -> Label {
        self.label
    }

    /// The key's fingerprint; `None`: the server signs nothing.
    pub fn fingerprint(&self) -> Option<Arc<str>> {
        self.key.as_ref().map(|key| Arc::clone(&key.fingerprint().0))
    }

    /// Signs on this thread.
    pub fn sign_here(&self, unsigned: &Unsigned) -> Result<Vec<u8>, Error> {
        let signature = match &self.key {
            Some(key) => key.sign(unsigned.message())?,
            None => NOT_SIGNED.to_owned(),
        };
        Ok(unsigned.signed(self.label, &signature))
    }
}

/// A reply written as JSON, not signed yet. The signature covers the text of `response_base64`, so the reply is
/// written once, and every reader gets exactly these bytes.
pub struct Unsigned {
    response: String,
    response_base64: String,
    retry_after: Option<u64>,
}

impl Unsigned {
    pub fn write(reply: &Reply, at: Timestamp) -> Self {
        Self { retry_after: reply.retry_after, ..Self::again(reply.write(at)) }
    }

    /// A reply whose JSON text was stored earlier.
    pub fn again(response: String) -> Self {
        Self { response_base64: BASE64.encode(&response), response, retry_after: None }
    }

    /// The JSON text of the reply. Storing it is enough to give the same answer again.
    pub fn into_response(self) -> String {
        self.response
    }

    /// The message to sign: the reply in base64 (API §1.6).
    pub fn message(&self) -> &[u8] {
        self.response_base64.as_bytes()
    }

    /// About the length of the envelope, in bytes.
    pub fn length(&self) -> usize {
        self.response.len() + self.response_base64.len()
    }

    /// Writes the envelope, with its members in the documented order. `retry_after` follows them, unsigned
    /// (API §0.4, item 1).
    fn signed(&self, label: Label, signature: &str) -> Vec<u8> {
        let mut out =
            Vec::with_capacity(self.response.len() + self.response_base64.len() + signature.len() + 128);
        out.extend_from_slice(b"{\"response\":");
        out.extend_from_slice(self.response.as_bytes());
        out.extend_from_slice(b",\"response_base64\":\"");
        push_base64(&mut out, &self.response_base64);
        out.extend_from_slice(b"\",\"private_key_used\":\"");
        out.extend_from_slice(label.as_str().as_bytes());
        out.extend_from_slice(b"\",\"signature\":\"");
        push_base64(&mut out, signature);
        out.push(b'"');
        if let Some(seconds) = self.retry_after {
            out.extend_from_slice(format!(",\"retry_after\":{seconds}").as_bytes());
        }
        out.push(b'}');
        out
    }
}

/// Appends base64 as PHP writes it in JSON: with its slashes escaped.
fn push_base64(out: &mut Vec<u8>, text: &str) {
    for (number, part) in text.split('/').enumerate() {
        if number > 0 {
            out.extend_from_slice(b"\\/");
        }
        out.extend_from_slice(part.as_bytes());
    }
}

/// Signs a reply on a signing thread, and returns the envelope.
pub async fn sign(
    unsigned: &Unsigned,
    signer: &Signer,
    signatures: &Signatures,
    priority: Priority,
) -> Result<Vec<u8>, Error> {
    let Some(key) = &signer.key else { return Ok(unsigned.signed(signer.label, NOT_SIGNED)) };
    let signature = signatures.sign(key, unsigned.message(), priority).await?;
    Ok(unsigned.signed(signer.label, &signature))
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use serde_json::json;

    use super::*;
    use crate::domain::Outcome;

    fn created(meta_id: i64) -> Reply {
        Reply::from(Outcome::LicenseMetaCreated).with("meta_id", meta_id)
    }

    /// The replies that the original server signed (API §9.2), in base64.
    #[test]
    fn the_original_servers_bytes_are_reproduced() {
        for (reply, at, base64) in [
            (
                Outcome::InvalidApiKey.into(),
                1_709_381_806,
                "eyJjb2RlIjoxMDAsIm1lc3NhZ2UiOiJJbnZhbGlkIEFQSSBLZXkiLCJ0aW1lc3RhbXAiOjE3MDkzODE4MDZ9",
            ),
            (
                Outcome::LicenseDeactivated.into(),
                1_709_000_040,
                "eyJjb2RlIjoiNDAwIiwibWVzc2FnZSI6IkxpY2Vuc2Uga2V5IGRlYWN0aXZhdGVkIiwidGltZXN0YW1wIjoxNzA5MDAwMDQwfQ==",
            ),
            (
                Outcome::NoActivation.into(),
                1_709_000_147,
                "eyJjb2RlIjoyMDIsIm1lc3NhZ2UiOiJObyBhY3RpdmF0aW9uIGZvdW5kIGZvciB0aGlzIGxpY2Vuc2Ug\
                 a2V5XC9pZGVudGlmaWVyIGNvbWJpbmF0aW9uIiwidGltZXN0YW1wIjoxNzA5MDAwMTQ3fQ==",
            ),
            (
                Outcome::LicenseNotAssigned.into(),
                1_709_003_106,
                "eyJjb2RlIjoyMDEsIm1lc3NhZ2UiOiJUaGlzIGxpY2Vuc2Uga2V5IGlzIG5vdCBhc3NpZ25lZCIsInRp\
                 bWVzdGFtcCI6MTcwOTAwMzEwNn0=",
            ),
            (
                created(1),
                1_709_003_135,
                "eyJjb2RlIjo0NTMsIm1lc3NhZ2UiOiJNZXRhZGF0YSBjcmVhdGVkIiwibWV0YV9pZCI6MSwidGltZXN0\
                 YW1wIjoxNzA5MDAzMTM1fQ==",
            ),
        ] {
            let unsigned = Unsigned::write(&reply, Timestamp(at));
            assert_eq!(String::from_utf8_lossy(unsigned.message()), base64);
        }
    }

    /// The expected envelope was made with openssl from the same key.
    #[test]
    fn a_fixed_key_time_and_reply_give_exactly_these_bytes() {
        let pem = include_bytes!("../../tests/golden/keys/pkcs8.pem");
        let key = SigningKey::parse(pem, Path::new("pkcs8.pem")).unwrap();
        let unsigned = Unsigned::write(&created(1), Timestamp(1_709_003_135));
        let envelope = unsigned.signed(Label::Product, &key.sign(unsigned.message()).unwrap());
        let expected = include_str!("../../tests/golden/test-only-envelope.json");
        assert_eq!(String::from_utf8(envelope).unwrap(), expected.trim_end());
    }

    #[test]
    fn any_field_is_written_as_php_would_and_time_comes_last() {
        let reply = Reply::from(Outcome::LicenseMetaCreated)
            .with("value", "a/b \"é\" 😀\u{2028}\0")
            .with("errors", json!({}));
        let unsigned = Unsigned::write(&reply, Timestamp(7));
        assert_eq!(
            unsigned.response,
            concat!(
                r#"{"code":453,"message":"Metadata created","#,
                r#""value":"a\/b \"\u00e9\" \ud83d\ude00\u2028\u0000","errors":[],"timestamp":7}"#
            )
        );
    }
}
