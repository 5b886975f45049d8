//! The names of the records that an erasure changes.

use crate::store::PersonalTable;

/// A kind of record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RecordKind {
    /// The name in JSON: that of the table.
    pub name: &'static str,
    /// The names in messages, in singular and plural.
    pub one: &'static str,
    pub many: &'static str,
}

impl RecordKind {
    pub const STORED_ANSWER: Self = Self { name: "answers", one: "stored answer", many: "stored answers" };

    pub fn of(table: PersonalTable) -> Self {
        let (one, many) = match table {
            PersonalTable::Licenses => ("license", "licenses"),
            PersonalTable::Activations => ("activation", "activations"),
            PersonalTable::LicenseMeta => ("license metadata entry", "license metadata entries"),
            PersonalTable::Callbacks => ("webhook", "webhooks"),
            PersonalTable::Jobs => ("queued order", "queued orders"),
            PersonalTable::Telemetry => ("telemetry report", "telemetry reports"),
            PersonalTable::Refusals => ("refusal", "refusals"),
            PersonalTable::Blocks => ("block", "blocks"),
            PersonalTable::ApiKeys => ("API key", "API keys"),
            PersonalTable::Products => ("product", "products"),
            PersonalTable::ProductMeta => ("product metadata entry", "product metadata entries"),
            PersonalTable::Contracts => ("contract", "contracts"),
            PersonalTable::Generators => ("generator", "generators"),
            PersonalTable::Downloadables => ("download", "downloads"),
            PersonalTable::Audit => ("audit entry", "audit entries"),
        };
        Self { name: table.name(), one, many }
    }
}
