//! Callbacks: messages to other servers, until they are delivered and after.

use rusqlite::{OptionalExtension as _, Row, ToSql, params_from_iter};

use crate::domain::{Callback, CallbackKind, CallbackState, NewCallback, Subject, Target, Timestamp};
use crate::store::{Error, Tx};

/// A message that is to be sent now.
#[derive(Clone, Debug)]
pub struct DueCallback {
    pub id: i64,
    pub kind: CallbackKind,
    pub url: String,
    pub target: String,
    pub reply: String,
    pub product_id: Option<i64>,
    /// The bytes to send, if an earlier attempt has made them.
    pub body: Option<String>,
    /// How many attempts have failed.
    pub attempts: u32,
}

/// How long what was delivered stays on record, in seconds: 30 days.
const KEPT_SECONDS: i64 = 30 * 24 * 60 * 60;

/// The most messages that are under way at one time.
pub const MAX_UNDER_WAY: usize = 8;

impl Tx<'_> {
    /// Has a message sent at `first_attempt` or after. One that can't be sent anywhere is kept as failed,
    /// with the reason.
    pub fn add_callback(
        &self,
        callback: &NewCallback<'_>,
        first_attempt: Timestamp,
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO callbacks (url, target, reply, product_id, kind, state, next_attempt, last_error, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?9)";
        let (target, state, error) = match Target::of_url(callback.url) {
            Ok(target) => (target.as_str().to_owned(), CallbackState::Pending, None),
            Err(bad) => (String::new(), CallbackState::Failed, Some(bad.to_string())),
        };
        self.connection.prepare_cached(sql)?.execute((
            callback.url,
            target,
            callback.reply,
            callback.product_id,
            callback.kind.as_str(),
            state.as_str(),
            first_attempt.0,
            error,
            now.0,
        ))?;
        self.wake_worker_on_commit();
        Ok(())
    }

    /// Of the messages that are due, the one that has been so for longest. None to the targets given: at most
    /// [`MAX_UNDER_WAY`].
    pub fn due_callback(&self, busy: &[String], now: Timestamp) -> Result<Option<DueCallback>, Error> {
        let sql = "SELECT id, kind, url, target, reply, product_id, body, attempts FROM callbacks
                   WHERE state = 'pending' AND target NOT IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8) AND next_attempt <= ?9
                   ORDER BY next_attempt, id LIMIT 1";
        let targets = slots(busy);
        let values = targets.iter().map(|target| target as &dyn ToSql).chain([&now.0 as &dyn ToSql]);
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_row(params_from_iter(values), read_due).optional()?.transpose()
    }

    /// When the next message is due, if any is pending. Those to the targets given don't count.
    pub fn next_callback_at(&self, busy: &[String]) -> Result<Option<Timestamp>, Error> {
        let sql = "SELECT next_attempt FROM callbacks
                   WHERE state = 'pending' AND target NOT IN (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
                   ORDER BY next_attempt LIMIT 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        let next = statement.query_row(params_from_iter(slots(busy)), |row| row.get(0).map(Timestamp));
        Ok(next.optional()?)
    }

    /// How many are not delivered and not given up: counted in the index.
    pub fn count_pending_callbacks(&self) -> Result<i64, Error> {
        let sql = "SELECT count(*) FROM callbacks WHERE state = 'pending'";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Whether there is any message that the command line may want tried again.
    pub fn has_undelivered_callbacks(&self) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM callbacks WHERE state IN ('pending', 'failed'))";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// Counts an attempt that is about to be made, and keeps the bytes to send: every attempt sends the same.
    /// If nothing more is heard of it, the next is not before `next_attempt`.
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
        self.connection.prepare_cached(sql)?.execute((id, body, next_attempt.0, now.0))?;
        Ok(())
    }

    /// Has those sent at once whose first attempt the end of the server interrupted.
    pub fn resume_callbacks(&self, now: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE callbacks SET next_attempt = ?1
                   WHERE state = 'pending' AND attempts > 0 AND last_error IS NULL AND next_attempt > ?1";
        self.connection.prepare_cached(sql)?.execute([now.0])?;
        Ok(())
    }

    /// The receiver has it. The bytes can be made again from the reply, should they be asked for; and what
    /// was delivered long ago is forgotten, a little at a time.
    pub fn callback_delivered(&self, id: i64, now: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE callbacks SET state = 'delivered', body = NULL, last_error = NULL, updated_at = ?2 WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute((id, now.0))?;
        let sql = "DELETE FROM callbacks
                   WHERE id IN (SELECT id FROM callbacks WHERE state = 'delivered' ORDER BY id LIMIT 10) AND updated_at <= ?1";
        self.connection.prepare_cached(sql)?.execute([now.0.saturating_sub(KEPT_SECONDS)])?;
        Ok(())
    }

    /// An attempt has failed; the next one is not before `next_attempt`, or there is none.
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
        let values = (id, state.as_str(), next_attempt.map(|moment| moment.0), error, now.0);
        self.connection.prepare_cached(sql)?.execute(values)?;
        Ok(())
    }

    /// Has a message tried again from the start, whatever became of it.
    pub fn retry_callback(&self, id: i64, now: Timestamp) -> Result<(), Error> {
        let sql = "UPDATE callbacks SET state = 'pending', attempts = 0, next_attempt = ?2, updated_at = ?2 WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute((id, now.0))?;
        self.wake_worker_on_commit();
        self.audit(Subject::Callback(id), "sent again", None)
    }

    /// Where a message goes.
    pub fn callback_url(&self, id: i64) -> Result<Option<String>, Error> {
        let sql = "SELECT url FROM callbacks WHERE id = ?1";
        Ok(self.connection.prepare_cached(sql)?.query_row([id], |row| row.get(0)).optional()?)
    }

    /// All messages by id, or those in one state.
    pub fn callbacks(&self, state: Option<CallbackState>) -> Result<Vec<Callback>, Error> {
        let sql = "SELECT id, kind, url, state, attempts, next_attempt, last_error, created_at, updated_at
                   FROM callbacks WHERE ?1 IS NULL OR state = ?1 ORDER BY id";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([state.map(CallbackState::as_str)], read)?.map(|row| row?).collect()
    }
}

/// As many parameters as the statements have for busy targets. No target is a space.
fn slots(busy: &[String]) -> [&str; MAX_UNDER_WAY] {
    let mut slots = [" "; MAX_UNDER_WAY];
    for (slot, target) in slots.iter_mut().zip(busy) {
        *slot = target;
    }
    slots
}

fn read_due(row: &Row<'_>) -> Result<Result<DueCallback, Error>, rusqlite::Error> {
    let id = row.get(0)?;
    let Some(kind) = CallbackKind::parse(row.get_ref(1)?.as_str()?) else {
        return Ok(Err(Error::unreadable_row("callback kind", id)));
    };
    Ok(Ok(DueCallback {
        id,
        kind,
        url: row.get(2)?,
        target: row.get(3)?,
        reply: row.get(4)?,
        product_id: row.get(5)?,
        body: row.get(6)?,
        attempts: row.get(7)?,
    }))
}

fn read(row: &Row<'_>) -> Result<Result<Callback, Error>, rusqlite::Error> {
    let id = row.get(0)?;
    let kind = CallbackKind::parse(row.get_ref(1)?.as_str()?);
    let state = CallbackState::parse(row.get_ref(3)?.as_str()?);
    let (Some(kind), Some(state)) = (kind, state) else {
        return Ok(Err(Error::unreadable_row("callback", id)));
    };
    Ok(Ok(Callback {
        id,
        kind,
        url: row.get(2)?,
        state,
        attempts: row.get(4)?,
        next_attempt: Timestamp(row.get(5)?),
        last_error: row.get(6)?,
        created_at: Timestamp(row.get(7)?),
        updated_at: Timestamp(row.get(8)?),
    }))
}
