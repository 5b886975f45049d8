//! The server's own OpenAPI document, against which every answer is checked.

use std::sync::OnceLock;

use keyseal::HttpStatus;
use serde_json::Value;

use super::{Answer, TestServer, conform};

/// The document that a server serves in one mode.
pub struct Document {
    pub api: Value,
}

impl Document {
    /// Fetched once per mode.
    pub fn of(mode: HttpStatus) -> &'static Self {
        static ENVELOPE: OnceLock<Document> = OnceLock::new();
        static DOCUMENTED: OnceLock<Document> = OnceLock::new();
        let document = match mode {
            HttpStatus::Envelope => &ENVELOPE,
            HttpStatus::Documented => &DOCUMENTED,
        };
        document.get_or_init(|| {
            let server = TestServer::start_with(|config| config.http.status = mode);
            let (status, text) = server.get_plain("/openapi.json");
            assert_eq!(status, 200);
            Self { api: serde_json::from_str(&text).unwrap() }
        })
    }

    /// The path template in the document: `/v1//products/x/changelog?a=1` is `/products/{slug}/changelog`.
    pub fn template(&self, path: &str) -> Option<&str> {
        let path = path.split('?').next().unwrap();
        let segments: Vec<&str> = path.split('/').filter(|segment| !segment.is_empty()).collect();
        let path = format!("/{}", segments.join("/"));
        let prefixes = ["/api/api/v1", "/api/v1", "/v1"];
        let path = prefixes.iter().find_map(|prefix| path.strip_prefix(prefix))?;
        let is_like = |template: &str| {
            let (have, want): (Vec<&str>, Vec<&str>) =
                (path.split('/').collect(), template.split('/').collect());
            let alike = |(have, want): (&&str, &&str)| have == want || want.starts_with('{');
            have.len() == want.len() && have.iter().zip(&want).all(alike)
        };
        let paths = self.api["paths"].as_object().unwrap();
        paths
            .keys()
            .map(String::as_str)
            .find(|template| *template == path)
            .or_else(|| paths.keys().map(String::as_str).find(|template| is_like(template)))
    }

    /// Panics unless the document has this answer for this path, with its HTTP status, message, signer and fields.
    pub fn check(&self, method: &str, path: &str, answer: &Answer) {
        let operation =
            self.template(path).map(|template| &self.api["paths"][template][method.to_lowercase()]);
        match operation {
            // The rate limit also refuses requests to unknown paths.
            None | Some(Value::Null) if answer.code == 1929 => assert_eq!(answer.status, 429, "{path}"),
            None => assert_eq!((answer.status, answer.code), (404, 1904), "{path}"),
            Some(Value::Null) => assert_eq!((answer.status, answer.code), (405, 1905), "{path}"),
            Some(operation) => self.check_outcome(operation, path, answer),
        }
    }

    fn check_outcome(&self, operation: &Value, path: &str, answer: &Answer) {
        let outcome =
            operation["x-outcomes"].as_array().unwrap().iter().find(|one| one["code"] == answer.code);
        let outcome =
            outcome.unwrap_or_else(|| panic!("{path} answered {}: not in the document", answer.code));
        assert_eq!(outcome["http_status"], answer.status, "{path}: {answer:?}");
        assert_eq!(outcome["message"], answer.message, "{path}");
        assert!(answer.signer == "global" || outcome["signed_by"] == "product", "{path}: {answer:?}");
        let response = self.resolve(&operation["responses"][answer.status.to_string()]);
        let schema = &response["content"]["application/json"]["schema"];
        let envelope: Value = serde_json::from_str(&answer.body).unwrap();
        if let Err(why) = conform(&self.api, schema, &envelope) {
            panic!("{path} answered what its schema doesn't allow: {why}\n{}", answer.response);
        }
        let reply = &self.api["components"]["schemas"][outcome["name"].as_str().unwrap()];
        conform(&self.api, reply, &envelope["response"]).unwrap_or_else(|why| panic!("{path}: {why}"));
    }

    pub fn resolve<'a>(&'a self, value: &'a Value) -> &'a Value {
        match value["$ref"].as_str() {
            Some(reference) => self.api.pointer(reference.trim_start_matches('#')).unwrap(),
            None => value,
        }
    }
}
