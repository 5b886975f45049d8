//! A disk that is full, and one that fails: what was refused is not there, what was acknowledged is, and when
//! the disk is well again so is the server, without a restart.

mod cut_short;
mod faults;
mod full;
mod messages;

use keyseal_test_disk::{Disk, Image};

use crate::account::{Account, Failures, Findings};
use crate::image::{self, Found, Look};
use crate::ledger;
use crate::support::{Form, World};

pub fn prove(form: &Form) -> String {
    let (full, messages) = (full::prove(form), messages::prove());
    let (faults, cut_short) = (faults::prove(form), cut_short::prove(form));
    format!("{full}; {messages}; {faults}; {cut_short}")
}

/// Panics unless the database is sound and holds what clients were told, no more and no less.
fn check(world: &World, disk: &Disk, account: &Account, when: &str) -> usize {
    let database = world.database();
    database.check();
    let Findings { checked, lost, phantom } =
        account.judge(&ledger::found(&database), disk.moment(), Failures::AreNot);
    let overfull = ledger::overfull(&database);
    let examples = (lost.first(), phantom.first(), overfull.first());
    assert!(examples == (None, None, None), "{when}: {examples:?}");
    checked
}

/// The same of what a power cut at `moment` left. What was refused may be there.
fn check_image(world: &World, image: &Image, account: &Account, moment: usize, when: &str) -> usize {
    match image::look(world, image, Look::Tables) {
        Found::Corrupt(flaw) => panic!("{when}: {flaw}"),
        Found::Sound { things, overfull } => {
            let Findings { checked, lost, phantom } = account.judge(&things, moment, Failures::MayBeThere);
            let examples = (lost.first(), phantom.first(), overfull.first());
            assert!(examples == (None, None, None), "{when}: {examples:?}");
            checked
        }
    }
}
