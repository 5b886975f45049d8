//! The route table: everything that the API answers.

use actix_web::http::Method;

use self::Runs::*;
use crate::api::call::Call;
use crate::api::{
    activations, assignments, changelogs, contracts, downloads, generators, jobs, license_details,
    license_meta, licenses, own_contract, product_meta, products, random_assignments, telemetry,
};
use crate::domain::Capability::{self, *};
use crate::wire::reply;

/// One endpoint, and what it takes to call it.
#[derive(Debug)]
pub struct Route {
    pub method: Method,
    /// The path under each of [`PREFIXES`].
    pub path: &'static str,
    /// Other paths that clients know it by.
    pub aliases: &'static [&'static str],
    pub runs: Runs,
    pub capability: Capability,
    pub endpoint: Endpoint,
}

/// Where an endpoint runs. It follows from what the endpoint does with the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Runs {
    /// Reads a few rows, on the thread that answers the request.
    Inline,
    /// May read many rows, on the pool of threads for blocking work.
    OnBlockingPool,
    /// Changes the database: on the writer thread, in a savepoint of its own.
    OnWriter,
}

/// Where the same routes are mounted: clients disagree on the base path (API §1.1).
pub const PREFIXES: [&str; 3] = ["/api/v1", "/v1", "/api/api/v1"];

pub const ROUTES: &[Route] = &[
    post_also("/verify", &["/licenses/verify", "/licenses/validate"], Inline, Verify, activations::verify),
    post_also("/activate", &["/licenses/activate"], OnWriter, Activate, activations::activate),
    post_also("/deactivate", &["/licenses/deactivate"], OnWriter, Deactivate, activations::deactivate),
    post("/get-license-key-details", Inline, GetLicenseKeyDetails, license_details::details),
    post("/access-downloadables", Inline, AccessDownloadables, downloads::list),
    post("/assign-license-key", OnWriter, AssignLicenseKey, assignments::assign),
    post(
        "/assign-and-activate-license-key",
        OnWriter,
        AssignAndActivateLicenseKey,
        assignments::assign_and_activate,
    ),
    post("/create-license-keys", OnWriter, CreateLicenseKeys, licenses::create),
    post("/update-license-key", OnWriter, UpdateLicenseKey, licenses::update),
    post("/delete-license-key", OnWriter, DeleteLicenseKey, licenses::delete),
    get("/get-license-keys", OnBlockingPool, GetLicenseKeys, licenses::list),
    get(
        "/get-available-license-keys-count",
        OnBlockingPool,
        GetAvailableLicenseKeysCount,
        licenses::count_available,
    ),
    post("/random-assign-license-keys", OnWriter, RandomAssignLicenseKeys, random_assignments::random_assign),
    post("/random-assign-license-keys-queued", OnWriter, RandomAssignLicenseKeysQueued, jobs::queue),
    post("/create-license-key-meta", OnWriter, CreateLicenseKeyMeta, license_meta::create),
    post("/update-license-key-meta", OnWriter, UpdateLicenseKeyMeta, license_meta::update),
    post("/delete-license-key-meta", OnWriter, DeleteLicenseKeyMeta, license_meta::delete),
    post("/create-product", OnWriter, CreateProduct, products::create),
    post("/update-product", OnWriter, UpdateProduct, products::update),
    post("/delete-product", OnWriter, DeleteProduct, products::delete),
    get("/get-all-products", OnBlockingPool, GetAllProducts, products::list),
    get("/get-product", Inline, GetProduct, products::show),
    get("/get-product-public-key", Inline, GetProductPublicKey, products::public_key),
    post("/create-product-meta", OnWriter, CreateProductMeta, product_meta::create),
    post("/update-product-meta", OnWriter, UpdateProductMeta, product_meta::update),
    post("/delete-product-meta", OnWriter, DeleteProductMeta, product_meta::delete),
    get("/get-product-meta", OnBlockingPool, GetProductMeta, product_meta::list),
    get("/get-product-changelog", OnBlockingPool, GetProductChangelog, changelogs::of_product),
    post_also("/send-telemetry-data", SEND_TELEMETRY, OnWriter, SendTelemetryData, telemetry::send),
    get_also("/get-telemetry-data", GET_TELEMETRY, OnBlockingPool, GetTelemetryData, telemetry::list),
    get("/get-all-generators", OnBlockingPool, GetAllGenerators, generators::list),
    post("/generate", OnWriter, Generate, generators::generate),
    get("/get-all-contracts", OnBlockingPool, GetAllContracts, contracts::list),
    post("/create-contract", OnWriter, CreateContract, contracts::create),
    post("/update-contract", OnWriter, UpdateContract, contracts::update),
    post("/delete-contract", OnWriter, DeleteContract, contracts::delete),
    get("/contracts/get-info", Inline, ContractsGetInfo, own_contract::get_info),
    post("/contracts/generate", OnWriter, ContractsGenerate, own_contract::generate),
    post("/contracts/destroy", OnWriter, ContractsDestroy, own_contract::destroy),
    post("/contracts/destroy-all", OnWriter, ContractsDestroyAll, own_contract::destroy_all),
];

/// The original's own spelling, that of the current clients, and that of an older one (API §4.27).
const SEND_TELEMETRY: &[&str] = &["/send-telemetry-date", "/send-telemetry", "/telemetry"];

/// Likewise (API §4.28).
const GET_TELEMETRY: &[&str] = &["/get-telemetry-date", "/get-telemetry"];

/// The table as anyone may read it: each path below the prefixes, aliases included, with its method and the
/// capability that it takes.
pub fn paths() -> impl Iterator<Item = (&'static str, &'static str, &'static str)> {
    ROUTES.iter().flat_map(|route| {
        let paths = std::iter::once(&route.path).chain(route.aliases);
        paths.map(|path| (route.method.as_str(), *path, route.capability.as_str()))
    })
}

type Endpoint = fn(&mut Call<'_>) -> reply::Result;

const fn post(path: &'static str, runs: Runs, capability: Capability, endpoint: Endpoint) -> Route {
    post_also(path, &[], runs, capability, endpoint)
}

const fn post_also(
    path: &'static str,
    aliases: &'static [&'static str],
    runs: Runs,
    capability: Capability,
    endpoint: Endpoint,
) -> Route {
    Route { method: Method::POST, path, aliases, runs, capability, endpoint }
}

const fn get(path: &'static str, runs: Runs, capability: Capability, endpoint: Endpoint) -> Route {
    get_also(path, &[], runs, capability, endpoint)
}

const fn get_also(
    path: &'static str,
    aliases: &'static [&'static str],
    runs: Runs,
    capability: Capability,
    endpoint: Endpoint,
) -> Route {
    Route { method: Method::GET, path, aliases, runs, capability, endpoint }
}
