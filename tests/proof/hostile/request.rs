//! One hostile request: well-formed HTTP around anything. The same seed and number make the same bytes.

use fastrand::Rng;
use percent_encoding::{NON_ALPHANUMERIC, percent_encode};

use super::fields::{self, Value, any_of};
use super::odd_texts;

/// What it asks for decides how it may be answered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// By an envelope.
    Api,
    /// By an envelope, or by the bytes of a file.
    Download,
    /// By a line of plain text.
    Health,
}

/// Whether what a server keeps forever, however much it is, gets more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Piles {
    Grow,
    Stay,
}

/// What adds to those piles: as they grow, so do the answers that show them.
const PILING: &[&str] = &[
    "send-telemetry-data",
    "create-product",
    "create-product-meta",
    "update-product-meta",
    "create-license-key-meta",
    "update-license-key-meta",
];

pub struct Request {
    pub number: usize,
    pub kind: Kind,
    /// The capability that its route takes; empty, if it means to hit none.
    pub capability: &'static str,
    pub bytes: Vec<u8>,
    /// Its answer has no body.
    pub is_head: bool,
    /// It has a body that this path doesn't read: the server may end the connection after its answer.
    pub has_unread_body: bool,
    /// It is sent alone: of requests that came together actix answers all by the method and the version of
    /// the last that it has read.
    pub is_alone: bool,
}

/// A request while it is made up.
pub struct Draft {
    pub kind: Kind,
    pub capability: &'static str,
    pub method: String,
    pub path: String,
    pub fields: Vec<(Vec<u8>, Value)>,
    pub headers: Vec<(&'static str, Vec<u8>)>,
}

const ALIASES: &[&str] = &["hwid", "domain", "product_uuid", "meta_key", "customer_email", "count", "email"];

const METHODS: &[&str] =
    &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS", "TRACE", "BREW", "post"];

/// One request in so many is of the sweep.
const SWEPT: usize = 5;

/// How many requests it takes until the sweep has been through.
pub fn sweep() -> usize {
    keyseal::paths().map(|(_, _, capability)| fields::of(capability).len()).sum::<usize>()
        * odd_texts::TEXTS
        * SWEPT
}

pub fn any(number: usize, piles: Piles, rng: &mut Rng) -> Request {
    if number.is_multiple_of(SWEPT) {
        return swept(number / SWEPT, rng).finish(number, rng);
    }
    let mut draft = draft(piles, rng);
    if rng.u8(..100) < 60 {
        for _ in 0..rng.usize(1..=3) {
            draft.break_a_field(rng);
        }
    }
    draft.add_api_key(rng);
    draft.add_headers(rng);
    if rng.u8(..100) < 10 {
        draft.method = any_of(METHODS, rng);
    }
    if rng.u8(..100) < 8 {
        draft.bend_path(rng);
    }
    draft.finish(number, rng)
}

/// Of each endpoint's each field each of the texts that have broken some server, in turn; all else about it
/// is in order.
fn swept(number: usize, rng: &mut Rng) -> Draft {
    let fields =
        || keyseal::paths().flat_map(|route| fields::of(route.2).iter().map(move |field| (route, *field)));
    let at = number % (fields().count() * odd_texts::TEXTS);
    let ((method, path, capability), tried) = fields().nth(at / odd_texts::TEXTS).unwrap();
    let value = |field: &str, rng: &mut Rng| match field {
        _ if field == tried => odd_texts::text(at % odd_texts::TEXTS),
        _ => fields::sure(capability, field, rng),
    };
    let mut fields: Vec<_> =
        fields::of(capability).iter().map(|field| (field.as_bytes().to_vec(), value(field, rng))).collect();
    fields.push((b"api_key".to_vec(), Value::Text(fields::API_KEY.into())));
    let path = format!("/api/v1{path}");
    Draft { kind: Kind::Api, capability, method: method.to_owned(), path, fields, headers: Vec::new() }
}

fn draft(piles: Piles, rng: &mut Rng) -> Draft {
    let prefix = any_of(&["/api/v1", "/v1", "/api/api/v1"], rng);
    let blank = |kind, method: &str, path| Draft {
        kind,
        capability: "",
        method: method.to_owned(),
        path,
        fields: Vec::new(),
        headers: Vec::new(),
    };
    match rng.u8(..100) {
        0..6 => blank(Kind::Download, "GET", format!("{prefix}/download/{}", download_segments(rng))),
        6..9 => {
            let slug = if rng.bool() { format!("slug-{}", rng.u8(..30)) } else { segment(rng) };
            blank(Kind::Api, "GET", format!("{prefix}/products/{slug}/changelog"))
        }
        9..11 => blank(Kind::Health, "GET", any_of(&["/livez", "/readyz", "/readyz?x=1"], rng)),
        11..13 => blank(Kind::Api, "GET", format!("/{}", segment(rng))),
        _ => {
            let is_wanted = |capability| piles == Piles::Grow || !PILING.contains(&capability);
            let routes: Vec<_> =
                keyseal::paths().filter(|(_, _, capability)| is_wanted(capability)).collect();
            let (method, path, capability) = routes[rng.usize(..routes.len())];
            let mut draft = blank(Kind::Api, method, format!("{prefix}{path}"));
            draft.capability = capability;
            for field in fields::of(capability) {
                if rng.u8(..100) < 94 {
                    let value = fields::likely(capability, field, rng);
                    draft.fields.push((field.as_bytes().to_vec(), value));
                }
            }
            draft
        }
    }
}

/// The four segments of a link, most of them good.
fn download_segments(rng: &mut Rng) -> String {
    let identifier = any_of(fields::IDENTIFIERS, rng);
    let identifier = base64::Engine::encode(&base64::engine::general_purpose::STANDARD, identifier);
    let encoded = |text: &str| percent_encode(text.as_bytes(), NON_ALPHANUMERIC).to_string();
    let mut segments = [
        if rng.u8(..10) < 8 { fields::API_KEY.to_owned() } else { any_of(fields::OTHER_API_KEYS, rng) },
        any_of(fields::LICENSES, rng),
        encoded(&identifier),
        any_of(&["102", "102", "103", "latest", "0", "-1", "99999999999999999999"], rng),
    ];
    if rng.bool() {
        segments[rng.usize(..4)] = segment(rng);
    }
    segments.join("/")
}

/// A segment of a path that needs no more encoding.
fn segment(rng: &mut Rng) -> String {
    match rng.u8(..8) {
        0 => any_of(&["..", ".", "%2e%2e", "%2F", "%5C", "%00", "%ff", "%zz", "%", ";a=b", "~", "*"], rng),
        1 => "a".repeat(rng.usize(..8_000)),
        2 => String::new(),
        _ => percent_encode(odd_texts::any(rng).bytes(), NON_ALPHANUMERIC)
            .to_string()
            .chars()
            .take(6_000)
            .collect(),
    }
}

impl Draft {
    fn break_a_field(&mut self, rng: &mut Rng) {
        let count = self.fields.len();
        // No name that a URL is read from: whatever is sent there comes from a list.
        let name = |rng: &mut Rng| any_of(ALIASES, rng).into_bytes();
        match rng.u8(..100) {
            0..45 if count > 0 => self.fields[rng.usize(..count)].1 = odd_texts::any(rng),
            45..58 if count > 0 => drop(self.fields.remove(rng.usize(..count))),
            58..66 if count > 0 => {
                let (name, value) = self.fields[rng.usize(..count)].clone();
                self.fields.push((name, if rng.bool() { value } else { odd_texts::any(rng) }));
            }
            66..74 if count > 0 => self.fields[rng.usize(..count)].0 = name(rng),
            74..80 if count > 0 => {
                self.fields[rng.usize(..count)].0.extend_from_slice(
                    any_of(&["[]", "[0]", "[x]", "[", "]", "[][]", "\0", " "], rng).as_bytes(),
                );
            }
            80..81 => {
                let many = rng.usize(500..=10_000);
                self.fields.extend(
                    (0..many).map(|number| (format!("f{number}").into_bytes(), Value::Text(b"1".to_vec()))),
                );
            }
            81..82 => {
                let many = rng.usize(500..=10_000);
                self.fields
                    .extend((0..many).map(|_| (b"license_keys[]".to_vec(), Value::Text(b"x".to_vec()))));
            }
            82..90 => self.fields.push((odd_texts::any(rng).bytes().to_vec(), odd_texts::any(rng))),
            _ => self.fields.push((name(rng), odd_texts::any(rng))),
        }
    }

    /// In a field, in one of two headers, in several, or nowhere.
    fn add_api_key(&mut self, rng: &mut Rng) {
        if self.kind != Kind::Api {
            return;
        }
        for _ in 0..[1, 1, 1, 1, 1, 1, 1, 2, 2, 0][rng.usize(..10)] {
            let key = match rng.u8(..100) {
                0..82 => fields::API_KEY.as_bytes().to_vec(),
                82..95 => any_of(fields::OTHER_API_KEYS, rng).into_bytes(),
                _ => odd_texts::any(rng).bytes().to_vec(),
            };
            match rng.u8(..3) {
                0 => self.fields.push((b"api_key".to_vec(), Value::Text(key))),
                1 => {
                    let scheme = any_of(&["Bearer ", "bearer ", "Bearer  ", "Basic ", "Bearer"], rng);
                    let scheme = if rng.u8(..10) < 8 { "Bearer " } else { &scheme };
                    self.headers.push(("Authorization", [scheme.as_bytes(), &header_value(&key)].concat()));
                }
                _ => self.headers.push(("X-API-Key", header_value(&key))),
            }
        }
    }

    fn add_headers(&mut self, rng: &mut Rng) {
        if rng.u8(..100) < 10 {
            let key = if rng.u8(..4) > 0 {
                format!("again-{}", rng.u8(..40)).into_bytes()
            } else {
                header_value(odd_texts::any(rng).bytes())
            };
            self.headers.push(("Idempotency-Key", key));
        }
        if rng.u8(..100) < 10 {
            let hops = [
                "203.0.113.5",
                "198.51.100.7",
                "1.2.3.4, 127.0.0.1",
                "::ffff:198.51.100.9",
                "[2001:db8::1]:99999",
                ",,,",
                "unknown",
            ];
            self.headers.push(("X-Forwarded-For", any_of(&hops, rng).into_bytes()));
        }
        if rng.u8(..100) < 6 {
            let (names, value) = (
                [
                    "Accept-Encoding",
                    "Range",
                    "If-None-Match",
                    "If-Modified-Since",
                    "If-Range",
                    "Cookie",
                    "Te",
                ],
                [
                    &b"gzip"[..],
                    b"bytes=0-3",
                    b"bytes=9-",
                    b"bytes=-0",
                    b"*",
                    b"W/\"x\"",
                    b"\xff",
                    b"bytes=0-0,2-3",
                ],
            );
            self.headers.push((names[rng.usize(..7)], value[rng.usize(..8)].to_vec()));
        }
        if rng.u8(..250) == 0 {
            self.headers.extend((0..80).map(|_| ("X-Many", b"1".to_vec())));
        }
    }

    fn bend_path(&mut self, rng: &mut Rng) {
        let Some(at) = self.path.find(|c: char| c.is_alphabetic()) else { return };
        match rng.u8(..9) {
            0 => self.path.push('/'),
            1 => self.path.push_str("///"),
            2 => self.path = self.path.replace('/', "//"),
            3 => self.path = self.path.to_uppercase(),
            4 => {
                let encoded = format!("%{:02X}", self.path.as_bytes()[at]);
                self.path.replace_range(at..=at, &encoded);
            }
            5 => self.path = format!("{}/{}", self.path, segment(rng)),
            6 => self.path = format!("/x/..{}", self.path),
            7 => self.path = format!("http://localhost:1{}", self.path),
            _ => {
                self.path = self.path.replace("v1", &any_of(&["v2", "V1", "v1;x=y", "v1%20", "v1%2f"], rng));
            }
        }
    }
}

/// What is left of a text in a header: no control characters, and no more than a head may hold.
fn header_value(text: &[u8]) -> Vec<u8> {
    text.iter().copied().filter(|byte| *byte >= b' ' && *byte != 0x7f).take(3_000).collect()
}
