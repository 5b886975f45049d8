//! Asks a Keyseal server whether a license key is valid, and believes only what a key that you trust has signed.
//!
//! In this repository: `cargo run --example check_license -- URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem
//! [GLOBAL_KEY.pem]`. In yours: `cargo add base64 rsa serde_json ureq && cargo add sha2@0.10 --features oid`.
//!
//! Exit code 0: valid. 1: refused. 2: nothing that can be trusted was answered.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a program for the command line prints")]

use std::process::ExitCode;
use std::time::{Duration, SystemTime};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use rsa::RsaPublicKey;
use rsa::pkcs1v15::{Signature, VerifyingKey};
use rsa::pkcs8::DecodePublicKey as _;
use rsa::signature::Verifier as _;
use serde_json::Value;
use sha2::Sha256;

/// Seconds between the server's clock and this one.
const TOLERANCE: u64 = 300;

/// What the server signed. Code 200 is valid, everything else is a refusal.
pub struct Verdict {
    pub code: String,
    pub message: String,
}

/// Nothing that can be trusted was answered: neither a yes nor a no.
pub type NotTrustworthy = Box<dyn std::error::Error>;

/// Gives the code and the message that the server signed.
///
/// `public_keys`: PEM texts. The first is the key that signs for your product, and no other makes a license valid. A
/// second one, the server's global key, is believed when it refuses: it signs what concerns no product, such as an
/// unknown license key.
pub fn check_license(
    url: &str,
    api_key: &str,
    license_key: &str,
    identifier: &str,
    public_keys: &[String],
) -> Result<Verdict, NotTrustworthy> {
    let fields = [("api_key", api_key), ("license_key", license_key), ("identifier", identifier)];
    let reply: Value =
        serde_json::from_str(&post(&format!("{}/api/v1/verify", url.trim_end_matches('/')), fields)?)?;
    let (Some(signed), Some(signature)) = (reply["response_base64"].as_str(), reply["signature"].as_str())
    else {
        return Err("the answer is no signed envelope".into());
    };

    // The signed bytes are the text of response_base64. They are decoded after they are verified, and `response` is
    // never read.
    let mut by_key = None;
    for (place, pem) in public_keys.iter().enumerate() {
        if verifies(pem, signed, signature)? {
            by_key = Some(place);
            break;
        }
    }
    let by_key = by_key.ok_or("signed by no key that is trusted here")?;
    let response: Value = serde_json::from_slice(&BASE64.decode(signed)?)?;
    let code = match &response["code"] {
        Value::Number(code) => code.to_string(),
        Value::String(code) => code.clone(), // deactivate's "400"
        _ => return Err("the signed text is no answer".into()),
    };
    let (Some(message), Some(timestamp)) = (response["message"].as_str(), response["timestamp"].as_u64())
    else {
        return Err("the signed text is no answer".into());
    };

    // An old answer is signed as well as a new one.
    let now = SystemTime::UNIX_EPOCH.elapsed()?.as_secs();
    if now.abs_diff(timestamp) > TOLERANCE {
        return Err(format!("the answer is of {timestamp}, and it is {now}").into());
    }
    // The global key signs "valid" for products without a key of their own: no answer for this one.
    if code == "200" && by_key != 0 {
        return Err("valid, but for another product".into());
    }
    Ok(Verdict { code, message: message.to_owned() })
}

fn post(url: &str, fields: [(&str, &str); 3]) -> Result<String, NotTrustworthy> {
    let config = ureq::Agent::config_builder()
        .timeout_global(Some(Duration::from_secs(10)))
        .max_redirects(0)
        .max_redirects_will_error(false)
        .http_status_as_error(false);
    let agent: ureq::Agent = config.build().into();
    let mut answer = agent.post(url).send_form(fields)?;
    let status = answer.status();
    // 401 and 403 carry signed refusals where the server runs with --http-status documented.
    if ![200, 401, 403].contains(&status.as_u16()) {
        return Err(format!("HTTP {status}").into());
    }
    Ok(answer.body_mut().with_config().limit(1_000_000).read_to_string()?)
}

fn verifies(pem: &str, signed: &str, signature: &str) -> Result<bool, NotTrustworthy> {
    let key = VerifyingKey::<Sha256>::new(RsaPublicKey::from_public_key_pem(pem)?);
    let Ok(signature) = BASE64.decode(signature) else { return Ok(false) };
    let Ok(signature) = Signature::try_from(&*signature) else { return Ok(false) };
    Ok(key.verify(signed.as_bytes(), &signature).is_ok())
}

fn run(arguments: &[String]) -> Result<Verdict, NotTrustworthy> {
    let [url, api_key, license_key, identifier, files @ ..] = arguments else {
        return Err(
            "usage: check_license URL API_KEY LICENSE_KEY IDENTIFIER PUBLIC_KEY.pem [GLOBAL_KEY.pem]".into(),
        );
    };
    // In your product the keys are constants of the program: whoever can change them can sell your licenses.
    let keys = files.iter().map(std::fs::read_to_string).collect::<Result<Vec<_>, _>>()?;
    check_license(url, api_key, license_key, identifier, &keys)
}

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match run(&arguments) {
        Ok(Verdict { code, .. }) if code == "200" => {
            println!("valid");
            ExitCode::SUCCESS
        }
        Ok(Verdict { code, message }) => {
            println!("refused: {code} {message}");
            ExitCode::from(1)
        }
        Err(reason) => {
            eprintln!("not trustworthy: {reason}");
            ExitCode::from(2)
        }
    }
}
