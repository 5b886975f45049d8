//! The CSV format of licenses: its columns, what a file looks like as people have it, and reading and writing a line.

mod columns;
mod field;
mod format;
mod line;
mod records;
mod source;
mod write;

pub use columns::{Columns, First, Rules};
pub use format::Format;
pub use line::{Line, LineTerm};
pub use records::Records;
pub use source::Source;
pub use write::{escaped_for_spreadsheets, fields};

/// All columns of an export, in their order. Those after [`WITHOUT_NOTES`] are written only if a license
/// has a value there.
pub const COLUMNS: [&str; 11] = [
    "license_key",
    "product_id",
    "owner_name",
    "owner_email",
    "activation_limit",
    "validity",
    "assigned_at",
    "status",
    "identifiers",
    "note",
    "order_reference",
];

/// The number of columns before those that hold what vendors note about licenses.
pub const WITHOUT_NOTES: usize = COLUMNS.len() - 2;

/// Another column that an import reads. It is not stored: it follows from `assigned_at` and `validity`.
const EXPIRES_AT: &str = "expires_at";

/// Columns that an import accepts without reading them: every database gives these itself.
const UNREAD: [&str; 3] = ["id", "created_at", "updated_at"];
