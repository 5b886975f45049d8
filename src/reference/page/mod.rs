//! The page `/docs`, built into the program: it loads the OpenAPI document and shows it.

use super::Settings;

/// A file of the page.
#[derive(Clone, Copy, Debug)]
pub struct Asset {
    /// The path below the server's address.
    pub path: &'static str,
    pub content_type: &'static str,
    content: &'static str,
}

/// The placeholder for the path below which a proxy serves the server.
const BASE: &str = "{{base}}";

impl Asset {
    /// The content as this server sends it.
    pub fn content(&self, settings: &Settings) -> String {
        self.content.replace(BASE, settings.base_path())
    }
}

/// All files of the page. It loads nothing from other hosts.
pub const ASSETS: &[Asset] = &[
    Asset { path: "/docs", content_type: "text/html; charset=utf-8", content: include_str!("index.html") },
    Asset {
        path: "/docs/page.css",
        content_type: "text/css; charset=utf-8",
        content: include_str!("page.css"),
    },
    Asset {
        path: "/docs/page.js",
        content_type: "text/javascript; charset=utf-8",
        content: include_str!("page.js"),
    },
    Asset {
        path: "/docs/try.js",
        content_type: "text/javascript; charset=utf-8",
        content: include_str!("try.js"),
    },
    Asset {
        path: "/docs/dom.js",
        content_type: "text/javascript; charset=utf-8",
        content: include_str!("dom.js"),
    },
    Asset { path: "/docs/icon.svg", content_type: "image/svg+xml", content: include_str!("icon.svg") },
];
