//! HTTP requests without a proxy, to which every status is an answer.

use ureq::Agent;

/// A client that keeps its connections.
pub fn agent() -> Agent {
    Agent::config_builder().proxy(None).http_status_as_error(false).build().into()
}

/// Posts a form and gives the status and the body.
pub fn post_form(url: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let mut response = agent().post(url).send_form(fields.iter().copied()).unwrap();
    (response.status().as_u16(), response.body_mut().read_to_string().unwrap())
}
