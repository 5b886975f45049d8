//! Plain types and pure rules: no I/O, no clock, no SQL, no JSON.

mod activation;
mod api_key;
mod block;
mod capabilities;
mod capability;
mod contract;
mod generator;
mod license;
mod meta;
mod names;
mod network;
mod product;
mod timestamp;

pub use activation::{NewActivation, has_free_seat};
pub use api_key::{ApiKey, ApiKeySecret};
pub use block::{Block, Blocklist};
pub use capabilities::Capabilities;
pub use capability::Capability;
pub use contract::{Contract, ContractStatus, Permission, Terms};
pub use generator::{Generator, GeneratorError, GeneratorMethod, MAX_QUANTITY, NewGenerator, Recipe};
pub use license::{License, LicenseStatus, NewLicense};
pub use meta::MetaEntry;
pub use names::{Identifier, LicenseKey, MAX_META_VALUE, MetaKey, ParseNameError};
pub use network::{ParseNetworkError, parse_network};
pub use product::{Fingerprint, NewProduct, Product, ProductStatus};
pub use timestamp::Timestamp;
