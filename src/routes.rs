//! The route table: everything that the API answers.

use actix_web::http::Method;

use crate::api::license_meta;
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
    pub access: Access,
    pub capability: Capability,
    pub endpoint: fn(&mut Call<'_>) -> reply::Result,
}

/// Where the same routes are mounted: clients disagree on the base path (contract §1.1).
pub const PREFIXES: [&str; 3] = ["/api/v1", "/v1", "/api/api/v1"];

pub const ROUTES: &[Route] =
    &[post("/create-license-key-meta", Writes, CreateLicenseKeyMeta, license_meta::create)];

const fn post(
    path: &'static str,
    access: Access,
    capability: Capability,
    endpoint: fn(&mut Call<'_>) -> reply::Result,
) -> Route {
    Route { method: Method::POST, path, access, capability, endpoint }
}
