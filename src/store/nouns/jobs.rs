//! Queued assignments.

use rusqlite::OptionalExtension as _;

use crate::domain::{CallerId, Job, Timestamp};
use crate::store::{Error, Tx};

/// How long after it was carried out a job still answers for a request like it, in seconds (API §4.9).
const REMEMBERED_SECONDS: i64 = 5 * 60;

impl Tx<'_> {
    /// Whether a request like this is waiting, or was carried out within the last five minutes.
    pub fn has_recent_job(&self, fingerprint: &[u8; 32], now: Timestamp) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM jobs WHERE fingerprint = ?1)
                       OR EXISTS (SELECT 1 FROM finished_jobs WHERE fingerprint = ?1 AND finished_at > ?2)";
        let oldest = now.0.saturating_sub(REMEMBERED_SECONDS);
        Ok(self.connection.prepare_cached(sql)?.query_row((fingerprint, oldest), |row| row.get(0))?)
    }

    /// Queues a request; the worker hears of it once it is committed.
    pub fn add_job(
        &self,
        caller: CallerId,
        params: &str,
        fingerprint: &[u8; 32],
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO jobs (api_key_id, params, fingerprint, created_at) VALUES (?1, ?2, ?3, ?4)";
        self.connection.prepare_cached(sql)?.execute((caller.to_number(), params, fingerprint, now.0))?;
        self.wake_worker_on_commit();
        Ok(())
    }

    /// How many wait: each is one row of a short queue.
    pub fn count_jobs(&self) -> Result<i64, Error> {
        Ok(self.connection.prepare_cached("SELECT count(*) FROM jobs")?.query_row([], |row| row.get(0))?)
    }

    pub fn has_jobs(&self) -> Result<bool, Error> {
        let sql = "SELECT EXISTS (SELECT 1 FROM jobs)";
        Ok(self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?)
    }

    /// The job that has waited longest.
    pub fn next_job(&self) -> Result<Option<Job>, Error> {
        let sql = "SELECT id, api_key_id, params, fingerprint FROM jobs ORDER BY id LIMIT 1";
        let job = self.connection.prepare_cached(sql)?.query_row([], |row| {
            Ok(Job {
                id: row.get(0)?,
                caller: CallerId::from_number(row.get(1)?),
                params: row.get(2)?,
                fingerprint: row.get(3)?,
            })
        });
        Ok(job.optional()?)
    }

    /// Takes a job off the queue, in the transaction that carries it out.
    pub fn finish_job(&self, id: i64) -> Result<(), Error> {
        self.connection.prepare_cached("DELETE FROM jobs WHERE id = ?1")?.execute([id])?;
        Ok(())
    }

    /// Lets a job that was carried out answer for requests like it, for a while; and forgets those that have
    /// done so for that long.
    pub fn remember_job(&self, job: &Job, now: Timestamp) -> Result<(), Error> {
        let oldest = now.0.saturating_sub(REMEMBERED_SECONDS);
        self.connection
            .prepare_cached("DELETE FROM finished_jobs WHERE finished_at <= ?1")?
            .execute([oldest])?;
        let sql = "INSERT INTO finished_jobs (fingerprint, finished_at) VALUES (?1, ?2)
                   ON CONFLICT (fingerprint) DO UPDATE SET finished_at = excluded.finished_at";
        self.connection.prepare_cached(sql)?.execute((job.fingerprint, now.0))?;
        Ok(())
    }
}
