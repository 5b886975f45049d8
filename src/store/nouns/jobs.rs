//! Reads and writes the queue of assignments.

use crate::domain::{CallerId, Job, Timestamp};
use crate::store::{Error, Tx};

/// The time for which a request counts as a repetition after its job was carried out, in seconds (API §4.9).
const REPEATED_SECONDS: i64 = 5 * 60;

impl Tx<'_> {
    /// Whether the same request is queued, or was carried out within the last five minutes.
    pub fn has_recent_job(&self, fingerprint: &[u8; 32], now: Timestamp) -> Result<bool, Error> {
        let sql = "SELECT 1 WHERE EXISTS (SELECT 1 FROM jobs WHERE fingerprint = ?1)
                       OR EXISTS (SELECT 1 FROM finished_jobs WHERE fingerprint = ?1 AND finished_at > ?2)";
        self.sql(sql).exists(&[fingerprint, &now.0.saturating_sub(REPEATED_SECONDS)])
    }

    /// Queues a request. The commit wakes the worker.
    pub fn add_job(
        &self,
        caller: CallerId,
        params: &str,
        fingerprint: &[u8; 32],
        now: Timestamp,
    ) -> Result<(), Error> {
        let sql = "INSERT INTO jobs (api_key_id, params, fingerprint, created_at) VALUES (?1, ?2, ?3, ?4)";
        self.sql(sql).execute(&[&caller.to_number(), &params, fingerprint, &now])?;
        self.wake_worker_on_commit();
        Ok(())
    }

    /// The length of the queue.
    pub fn count_jobs(&self) -> Result<i64, Error> {
        self.sql("SELECT count(*) FROM jobs").value(&[])
    }

    pub fn has_jobs(&self) -> Result<bool, Error> {
        self.sql("SELECT 1 FROM jobs LIMIT 1").exists(&[])
    }

    /// The job that has waited longest.
    pub fn next_job(&self) -> Result<Option<Job>, Error> {
        let sql = "SELECT id, api_key_id, params, fingerprint FROM jobs ORDER BY id LIMIT 1";
        self.locking_sql(sql).one(&[], |row| {
            Ok(Job {
                id: row.get(0)?,
                caller: CallerId::from_number(row.get(1)?),
                params: row.get(2)?,
                fingerprint: row.get(3)?,
            })
        })
    }

    /// Removes a job from the queue, in the transaction that carries it out.
    pub fn finish_job(&self, id: i64) -> Result<(), Error> {
        self.sql("DELETE FROM jobs WHERE id = ?1").execute(&[&id])?;
        Ok(())
    }

    /// Records that a job was carried out, for [`Self::has_recent_job`]. Also deletes the records that are too old
    /// for it.
    pub fn remember_job(&self, job: &Job, now: Timestamp) -> Result<(), Error> {
        let oldest = now.0.saturating_sub(REPEATED_SECONDS);
        self.sql("DELETE FROM finished_jobs WHERE finished_at <= ?1").execute(&[&oldest])?;
        let sql = "INSERT INTO finished_jobs (fingerprint, finished_at) VALUES (?1, ?2)
                   ON CONFLICT (fingerprint) DO UPDATE SET finished_at = excluded.finished_at";
        self.sql(sql).execute(&[&job.fingerprint, &now])?;
        Ok(())
    }
}
