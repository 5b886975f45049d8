//! Reads and writes telemetry: reports of products about their use.

use std::ops::ControlFlow;

use crate::domain::{Telemetry, TelemetryFilter, TelemetryReport, Timestamp};
use crate::store::dialect::Dialect;
use crate::store::sql::Row;
use crate::store::{Error, Tx};

/// The most text that one list may hold, in bytes of JSON. Any client with an API key decides how much there is, and
/// the answer holds it twice.
const MAX_LIST: usize = 4 * 1024 * 1024;

impl Tx<'_> {
    /// Adds a report. `extra` holds further fields of newer clients as JSON; no answer shows it.
    pub fn add_telemetry(&self, report: &TelemetryReport, extra: &str, now: Timestamp) -> Result<(), Error> {
        let sql = "INSERT INTO telemetry (user_identifier, license_key, activation_identifier, product_id,
                   product_version, data_type, data_group, data, extra, is_correct_format,
                   license_key_exists, product_exists, product_version_exists, has_red_flags, created_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";
        self.sql(sql).execute(&[
            &report.user_identifier,
            &report.license_key,
            &report.activation_identifier,
            &report.product_id,
            &report.product_version,
            &report.data_type,
            &report.data_group,
            &report.data,
            &extra,
            &report.is_correct_format,
            &report.license_key_exists,
            &report.product_exists,
            &report.product_version_exists,
            &report.has_red_flags(),
            &now,
        ])?;
        Ok(())
    }

    /// Up to `limit` reports by id, after skipping `offset`. `None`: they hold more text than one list may.
    pub fn telemetry(
        &self,
        filter: &TelemetryFilter,
        limit: i64,
        offset: i64,
    ) -> Result<Option<Vec<Telemetry>>, Error> {
        let sql = select(filter, self.engine.dialect());
        let (mut found, mut size) = (Vec::new(), 0);
        self.sql(&sql).each(
            &[
                &filter.data_type,
                &filter.data_group,
                &filter.product_id,
                &filter.user_identifier,
                &filter.license_key,
                &filter.activation_identifier,
                &filter.product_version,
                &filter.is_correct_format,
                &filter.license_key_exists,
                &filter.product_exists,
                &filter.product_version_exists,
                &filter.has_red_flags,
                &limit,
                &offset,
            ],
            |row| {
                let telemetry = read(row)?;
                size += written_length(&telemetry.report);
                if size > MAX_LIST {
                    return Ok(ControlFlow::Break(()));
                }
                found.push(telemetry);
                Ok(ControlFlow::Continue(()))
            },
        )?;
        Ok((size <= MAX_LIST).then_some(found))
    }
}

/// The statement that lists reports. If type and group are both given, as documented, the index on them is used; a
/// condition that may be absent can't use an index.
fn select(filter: &TelemetryFilter, dialect: &Dialect) -> String {
    let group = match (&filter.data_type, &filter.data_group) {
        (Some(_), Some(_)) => "data_type = ?1 AND data_group = ?2",
        _ => "(data_type = ?1 OR ?1 IS NULL) AND (data_group = ?2 OR ?2 IS NULL)",
    };
    let equal = dialect.equal_ignoring_case;
    let (user, key) = (equal("user_identifier", "?4"), equal("license_key", "?5"));
    let identifier = equal("activation_identifier", "?6");
    format!(
        "SELECT id, user_identifier, license_key, activation_identifier, product_id, product_version,
         data_type, data_group, data, is_correct_format, license_key_exists, product_exists,
         product_version_exists, created_at
         FROM telemetry
         WHERE {group} AND (product_id = ?3 OR ?3 IS NULL) AND ({user} OR ?4 IS NULL)
               AND ({key} OR ?5 IS NULL) AND ({identifier} OR ?6 IS NULL)
               AND (product_version = ?7 OR ?7 IS NULL) AND (is_correct_format = ?8 OR ?8 IS NULL)
               AND (license_key_exists = ?9 OR ?9 IS NULL) AND (product_exists = ?10 OR ?10 IS NULL)
               AND (product_version_exists = ?11 OR ?11 IS NULL) AND (has_red_flags = ?12 OR ?12 IS NULL)
         ORDER BY id LIMIT ?13 OFFSET ?14"
    )
}

/// An upper bound of the length of a report's texts in PHP's JSON, where all but plain ASCII takes six bytes for each
/// UTF-16 unit.
fn written_length(report: &TelemetryReport) -> usize {
    let texts = [
        &report.user_identifier,
        &report.license_key,
        &report.activation_identifier,
        &report.product_version,
        &report.data_type,
        &report.data_group,
        &report.data,
    ];
    let length = |byte: u8| if byte.is_ascii_graphic() || byte == b' ' { 1 } else { 6 };
    texts.into_iter().flat_map(|text| text.bytes()).map(length).sum()
}

fn read(row: &Row<'_>) -> Result<Telemetry, Error> {
    let report = TelemetryReport {
        user_identifier: row.get(1)?,
        license_key: row.get(2)?,
        activation_identifier: row.get(3)?,
        product_id: row.get(4)?,
        product_version: row.get(5)?,
        data_type: row.get(6)?,
        data_group: row.get(7)?,
        data: row.get(8)?,
        is_correct_format: row.get(9)?,
        license_key_exists: row.get(10)?,
        product_exists: row.get(11)?,
        product_version_exists: row.get(12)?,
    };
    Ok(Telemetry { id: row.get(0)?, report, created_at: row.get(13)? })
}
