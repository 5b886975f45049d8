//! Plain types and pure rules: no I/O, no clock, no SQL, no JSON.

mod activation;
mod api_key;
mod audit;
mod block;
mod callback;
mod caller_id;
mod capabilities;
mod contract;
mod customer;
mod demo_secrets;
mod download_link;
mod downloadable;
mod folded;
mod generator;
mod job;
mod license;
mod likeness;
mod look_alikes;
mod meta;
mod names;
mod network;
mod outcome;
mod page;
mod product;
mod product_key;
mod published_key;
mod rate;
mod refusal;
mod retention;
mod target;
mod telemetry;
mod timestamp;
mod usage;

pub use activation::{Activation, LastSeen, NewActivation, SEEN_ANEW_AFTER, Seats, has_free_seat};
pub use api_key::{ApiKey, ApiKeyChange, ApiKeySecret, FormerApiKey};
pub use audit::{Actor, AuditEntry, AuditFilter, Subject};
pub use block::{Block, Blocklist};
pub use callback::{
    Callback, CallbackContent, CallbackKind, CallbackState, NewCallback, UnderWay, is_retryable_status,
};
pub use caller_id::CallerId;
pub use capabilities::Capabilities;
#[cfg(test)]
pub use capabilities::PRESETS;
pub use contract::{Contract, ContractStatus, MIN_CONTRACT_KEY, Permission, Terms};
pub use customer::{Customer, CustomerProduct};
pub use demo_secrets::DemoSecrets;
pub use download_link::{DownloadLink, download_url};
pub use downloadable::{Downloadable, NewDownloadable, StoredFile};
pub use folded::fold_owner;
pub use generator::{
    ATTEMPTS, Generator, GeneratorError, GeneratorMethod, MAX_QUANTITY, NewGenerator, Pattern, Recipe,
};
pub use job::{Job, job_fingerprint};
pub use license::{
    Belongings, License, LicenseChange, LicenseFilter, LicenseNotes, LicenseQuery, LicenseState,
    LicenseStatus, MAX_LICENSE_NUMBER, MAX_OWNER, NewLicense, NotesChange, Period, Renewal, RenewalError,
    SearchField, SearchMatch, Term, TermError, parse_activation_limit, parse_note, parse_order_reference,
    parse_owner, parse_validity,
};
pub use likeness::{likeness, one_typo_apart};
pub use look_alikes::first_look_alike;
pub use meta::{MAX_META_BYTES, MAX_META_ENTRIES, MAX_META_WRITTEN, MetaEntry, MetaSize};
pub use names::{
    Identifier, LicenseKey, MAX_META_VALUE, MAX_NAME, MetaKey, ParseNameError, TextError, check_text,
    trimmed_text,
};
pub use network::{ParseNetworkError, contains, is_most_of_the_internet, parse_network};
pub use outcome::{HttpStatus, Outcome, SignedBy};
pub use page::{MAX_PAGE_ITEMS, Page};
pub use product::{
    MAX_PRODUCT_TEXT, NewProduct, Product, ProductChange, ProductSource, ProductStatus, is_slug,
};
pub use product_key::{Fingerprint, ProductKey};
pub use published_key::{KeyState, PublishedKey};
pub use rate::{AnswerQuota, Rate, RateLimits, TelemetryQuota};
pub use refusal::{
    OftenRefused, Refusal, Refusals, RefusedBy, RefusedRequest, hash_of_key, journaled, start_of_key,
};
pub use retention::{Kept, Retention};
pub use target::{MAX_URL, Target, is_public};
pub use telemetry::{DataType, MAX_TELEMETRY_TEXT, Telemetry, TelemetryFilter, TelemetryReport, is_numeric};
pub use timestamp::Timestamp;
pub use usage::{AnswerCount, Hour, Usage};
