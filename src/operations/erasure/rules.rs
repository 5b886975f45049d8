//! The rules of an erasure: what happens to a row of each table.

use super::person::{Person, cloned, text};
use super::traces::ERASED;
use crate::store::{PersonalTable, TextRow};

/// What happens to a row.
#[derive(Debug, PartialEq, Eq)]
pub enum Fate {
    Stays,
    Deleted,
    /// Gets these texts.
    Written(Vec<Option<String>>),
    /// Names the person in this text, which can't be changed without harm.
    Unchangeable(String),
}

impl Person {
    /// Decides about a row.
    pub fn fate_of(&self, table: PersonalTable, row: &TextRow) -> Fate {
        let is_his = row.license_id.is_some_and(|id| self.licenses.contains(&id));
        let text = |at| text(row, at);
        let finds = |at| self.finds(table, text(at));
        let finds_any = row.texts.iter().flatten().any(|text| self.finds(table, text));
        match table {
            PersonalTable::Licenses if self.address.is_in(text(0)) => Fate::Unchangeable(text(0).to_owned()),
            // His licenses come last, so that an interrupted erasure finds them again.
            PersonalTable::Licenses if is_his => Fate::Stays,
            PersonalTable::Activations if finds(0) || is_his && self.names_him(text(0)) => Fate::Deleted,
            PersonalTable::Activations if is_his => {
                written(row, vec![Some(text(0).to_owned()), None, None, None])
            }
            PersonalTable::Activations if finds(2) => {
                let [identifier, address, last_address] = [0, 1, 3].map(|at| cloned(row, at));
                Fate::Written(vec![identifier, address, None, last_address])
            }
            PersonalTable::LicenseMeta if is_his || finds(0) => Fate::Deleted,
            PersonalTable::Callbacks if is_his || finds_any || self.are_about_him(text(2)) => Fate::Deleted,
            PersonalTable::Telemetry if finds_any || self.sent(text(1), text(2)) => Fate::Deleted,
            PersonalTable::Refusals if is_his || finds_any => Fate::Deleted,
            PersonalTable::Jobs | PersonalTable::Blocks if finds_any => Fate::Deleted,
            PersonalTable::ProductMeta if finds(0) => Fate::Unchangeable(text(0).to_owned()),
            PersonalTable::Contracts if finds(2) => Fate::Unchangeable(text(2).to_owned()),
            PersonalTable::Generators if finds_any => {
                Fate::Unchangeable(row.texts.iter().flatten().cloned().collect::<Vec<_>>().join(" "))
            }
            PersonalTable::Audit => self.fate_of_entry(row, is_his, finds_any),
            PersonalTable::Licenses
            | PersonalTable::LicenseMeta
            | PersonalTable::ApiKeys
            | PersonalTable::Products
            | PersonalTable::ProductMeta
            | PersonalTable::Contracts
            | PersonalTable::Downloadables => self.taken_out(table, row),
            _ => Fate::Stays,
        }
    }

    /// Of an entry in the audit trail, time, author and kind of change stay.
    fn fate_of_entry(&self, row: &TextRow, is_his: bool, finds_any: bool) -> Fate {
        let was_his = row.license_id.is_some_and(|id| self.former_licenses.contains(&id));
        if !(is_his && row.id <= self.last_audit || finds_any || was_his && self.may_name_him(text(row, 3))) {
            return Fate::Stays;
        }
        let without = |at| cloned(row, at).map(|text| self.address.taken_out_of(&text));
        let detail = cloned(row, 3).map(|_| ERASED.to_owned());
        written(row, vec![None, without(1), without(2), detail])
    }

    /// The row with the address taken out of its texts.
    fn taken_out(&self, table: PersonalTable, row: &TextRow) -> Fate {
        let without = |text: &String| {
            if !self.finds(table, text) {
                return text.clone();
            }
            let left = self.address.taken_out_of(text);
            if self.finds(table, &left) { ERASED.to_owned() } else { left }
        };
        written(row, row.texts.iter().map(|text| text.as_ref().map(without)).collect())
    }
}

/// A change to these texts; nothing if the row has them.
fn written(row: &TextRow, texts: Vec<Option<String>>) -> Fate {
    if texts == row.texts { Fate::Stays } else { Fate::Written(texts) }
}
