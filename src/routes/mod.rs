//! The route table: every path of the API with its endpoint and where that runs; in `pages`, all other paths.

mod pages;

use actix_web::http::Method;

use self::Runs::*;
use crate::api::endpoint::Endpoint;
use crate::api::record::Audience;
use crate::api::{
    activations, assignments, changelogs, contracts, downloads, generators, jobs, license_details,
    license_explanations, license_features, license_meta, license_seats, licenses, own_contract,
    product_meta, products, random_assignments, renewals, telemetry,
};
use crate::wire::params::path_field;

pub use pages::{
    CHANGELOG_LABEL, Content, DOWNLOAD_LABEL, METRICS, PAGES, PUBLIC_KEYS, Page, PageId, Place, pages,
};

/// A path of the API.
pub struct Route {
    pub method: Method,
    /// The path under each of [`PREFIXES`].
    pub path: &'static str,
    /// Other paths under which clients call it.
    pub aliases: &'static [&'static str],
    pub runs: Runs,
    /// The slug of the route's capability (API §2.4).
    pub capability: &'static str,
    pub endpoint: &'static Endpoint,
}

/// The credentials that a caller needs.
#[derive(Clone, Copy)]
pub struct Access {
    /// The capability that an API key needs.
    pub capability: &'static str,
    /// Whether the key of a contract is enough (API §4.33).
    pub takes_contract_keys: bool,
    /// Whether the request may name an identifier that is on the blocklist.
    pub takes_blocked_identifiers: bool,
}

/// The thread that runs an endpoint. It follows from what the endpoint does with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Reads a few rows, on the thread that answers the request.
    Inline,
    /// May read many rows, on the pool of threads for blocking work.
    OnBlockingPool,
    /// Changes the database: on the writer thread, in a savepoint of its own.
    OnWriter,
}

/// The base paths under which all routes are mounted: clients use different ones (API §1.1).
pub const PREFIXES: [&str; 3] = ["/api/v1", "/v1", "/api/api/v1"];

pub const ROUTES: &[Route] = &[
    post("/verify", Inline, &activations::VERIFY).also(&["/licenses/verify", "/licenses/validate"]),
    post("/activate", OnWriter, &activations::ACTIVATE).also(&["/licenses/activate"]),
    post("/deactivate", OnWriter, &activations::DEACTIVATE).also(&["/licenses/deactivate"]),
    post("/get-license-key-details", Inline, &license_details::DETAILS),
    get("/licenses/{license_key}/features/{feature}", Inline, &license_features::SHOW)
        .needs("get-license-feature"),
    get("/explain-license-key", Inline, &license_explanations::EXPLAIN),
    post("/access-downloadables", Inline, &downloads::LIST),
    post("/assign-license-key", OnWriter, &assignments::ASSIGN),
    post("/assign-and-activate-license-key", OnWriter, &assignments::ASSIGN_AND_ACTIVATE),
    post("/create-license-keys", OnWriter, &licenses::CREATE),
    post("/update-license-key", OnWriter, &licenses::UPDATE),
    post("/delete-license-key", OnWriter, &licenses::DELETE),
    get("/get-license-keys", OnBlockingPool, &licenses::LIST),
    get("/get-available-license-keys-count", OnBlockingPool, &licenses::COUNT_AVAILABLE),
    get("/get-license-key-activations", OnBlockingPool, &license_seats::LIST),
    post("/release-activation", OnWriter, &license_seats::RELEASE),
    post("/renew-license-key", OnWriter, &renewals::RENEW),
    post("/random-assign-license-keys", OnWriter, &random_assignments::RANDOM_ASSIGN),
    post("/random-assign-license-keys-queued", OnWriter, &jobs::QUEUE),
    post("/create-license-key-meta", OnWriter, &license_meta::CREATE),
    post("/update-license-key-meta", OnWriter, &license_meta::UPDATE),
    post("/delete-license-key-meta", OnWriter, &license_meta::DELETE),
    post("/create-product", OnWriter, &products::CREATE),
    post("/update-product", OnWriter, &products::UPDATE),
    post("/delete-product", OnWriter, &products::DELETE),
    get("/get-all-products", OnBlockingPool, &products::LIST),
    get("/get-product", Inline, &products::SHOW),
    get("/get-product-public-key", Inline, &products::PUBLIC_KEY),
    post("/create-product-meta", OnWriter, &product_meta::CREATE),
    post("/update-product-meta", OnWriter, &product_meta::UPDATE),
    post("/delete-product-meta", OnWriter, &product_meta::DELETE),
    get("/get-product-meta", OnBlockingPool, &product_meta::LIST),
    get("/get-product-changelog", OnBlockingPool, &changelogs::OF_PRODUCT),
    post(TELEMETRY, OnWriter, &telemetry::SEND).also(SEND_TELEMETRY),
    get("/get-telemetry-data", OnBlockingPool, &telemetry::LIST).also(GET_TELEMETRY),
    get("/get-all-generators", OnBlockingPool, &generators::LIST),
    post("/generate", OnWriter, &generators::GENERATE),
    get("/get-all-contracts", OnBlockingPool, &contracts::LIST),
    post("/create-contract", OnWriter, &contracts::CREATE),
    post("/update-contract", OnWriter, &contracts::UPDATE),
    post("/delete-contract", OnWriter, &contracts::DELETE),
    get("/contracts/get-info", Inline, &own_contract::GET_INFO).needs("contracts-get-info"),
    post("/contracts/generate", OnWriter, &own_contract::GENERATE).needs("contracts-generate"),
    post("/contracts/destroy", OnWriter, &own_contract::DESTROY).needs("contracts-destroy"),
    post("/contracts/destroy-all", OnWriter, &own_contract::DESTROY_ALL).needs("contracts-destroy-all"),
];

/// The capability of the API key in a download link.
pub const DOWNLOAD: Access =
    Access { capability: "download", takes_contract_keys: false, takes_blocked_identifiers: false };

/// The path of the endpoint whose requests count against a quota in bytes.
const TELEMETRY: &str = "/send-telemetry-data";

/// The spelling of the original, of current clients and of an older one (API §4.27).
const SEND_TELEMETRY: &[&str] = &["/send-telemetry-date", "/send-telemetry", "/telemetry"];

/// The spellings of the original and of current clients (API §4.28).
const GET_TELEMETRY: &[&str] = &["/get-telemetry-date", "/get-telemetry"];

/// Every path below the prefixes, aliases included, with its method and the capability that it needs.
pub fn paths() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ROUTES.iter().flat_map(|route| {
        let paths = std::iter::once(&route.path).chain(route.aliases);
        paths.map(|path| (route.method.as_str(), *path, route.capability))
    })
}

/// Every capability that an API key can have (API §2.4).
pub fn capabilities() -> impl Iterator<Item = &'static str> + Clone {
    ROUTES.iter().map(|route| route.capability).chain([DOWNLOAD.capability])
}

const fn get(path: &'static str, runs: Runs, endpoint: &'static Endpoint) -> Route {
    Route { method: Method::GET, path, aliases: &[], runs, capability: without_slash(path), endpoint }
}

const fn post(path: &'static str, runs: Runs, endpoint: &'static Endpoint) -> Route {
    Route { method: Method::POST, path, aliases: &[], runs, capability: without_slash(path), endpoint }
}

const fn without_slash(path: &'static str) -> &'static str {
    match path.split_at_checked(1) {
        Some((_, slug)) => slug,
        None => path,
    }
}

impl Route {
    /// Whether a request counts, by its size, against the quota of telemetry.
    pub fn has_quota(&self) -> bool {
        self.path == TELEMETRY
    }

    /// Adds other paths of the route.
    const fn also(mut self, aliases: &'static [&'static str]) -> Self {
        self.aliases = aliases;
        self
    }

    /// Sets a capability whose name differs from the path's.
    const fn needs(mut self, capability: &'static str) -> Self {
        self.capability = capability;
        self
    }

    /// The credentials that the route requires.
    pub fn access(&self) -> Access {
        let record = &self.endpoint.record;
        Access {
            capability: self.capability,
            takes_contract_keys: record.audience == Audience::ContractOwner,
            takes_blocked_identifiers: record.takes_blocked_identifiers,
        }
    }
}

/// Whether a field is a segment of a path.
pub fn has_in_path(path: &str, field: &str) -> bool {
    path.split('/').any(|segment| path_field(segment) == Some(field))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::domain::PRESETS;

    #[test]
    fn a_capability_is_a_slug_of_one_route() {
        let all: Vec<&str> = capabilities().collect();
        assert_eq!(all.iter().collect::<BTreeSet<_>>().len(), all.len());
        for slug in all {
            assert!(slug.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-'), "{slug}");
        }
    }

    #[test]
    fn a_preset_lists_nothing_that_does_not_exist() {
        for (preset, slugs) in PRESETS {
            for slug in *slugs {
                assert!(capabilities().any(|capability| capability == *slug), "{preset}: {slug}");
            }
        }
    }
}
