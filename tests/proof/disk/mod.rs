//! A disk that is full, and one that fails: what was refused is not there, what was acknowledged is, and when
//! the disk is well again so is the server, without a restart.

mod cut_short;
mod faults;
mod full;
mod messages;

use keyseal_test_disk::{Disk, Image};

use crate::image::{self, Found, Look};
use crate::records;
use crate::request_log::{Failures, Findings, RequestLog};
use crate::support::{Form, World};

pub fn prove(form: &Form) -> String {
    let (full, messages) = (full::prove(form), messages::prove());
    let (faults, cut_short) = (faults::prove(form), cut_short::prove(form));
    format!("{full}; {messages}; {faults}; {cut_short}")
}

/// Panics unless the database is sound and holds what clients were told, no more and no less.
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

/// The same of what a power cut at `position` left. What was refused may be there.
fn check_image(world: &World, image: &Image, log: &RequestLog, position: usize, when: &str) -> usize {
    match image::look(world, image, Look::Tables) {
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
