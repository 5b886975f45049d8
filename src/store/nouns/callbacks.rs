//! Webhooks to other servers, called callbacks in the database: pending, delivered and failed.

use crate::domain::{
    Callback, CallbackContent, CallbackKind, CallbackState, NewCallback, Subject, Target, Timestamp, UnderWay,
};
use crate::store::sql::{Row, ToValue};
use crate::store::{Error, Tx};

/// A webhook that is due.
#[derive(Clone, Debug)]
pub struct DueCallback {
    pub id: i64,
    pub kind: CallbackKind,
    pub url: String,
    pub target: String,
    pub reply: String,
    pub product_id: Option<i64>,
    pub license_id: Option<i64>,
    /// The bytes to send, if an earlier attempt has made them.
    pub body: Option<String>,
    /// The number of attempts that have begun.
    pub attempts: u32,
}

/// The maximum number of webhooks that are sent at the same time.
pub const MAX_UNDER_WAY: usize = 8;

impl Tx<'_> {
    /// Queues a webhook whose first attempt is due at `first_attempt`. One with an unusable URL is recorded as failed,
    /// with the reason.
    pub fn add_callback(
        &self,
        callback: &NewCallback<'_>,
        first_attempt: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO callbacks (url, target, reply, product_id, kind, state, next_attempt,
                   last_error, created_at, updated_at, license_id)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9, ?10)";
        let (target, state, error) = match Target::of_url(callback.url) {
            Ok(target) => (target.as_str().to_owned(), CallbackState::Pending, None),
            Err(bad) => (String::new(), CallbackState::Failed, Some(bad.to_string())),
        };
        self.sql(sql).execute(&[
            &callback.url,
            &target,
            &callback.reply,
            &callback.product_id,
            &callback.kind.as_str(),
            &state.as_str(),
            &first_attempt,
            &error,
            &now,
            &callback.license_id,
        ])?;
        self.wake_worker_on_commit();
        Ok(())
    }

    /// The webhook that has been due for longest. Skips those with the target or the license of a delivery that is
    /// under way, and those of the kind `except`. At most [`MAX_UNDER_WAY`] deliveries are under way.
    pub fn due_callback(
        &self,
        under_way: &[UnderWay],
        except: Option<CallbackKind>,
        now: Timestamp,
    ) -> Result<Option<DueCallback>, Error> {
        let sql = "SELECT id, kind, url, target, reply, product_id, body, attempts, license_id FROM callbacks
                   WHERE state = 'pending' AND target NOT IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                     AND coalesce(license_id, 0) NOT IN (?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
                     AND kind <> coalesce(?17, '') AND next_attempt <= ?18
                   ORDER BY next_attempt, id LIMIT 1";
        let (except, slots) = (except.map(CallbackKind::as_str), Slots::of(under_way));
        let mut values = slots.values();
        values.extend([&except as &dyn ToValue, &now]);
        self.sql(sql).one(&values, read_due)
    }

    /// The time when the next webhook is due. Skips the same ones as [`Self::due_callback`].
    pub fn next_callback_at(
        &self,
        under_way: &[UnderWay],
        except: Option<CallbackKind>,
    ) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT next_attempt FROM callbacks
                   WHERE state = 'pending' AND target NOT IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                     AND coalesce(license_id, 0) NOT IN (?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16)
                     AND kind <> coalesce(?17, '')
                   ORDER BY next_attempt LIMIT 1";
        let (except, slots) = (except.map(CallbackKind::as_str), Slots::of(under_way));
        let mut values = slots.values();
        values.push(&except);
        self.sql(sql).one(&values, |row| row.get(0))
    }

    /// The number of pending webhooks, counted in the index.
    pub fn count_pending_callbacks(&self) -> Result<i64, Error> {
        self.sql("SELECT count(*) FROM callbacks WHERE state = 'pending'").value(&[])
    }

    /// The number of failed webhooks, and the time of the last failure.
    pub fn failed_callbacks(&self) -> Result<(i64, Option<Timestamp>), Error> {
        let sql = "SELECT count(*), max(updated_at) FROM callbacks WHERE state = 'failed'";
        let found = self.sql(sql).one(&[], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(found.unwrap_or_default())
    }

    /// Counts an attempt that is about to begin, and stores the bytes to send: every attempt sends the same. The next
    /// attempt is due at `next_attempt` if the end of this one is never recorded.
    pub fn begin_attempt(
        &self,
        id: i64,
        body: Option<&str>,
        next_attempt: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE callbacks
                   SET body = coalesce(?2, body), attempts = attempts + 1, next_attempt = ?3, updated_at = ?4
                   WHERE id = ?1";
        self.sql(sql).execute(&[&id, &body, &next_attempt, &now])?;
        Ok(())
    }

    /// Makes webhooks due at once whose first attempt was interrupted by the end of the server.
    pub fn resume_callbacks(&self, now: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE callbacks SET next_attempt = ?1
                   WHERE state = 'pending' AND attempts > 0 AND last_error IS NULL AND next_attempt > ?1";
        self.sql(sql).execute(&[&now])?;
        Ok(())
    }

    /// Records that the receiver took a webhook. Its bytes are deleted, because they can be made again from the reply.
    pub fn callback_delivered(&self, id: i64, now: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE callbacks SET state = 'delivered', body = NULL, last_error = NULL,
                   updated_at = ?2 WHERE id = ?1";
        self.sql(sql).execute(&[&id, &now])?;
        Ok(())
    }

    /// Records that an attempt failed. The next one is due at `next_attempt`; `None`: there is none.
    pub fn callback_not_delivered(
        &self,
        id: i64,
        error: &str,
        next_attempt: Option<Timestamp>,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "UPDATE callbacks
                   SET state = ?2, next_attempt = coalesce(?3, next_attempt), last_error = ?4, updated_at = ?5
                   WHERE id = ?1";
        let state = if next_attempt.is_some() { CallbackState::Pending } else { CallbackState::Failed };
        self.sql(sql).execute(&[&id, &state.as_str(), &next_attempt, &error, &now])?;
        Ok(())
    }

    /// Retries a webhook in any state, with all its attempts.
    pub fn retry_callback(&self, id: i64, now: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE callbacks SET state = 'pending', attempts = 0, next_attempt = ?2,
                   updated_at = ?2 WHERE id = ?1";
        self.sql(sql).execute(&[&id, &now])?;
        self.wake_worker_on_commit();
        self.audit(Subject::Callback(id), "sent again", None)
    }

    /// The URL of a webhook.
    pub fn callback_url(&self, id: i64) -> Result<Option<String>, Error> {
        self.sql("SELECT url FROM callbacks WHERE id = ?1").one(&[&id], |row| row.get(0))
    }

    /// A webhook with its content.
    pub fn callback(&self, id: i64) -> Result<Option<CallbackContent>, Error> {
        let sql = "SELECT id, kind, url, state, attempts, next_attempt, last_error, created_at, updated_at,
                          reply, body
                   FROM callbacks WHERE id = ?1";
        self.sql(sql).one(&[&id], |row| {
            Ok(CallbackContent { callback: read(row)?, message: row.get(9)?, body: row.get(10)? })
        })
    }

    /// All webhooks by id, or those in one state.
    pub fn callbacks(&self, state: Option<CallbackState>) -> Result<Vec<Callback>, Error> {
        let sql = "SELECT id, kind, url, state, attempts, next_attempt, last_error, created_at, updated_at
                   FROM callbacks WHERE state = ?1 OR ?1 IS NULL ORDER BY id";
        self.sql(sql).all(&[&state.map(CallbackState::as_str)], read)
    }
}

/// The targets and the licenses of the deliveries in progress, padded to the number of parameters in the statements.
struct Slots<'a> {
    targets: [&'a str; MAX_UNDER_WAY],
    licenses: [i64; MAX_UNDER_WAY],
}

impl<'a> Slots<'a> {
    fn of(under_way: &'a [UnderWay]) -> Self {
        // No target is a space, and no license has a negative id.
        let mut slots = Self { targets: [" "; MAX_UNDER_WAY], licenses: [-1; MAX_UNDER_WAY] };
        let places = slots.targets.iter_mut().zip(&mut slots.licenses);
        for ((target, license), delivery) in places.zip(under_way) {
            *target = &delivery.target;
            *license = delivery.license_id.unwrap_or(-1);
        }
        slots
    }

    fn values(&self) -> Vec<&dyn ToValue> {
        let targets = self.targets.iter().map(|target| target as &dyn ToValue);
        targets.chain(self.licenses.iter().map(|license| license as &dyn ToValue)).collect()
    }
}

fn read_due(row: &Row<'_>) -> Result<DueCallback, Error> {
    let id = row.get(0)?;
    let Some(kind) = CallbackKind::parse(row.get(1)?) else {
        return Err(Error::unreadable_row("callback kind", id));
    };
    Ok(DueCallback {
        id,
        kind,
        url: row.get(2)?,
        target: row.get(3)?,
        reply: row.get(4)?,
        product_id: row.get(5)?,
        body: row.get(6)?,
        attempts: row.get(7)?,
        license_id: row.get(8)?,
    })
}

fn read(row: &Row<'_>) -> Result<Callback, Error> {
    let id = row.get(0)?;
    let (kind, state) = (CallbackKind::parse(row.get(1)?), CallbackState::parse(row.get(3)?));
    let (Some(kind), Some(state)) = (kind, state) else {
        return Err(Error::unreadable_row("callback", id));
    };
    Ok(Callback {
        id,
        kind,
        url: row.get(2)?,
        state,
        attempts: row.get(4)?,
        next_attempt: row.get(5)?,
        last_error: row.get(6)?,
        created_at: row.get(7)?,
        updated_at: row.get(8)?,
    })
}
