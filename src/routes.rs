//! The route table: everything that the API answers.

use actix_web::http::Method;

use crate::api::call::Call;
use crate::api::{
    activations, assignments, changelogs, contracts, downloads, generators, jobs, license_details,
    license_meta, licenses, own_contract, product_meta, products, random_assignments, telemetry,
};
use crate::domain::Capability::{self, *};
use crate::store::Access::{self, *};
use crate::wire::reply;

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

/// Where the same routes are mounted: clients disagree on the base path (API §1.1).
pub const PREFIXES: [&str; 3] = ["/api/v1", "/v1", "/api/api/v1"];

pub const ROUTES: &[Route] = &[
    post_also("/verify", &["/licenses/verify", "/licenses/validate"], Reads, Verify, activations::verify),
    post_also("/activate", &["/licenses/activate"], Writes, Activate, activations::activate),
    post_also("/deactivate", &["/licenses/deactivate"], Writes, Deactivate, activations::deactivate),
    post("/get-license-key-details", Reads, GetLicenseKeyDetails, license_details::details),
    post("/access-downloadables", Reads, AccessDownloadables, downloads::list),
    post("/assign-license-key", Writes, AssignLicenseKey, assignments::assign),
    post(
        "/assign-and-activate-license-key",
        Writes,
        AssignAndActivateLicenseKey,
        assignments::assign_and_activate,
    ),
    post("/create-license-keys", Writes, CreateLicenseKeys, licenses::create),
    post("/update-license-key", Writes, UpdateLicenseKey, licenses::update),
    post("/delete-license-key", Writes, DeleteLicenseKey, licenses::delete),
    get("/get-license-keys", Lists, GetLicenseKeys, licenses::list),
    get("/get-available-license-keys-count", Lists, GetAvailableLicenseKeysCount, licenses::count_available),
    post("/random-assign-license-keys", Writes, RandomAssignLicenseKeys, random_assignments::random_assign),
    post("/random-assign-license-keys-queued", Writes, RandomAssignLicenseKeysQueued, jobs::queue),
    post("/create-license-key-meta", Writes, CreateLicenseKeyMeta, license_meta::create),
    post("/update-license-key-meta", Writes, UpdateLicenseKeyMeta, license_meta::update),
    post("/delete-license-key-meta", Writes, DeleteLicenseKeyMeta, license_meta::delete),
    post("/create-product", Writes, CreateProduct, products::create),
    post("/update-product", Writes, UpdateProduct, products::update),
    post("/delete-product", Writes, DeleteProduct, products::delete),
    get("/get-all-products", Lists, GetAllProducts, products::list),
    get("/get-product", Reads, GetProduct, products::show),
    get("/get-product-public-key", Reads, GetProductPublicKey, products::public_key),
    post("/create-product-meta", Writes, CreateProductMeta, product_meta::create),
    post("/update-product-meta", Writes, UpdateProductMeta, product_meta::update),
    post("/delete-product-meta", Writes, DeleteProductMeta, product_meta::delete),
    get("/get-product-meta", Lists, GetProductMeta, product_meta::list),
    get("/get-product-changelog", Lists, GetProductChangelog, changelogs::of_product),
    post_also("/send-telemetry-data", SEND_TELEMETRY, Writes, SendTelemetryData, telemetry::send),
    get_also("/get-telemetry-data", GET_TELEMETRY, Lists, GetTelemetryData, telemetry::list),
    get("/get-all-generators", Lists, GetAllGenerators, generators::list),
    post("/generate", Writes, Generate, generators::generate),
    get("/get-all-contracts", Lists, GetAllContracts, contracts::list),
    post("/create-contract", Writes, CreateContract, contracts::create),
    post("/update-contract", Writes, UpdateContract, contracts::update),
    post("/delete-contract", Writes, DeleteContract, contracts::delete),
    get("/contracts/get-info", Reads, ContractsGetInfo, own_contract::get_info),
    post("/contracts/generate", Writes, ContractsGenerate, own_contract::generate),
    post("/contracts/destroy", Writes, ContractsDestroy, own_contract::destroy),
    post("/contracts/destroy-all", Writes, ContractsDestroyAll, own_contract::destroy_all),
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

const fn post(path: &'static str, access: Access, capability: Capability, endpoint: Endpoint) -> Route {
    post_also(path, &[], access, capability, endpoint)
}

const fn post_also(
    path: &'static str,
    aliases: &'static [&'static str],
    access: Access,
    capability: Capability,
    endpoint: Endpoint,
) -> Route {
    Route { method: Method::POST, path, aliases, access, capability, endpoint }
}

const fn get(path: &'static str, access: Access, capability: Capability, endpoint: Endpoint) -> Route {
    get_also(path, &[], access, capability, endpoint)
}

const fn get_also(
    path: &'static str,
    aliases: &'static [&'static str],
    access: Access,
    capability: Capability,
    endpoint: Endpoint,
) -> Route {
    Route { method: Method::GET, path, aliases, access, capability, endpoint }
}
