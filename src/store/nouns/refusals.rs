//! The journal of refusals. One writer adds to it, so a look-up and the insert after it need no upsert, which would
//! use up an id: ids without gaps tell the number of rows.

use std::borrow::Cow;

use super::retention::number_of_ids;
use crate::domain::{Hour, Page, Refusal, Refusals, RefusedRequest};
use crate::store::sql::Row;
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// Adds refusals of equal requests: to the entry of this hour, if there is one.
    pub fn add_refusals(&self, request: &RefusedRequest, refusals: &Refusals) -> Result<(), Error> {
        let RefusedRequest { code, key_hash, identifier, address } = request;
        let Refusals { endpoint, api_key_id, license_id, key_start, count, first_at, last_at } = refusals;
        let hour = Hour::of(*first_at).0;
        let sql = "UPDATE refusals
                   SET count = count + ?6, last_at = CASE WHEN last_at < ?7 THEN ?7 ELSE last_at END
                   WHERE hour = ?1 AND code = ?2 AND key_hash = ?3 AND identifier = ?4 AND address = ?5";
        let added =
            self.sql(sql).execute(&[&hour, code, key_hash, identifier, address, count, last_at])? == 1;
        if !added {
            let sql = "INSERT INTO refusals (hour, code, key_hash, identifier, address, endpoint, api_key_id,
                                             license_id, key_start, count, first_at, last_at)
                       VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)";
            self.sql(sql).execute(&[
                &hour,
                code,
                key_hash,
                identifier,
                address,
                &&**endpoint,
                api_key_id,
                license_id,
                key_start,
                count,
                first_at,
                last_at,
            ])?;
        }
        Ok(())
    }

    /// About how many entries there are: exact, unless entries between the oldest and the newest were deleted.
    pub fn count_refusals(&self) -> Result<i64, Error> {
        let sql = "SELECT (SELECT min(id) FROM refusals), (SELECT max(id) FROM refusals)";
        Ok(self.first_and_last(sql)?.map_or(0, number_of_ids))
    }

    /// Deletes the oldest entries beyond `most`, at most `slice` of them. Returns how many there were.
    pub fn trim_refusals(&self, most: u32, slice: i64) -> Result<usize, Error> {
        let excess = self.count_refusals()?.saturating_sub(i64::from(most)).min(slice);
        if excess <= 0 {
            return Ok(0);
        }
        let sql = "DELETE FROM refusals WHERE id IN (SELECT id FROM refusals ORDER BY id LIMIT ?1)";
        self.sql(sql).execute(&[&excess])
    }

    /// The refusals of a license, the newest first.
    pub fn refusals_of_license(&self, license_id: i64, page: Page) -> Result<Vec<Refusal>, Error> {
        let sql = "SELECT code, key_hash, identifier, address, endpoint, api_key_id, license_id, key_start,
                          count, first_at, last_at, (SELECT name FROM api_keys WHERE id = api_key_id)
                   FROM refusals WHERE license_id = ?1 ORDER BY id DESC LIMIT ?2 OFFSET ?3";
        self.sql(sql).all(&[&license_id, &page.limit, &page.offset], read)
    }
}

fn read(row: &Row<'_>) -> Result<Refusal, Error> {
    Ok(Refusal {
        request: RefusedRequest {
            code: row.get(0)?,
            key_hash: row.get(1)?,
            identifier: row.get(2)?,
            address: row.get(3)?,
        },
        refusals: Refusals {
            endpoint: Cow::Owned(row.get(4)?),
            api_key_id: row.get(5)?,
            license_id: row.get(6)?,
            key_start: row.get(7)?,
            count: row.get(8)?,
            first_at: row.get(9)?,
            last_at: row.get(10)?,
        },
        api_key_name: row.get(11)?,
    })
}
