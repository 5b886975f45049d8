//! The size of the tables that grow without end, and the deletion of their oldest rows.

use crate::domain::{Kept, Timestamp};
use crate::store::{Error, Tx};

/// How many rows are looked at to estimate the size of all.
const SAMPLES: i64 = 64;

/// The bytes that a row takes beside its texts.
const ROW_OVERHEAD: i64 = 100;

/// The statements for one table.
struct Statements {
    size: Size,
    /// Whether one of the oldest rows is from before a time.
    older: &'static str,
    /// Deletes those of the oldest rows that are from before a time.
    delete: &'static str,
}

/// The statements for the size of a table.
enum Size {
    /// Its ids grow with time, and few are missing; the hours are those of `usage_hours`.
    ById {
        /// The lowest and the highest id.
        ids: &'static str,
        /// The bytes of the texts of the first row from an id on, in the table and in its indexes. Of `usage_hours`,
        /// the bytes of all rows of an hour.
        length: &'static str,
    },
    /// It has no such ids, or not all of its rows count.
    Counted {
        count: &'static str,
        /// The bytes of the texts of each row, the oldest first. Ends with the column of its order.
        lengths: &'static str,
    },
}

const TELEMETRY: Statements = Statements {
    size: Size::ById {
        ids: "SELECT (SELECT min(id) FROM telemetry), (SELECT max(id) FROM telemetry)",
        length: "SELECT octet_length(user_identifier) + octet_length(license_key)
                    + octet_length(activation_identifier) + octet_length(product_version)
                    + 2 * (octet_length(data_type) + octet_length(data_group))
                    + octet_length(data) + octet_length(extra)
             FROM telemetry WHERE id >= ?1 ORDER BY id LIMIT 1",
    },
    older: "SELECT 1 FROM (SELECT created_at FROM telemetry ORDER BY id LIMIT ?2) AS oldest
            WHERE created_at < ?1 LIMIT 1",
    delete: "DELETE FROM telemetry
             WHERE id IN (SELECT id FROM telemetry ORDER BY id LIMIT ?2) AND created_at < ?1",
};

const AUDIT: Statements = Statements {
    size: Size::ById {
        ids: "SELECT (SELECT min(id) FROM audit), (SELECT max(id) FROM audit)",
        length: "SELECT octet_length(action) + octet_length(change) + coalesce(octet_length(license_key), 0)
                    + coalesce(octet_length(detail), 0) + coalesce(octet_length(address), 0)
             FROM audit WHERE id >= ?1 ORDER BY id LIMIT 1",
    },
    older: "SELECT 1 FROM (SELECT at FROM audit ORDER BY id LIMIT ?2) AS oldest WHERE at < ?1 LIMIT 1",
    delete: "DELETE FROM audit WHERE id IN (SELECT id FROM audit ORDER BY id LIMIT ?2) AND at < ?1",
};

const REFUSALS: Statements = Statements {
    size: Size::ById {
        ids: "SELECT (SELECT min(id) FROM refusals), (SELECT max(id) FROM refusals)",
        length: "SELECT 2 * (octet_length(key_hash) + octet_length(identifier) + octet_length(address))
                    + octet_length(endpoint) + octet_length(key_start)
             FROM refusals WHERE id >= ?1 ORDER BY id LIMIT 1",
    },
    older: "SELECT 1 FROM (SELECT last_at FROM refusals ORDER BY id LIMIT ?2) AS oldest WHERE last_at < ?1 LIMIT 1",
    delete: "DELETE FROM refusals WHERE id IN (SELECT id FROM refusals ORDER BY id LIMIT ?2) AND last_at < ?1",
};

const USAGE: Statements = Statements {
    size: Size::ById {
        ids: "SELECT (SELECT min(hour) FROM usage_hours), (SELECT max(hour) FROM usage_hours)",
        length: "SELECT coalesce(sum(octet_length(endpoint) + 20), 0) FROM usage_hours WHERE hour = ?1",
    },
    older: "SELECT 1 FROM (SELECT hour FROM usage_hours ORDER BY hour LIMIT ?2) AS oldest
            WHERE hour < ?1 / 3600 LIMIT 1",
    delete: "DELETE FROM usage_hours
             WHERE (hour, endpoint, code, product_id) IN (
                 SELECT hour, endpoint, code, product_id FROM usage_hours
                 ORDER BY hour, endpoint, code, product_id LIMIT ?2
             ) AND hour < ?1 / 3600",
};

const WEBHOOKS: Statements = Statements {
    // Without those that are still to be sent, which are never deleted.
    size: Size::Counted {
        count: "SELECT count(*) FROM callbacks WHERE state <> 'pending'",
        lengths: "SELECT octet_length(url) + 2 * octet_length(target) + octet_length(reply)
                    + coalesce(octet_length(body), 0) + coalesce(octet_length(last_error), 0)
             FROM callbacks WHERE state <> 'pending' ORDER BY id",
    },
    older: "SELECT 1 FROM (SELECT updated_at FROM callbacks WHERE state <> 'pending' ORDER BY id LIMIT ?2) AS oldest
            WHERE updated_at < ?1 LIMIT 1",
    delete: "DELETE FROM callbacks
             WHERE id IN (SELECT id FROM callbacks WHERE state <> 'pending' ORDER BY id LIMIT ?2)
                   AND updated_at < ?1",
};

const ANSWERS: Statements = Statements {
    size: Size::Counted {
        count: "SELECT count(*) FROM idempotency",
        lengths: "SELECT octet_length(route) + octet_length(idempotency_key) + octet_length(params_hash)
                    + octet_length(response) + coalesce(octet_length(signing_key), 0)
             FROM idempotency ORDER BY created_at",
    },
    older: "SELECT 1 FROM (SELECT created_at FROM idempotency ORDER BY created_at LIMIT ?2) AS oldest
            WHERE created_at < ?1 LIMIT 1",
    delete: "DELETE FROM idempotency
             WHERE (api_key_id, route, idempotency_key, params_hash) IN
                   (SELECT api_key_id, route, idempotency_key, params_hash FROM idempotency
                    ORDER BY created_at LIMIT ?2)
                   AND created_at < ?1",
};

impl Tx<'_> {
    /// About how many bytes are kept: the number of rows times the mean size of a few of them.
    pub fn kept_bytes(&self, kept: Kept) -> Result<i64, Error> {
        let (rows, lengths) = match statements(kept).size {
            Size::ById { ids, length } => {
                let Some(ids) = self.first_and_last(ids)? else { return Ok(0) };
                (number_of_ids(ids), self.lengths_by_id(length, ids)?)
            }
            Size::Counted { count, lengths } => {
                (self.sql(count).value(&[])?, self.lengths_at_both_ends(lengths)?)
            }
        };
        let number = i64::try_from(lengths.len()).unwrap_or(i64::MAX);
        let sum = lengths.into_iter().fold(number.saturating_mul(ROW_OVERHEAD), i64::saturating_add);
        Ok((sum / number.max(1)).saturating_mul(rows))
    }

    /// The two numbers in the row of a statement; `None` if the table is empty.
    pub(super) fn first_and_last(&self, sql: &str) -> Result<Option<(i64, i64)>, Error> {
        let (first, last): (Option<i64>, Option<i64>) =
            self.sql(sql).only(&[], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(first.zip(last))
    }

    /// The lengths of a few rows between two ids, at equal distances.
    fn lengths_by_id(&self, length: &str, (first, last): (i64, i64)) -> Result<Vec<i64>, Error> {
        let rows = number_of_ids((first, last));
        let samples = SAMPLES.min(rows);
        let mut lengths = Vec::new();
        for number in 0..samples {
            let id = first.saturating_add(rows / samples * number);
            lengths.extend(self.sql(length).one(&[&id], |row| row.get::<i64>(0))?);
        }
        Ok(lengths)
    }

    /// The lengths of a few of the oldest rows, and of as many of the newest.
    fn lengths_at_both_ends(&self, lengths: &str) -> Result<Vec<i64>, Error> {
        let mut found = Vec::new();
        for order in ["", "DESC"] {
            let sql = format!("{lengths} {order} LIMIT ?1");
            found.extend(self.sql(&sql).all(&[&(SAMPLES / 2)], |row| row.get::<i64>(0))?);
        }
        Ok(found)
    }

    /// Whether [`Self::delete_oldest`] would delete any.
    pub fn has_older(&self, kept: Kept, before: Timestamp, most: i64) -> Result<bool, Error> {
        self.sql(statements(kept).older).exists(&[&before, &most])
    }

    /// Deletes those of the oldest `most` rows that are from before a time. Returns how many there were.
    pub fn delete_oldest(&self, kept: Kept, before: Timestamp, most: i64) -> Result<usize, Error> {
        self.sql(statements(kept).delete).execute(&[&before, &most])
    }
}

/// The number of ids from the first to the last, including both.
pub(super) fn number_of_ids((first, last): (i64, i64)) -> i64 {
    last.saturating_sub(first).saturating_add(1)
}

fn statements(kept: Kept) -> &'static Statements {
    match kept {
        Kept::Telemetry => &TELEMETRY,
        Kept::Audit => &AUDIT,
        Kept::Refusals => &REFUSALS,
        Kept::Usage => &USAGE,
        Kept::Webhooks => &WEBHOOKS,
        Kept::Answers => &ANSWERS,
    }
}
