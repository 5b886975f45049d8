//! The blocklist, and its copy in memory that requests are checked against.

use std::sync::Arc;

use crate::domain::{Block, Blocklist, Subject, Timestamp};
use crate::store::{Error, Tx};

impl Tx<'_> {
    /// The list as this transaction sees it, from a cache if that is current.
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

    /// Like [`Self::blocklist`], but always reads at least the revision from the database.
    pub fn read_blocklist(&self) -> Result<Arc<Blocklist>, Error> {
        let current: i64 = self.sql("SELECT revision FROM blocklist_revision WHERE id = 1").value(&[])?;
        if let Some(list) = self.blocklist.get(current) {
            return Ok(list);
        }
        let list = Arc::new(Blocklist::new(self.blocks()?.into_iter().map(|(_, block)| block)));
        self.blocklist.set(current, &list);
        Ok(list)
    }

    /// All entries with their ids, by id.
    pub fn blocks(&self) -> Result<Vec<(i64, Block)>, Error> {
        self.sql("SELECT id, kind, value FROM blocks ORDER BY id").all(&[], |row| {
            let (id, kind, value): (i64, &str, String) = (row.get(0)?, row.get(1)?, row.get(2)?);
            // An unreadable entry must not be skipped: that would admit the client that it blocks.
            let block = match kind {
                "ip" => value.parse().ok().map(Block::Ip),
                "domain" => Some(Block::stored_domain(value)),
                "identifier" => Some(Block::Identifier(value)),
                _ => None,
            };
            block.map(|block| (id, block)).ok_or_else(|| Error::unreadable_row("block", id))
        })
    }

    /// Adds an entry and returns its id; `None`: the list has this entry already.
    pub fn add_block(&self, block: &Block, now: Timestamp) -> Result<Option<i64>, Error> {
        let sql = "INSERT INTO blocks (kind, value, created_at) VALUES (?1, ?2, ?3)
                   ON CONFLICT (kind, value) DO NOTHING RETURNING id";
        let id: Option<i64> = self.sql(sql).one(&[&block.kind(), &block.value(), &now], |row| row.get(0))?;
        if let Some(id) = id {
            self.audit(Subject::Block(id), "added", Some(&block.value()))?;
        }
        Ok(id)
    }

    /// Removes an entry. `false`: there is no such entry.
    pub fn remove_block(&self, id: i64) -> Result<bool, Error> {
        let removed = self.sql("DELETE FROM blocks WHERE id = ?1").execute(&[&id])? == 1;
        self.audit_if(removed, Subject::Block(id), "removed", None)
    }
}
