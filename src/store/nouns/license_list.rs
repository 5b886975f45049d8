//! Lists licenses by what they hold and by their state: a page at a time, by id, so that licenses which are added or
//! deleted meanwhile move none to another page.

use super::licenses;
use crate::domain::{License, LicenseQuery, LicenseState, LicenseStatus, Period, Timestamp, fold_owner};
use crate::store::sql::ToValue;
use crate::store::{Error, Tx};

/// When a license expires, as `licenses_by_expiry` has it: `License::expires_at` in SQL.
const EXPIRY: &str = "assigned_at + validity * 86400";

/// How many licenses may expire in a period, for the list to be read from the index of expiries and sorted by id. More
/// are found sooner by walking over all licenses.
const MAX_SORTED: i64 = 20_000;

impl Tx<'_> {
    /// The next `limit` licenses after the one with the id `after`, by id. States are those at `now`.
    pub fn licenses_matching(
        &self,
        query: &LicenseQuery,
        after: i64,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<License>, Error> {
        let period = query.states.iter().find_map(|state| period_of_expiry(*state, now));
        let by_owner = query.filter.owner_name.is_some() || query.filter.owner_email.is_some();
        let by_expiry = !by_owner && period.map_or(Ok(false), |period| self.few_expire(period))?;
        let mut conditions = Conditions { texts: Vec::new(), values: Vec::new() };
        // An index on the few is better than one on a product or a status, which may have millions.
        conditions.of_filter(query, by_owner || by_expiry);
        for state in &query.states {
            conditions.of_state(*state, by_expiry, now);
        }
        conditions.of_period("assigned_at", query.assigned);
        conditions.of_period("created_at", query.created);
        conditions.add(if by_owner || by_expiry { "id + 0 > ?" } else { "id > ?" }, after);
        conditions.values.push(Box::new(limit));
        let sql = format!(
            "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity,
             assigned_at, status, contract_id, created_at, updated_at, checksum
             FROM licenses WHERE {} ORDER BY id LIMIT ?{}",
            conditions.texts.join(" AND "),
            conditions.values.len()
        );
        let values: Vec<&dyn ToValue> = conditions.values.iter().map(|value| &**value).collect();
        self.sql(&sql).all(&values, licenses::read)
    }

    /// Whether so few licenses expire in a period that they can be sorted by id.
    fn few_expire(&self, period: Period) -> Result<bool, Error> {
        let mut conditions = Conditions { texts: Vec::new(), values: Vec::new() };
        conditions.of_period(EXPIRY, period);
        conditions.values.push(Box::new(MAX_SORTED));
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM licenses
             WHERE validity > 0 AND assigned_at IS NOT NULL AND {} LIMIT ?{}) AS few",
            conditions.texts.join(" AND "),
            conditions.values.len()
        );
        let values: Vec<&dyn ToValue> = conditions.values.iter().map(|value| &**value).collect();
        Ok(self.sql(&sql).value::<i64>(&values)? < MAX_SORTED)
    }
}

/// The period in which a license with this state expires.
fn period_of_expiry(state: LicenseState, now: Timestamp) -> Option<Period> {
    let next = Timestamp(now.0.saturating_add(1));
    match state {
        LicenseState::Expired => Some(Period { since: None, until: Some(next) }),
        LicenseState::ExpiresWithin { days } => {
            let end = now.plus_days(days);
            Some(Period { since: Some(next), until: Some(Timestamp(end.0.saturating_add(1))) })
        }
        LicenseState::Active | LicenseState::Full | LicenseState::NotActivated => None,
    }
}

/// The conditions of a statement, with their values.
struct Conditions {
    texts: Vec<String>,
    values: Vec<Box<dyn ToValue>>,
}

impl Conditions {
    /// Adds a condition with one value, at its question mark.
    fn add(&mut self, text: &str, value: impl ToValue + 'static) {
        self.values.push(Box::new(value));
        self.texts.push(text.replace('?', &format!("?{}", self.values.len())));
    }

    /// `few`: other conditions select few licenses. Then these are written so that no index on them is used.
    fn of_filter(&mut self, query: &LicenseQuery, few: bool) {
        let filter = &query.filter;
        if let Some(product_id) = filter.product_id {
            self.add(if few { "product_id + 0 = ?" } else { "product_id = ?" }, product_id);
        }
        if let Some(status) = filter.status.map(LicenseStatus::as_str) {
            self.add(if few { "status || '' = ?" } else { "status = ?" }, status);
        }
        if let Some(name) = &filter.owner_name {
            self.add("owner_name_folded = ?", fold_owner(name));
        }
        if let Some(email) = &filter.owner_email {
            self.add("owner_email_folded = ?", fold_owner(email));
        }
    }

    /// The rule of `LicenseState::holds`. Its status is compared without an index: most licenses are assigned.
    fn of_state(&mut self, state: LicenseState, by_expiry: bool, now: Timestamp) {
        if state != LicenseState::Full {
            self.texts.push("status || '' = 'assigned'".to_owned());
        }
        match state {
            LicenseState::Active => {
                self.add(&format!("(validity = 0 OR assigned_at IS NULL OR {EXPIRY} > ?)"), now);
            }
            LicenseState::Full => self.texts.push(
                "activation_limit > 0 AND activation_limit <=
                 (SELECT count(*) FROM activations WHERE license_id = licenses.id)"
                    .to_owned(),
            ),
            LicenseState::NotActivated => self
                .texts
                .push("NOT EXISTS (SELECT 1 FROM activations WHERE license_id = licenses.id)".to_owned()),
            LicenseState::Expired | LicenseState::ExpiresWithin { .. } => {
                let first = self.texts.len();
                self.texts.push("validity > 0 AND assigned_at IS NOT NULL".to_owned());
                let expiry = if by_expiry { EXPIRY.to_owned() } else { format!("{EXPIRY} + 0") };
                self.of_period(&expiry, period_of_expiry(state, now).unwrap_or_default());
                if by_expiry {
                    // SQLite would rather walk over all licenses, which are in order of id already.
                    let few = self.texts.split_off(first).join(" AND ");
                    self.texts.push(format!("id IN (SELECT id FROM licenses WHERE {few})"));
                }
            }
        }
    }

    fn of_period(&mut self, column: &str, period: Period) {
        if let Some(since) = period.since {
            self.add(&format!("{column} >= ?"), since);
        }
        if let Some(until) = period.until {
            self.add(&format!("{column} < ?"), until);
        }
    }
}
