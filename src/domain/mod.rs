//! Plain types and pure rules: no I/O, no clock, no SQL, no JSON.

mod activation;
mod api_key;
mod block;
mod capabilities;
mod capability;
mod license;
mod names;
mod product;
mod product_meta;
mod telemetry;
mod timestamp;

pub use activation::{NewActivation, has_free_seat};
pub use api_key::{ApiKey, ApiKeySecret};
pub use block::{Block, Blocklist};
pub use capabilities::Capabilities;
pub use capability::Capability;
pub use license::{License, LicenseStatus, NewLicense};
pub use names::MAX_NAME;
pub use names::{Identifier, LicenseKey, MAX_META_VALUE, MetaKey, ParseNameError};
pub use product::{Fingerprint, NewProduct, Product, ProductStatus};
pub use product::{MAX_PRODUCT_TEXT, ProductChange, ProductSource, is_slug};
pub use product_meta::ProductMeta;
pub use telemetry::{DataType, MAX_TELEMETRY_TEXT, Telemetry, TelemetryFilter, TelemetryReport, is_numeric};
pub use timestamp::Timestamp;
