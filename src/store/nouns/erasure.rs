//! The texts that may name a person, in whatever table, and what overwrites them.

use super::licenses::folded;
use crate::domain::{Subject, Timestamp};
use crate::store::sql::ToValue;
use crate::store::{Error, Tx};

/// A table with texts that may name a person: all that people write, and what is recorded of their requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PersonalTable {
    Licenses,
    Activations,
    LicenseMeta,
    Callbacks,
    Jobs,
    Telemetry,
    Refusals,
    Blocks,
    ApiKeys,
    Products,
    ProductMeta,
    Contracts,
    Generators,
    Downloadables,
    Audit,
}

/// The texts of one row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TextRow {
    pub id: i64,
    /// The license that the row is about, if it is about one.
    pub license_id: Option<i64>,
    /// In the order of [`PersonalTable::columns`].
    pub texts: Vec<Option<String>>,
}

/// What the database file holds of deleted rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileState {
    /// Nothing: it was made by a version that overwrites what it deletes, or rewritten since.
    Clean,
    /// An erasure began and did not end.
    Unfinished,
    /// It is of an earlier version, which did not overwrite what it deleted.
    Unknown,
}

impl PersonalTable {
    /// In the order in which they are searched: licenses tell whose rows the others hold.
    pub const ALL: [Self; 15] = [
        Self::Licenses,
        Self::Activations,
        Self::LicenseMeta,
        Self::Callbacks,
        Self::Jobs,
        Self::Telemetry,
        Self::Refusals,
        Self::Blocks,
        Self::ApiKeys,
        Self::Products,
        Self::ProductMeta,
        Self::Contracts,
        Self::Generators,
        Self::Downloadables,
        Self::Audit,
    ];

    pub fn name(self) -> &'static str {
        match self {
            Self::Licenses => "licenses",
            Self::Activations => "activations",
            Self::LicenseMeta => "license_meta",
            Self::Callbacks => "callbacks",
            Self::Jobs => "jobs",
            Self::Telemetry => "telemetry",
            Self::Refusals => "refusals",
            Self::Blocks => "blocks",
            Self::ApiKeys => "api_keys",
            Self::Products => "products",
            Self::ProductMeta => "product_meta",
            Self::Contracts => "contracts",
            Self::Generators => "generators",
            Self::Downloadables => "downloadables",
            Self::Audit => "audit",
        }
    }

    /// The columns that may hold personal text.
    pub fn columns(self) -> &'static [&'static str] {
        match self {
            Self::Licenses => {
                &["license_key", "owner_name", "owner_email", "note", "order_reference", "block_reason"]
            }
            Self::Activations => &["identifier", "address", "post_url", "last_address"],
            Self::LicenseMeta | Self::ProductMeta => &["key", "value"],
            Self::Callbacks => &["url", "target", "reply", "body", "last_error"],
            Self::Jobs => &["params"],
            Self::Telemetry => &[
                "user_identifier",
                "license_key",
                "activation_identifier",
                "product_version",
                "data_type",
                "data_group",
                "data",
                "extra",
            ],
            Self::Refusals => &["identifier", "address", "endpoint", "key_start"],
            Self::Blocks => &["value"],
            Self::ApiKeys => &["name"],
            Self::Products => &["external_reference", "name", "post_url", "description", "features"],
            Self::Contracts => &["name", "information", "contract_key"],
            Self::Generators => &["prefix", "suffix", "function_name", "charset"],
            Self::Downloadables => &["version", "update_summary", "changelog", "file_name"],
            Self::Audit => &["address", "action", "license_key", "detail"],
        }
    }

    /// The license that a row is about, as SQL.
    fn license_id(self) -> &'static str {
        match self {
            Self::Licenses => "id",
            Self::Activations | Self::LicenseMeta | Self::Callbacks | Self::Refusals => "license_id",
            Self::Audit => "CASE subject WHEN 'license' THEN subject_id END",
            _ => "CAST(NULL AS BIGINT)",
        }
    }
}

impl Tx<'_> {
    /// The texts of up to `limit` rows whose ids are higher than `after`, by id.
    pub fn texts_after(&self, table: PersonalTable, after: i64, limit: i64) -> Result<Vec<TextRow>, Error> {
        let (name, columns, license_id) = (table.name(), table.columns(), table.license_id());
        let sql = format!(
            "SELECT id, {license_id}, {} FROM {name} WHERE id > ?1 ORDER BY id LIMIT ?2",
            columns.join(", ")
        );
        self.sql(&sql).all(&[&after, &limit], |row| {
            let texts = (2..columns.len() + 2).map(|column| row.get(column)).collect::<Result<_, _>>()?;
            Ok(TextRow { id: row.get(0)?, license_id: row.get(1)?, texts })
        })
    }

    /// The highest id of a table; 0: it is empty.
    pub fn highest_id(&self, table: PersonalTable) -> Result<i64, Error> {
        self.sql(&format!("SELECT coalesce(max(id), 0) FROM {}", table.name())).value(&[])
    }

    /// Writes all texts of a row.
    pub fn write_texts(&self, table: PersonalTable, row: &TextRow) -> Result<(), Error> {
        let mut values: Vec<&dyn ToValue> = vec![&row.id];
        values.extend(row.texts.iter().map(|text| text as &dyn ToValue));
        let mut columns = table.columns().to_vec();
        let owner = |column| {
            let at = columns.iter().position(|name| *name == column);
            folded(at.and_then(|at| row.texts.get(at)).and_then(|text| text.as_deref()))
        };
        let folded = [owner("owner_name"), owner("owner_email")];
        if table == PersonalTable::Licenses {
            columns.extend(["owner_name_folded", "owner_email_folded"]);
            values.extend(folded.iter().map(|text| text as &dyn ToValue));
        }
        let set: Vec<String> =
            (2..).zip(&columns).map(|(number, column)| format!("{column} = ?{number}")).collect();
        self.sql(&format!("UPDATE {} SET {} WHERE id = ?1", table.name(), set.join(", ")))
            .execute(&values)?;
        Ok(())
    }

    pub fn delete_row(&self, table: PersonalTable, id: i64) -> Result<(), Error> {
        self.sql(&format!("DELETE FROM {} WHERE id = ?1", table.name())).execute(&[&id])?;
        Ok(())
    }

    /// Whether a row is still there.
    pub fn has_row(&self, table: PersonalTable, id: i64) -> Result<bool, Error> {
        self.sql(&format!("SELECT 1 FROM {} WHERE id = ?1", table.name())).exists(&[&id])
    }

    /// Removes what a license tells of its owner: name, address, note, order and reason of a block. `false`: it tells
    /// nothing.
    pub fn erase_owner(&self, license_id: i64, now: Timestamp) -> Result<bool, Error> {
        let sql = "UPDATE licenses
                   SET owner_name = NULL, owner_email = NULL, owner_name_folded = NULL, owner_email_folded = NULL,
                       note = NULL, order_reference = NULL, block_reason = NULL, updated_at = ?2
                   WHERE id = ?1 AND (owner_name IS NOT NULL OR owner_email IS NOT NULL OR note IS NOT NULL
                                      OR order_reference IS NOT NULL OR block_reason IS NOT NULL)";
        let erased = self.sql(sql).execute(&[&license_id, &now])? == 1;
        self.audit_if(erased, Subject::License(license_id), "owner erased", None)
    }

    /// Whether a webhook still waits to be sent.
    pub fn is_callback_pending(&self, id: i64) -> Result<bool, Error> {
        self.sql("SELECT 1 FROM callbacks WHERE id = ?1 AND state = 'pending'").exists(&[&id])
    }

    /// Makes the next attempt of a webhook due now, if an earlier one failed.
    pub fn hurry_callback(&self, id: i64, now: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE callbacks SET next_attempt = ?2
                   WHERE id = ?1 AND state = 'pending' AND last_error IS NOT NULL AND next_attempt > ?2";
        self.sql(sql).execute(&[&id, &now])?;
        Ok(())
    }

    /// What is known of the remains of deleted rows.
    pub fn file_state(&self) -> Result<FileState, Error> {
        let at = self.sql("SELECT at FROM rewritten WHERE id = 1").one(&[], |row| row.get::<i64>(0))?;
        Ok(match at {
            Some(at) if at >= 0 => FileState::Clean,
            Some(_) => FileState::Unfinished,
            None => FileState::Unknown,
        })
    }

    /// Records that an erasure begins. If it does not end, only rewriting the file removes all remains.
    pub fn note_erasure_begins(&self) -> Result<(), Error> {
        let sql = "INSERT INTO rewritten (id, at) VALUES (1, -1) ON CONFLICT (id) DO UPDATE SET at = -1";
        self.sql(sql).execute(&[])?;
        Ok(())
    }

    /// Records that the file holds no remains of deleted rows.
    pub fn note_no_remains(&self, now: Timestamp) -> Result<(), Error> {
        let sql =
            "INSERT INTO rewritten (id, at) VALUES (1, ?1) ON CONFLICT (id) DO UPDATE SET at = excluded.at";
        self.sql(sql).execute(&[&now])?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::store::schema::SCHEMA;
    use crate::store::sqlite::connection::open_in_memory;

    /// The columns of text in which nobody writes about a person: words and numbers of the program, and what is derived
    /// from other columns.
    const IMPERSONAL: [&str; 33] = [
        "api_keys.allow_ips",
        "api_keys.capabilities",
        "api_keys.prefix",
        "audit.change",
        "audit.subject",
        "audit.who",
        "blocks.kind",
        "callbacks.kind",
        "callbacks.state",
        "contracts.status",
        "contracts.uuid",
        "downloadables.file_sha256",
        "generators.method",
        "generators.uuid",
        "idempotency.idempotency_key",
        "idempotency.response",
        "idempotency.route",
        "idempotency.signing_key",
        "licenses.owner_email_folded",
        "licenses.owner_name_folded",
        "licenses.status",
        "licenses.status_before_block",
        "products.public_key",
        "products.signing_key",
        "products.slug",
        "products.source",
        "products.status",
        "products.uuid",
        "former_api_keys.prefix",
        "published_keys.fingerprint",
        "published_keys.public_key",
        "published_keys.state",
        "usage_hours.endpoint",
    ];

    #[test]
    fn every_column_of_text_is_searched_or_known_to_name_nobody() {
        let connection = open_in_memory().unwrap();
        connection.execute_batch(SCHEMA).unwrap();
        let sql = "SELECT tables.name || '.' || columns.name
                   FROM sqlite_schema AS tables, pragma_table_info(tables.name) AS columns
                   WHERE tables.type = 'table' AND substr(tables.name, 1, 7) <> 'sqlite_' AND columns.type = 'TEXT'";
        let mut statement = connection.prepare(sql).unwrap();
        let all: BTreeSet<String> =
            statement.query_map([], |row| row.get(0)).unwrap().collect::<Result<_, _>>().unwrap();
        let searched = PersonalTable::ALL
            .iter()
            .flat_map(|table| table.columns().iter().map(|column| format!("{}.{column}", table.name())));
        let known: BTreeSet<String> = searched.chain(IMPERSONAL.map(str::to_owned)).collect();
        assert_eq!(all, known);
    }
}
