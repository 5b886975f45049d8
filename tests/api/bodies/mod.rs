//! The ways to send fields, and what becomes of a body that can't be read.

mod formats;
mod refused;
mod slow;

use crate::support::{License, TestServer};

const CREATE: &str = "create-license-key-meta";

fn server() -> TestServer {
    let server = TestServer::start();
    server.add_license(&License::default());
    server
}

fn multipart(parts: &[(&str, &str)]) -> String {
    let part = |(head, text): &(&str, &str)| {
        format!("--XX\r\nContent-Disposition: form-data; {head}\r\n\r\n{text}\r\n")
    };
    parts.iter().map(part).collect::<String>() + "--XX--\r\n"
}
