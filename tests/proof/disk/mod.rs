//! A full disk and a failing disk: no refused change is in the database, every acknowledged one is, and the server
//! recovers without a restart when the disk does.

mod cut_short;
mod faults;
mod full;
mod messages;

use keyseal_test_disk::{Disk, Image};

use crate::image::{self, FirstToOpen, Found};
use crate::records;
use crate::request_log::{Failures, Findings, RequestLog};
use crate::support::{Form, World};

pub fn prove(form: &Form) -> String {
    let (full, messages) = (full::prove(form), messages::prove());
    let (faults, cut_short) = (faults::prove(form), cut_short::prove(form));
    format!("{full}; {messages}; {faults}; {cut_short}")
}

/// Panics unless the database is intact and holds exactly the acknowledged changes.
fn check(world: &World, disk: &Disk, log: &RequestLog, when: &str) -> usize {
    let database = world.database();
    database.check();
    let Findings { checked, lost, unrequested } =
        log.check(&records::read(&database), disk.position(), Failures::AreNotOnDisk);
    let over_limit = records::over_limit(&database);
    let examples = (lost.first(), unrequested.first(), over_limit.first());
    assert!(examples == (None, None, None), "{when}: {examples:?}");
    checked
}

/// Checks the files that a power cut at `position` left. They may hold changes that the server failed to make.
fn check_image(world: &World, image: &Image, log: &RequestLog, position: usize, when: &str) -> usize {
    match image::inspect(world, image, FirstToOpen::SqliteAlone) {
        Found::Corrupt(flaw) => panic!("{when}: {flaw}"),
        Found::Sound { records, over_limit } => {
            let Findings { checked, lost, unrequested } =
                log.check(&records, position, Failures::MayBeOnDisk);
            let examples = (lost.first(), unrequested.first(), over_limit.first());
            assert!(examples == (None, None, None), "{when}: {examples:?}");
            checked
        }
    }
}
