//! `POST /access-downloadables` and `GET /download/…`: what is listed, what is sent, and what is refused in
//! which order.

mod links;
mod gate;
mod files;

use std::fs;
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use crate::support::{Answer, License, TestServer};

const CONTENT: &[u8] = b"0123456789 the file";

/// A server with version 1.0.1 of product 1 and the license of `License::default`.
fn server() -> TestServer {
    let server = TestServer::start();
    server.add_license(&License::default());
    add_version(&server, 1, 101, &["--release-date", "2024-02-27"]);
    server
}

fn file(server: &TestServer, name: &str, content: &[u8]) -> PathBuf {
    let path = server.data().join(name);
    fs::write(&path, content).unwrap();
    path
}

fn add_version(server: &TestServer, product: i64, number: i64, options: &[&str]) -> Value {
    let path = file(server, "app.zip", CONTENT);
    let version = format!("1.0.{}", number - 100);
    let (product, number) = (product.to_string(), number.to_string());
    let words =
        ["download", "add", path.to_str().unwrap(), "--product", &product, "--numeric-version", &number];
    server.command(&[&words, &["--version", &version][..], options].concat())
}

fn list(server: &TestServer, license_key: &str, identifier: &str) -> Answer {
    server.post("access-downloadables", &[("license_key", license_key), ("identifier", identifier)])
}

fn path_of(api_key: &str, license_key: &str, identifier: &str, number: &str) -> String {
    let identifier = STANDARD.encode(identifier).replace('+', "%2B").replace('/', "%2F").replace('=', "%3D");
    format!("/api/v1/download/{api_key}/{license_key}/{identifier}/{number}")
}

fn path(server: &TestServer) -> String {
    path_of(&server.api_key, "KEY-1", "domain.ltd", "101")
}

fn counter(server: &TestServer) -> Value {
    server.command(&["download", "list", "--product", "1"])[0]["download_counter"].clone()
}
