//! Plain types and pure rules: no I/O, no clock, no SQL, no JSON.

mod activation;
mod api_key;
mod block;
mod callback;
mod capabilities;
mod capability;
mod generator;
mod job;
mod license;
mod meta;
mod names;
mod product;
mod target;
mod timestamp;

pub use activation::{NewActivation, has_free_seat};
pub use api_key::{ApiKey, ApiKeySecret};
pub use block::{Block, Blocklist};
pub use callback::{Callback, CallbackKind, CallbackState, NewCallback, is_worth_another_try};
pub use capabilities::Capabilities;
pub use capability::Capability;
pub use generator::{Generator, GeneratorError, GeneratorMethod, MAX_QUANTITY, NewGenerator, Recipe};
pub use job::{Job, job_fingerprint};
pub use license::{License, LicenseStatus, NewLicense};
pub use meta::MetaEntry;
pub use names::{Identifier, LicenseKey, MAX_META_VALUE, MetaKey, ParseNameError};
pub use product::{Fingerprint, NewProduct, Product, ProductStatus};
pub use target::{Target, is_public};
pub use timestamp::Timestamp;
