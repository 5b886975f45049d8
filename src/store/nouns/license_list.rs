//! Lists licenses by what they hold and by their state: a page at a time, by id.

use super::licenses;
use crate::domain::{
    License, LicenseFilter, LicenseQuery, LicenseState, LicenseStatus, Page, Period, Timestamp, fold_owner,
};
use crate::store::sql::ToValue;
use crate::store::{Error, Tx};

/// When a license expires, as `licenses_by_expiry` has it: `License::expires_at` in SQL.
const EXPIRY: &str = "assigned_at + validity * 86400";

/// How many licenses may expire in a period, for the list to be read from the index of expiries and sorted by id. More
/// are found sooner by walking over all licenses.
const MAX_SORTED: i64 = 20_000;

impl Tx<'_> {
    /// One page of the licenses that match `filter`, by id.
    pub fn licenses_page(&self, filter: &LicenseFilter, page: Page) -> Result<Vec<License>, Error> {
        // Ids count up from 1 and are never used twice, so there are at most as many rows as the highest id. A page
        // past it is empty, and is not looked for.
        let highest: Option<i64> = self.sql("SELECT max(id) FROM licenses").value(&[])?;
        if page.offset >= highest.unwrap_or(0) {
            return Ok(Vec::new());
        }
        let mut conditions = Conditions::default();
        conditions.of_filter(filter, filter.is_of_owner());
        // The subquery steps over the earlier pages in an index, so that only the rows of this page are read.
        let sql = format!(
            "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity,
             assigned_at, status, contract_id, created_at, updated_at, checksum
             FROM licenses
             WHERE id IN (SELECT id FROM licenses WHERE {} ORDER BY id LIMIT {} OFFSET {}) ORDER BY id",
            conditions.text(),
            conditions.value(page.limit),
            conditions.value(page.offset)
        );
        self.sql(&sql).all(&conditions.values(), licenses::read)
    }

    /// The next `limit` licenses after the one with the id `after`, by id, so that licenses which are added or deleted
    /// meanwhile move none to another page. States are those at `now`.
    pub fn licenses_matching(
        &self,
        query: &LicenseQuery,
        after: i64,
        limit: i64,
        now: Timestamp,
    ) -> Result<Vec<License>, Error> {
        let period = query.states.iter().find_map(|state| period_of_expiry(*state, now));
        let by_owner = query.filter.is_of_owner();
        let by_expiry = !by_owner && period.map_or(Ok(false), |period| self.few_expire(period))?;
        let mut conditions = Conditions::default();
        // An index on the few is better than one on a product or a status, which may have millions.
        conditions.of_filter(&query.filter, by_owner || by_expiry);
        for state in &query.states {
            conditions.of_state(*state, by_expiry, now);
        }
        conditions.of_period("assigned_at", query.assigned);
        conditions.of_period("created_at", query.created);
        conditions.add(if by_owner || by_expiry { "id + 0 > ?" } else { "id > ?" }, after);
        let sql = format!(
            "SELECT id, product_id, license_key, owner_name, owner_email, activation_limit, validity,
             assigned_at, status, contract_id, created_at, updated_at, checksum
             FROM licenses WHERE {} ORDER BY id LIMIT {}",
            conditions.text(),
            conditions.value(limit)
        );
        self.sql(&sql).all(&conditions.values(), licenses::read)
    }

    /// Whether so few licenses expire in a period that they can be sorted by id.
    fn few_expire(&self, period: Period) -> Result<bool, Error> {
        let mut conditions = Conditions::default();
        conditions.of_period(EXPIRY, period);
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM licenses
             WHERE validity > 0 AND assigned_at IS NOT NULL AND {} LIMIT {}) AS few",
            conditions.text(),
            conditions.value(MAX_SORTED)
        );
        Ok(self.sql(&sql).value::<i64>(&conditions.values())? < MAX_SORTED)
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

/// The conditions of a statement, with its values.
#[derive(Default)]
struct Conditions {
    texts: Vec<String>,
    values: Vec<Box<dyn ToValue>>,
}

impl Conditions {
    /// All conditions, of which each must hold.
    fn text(&self) -> String {
        if self.texts.is_empty() { "TRUE".to_owned() } else { self.texts.join(" AND ") }
    }

    fn values(&self) -> Vec<&dyn ToValue> {
        self.values.iter().map(|value| &**value).collect()
    }

    /// Adds a value. Returns its parameter in the statement.
    fn value(&mut self, value: impl ToValue + 'static) -> String {
        self.values.push(Box::new(value));
        format!("?{}", self.values.len())
    }

    /// Adds a condition with one value, at its question mark.
    fn add(&mut self, text: &str, value: impl ToValue + 'static) {
        let parameter = self.value(value);
        self.texts.push(text.replace('?', &parameter));
    }

    /// A condition for each given field and none for the others gives each combination a query plan of its own.
    ///
    /// `few`: an owner or another condition selects few licenses; a product or a status may have millions. Then these
    /// two are written so that no index on them is used.
    fn of_filter(&mut self, filter: &LicenseFilter, few: bool) {
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
