//! Reads and writes downloadables: the versions of products. Their files are in the data directory: see
//! `files/downloads.rs`.

use crate::domain::{Downloadable, NewDownloadable, StoredFile, Subject, Timestamp};
use crate::files::is_sha256;
use crate::store::sql::Row;
use crate::store::{Error, Tx};

impl Tx<'_> {
    pub fn downloadable(&self, id: i64) -> Result<Option<Downloadable>, Error> {
        let sql = "SELECT id, product_id, numeric_version, version, update_summary, changelog, published, release_date,
                          download_counter, file_name, file_sha256, file_size
                   FROM downloadables WHERE id = ?1";
        self.sql(sql).one(&[&id], read)
    }

    /// All downloadables, or those of one product: by product, newest version first.
    pub fn downloadables(&self, product_id: Option<i64>) -> Result<Vec<Downloadable>, Error> {
        let sql = "SELECT id, product_id, numeric_version, version, update_summary, changelog, published, release_date,
                          download_counter, file_name, file_sha256, file_size
                   FROM downloadables WHERE product_id = ?1 OR ?1 IS NULL ORDER BY product_id, numeric_version DESC";
        self.sql(sql).all(&[&product_id], read)
    }

    /// The published downloadables of a product, newest version first. `version`: only those of this version.
    pub fn published_downloadables(
        &self,
        product_id: i64,
        version: Option<&str>,
    ) -> Result<Vec<Downloadable>, Error> {
        let sql = "SELECT id, product_id, numeric_version, version, update_summary, changelog, published, release_date,
                          download_counter, file_name, file_sha256, file_size
                   FROM downloadables WHERE product_id = ?1 AND published = 1 AND (version = ?2 OR ?2 IS NULL)
                   ORDER BY numeric_version DESC";
        self.sql(sql).all(&[&product_id, &version], read)
    }

    pub fn published_downloadable(
        &self,
        product_id: i64,
        numeric_version: i64,
    ) -> Result<Option<Downloadable>, Error> {
        let sql = "SELECT id, product_id, numeric_version, version, update_summary, changelog, published, release_date,
                          download_counter, file_name, file_sha256, file_size
                   FROM downloadables WHERE product_id = ?1 AND numeric_version = ?2 AND published = 1";
        self.sql(sql).one(&[&product_id, &numeric_version], read)
    }

    /// Adds a downloadable and returns its id; `None`: the product has one with this numeric version already.
    pub fn add_downloadable(
        &self,
        downloadable: &NewDownloadable,
        now: Timestamp,
    ) -> Result<Option<i64>, Error> {
        let sql = "INSERT INTO downloadables (product_id, numeric_version, version, update_summary,
                   changelog, published, release_date, file_name, file_sha256, file_size, created_at, updated_at)
                   VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?11)
                   ON CONFLICT (product_id, numeric_version) DO NOTHING RETURNING id";
        let id: Option<i64> = self.sql(sql).one(
            &[
                &downloadable.product_id,
                &downloadable.numeric_version,
                &downloadable.version,
                &downloadable.update_summary,
                &downloadable.changelog,
                &downloadable.published,
                &downloadable.release_date,
                &downloadable.file.name,
                &downloadable.file.sha256,
                &downloadable.file.size,
                &now,
            ],
            |row| row.get(0),
        )?;
        if let Some(id) = id {
            self.audit(Subject::Downloadable(id), "added", Some(&downloadable.version))?;
        }
        Ok(id)
    }

    /// Publishes a downloadable. `false`: there is no such downloadable.
    pub fn publish_downloadable(&self, id: i64, now: Timestamp) -> Result<bool, Error> {
        let sql = "UPDATE downloadables SET published = 1, updated_at = ?2 WHERE id = ?1";
        let published = self.sql(sql).execute(&[&id, &now])? == 1;
        self.audit_if(published, Subject::Downloadable(id), "published", None)
    }

    /// Deletes a downloadable. `false`: there is no such downloadable.
    pub fn delete_downloadable(&self, id: i64) -> Result<bool, Error> {
        let deleted = self.sql("DELETE FROM downloadables WHERE id = ?1").execute(&[&id])? == 1;
        self.audit_if(deleted, Subject::Downloadable(id), "deleted", None)
    }

    /// Adds one to the download counter.
    pub fn count_download(&self, id: i64) -> Result<(), Error> {
        let sql = "UPDATE downloadables SET download_counter = download_counter + 1 WHERE id = ?1";
        self.sql(sql).execute(&[&id])?;
        Ok(())
    }
}

fn read(row: &Row<'_>) -> Result<Downloadable, Error> {
    let id = row.get(0)?;
    let sha256: String = row.get(10)?;
    if !is_sha256(&sha256) {
        return Err(Error::unreadable_row("downloadable's file", id));
    }
    Ok(Downloadable {
        id,
        product_id: row.get(1)?,
        numeric_version: row.get(2)?,
        version: row.get(3)?,
        update_summary: row.get(4)?,
        changelog: row.get(5)?,
        published: row.get(6)?,
        release_date: row.get(7)?,
        download_counter: row.get(8)?,
        file: StoredFile { name: row.get(9)?, sha256, size: row.get(11)? },
    })
}
