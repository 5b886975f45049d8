//! One pass over all tables.

use std::sync::Arc;

use super::kinds::RecordKind;
use super::person::Person;
use super::rules::Fate;
use super::slices::{Slice, slices};
use super::{EraseError, Erased, Erasure, SLICE};
use crate::store::{Error, PersonalTable, StoredAnswer, Tx};

impl Erasure<'_> {
    /// Erases what it finds in any table. Returns how many rows were changed.
    pub(super) fn pass(&self, person: &mut Arc<Person>, erased: &mut Erased) -> Result<usize, EraseError> {
        let mut changed = 0;
        erased.unchangeable.clear();
        for table in PersonalTable::ALL {
            (self.on_phase)(RecordKind::of(table).many);
            let rows = self.sweep(table, person, erased)?;
            changed += rows;
            erased.count(RecordKind::of(table), rows);
        }
        // The entries about a license that was his name him also where they don't have the address.
        if !person.former_licenses.is_empty() {
            let rows = self.sweep(PersonalTable::Audit, person, erased)?;
            changed += rows;
            erased.count(RecordKind::of(PersonalTable::Audit), rows);
        }
        let answers = self.sweep_answers(person)?;
        let licenses = self.erase_licenses(person)?;
        erased.licenses += licenses;
        erased.count(RecordKind::STORED_ANSWER, answers);
        Ok(changed + answers + licenses)
    }

    fn sweep(
        &self,
        table: PersonalTable,
        person: &mut Arc<Person>,
        erased: &mut Erased,
    ) -> Result<usize, EraseError> {
        let mut changed = 0;
        for slice in slices(self.store, table) {
            let Slice { after, last, rows } = slice?;
            let mut is_found = false;
            for row in &rows {
                if person.learns_from(table, row) {
                    Arc::make_mut(person).learn(table, row);
                }
                match person.fate_of(table, row) {
                    Fate::Stays => {}
                    Fate::Unchangeable(text) => {
                        erased.unchangeable.push((RecordKind::of(table), row.id, text));
                    }
                    Fate::Deleted | Fate::Written(_) => is_found = true,
                }
            }
            if is_found {
                let known = Arc::clone(person);
                let found = self.change(move |tx| change_rows(tx, table, &known, after, last))?;
                changed += found.len();
                erased.seats += found.iter().filter(|seat| **seat).count();
            }
        }
        Ok(changed)
    }

    fn sweep_answers(&self, person: &Person) -> Result<usize, EraseError> {
        let (mut after, mut deleted): (Option<StoredAnswer>, _) = (None, 0);
        loop {
            let answers = self.store.try_read(|tx| tx.answers_after(after.as_ref(), SLICE))?;
            let found: Vec<StoredAnswer> =
                answers.iter().filter(|answer| person.is_in_answer(answer)).cloned().collect();
            deleted += found.len();
            if !found.is_empty() {
                self.change(move |tx| found.iter().try_for_each(|answer| tx.delete_answer(answer)))?;
            }
            match answers.into_iter().next_back() {
                Some(last) => after = Some(last),
                None => return Ok(deleted),
            }
        }
    }

    /// Removes the owner of his licenses. Returns how many had one.
    fn erase_licenses(&self, person: &Person) -> Result<usize, EraseError> {
        (self.on_phase)("licenses");
        let ids: Vec<i64> = person.licenses.iter().copied().collect();
        let (mut erased, now) = (0, self.now());
        for slice in ids.chunks(usize::try_from(SLICE).unwrap_or(1)) {
            let slice = slice.to_vec();
            erased += self.change(move |tx| {
                let mut erased = 0;
                for id in &slice {
                    erased += usize::from(tx.erase_owner(*id, now)?);
                }
                Ok(erased)
            })?;
        }
        Ok(erased)
    }
}

/// Changes the rows from behind `after` up to `last`, as they are now. Returns for each changed row whether it was an
/// activation that ended.
fn change_rows(
    tx: &Tx<'_>,
    table: PersonalTable,
    person: &Person,
    after: i64,
    last: i64,
) -> Result<Vec<bool>, Error> {
    let mut changed = Vec::new();
    for mut row in tx.texts_after(table, after, SLICE)? {
        if row.id > last {
            break;
        }
        match person.fate_of(table, &row) {
            Fate::Stays | Fate::Unchangeable(_) => {}
            Fate::Deleted => {
                tx.delete_row(table, row.id)?;
                changed.push(table == PersonalTable::Activations);
            }
            Fate::Written(texts) => {
                row.texts = texts;
                tx.write_texts(table, &row)?;
                changed.push(false);
            }
        }
    }
    Ok(changed)
}

impl Erased {
    fn count(&mut self, kind: RecordKind, rows: usize) {
        match self.rows.iter_mut().find(|(counted, _)| *counted == kind) {
            Some((_, count)) => *count += rows,
            None if rows > 0 => self.rows.push((kind, rows)),
            None => {}
        }
    }
}
