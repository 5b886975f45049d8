//! The first request of a demo, and the text that shows it and what to try next.

use std::path::Path;

use serde_json::Value;

use crate::cli::Result;
use crate::signing::PublicKey;

/// The API key of the v1 documentation. In the sample data it may call every endpoint.
pub const API_KEY: &str = "2964c3c9-0b5d-4d89-b3ac-4668f30bc492";

/// Metadata for the license of the v1 documentation.
const FIRST_REQUEST: [(&str, &str); 5] = [
    ("api_key", API_KEY),
    ("license_key", "3a343c8a-38fe-4b6e-ad77-2222222"),
    ("identifier", "domain.ltd"),
    ("key", "test-key"),
    ("value", "test value"),
];

/// The answer to the first request.
pub struct FirstAnswer {
    endpoint: String,
    pub envelope: String,
    pub is_signature_valid: bool,
}

impl FirstAnswer {
    /// Sends the first request to the server at `url`.
    pub fn ask(url: &str, public_key: &PublicKey) -> Result<Self> {
        let endpoint = format!("{url}/api/v1/create-license-key-meta");
        // Certificates are made for a name, and this asks by address. The signature shows who answered.
        let tls = ureq::tls::TlsConfig::builder().disable_verification(true).build();
        // Never through a proxy that the environment names.
        let agent: ureq::Agent = ureq::Agent::config_builder().proxy(None).tls_config(tls).build().into();
        let envelope = agent.post(&endpoint).send_form(FIRST_REQUEST)?.body_mut().read_to_string()?;
        let members: Value = serde_json::from_str(&envelope)?;
        let text = |member| members.get(member).and_then(Value::as_str).unwrap_or_default();
        let is_signature_valid = public_key.verifies(text("response_base64").as_bytes(), text("signature"));
        Ok(Self { endpoint, envelope, is_signature_valid })
    }

    /// The request, the answer, and what to try next. `docs`: whether the server has its page of documentation.
    pub fn tour(&self, url: &str, key_file: &Path, docs: bool) -> String {
        let Self { endpoint, envelope, is_signature_valid } = self;
        let fields: Vec<String> = FIRST_REQUEST
            .iter()
            .map(|(name, value)| format!("  --data-urlencode '{name}={value}'"))
            .collect();
        let signature =
            if *is_signature_valid { "The signature is valid" } else { "THE SIGNATURE IS NOT VALID" };
        let key_file = key_file.display();
        // Only the reader can decide whether to trust the certificate.
        let curl = if url.starts_with("https:") { "curl -k" } else { "curl" };
        let docs = if docs {
            format!("\nAll endpoints, with a form to try each: {url}/docs\n")
        } else {
            String::new()
        };
        format!(
            "\nThe first request:\n\n{curl} {endpoint} \\\n{}\n\nIts answer:\n\n{envelope}\n\n\
             {signature} under the public key of product 1, {key_file}\n\n\
             Try next, in another terminal:\n\n\
             meta() {{ {curl} -s {endpoint} -d api_key={API_KEY} -d identifier=domain.ltd -d key=k -d value=v \"$@\"; \
             echo; }}\n\
             meta -d license_key=demo-plain-product     # 453, signed by the global key\n\
             meta -d license_key=demo-plain-product     # 452: the metadata key exists now\n\
             meta -d license_key=demo-available         # 201; demo-blocked 204, demo-expired 205, demo-full 202\n\
             meta -d license_key=demo-retired-product   # 203\n\
             meta -d identifier=shop.pirate.example     # 150: a blocked domain\n\
             meta -d license_key=demo-full | keyseal check-reply --public-key {key_file}\n\
             {curl} {url}/readyz\n{docs}\n\
             Stop with Ctrl-C.",
            fields.join(" \\\n")
        )
    }
}
