//! The second part of the route table: the paths that no endpoint answers.

use crate::api::record::Record;
use crate::api::{changelogs, downloads};

/// A path that no endpoint answers. `serve` has a function for each.
pub struct Page {
    pub id: PageId,
    pub path: &'static str,
    /// The accepted methods, as the `Allow` header lists them.
    pub allow: &'static str,
    pub place: Place,
    /// The page's name in the log and in metrics: its path, unless that contains texts of the caller.
    pub label: &'static str,
    pub content: Content,
}

/// Identifies the function in `serve` that answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PageId {
    Download,
    Changelog,
    Livez,
    Readyz,
    PublicKeys,
    Document,
    DemoReset,
    DemoClock,
    Metrics,
}

/// The base below which a page is mounted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Place {
    /// Below each of [`super::PREFIXES`].
    Api,
    /// Below the server's address.
    Root,
    /// Below the server's address, unless the operator has disabled the documents.
    Documents,
    /// Below the server's address, in a demo.
    Demo,
    /// On the port for metrics.
    MetricsPort,
}

/// The description of a page in the reference.
pub enum Content {
    /// Signed refusals, and fields in the path.
    Api(&'static Record),
    /// Unsigned content.
    Plain { summary: &'static str, media_type: &'static str },
    /// A file that another page loads.
    Part,
}

/// The labels of pages whose answers are logged and measured.
pub const DOWNLOAD_LABEL: &str = "/download";
pub const CHANGELOG_LABEL: &str = "/products/changelog";
pub const PUBLIC_KEYS: &str = "/.well-known/keyseal-keys.json";

/// The path on the port for metrics.
pub const METRICS: &str = "/metrics";

const TEXT: &str = "text/plain";
const HTML: &str = "text/html";
const JSON: &str = "application/json";

pub const PAGES: &[Page] = &[
    api(
        PageId::Download,
        "GET, HEAD",
        "/download/{api_key}/{license_key}/{identifier}/{numeric_version}",
        DOWNLOAD_LABEL,
        &downloads::LINK,
    ),
    api(PageId::Changelog, "GET", "/products/{slug}/changelog", CHANGELOG_LABEL, &changelogs::BY_SLUG),
    root(PageId::Livez, "/livez", TEXT, "Tells whether the process answers"),
    root(PageId::Readyz, "/readyz", TEXT, "Tells whether the server can read its database and sign"),
    root(PageId::PublicKeys, PUBLIC_KEYS, JSON, "All public keys: next, current and former ones"),
    document("/openapi.json", JSON, "This document"),
    document("/docs", HTML, "This document as a page, with a form to try each endpoint"),
    document("/postman.json", JSON, "A Postman collection of all endpoints"),
    part("/docs/page.css"),
    part("/docs/page.js"),
    part("/docs/try.js"),
    part("/docs/dom.js"),
    part("/docs/icon.svg"),
    demo(
        PageId::DemoReset,
        "POST",
        "/demo/reset",
        "Restores the data, the time and the random seed of the start",
    ),
    demo(PageId::DemoClock, "GET, POST", "/demo/clock", "Reads or sets the time of the server's clock"),
    Page {
        place: Place::MetricsPort,
        allow: "GET",
        ..root(PageId::Metrics, METRICS, TEXT, "Metrics for Prometheus")
    },
];

const fn api(
    id: PageId,
    allow: &'static str,
    path: &'static str,
    label: &'static str,
    record: &'static Record,
) -> Page {
    Page { id, path, allow, place: Place::Api, label, content: Content::Api(record) }
}

const fn root(id: PageId, path: &'static str, media_type: &'static str, summary: &'static str) -> Page {
    let content = Content::Plain { summary, media_type };
    Page { id, path, allow: "GET, HEAD", place: Place::Root, label: path, content }
}

const fn document(path: &'static str, media_type: &'static str, summary: &'static str) -> Page {
    Page { place: Place::Documents, ..root(PageId::Document, path, media_type, summary) }
}

const fn part(path: &'static str) -> Page {
    Page { content: Content::Part, ..document(path, TEXT, "") }
}

const fn demo(id: PageId, allow: &'static str, path: &'static str, summary: &'static str) -> Page {
    Page { place: Place::Demo, allow, ..root(id, path, JSON, summary) }
}

impl Page {
    /// Whether the page accepts this method.
    pub fn takes(&self, method: &str) -> bool {
        self.allow.split(", ").any(|taken| taken == method)
    }

    /// The record of a page with signed refusals.
    pub fn record(&self) -> Option<&'static Record> {
        match self.content {
            Content::Api(record) => Some(record),
            Content::Plain { .. } | Content::Part => None,
        }
    }

    /// Whether the page's answers are logged and measured like those of the API.
    pub fn is_measured(&self) -> bool {
        self.place == Place::Api || self.id == PageId::PublicKeys
    }
}

/// Every page except files that other pages load, with its methods and its path below its base.
pub fn pages() -> impl Iterator<Item = (&'static str, &'static str)> {
    let own = PAGES.iter().filter(|page| !matches!(page.content, Content::Part));
    own.map(|page| (page.allow, page.path))
}
