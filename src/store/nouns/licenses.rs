//! License keys.

use std::fmt::Display;

use rusqlite::{Connection, OptionalExtension as _, Row};

use crate::domain::{
    License, LicenseFilter, LicenseKey, LicenseStatus, NewLicense, Page, Subject, Timestamp,
};
use crate::store::{Error, Tx};

impl Tx<'_> {
    pub fn license(&self, id: i64) -> Result<Option<License>, Error> {
        let sql = "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity, assigned_at, status,
                          contract_id, created_at, updated_at, seal
                   FROM licenses WHERE id = ?1";
        self.connection.prepare_cached(sql)?.query_row([id], read).optional()?.transpose()
    }

    /// The licenses under a contract that are active on something, by id.
    pub fn active_licenses_of_contract(&self, contract_id: i64) -> Result<Vec<License>, Error> {
        let sql = "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity, assigned_at, status,
                          contract_id, created_at, updated_at, seal
                   FROM licenses
                   WHERE contract_id = ?1 AND EXISTS (SELECT 1 FROM activations WHERE license_id = licenses.id) ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([contract_id], read)?.map(|row| row?).collect()
    }

    /// The first of a product's pool, as many as there are up to `limit`: ids of available licenses that are
    /// not some contract's own.
    pub fn pool(&self, product_id: i64, limit: i64) -> Result<Vec<i64>, Error> {
        let sql = "SELECT id FROM licenses
                   WHERE product_id = ?1 AND status = 'available' AND contract_id IS NULL ORDER BY id LIMIT ?2";
        let mut statement = self.connection.prepare_cached(sql)?;
        let ids = statement.query_map((product_id, limit), |row| row.get(0))?;
        Ok(ids.collect::<rusqlite::Result<_>>()?)
    }

    pub fn license_by_key(&self, license_key: &LicenseKey) -> Result<Option<License>, Error> {
        // In two steps, because SQLite would read the key from the index that it found the row by, where the
        // two could never differ.
        let sql = "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity, assigned_at, status,
                          contract_id, created_at, updated_at, seal
                   FROM licenses WHERE id = (SELECT id FROM licenses WHERE license_key = ?1)";
        let found =
            self.connection.prepare_cached(sql)?.query_row([license_key.as_str()], read).optional()?;
        match found.transpose()? {
            // A damaged index leads to another's row.
            Some(license) if !license.license_key.eq_ignore_ascii_case(license_key.as_str()) => {
                Err(Error::altered_license(license.id))
            }
            found => Ok(found),
        }
    }

    /// All licenses by id, or those of one product, or of one status, or both.
    pub fn licenses(
        &self,
        product_id: Option<i64>,
        status: Option<LicenseStatus>,
    ) -> Result<Vec<License>, Error> {
        let sql = "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity, assigned_at, status,
                          contract_id, created_at, updated_at, seal
                   FROM licenses
                   WHERE (?1 IS NULL OR product_id = ?1) AND (?2 IS NULL OR status = ?2) ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map((product_id, status.map(LicenseStatus::as_str)), read)?.map(|row| row?).collect()
    }

    /// One page of the licenses that `filter` lets through, by id.
    pub fn licenses_page(&self, filter: &LicenseFilter, page: Page) -> Result<Vec<License>, Error> {
        // Ids are given once and count up from 1, so there are no more rows than that: a page past it is
        // empty, and costs nothing.
        let highest: Option<i64> = self
            .connection
            .prepare_cached("SELECT max(id) FROM licenses")?
            .query_row([], |row| row.get(0))?;
        if page.offset >= highest.unwrap_or(0) {
            return Ok(Vec::new());
        }
        // The pages before are stepped over in an index; rows are read only of this one.
        let sql = format!(
            "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity, assigned_at, status,
                    contract_id, created_at, updated_at, seal
             FROM licenses
             WHERE id IN (SELECT id FROM licenses WHERE {} ORDER BY id LIMIT ?5 OFFSET ?6) ORDER BY id",
            conditions(filter)
        );
        let values = (
            filter.product_id,
            filter.status.map(LicenseStatus::as_str),
            &filter.owner_name,
            &filter.owner_email,
            page.limit,
            page.offset,
        );
        self.connection.prepare_cached(&sql)?.query_map(values, read)?.map(|row| row?).collect()
    }

    /// How many licenses of a product can still be drawn: those that are available and not some contract's own.
    pub fn count_licenses_in_pool(&self, product_id: i64) -> Result<i64, Error> {
        let sql = "SELECT count(*) FROM licenses WHERE product_id = ?1 AND status = 'available' AND contract_id IS NULL";
        Ok(self.connection.prepare_cached(sql)?.query_row([product_id], |row| row.get(0))?)
    }

    /// Gives the new license's id; `None`: its key exists already.
    pub fn add_license(&self, license: &NewLicense, now: Timestamp) -> Result<Option<i64>, Error> {
        let sql = "INSERT INTO licenses (product_id, license_key, owner_name, owner_email, activation_limit, validity,
                                         assigned_at, status, contract_id, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?10)
                   ON CONFLICT (license_key) DO NOTHING RETURNING id";
        let values = (
            license.product_id,
            license.license_key.as_str(),
            &license.owner_name,
            &license.owner_email,
            license.activation_limit,
            license.validity,
            license.assigned_at.map(|moment| moment.0),
            license.status.as_str(),
            license.contract_id,
            now.0,
        );
        let id: Option<i64> =
            self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
        if let Some(id) = id {
            self.audit(Subject::License(id), "created", Some(&license.status.as_str()))?;
        }
        Ok(id)
    }

    /// Writes what can change about a license.
    pub fn change_license(&self, license: &License, now: Timestamp) -> Result<(), Error> {
        let before = self.license(license.id)?;
        let sql = "UPDATE licenses
                   SET product_id = ?2, owner_name = ?3, owner_email = ?4, activation_limit = ?5, validity = ?6, assigned_at = ?7,
                       status = ?8, updated_at = ?9
                   WHERE id = ?1";
        let values = (
            license.id,
            license.product_id,
            &license.owner_name,
            &license.owner_email,
            license.activation_limit,
            license.validity,
            license.assigned_at.map(|moment| moment.0),
            license.status.as_str(),
            now.0,
        );
        self.connection.prepare_cached(sql)?.execute(values)?;
        self.audit(Subject::License(license.id), "changed", Some(&told(before.as_ref(), license)))
    }

    /// Deletes a license with its activations and its metadata. What was reported of its use stays.
    pub fn delete_license(&self, id: i64) -> Result<(), Error> {
        // Before it, while its key is there to be noted.
        self.audit(Subject::License(id), "deleted", None)?;
        self.connection.prepare_cached("DELETE FROM licenses WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// Gives a license to an owner from now on, over whatever owner it had.
    pub fn assign_license(
        &self,
        id: i64,
        owner_name: Option<&str>,
        owner_email: Option<&str>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE licenses
                   SET status = 'assigned', owner_name = ?2, owner_email = ?3, assigned_at = ?4, updated_at = ?4
                   WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute((id, owner_name, owner_email, now.0))?;
        self.audit(Subject::License(id), "assigned", owner_email.as_ref().map(|owner| owner as &dyn Display))
    }
}

/// What the audit trail says of a changed license: its state now, and of all else what was before and what is
/// now, where that differs.
fn told(before: Option<&License>, now: &License) -> String {
    let state = format!("{}, limit {}, validity {}", now.status.as_str(), now.activation_limit, now.validity);
    let Some(before) = before else { return state };
    let text = |text: &Option<String>| text.as_deref().unwrap_or("-").to_owned();
    let moment =
        |moment: Option<Timestamp>| moment.map_or_else(|| "-".to_owned(), |moment| moment.to_string());
    let others = [
        ("product", before.product_id.to_string(), now.product_id.to_string()),
        ("owner name", text(&before.owner_name), text(&now.owner_name)),
        ("owner email", text(&before.owner_email), text(&now.owner_email)),
        ("assigned at", moment(before.assigned_at), moment(now.assigned_at)),
    ];
    let changed = others.iter().filter(|(_, before, now)| before != now);
    changed.fold(state, |told, (what, before, now)| format!("{told}; {what} {before} -> {now}"))
}

/// A condition for each thing that is asked for, and none for the rest, so that each combination has a plan of its own.
///
/// An owner has few licenses, a product or a status may have millions: where an owner is asked for, the
/// others are written so that no index answers them.
fn conditions(filter: &LicenseFilter) -> String {
    let by_owner = filter.owner_name.is_some() || filter.owner_email.is_some();
    let conditions = [
        (filter.product_id.is_some(), if by_owner { "product_id + 0 = ?1" } else { "product_id = ?1" }),
        (filter.status.is_some(), if by_owner { "status || '' = ?2" } else { "status = ?2" }),
        (filter.owner_name.is_some(), "owner_name = ?3"),
        (filter.owner_email.is_some(), "owner_email = ?4"),
    ];
    let wanted: Vec<&str> =
        conditions.iter().filter(|(wanted, _)| *wanted).map(|(_, condition)| *condition).collect();
    if wanted.is_empty() { "TRUE".to_owned() } else { wanted.join(" AND ") }
}

pub(in crate::store) fn read(row: &Row<'_>) -> Result<Result<License, Error>, rusqlite::Error> {
    let id = row.get(0)?;
    let Some(status) = LicenseStatus::parse(row.get_ref(8)?.as_str()?) else {
        return Ok(Err(Error::altered_license(id)));
    };
    if row.get::<_, i64>(12)? != seal(row.get(1)?, row.get(5)?, row.get(6)?, row.get(7)?) {
        return Ok(Err(Error::altered_license(id)));
    }
    Ok(Ok(License {
        id,
        product_id: row.get(1)?,
        license_key: row.get(2)?,
        owner_name: row.get(3)?,
        owner_email: row.get(4)?,
        activation_limit: row.get(5)?,
        validity: row.get(6)?,
        assigned_at: row.get::<_, Option<i64>>(7)?.map(Timestamp),
        status,
        contract_id: row.get(9)?,
        created_at: Timestamp(row.get(10)?),
        updated_at: Timestamp(row.get(11)?),
    }))
}

/// What the column of this name holds in a row that is as it was written.
fn seal(product_id: i64, activation_limit: i64, validity: i64, assigned_at: Option<i64>) -> i64 {
    const PRIME: i64 = 1_000_003;
    let parts = [(product_id, 1), (activation_limit, 3), (validity, 7), (assigned_at.unwrap_or(-1), 31)];
    parts.iter().map(|(number, weight)| number % PRIME * weight).sum()
}

/// How many licenses are looked at in one statement: between two of them a look outside of a transaction lets
/// go of the log.
const LOOKED_AT: i64 = 10_000;

/// The id of a license whose numbers are not as they were written.
pub(in crate::store) fn first_with_a_broken_seal(
    connection: &Connection,
) -> Result<Option<i64>, rusqlite::Error> {
    let sql = "SELECT id, product_id, activation_limit, validity, assigned_at, seal FROM licenses WHERE id > ?1 ORDER BY id LIMIT ?2";
    let mut statement = connection.prepare(sql)?;
    let mut last: Option<i64> = Some(i64::MIN);
    while let Some(after) = last.take() {
        let mut rows = statement.query((after, LOOKED_AT))?;
        while let Some(row) = rows.next()? {
            let id: i64 = row.get(0)?;
            if row.get::<_, i64>(5)? != seal(row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?) {
                return Ok(Some(id));
            }
            last = Some(id);
        }
    }
    Ok(None)
}

/// What is told of it.
pub(in crate::store) fn broken_seal(id: i64) -> String {
    format!("table licenses: row {id} was not written as it is")
}
