//! Downloadables: the versions of products. Their files are in the data directory, not here.

use rusqlite::{OptionalExtension as _, Row};

use crate::domain::{Downloadable, NewDownloadable, StoredFile, Subject, Timestamp};
use crate::files::is_sha256;
use crate::store::{Error, Tx};

impl Tx<'_> {
    pub fn downloadable(&self, id: i64) -> Result<Option<Downloadable>, Error> {
        let sql = "SELECT id, product_id, numeric_version, version, update_summary, changelog, published, release_date,
                          download_counter, file_name, file_sha256, file_size
                   FROM downloadables WHERE id = ?1";
        self.connection.prepare_cached(sql)?.query_row([id], read).optional()?.transpose()
    }

    /// All downloadables, or those of one product: by product, the newest version first.
    pub fn downloadables(&self, product_id: Option<i64>) -> Result<Vec<Downloadable>, Error> {
        let sql = "SELECT id, product_id, numeric_version, version, update_summary, changelog, published, release_date,
                          download_counter, file_name, file_sha256, file_size
                   FROM downloadables WHERE ?1 IS NULL OR product_id = ?1 ORDER BY product_id, numeric_version DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map([product_id], read)?.map(|row| row?).collect()
    }

    /// What the customers of a product see, the newest version first; only the version called `version`,
    /// where one is named.
    pub fn published_downloadables(
        &self,
        product_id: i64,
        version: Option<&str>,
    ) -> Result<Vec<Downloadable>, Error> {
        let sql = "SELECT id, product_id, numeric_version, version, update_summary, changelog, published, release_date,
                          download_counter, file_name, file_sha256, file_size
                   FROM downloadables WHERE product_id = ?1 AND published = 1 AND (?2 IS NULL OR version = ?2)
                   ORDER BY numeric_version DESC";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_map((product_id, version), read)?.map(|row| row?).collect()
    }

    pub fn published_downloadable(
        &self,
        product_id: i64,
        numeric_version: i64,
    ) -> Result<Option<Downloadable>, Error> {
        let sql = "SELECT id, product_id, numeric_version, version, update_summary, changelog, published, release_date,
                          download_counter, file_name, file_sha256, file_size
                   FROM downloadables WHERE product_id = ?1 AND numeric_version = ?2 AND published = 1";
        let mut statement = self.connection.prepare_cached(sql)?;
        statement.query_row((product_id, numeric_version), read).optional()?.transpose()
    }

    /// Gives the new downloadable's id; `None`: the product has one with this numeric version already.
    pub fn add_downloadable(
        &self,
        downloadable: &NewDownloadable,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let sql = "INSERT INTO downloadables (product_id, numeric_version, version, update_summary, changelog, published,
                                              release_date, file_name, file_sha256, file_size, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
                   ON CONFLICT (product_id, numeric_version) DO NOTHING RETURNING id";
        let values = (
            downloadable.product_id,
            downloadable.numeric_version,
            &downloadable.version,
            &downloadable.update_summary,
            &downloadable.changelog,
            downloadable.published,
            downloadable.release_date.0,
            &downloadable.file.name,
            &downloadable.file.sha256,
            downloadable.file.size,
            now.0,
        );
        let id: Option<i64> =
            self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
        if let Some(id) = id {
            self.audit(Subject::Downloadable(id), "added", Some(&downloadable.version))?;
        }
        Ok(id)
    }

    /// `false`: there is no such downloadable.
    pub fn publish_downloadable(&self, id: i64, now: Timestamp) -> Result<bool, Error> {
        let sql = "UPDATE downloadables SET published = 1, updated_at = ?2 WHERE id = ?1";
        let published = self.connection.prepare_cached(sql)?.execute((id, now.0))? == 1;
        self.audit_if(published, Subject::Downloadable(id), "published", None)
    }

    /// `false`: there is no such downloadable.
    pub fn delete_downloadable(&self, id: i64) -> Result<bool, Error> {
        let deleted =
            self.connection.prepare_cached("DELETE FROM downloadables WHERE id = ?1")?.execute([id])? == 1;
        self.audit_if(deleted, Subject::Downloadable(id), "deleted", None)
    }

    /// Counts one download more.
    pub fn count_download(&self, id: i64) -> Result<(), Error> {
        let sql = "UPDATE downloadables SET download_counter = download_counter + 1 WHERE id = ?1";
        self.connection.prepare_cached(sql)?.execute([id])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> Result<Result<Downloadable, Error>, rusqlite::Error> {
    let id = row.get(0)?;
    let sha256: String = row.get(10)?;
    if !is_sha256(&sha256) {
        return Ok(Err(Error::unreadable_row("downloadable's file", id)));
    }
    Ok(Ok(Downloadable {
        id,
        product_id: row.get(1)?,
        numeric_version: row.get(2)?,
        version: row.get(3)?,
        update_summary: row.get(4)?,
        changelog: row.get(5)?,
        published: row.get(6)?,
        release_date: Timestamp(row.get(7)?),
        download_counter: row.get(8)?,
        file: StoredFile { name: row.get(9)?, sha256, size: row.get(11)? },
    }))
}
