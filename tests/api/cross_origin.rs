//! Calls from web pages of other origins, and how long idle connections stay open.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use crate::support::TestServer;

const ORIGIN: &str = "https://app.example.com";
const PREFLIGHT: [(&str, &str); 3] = [
    ("Origin", ORIGIN),
    ("Access-Control-Request-Method", "POST"),
    ("Access-Control-Request-Headers", "authorization, content-type"),
];

fn server() -> TestServer {
    TestServer::start_with(|config| {
        config.http.allowed_origins = vec!["http://localhost:5173".to_owned(), ORIGIN.to_owned()];
    })
}

/// Status and headers whose names begin with `access-control-` or are `vary`, sorted.
fn shared(server: &TestServer, method: &str, path: &str, headers: &[(&str, &str)]) -> (u16, Vec<String>) {
    let response = server.fetch(method, path, headers);
    let is_about_sharing = |name: &str| name.starts_with("access-control-") || name == "vary";
    let mut found: Vec<String> = response
        .headers()
        .iter()
        .filter(|(name, _)| is_about_sharing(name.as_str()))
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    found.sort();
    (response.status().as_u16(), found)
}

#[test]
fn by_default_no_page_of_another_origin_may_call() {
    let server = TestServer::start();
    assert_eq!(shared(&server, "OPTIONS", "/api/v1/verify", &PREFLIGHT), (405, vec![]));
    assert_eq!(shared(&server, "GET", "/api/v1/get-product", &PREFLIGHT[..1]), (200, vec![]));
}

#[test]
fn a_preflight_of_an_allowed_origin_is_answered_for_every_path_of_the_api() {
    let server = server();
    for (path, methods) in [
        ("/api/v1/verify", "POST"),
        ("/v1/licenses/verify/", "POST"),
        ("/api/api/v1/get-product-public-key", "GET"),
        ("/api/v1/licenses/K/features/f", "GET"),
        ("/.well-known/keyseal-keys.json", "GET, HEAD"),
    ] {
        let (status, headers) = shared(&server, "OPTIONS", path, &PREFLIGHT);
        assert_eq!(status, 204, "{path}");
        assert_eq!(
            headers,
            [
                "access-control-allow-headers: Authorization, Content-Type, Idempotency-Key, Range, X-API-Key, \
                 X-Request-Id"
                    .to_owned(),
                format!("access-control-allow-methods: {methods}"),
                format!("access-control-allow-origin: {ORIGIN}"),
                "access-control-expose-headers: Content-Disposition, Retry-After, X-Request-Id".to_owned(),
                "access-control-max-age: 7200".to_owned(),
                "vary: Origin".to_owned(),
            ],
            "{path}"
        );
    }
}

#[test]
fn only_allowed_origins_read_answers_and_refusals_of_the_api() {
    let server = server();
    let allowed = format!("access-control-allow-origin: {ORIGIN}");
    for (path, status) in [("/api/v1/get-product", 200), ("/api/v1/nowhere", 404), ("/v1/verify", 405)] {
        let (found, headers) = shared(&server, "GET", path, &PREFLIGHT[..1]);
        assert_eq!((found, headers.contains(&allowed)), (status, true), "{path}");
        assert!(!headers.iter().any(|header| header.contains("credentials")), "{headers:?}");
    }
    for origin in [
        "https://evil.example",
        "https://app.example.com.evil.example",
        "http://app.example.com",
        "null",
        "*",
    ] {
        let asked = [("Origin", origin), PREFLIGHT[1]];
        assert_eq!(
            shared(&server, "OPTIONS", "/api/v1/verify", &asked),
            (405, vec!["vary: Origin".to_owned()])
        );
        let got = shared(&server, "GET", "/api/v1/get-product", &asked[..1]);
        assert_eq!(got, (200, vec!["vary: Origin".to_owned()]), "{origin}");
    }
    // No preflight without a method to ask for, and nothing beside the API.
    assert_eq!(shared(&server, "OPTIONS", "/api/v1/verify", &PREFLIGHT[..1]).0, 405);
    for path in ["/livez", "/openapi.json", "/docs", "/demo/reset", "/"] {
        for method in ["OPTIONS", "GET"] {
            let (status, headers) = shared(&server, method, path, &PREFLIGHT);
            assert!(status != 204 && !headers.contains(&allowed), "{method} {path}: {status} {headers:?}");
        }
    }
}

#[test]
fn an_idle_connection_ends_when_the_server_says_so() {
    let request = b"GET /livez HTTP/1.1\r\nHost: x\r\n\r\n";
    let header = |server: &TestServer| {
        let response = server.fetch("GET", "/livez", &[]);
        response.headers()["keep-alive"].to_str().unwrap().to_owned()
    };
    assert_eq!(header(&TestServer::start()), "timeout=5");
    let behind_proxy = TestServer::start_with(|config| {
        config.http.trusted_proxies = vec!["127.0.0.1/32".parse().unwrap()];
    });
    assert_eq!(header(&behind_proxy), "timeout=75");
    let server = TestServer::start_with(|config| config.http.keep_alive = Some(Duration::from_secs(1)));
    assert_eq!(header(&server), "timeout=1");
    let mut stream = TcpStream::connect(server.address()).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(4))).unwrap();
    stream.write_all(request).unwrap();
    let began = Instant::now();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && began.elapsed() > Duration::from_millis(500), "{answer}");
}
