//! The blocklist, and the copy of it in memory that requests are checked against.

use std::sync::{Arc, PoisonError, RwLock};

use rusqlite::OptionalExtension as _;

use crate::domain::{Block, Blocklist, Subject, Timestamp};
use crate::store::{Error, Tx};

/// The list as of some revision. Whoever finds the database changed compares revisions by one small read, so
/// a change counts from the next request on.
#[derive(Default)]
pub(in crate::store) struct BlocklistCache(RwLock<Option<(i64, Arc<Blocklist>)>>);

impl Tx<'_> {
    /// The list as this transaction sees it.
    pub fn blocklist(&self) -> Result<Arc<Blocklist>, Error> {
        if let Some(list) = self.row_cache.and_then(|cache| cache.borrow().blocklist.upgrade()) {
            return Ok(list);
        }
        let list = self.read_blocklist()?;
        if let Some(cache) = self.row_cache {
            cache.borrow_mut().blocklist = Arc::downgrade(&list);
        }
        Ok(list)
    }

    /// The same, but for a look into the database in any case.
    pub fn read_blocklist(&self) -> Result<Arc<Blocklist>, Error> {
        let sql = "SELECT revision FROM blocklist_revision WHERE id = 1";
        let current: i64 = self.connection.prepare_cached(sql)?.query_row([], |row| row.get(0))?;
        // A list is put in whole, so what a panicking thread left behind is whole too.
        let cached = self.blocklist.0.read().unwrap_or_else(PoisonError::into_inner).clone();
        if let Some((revision, list)) = cached
            && revision == current
        {
            return Ok(list);
        }
        let list = Arc::new(Blocklist::new(self.blocks()?.into_iter().map(|(_, block)| block)));
        *self.blocklist.0.write().unwrap_or_else(PoisonError::into_inner) =
            Some((current, Arc::clone(&list)));
        Ok(list)
    }

    /// All entries with their ids, by id.
    pub fn blocks(&self) -> Result<Vec<(i64, Block)>, Error> {
        let mut statement =
            self.connection.prepare_cached("SELECT id, kind, value FROM blocks ORDER BY id")?;
        let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        rows.map(|row| {
            let (id, kind, value): (i64, String, String) = row?;
            // An entry that can't be read must not be skipped: that would let in who was kept out.
            let block = match kind.as_str() {
                "ip" => value.parse().ok().map(Block::Ip),
                "domain" => Some(Block::Domain(value)),
                "identifier" => Some(Block::Identifier(value)),
                _ => None,
            };
            block.map(|block| (id, block)).ok_or(Error::unreadable_row("block", id))
        })
        .collect()
    }

    /// Gives the new entry's id; `None`: it is in the list already.
    pub fn add_block(&self, block: &Block, now: Timestamp) -> Result<Option<i64>, Error> {
        let sql = "INSERT INTO blocks (kind, value, created_at) VALUES (?1, ?2, ?3)
                   ON CONFLICT (kind, value) DO NOTHING RETURNING id";
        let values = (block.kind(), block.value(), now.0);
        let id: Option<i64> =
            self.connection.prepare_cached(sql)?.query_row(values, |row| row.get(0)).optional()?;
        if let Some(id) = id {
            self.audit(Subject::Block(id), "added", Some(&block.value()))?;
        }
        Ok(id)
    }

    /// `false`: there is no such entry.
    pub fn remove_block(&self, id: i64) -> Result<bool, Error> {
        let removed = self.connection.prepare_cached("DELETE FROM blocks WHERE id = ?1")?.execute([id])? == 1;
        self.audit_if(removed, Subject::Block(id), "removed", None)
    }
}
