//! A checkpoint that a reader interrupts, then a sync that fails, then a power cut.
//!
//! The interrupted checkpoint copies pages into the database and does not sync them, but counts them as copied. The
//! sync of the next checkpoint fails, and those pages are lost with it. If a later checkpoint restarted the log, they
//! would be in neither file.

use keyseal_test_disk::{Disk, Replay};

use super::{check, check_image};
use crate::image;
use crate::load::{self, Step};
use crate::request_log::{Recorder, RequestLog};
use crate::support::{Form, Local, World};

/// Changes before the reader begins: too few for a checkpoint.
const BEFORE: usize = 60;

/// Enough changes for a checkpoint: one begins at 1,000 pages, and each change writes at least two.
const ENOUGH_FOR_CHECKPOINT: usize = 2_000;

/// Changes after the failed sync: enough for the log to restart if it ever does.
const AFTER: usize = 500;

/// The size that a disk writes atomically.
const TEAR: usize = 512;

pub fn prove(form: &Form) -> String {
    let mut run = Run::begin(form);
    run.work(BEFORE, |_| false);
    let reader = run.world.database();
    let held = reader.hold();
    let copied = run.disk.writes_to(image::DATABASE);
    run.work(ENOUGH_FOR_CHECKPOINT, |disk| disk.writes_to(image::DATABASE) > copied);
    assert!(run.is_pending(), "no checkpoint was cut short");
    drop(held);
    run.disk.fail_sync_of(image::DATABASE);
    run.work(ENOUGH_FOR_CHECKPOINT, |disk| disk.refused() > 0);
    assert_eq!(run.disk.refused(), 1, "no checkpoint came");
    run.work(AFTER, |_| false);
    run.cut(form.pick(30, 300))
}

struct Run {
    world: World,
    disk: Disk,
    server: Local,
    log: RequestLog,
    rng: fastrand::Rng,
    rounds: usize,
}

impl Run {
    fn begin(form: &Form) -> Self {
        let world = World::new();
        let disk = Disk::under(world.path());
        let server = world.serve_here();
        let log = RequestLog::new(load::share_licenses(&mut server.client()), disk.position());
        Self { world, disk, server, log, rng: form.rng(0), rounds: 0 }
    }

    /// Makes up to `most` changes, until `is_enough`.
    fn work(&mut self, most: usize, is_enough: impl Fn(&Disk) -> bool) {
        let worker = load::Worker::new(0, self.rounds, self.rng.fork(), Vec::new());
        let mut recorder = Recorder::new(&self.disk);
        worker.run(self.server.client(), |step| {
            assert!(!matches!(step, Step::Failed { .. }), "no change is harmed by a checkpoint that fails");
            if matches!(step, Step::Sending(_)) && (recorder.entries.len() == most || is_enough(&self.disk)) {
                return false;
            }
            recorder.note(&step);
            true
        });
        self.log.add(recorder.entries);
        self.rounds += 1;
    }

    /// Whether the database file has unsynced writes.
    fn is_pending(&self) -> bool {
        let history = self.disk.history();
        let mut replay = Replay::new(&history);
        let mut rng = self.rng.clone();
        replay.go_to(history.events.len(), &mut rng, TEAR);
        replay.is_pending(image::DATABASE)
    }

    /// Cuts the power now. The pages of the failed sync may be on disk or not, each by itself.
    fn cut(mut self, images: usize) -> String {
        let history = self.disk.history();
        let position = history.events.len();
        let mut effects = 0;
        for number in 0..images {
            let mut replay = Replay::new(&history);
            replay.go_to(position, &mut self.rng, TEAR);
            let image = replay.image(&mut self.rng, TEAR);
            effects += check_image(&self.world, &image, &self.log, position, &format!("image {number}"));
        }
        self.server.stop();
        check(&self.world, &self.disk, &self.log, "after the end");
        format!("{effects} records checked in {images} power cuts after an interrupted checkpoint, 0 lost")
    }
}
