//! The route table: everything that the API answers.

use actix_web::http::Method;

use crate::api::{changelogs, downloads, license_meta};
use crate::call::Call;
use crate::domain::Capability::{self, *};
use crate::reply;
use crate::store::Access::{self, *};

/// One endpoint, and what it takes to call it.
#[derive(Debug)]
pub struct Route {
    pub method: Method,
    /// The path under each of [`PREFIXES`].
    pub path: &'static str,
    /// Other paths that clients know it by.
    pub aliases: &'static [&'static str],
    pub access: Access,
    pub capability: Capability,
    pub endpoint: Endpoint,
}

/// Where the same routes are mounted: clients disagree on the base path (contract §1.1).
pub const PREFIXES: [&str; 3] = ["/api/v1", "/v1", "/api/api/v1"];

pub const ROUTES: &[Route] = &[
    post("/access-downloadables", Reads, AccessDownloadables, downloads::list),
    post("/create-license-key-meta", Writes, CreateLicenseKeyMeta, license_meta::create),
    get("/get-product-changelog", Reads, GetProductChangelog, changelogs::of_product),
];

type Endpoint = fn(&mut Call<'_>) -> reply::Result;

const fn get(path: &'static str, access: Access, capability: Capability, endpoint: Endpoint) -> Route {
    Route { method: Method::GET, path, aliases: &[], access, capability, endpoint }
}

const fn post(path: &'static str, access: Access, capability: Capability, endpoint: Endpoint) -> Route {
    Route { method: Method::POST, path, aliases: &[], access, capability, endpoint }
}
