//! Plain types and pure rules: no I/O, no clock, no SQL, no JSON.

mod activation;
mod api_key;
mod block;
mod callback;
mod capabilities;
mod capability;
mod contract;
mod download_link;
mod downloadable;
mod generator;
mod job;
mod license;
mod meta;
mod names;
mod network;
mod page;
mod product;
mod target;
mod telemetry;
mod timestamp;

pub use activation::{NewActivation, has_free_seat};
pub use api_key::{ApiKey, ApiKeySecret};
pub use block::{Block, Blocklist};
pub use callback::{Callback, CallbackKind, CallbackState, NewCallback, is_worth_another_try};
pub use capabilities::Capabilities;
pub use capability::Capability;
pub use contract::{Contract, ContractStatus, Permission, Terms};
pub use download_link::{DownloadLink, download_url};
pub use downloadable::{Downloadable, NewDownloadable, StoredFile};
pub use generator::{Generator, GeneratorError, GeneratorMethod, MAX_QUANTITY, NewGenerator, Recipe};
pub use job::{Job, job_fingerprint};
pub use license::{
    License, LicenseChange, LicenseFilter, LicenseStatus, MAX_LICENSE_NUMBER, MAX_OWNER, NewLicense,
};
pub use meta::MetaEntry;
pub use names::{Identifier, LicenseKey, MAX_META_VALUE, MAX_NAME, MetaKey, ParseNameError};
pub use network::{ParseNetworkError, parse_network};
pub use page::Page;
pub use product::{
    Fingerprint, MAX_PRODUCT_TEXT, NewProduct, Product, ProductChange, ProductSource, ProductStatus, is_slug,
};
pub use target::{Target, is_public};
pub use telemetry::{DataType, MAX_TELEMETRY_TEXT, Telemetry, TelemetryFilter, TelemetryReport, is_numeric};
pub use timestamp::Timestamp;
