//! Plain types and pure rules: no I/O, no clock, no SQL, no JSON.

mod activation;
mod api_key;
mod block;
mod capabilities;
mod capability;
mod download_link;
mod downloadable;
mod license;
mod names;
mod product;
mod timestamp;

pub use activation::{NewActivation, has_free_seat};
pub use api_key::{ApiKey, ApiKeySecret};
pub use block::{Block, Blocklist};
pub use capabilities::Capabilities;
pub use capability::Capability;
pub use download_link::{DownloadLink, download_url};
pub use downloadable::{Downloadable, NewDownloadable, StoredFile};
pub use license::{License, LicenseStatus, NewLicense};
pub use names::{Identifier, LicenseKey, MAX_META_VALUE, MetaKey, ParseNameError};
pub use product::{Fingerprint, NewProduct, Product, ProductStatus};
pub use timestamp::Timestamp;
