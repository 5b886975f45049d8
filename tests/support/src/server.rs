//! A server on a port and a database of its own.

use std::net::SocketAddr;
use std::path::Path;

use ::keyseal::{Config, HttpStatus, Server};
use serde_json::{Value, json};
use tempfile::TempDir;
use ureq::Agent;
use ureq::http::{Request, Response};

use super::{Answer, Document, agent, keys, keyseal};

/// Starts with two products, 1 with a signing key of its own and 2 without, and stops when dropped.
pub struct TestServer {
    server: Option<Server>,
    data: TempDir,
    agent: Agent,
    mode: HttpStatus,
    /// The text of an API key that may do everything.
    pub api_key: String,
    pub global_key: String,
    pub product_key: String,
}

/// A license to add. By default of product 1, assigned long ago, without expiry and without an activation limit.
pub struct License<'a> {
    pub key: &'a str,
    pub product: i64,
    pub status: &'a str,
    pub activation_limit: i64,
    pub validity: i64,
    pub assigned_at: &'a str,
    pub identifiers: &'a [&'a str],
}

impl Default for License<'_> {
    fn default() -> Self {
        Self {
            key: "KEY-1",
            product: 1,
            status: "assigned",
            activation_limit: 0,
            validity: 0,
            assigned_at: "2024-02-27 03:05:31",
            identifiers: &["domain.ltd"],
        }
    }
}

impl TestServer {
    pub fn start() -> Self {
        Self::start_with(|_| {})
    }

    pub fn start_with(configure: impl FnOnce(&mut Config)) -> Self {
        let data = tempfile::tempdir().unwrap();
        let [global, product] = keys::files();
        keyseal(data.path(), &["signing-key", "import", global.to_str().unwrap()]);
        let made = keyseal(data.path(), &["init"]);
        keyseal(data.path(), &["product", "create", "--name", "With a key"]);
        let own =
            keyseal(data.path(), &["signing-key", "import", product.to_str().unwrap(), "--product", "1"]);
        keyseal(data.path(), &["product", "create", "--name", "Without a key"]);
        let mut config = Config::local(data.path());
        configure(&mut config);
        let agent = agent();
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        Self {
            mode: config.http.status,
            server: Some(Server::start(config).unwrap()),
            data,
            agent,
            api_key: text(&made["api_key"]),
            global_key: text(&made["public_key"]),
            product_key: text(&own["public_key"]),
        }
    }

    pub fn data(&self) -> &Path {
        self.data.path()
    }

    pub fn url(&self) -> String {
        self.server.as_ref().unwrap().url()
    }

    pub fn metrics_url(&self) -> Option<String> {
        self.server.as_ref().unwrap().metrics_url()
    }

    pub fn address(&self) -> SocketAddr {
        self.url().trim_start_matches("http://").parse().unwrap()
    }

    /// Stops the server and starts another on the same data.
    pub fn restart(&mut self) {
        self.stop();
        self.start_again(|_| {});
    }

    /// Starts the server again after [`Self::stop`], maybe with another configuration.
    pub fn start_again(&mut self, configure: impl FnOnce(&mut Config)) {
        let mut config = Config::local(self.data.path());
        configure(&mut config);
        self.mode = config.http.status;
        self.server = Some(Server::start(config).unwrap());
    }

    /// Stops the server. Commands still run on its data.
    pub fn stop(&mut self) {
        self.server.take().unwrap().stop().unwrap();
    }

    /// Runs a command on this server's data, while it runs.
    pub fn command(&self, arguments: &[&str]) -> Value {
        keyseal(self.data(), arguments)
    }

    pub fn add_license(&self, license: &License<'_>) {
        let (product, limit) = (license.product.to_string(), license.activation_limit.to_string());
        let validity = license.validity.to_string();
        let mut words = vec!["license", "create", "--key", license.key, "--product", &product];
        words.extend(["--activation-limit", &limit, "--validity", &validity, "--status", license.status]);
        words.extend(["--assigned-at", license.assigned_at]);
        self.command(&words);
        for identifier in license.identifiers {
            self.command(&["license", "activate", license.key, "--identifier", identifier]);
        }
    }

    /// A new API key's text.
    pub fn add_api_key(&self, options: &[&str]) -> String {
        let words = [&["api-key", "create", "--name", "test"], options].concat();
        self.command(&words)["api_key"].as_str().unwrap().to_owned()
    }

    /// Posts a form to `/api/v1/…` with the API key that may do everything.
    pub fn post(&self, endpoint: &str, fields: &[(&str, &str)]) -> Answer {
        let all = [&[("api_key", self.api_key.as_str())], fields].concat();
        self.post_form(&format!("/api/v1/{endpoint}"), &all)
    }

    /// Posts exactly this form to exactly this path.
    pub fn post_form(&self, path: &str, fields: &[(&str, &str)]) -> Answer {
        self.checked(
            "POST",
            path,
            self.agent.post(format!("{}{path}", self.url())).send_form(fields.iter().copied()),
        )
    }

    /// Posts a body of any kind with the API key in a header.
    pub fn post_body(&self, endpoint: &str, content_type: &str, body: &[u8]) -> Answer {
        let request = self.agent.post(format!("{}/api/v1/{endpoint}", self.url()));
        let sent = request.header("X-API-Key", &self.api_key).content_type(content_type).send(body);
        self.checked("POST", &format!("/api/v1/{endpoint}"), sent)
    }

    pub fn post_json(&self, endpoint: &str, body: &Value) -> Answer {
        self.post_body(endpoint, "application/json", body.to_string().as_bytes())
    }

    /// Posts a form with these headers.
    pub fn post_with_headers(
        &self,
        endpoint: &str,
        headers: &[(&str, &str)],
        fields: &[(&str, &str)],
    ) -> Answer {
        let mut request = self.agent.post(format!("{}/api/v1/{endpoint}", self.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        self.checked("POST", &format!("/api/v1/{endpoint}"), request.send_form(fields.iter().copied()))
    }

    pub fn get(&self, path: &str) -> Answer {
        self.checked("GET", path, self.agent.get(format!("{}{path}", self.url())).call())
    }

    /// A plain answer that is no envelope: its status and its text.
    pub fn get_plain(&self, path: &str) -> (u16, String) {
        self.get_url(&format!("{}{path}", self.url()))
    }

    /// The status and text at a URL, which may be on another port.
    pub fn get_url(&self, url: &str) -> (u16, String) {
        let mut response = self.agent.get(url).call().unwrap();
        (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
    }

    /// An answer that may be a file: by GET, or by another method, with these headers.
    pub fn fetch(&self, method: &str, path: &str, headers: &[(&str, &str)]) -> Response<Vec<u8>> {
        let mut request = Request::builder().method(method).uri(format!("{}{path}", self.url()));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let mut response = self.agent.run(request.body(()).unwrap()).unwrap();
        let body = response.body_mut().read_to_vec().unwrap();
        response.map(|_| body)
    }

    /// Checks that the answer is one that the server's OpenAPI document has.
    fn checked(
        &self,
        method: &str,
        path: &str,
        response: Result<Response<ureq::Body>, ureq::Error>,
    ) -> Answer {
        let mut response = response.unwrap();
        let headers = response.headers();
        assert_eq!(headers["content-type"], "application/json");
        assert_eq!(headers["cache-control"], "no-cache, private");
        let allow = headers.get("allow").map(|value| value.to_str().unwrap().to_owned());
        let retry_after = headers.get("retry-after").map(|value| value.to_str().unwrap().parse().unwrap());
        let status = response.status().as_u16();
        let body = response.body_mut().read_to_string().unwrap();
        let answer = Answer { allow, ..self.answer(status, &body) };
        Document::of(self.mode).check(method, path, &answer);
        assert_eq!(
            (answer.code == 1929, answer.status == 429),
            (answer.retry_after.is_some(), answer.code == 1929)
        );
        assert!(answer.code != 1929 || answer.retry_after == retry_after);
        answer
    }

    /// Checks and verifies an envelope.
    pub fn answer(&self, status: u16, body: &str) -> Answer {
        Answer::check(status, body, &self.global_key, &self.product_key)
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        if let Some(server) = self.server.take() {
            server.stop().unwrap();
        }
    }
}

/// The fields of a metadata request on the license of `License::default`.
pub fn meta_fields() -> Value {
    json!({ "license_key": "KEY-1", "identifier": "domain.ltd", "key": "color", "value": "green" })
}
