//! `keyseal check-reply`: verifies a saved answer offline.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Output, Result};
use crate::signing::PublicKey;

#[derive(clap::Args)]
pub struct Args {
    /// File with the saved answer [default: standard input]
    file: Option<PathBuf>,
    /// File with the public key that must have signed it
    #[arg(long, value_name = "PEM")]
    public_key: PathBuf,
}

/// A received answer. White space between its members doesn't matter.
#[derive(Deserialize)]
struct Envelope {
    response: Value,
    response_base64: String,
    private_key_used: String,
    signature: String,
}

pub fn run(args: &Args, output: &mut Output<'_>) -> Result {
    let key = PublicKey::parse(&read(&args.public_key)?).map_err(|reason| {
        format!("{} is not an RSA public key in PEM: {reason}", args.public_key.display())
    })?;
    let text = args.file.as_deref().map_or_else(|| Ok(io::read_to_string(io::stdin())?), read)?;
    match check(&text, &key) {
        Ok(envelope) => {
            let signed =
                format!("valid: signed by this key ({})\n{}", envelope.private_key_used, envelope.response);
            let value = json!({
                "valid": true, "private_key_used": envelope.private_key_used, "response": envelope.response,
            });
            output.result(&value, &signed)
        }
        Err(reason) => {
            output.result(&json!({ "valid": false, "reason": reason }), &format!("NOT valid: {reason}"))?;
            Err("the answer can't be trusted".into())
        }
    }
}

/// Checks the signature of `response_base64`, and that the readable `response` says the same (API §1.6).
fn check(text: &str, key: &PublicKey) -> Result<Envelope, &'static str> {
    let envelope: Envelope = serde_json::from_str(text).map_err(
        |_| "it is not an answer: response, response_base64, private_key_used and signature must be in it",
    )?;
    if !key.verifies(envelope.response_base64.as_bytes(), &envelope.signature) {
        return Err("this key did not make the signature of response_base64");
    }
    let signed = BASE64.decode(&envelope.response_base64).map_err(|_| "response_base64 is not base64")?;
    let signed: Value = serde_json::from_slice(&signed).map_err(|_| "response_base64 does not hold JSON")?;
    if signed != envelope.response {
        return Err("response differs from what was signed in response_base64");
    }
    Ok(envelope)
}

fn read(path: &Path) -> Result<String> {
    Ok(fs::read_to_string(path).map_err(|error| format!("can't read {}: {error}", path.display()))?)
}
