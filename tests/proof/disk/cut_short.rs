//! A checkpoint that a reader cuts short, then a sync that fails, then the power.
//!
//! What was copied into the database beside the reader is not synced by that checkpoint, and counts as
//! copied. The next one's sync fails, and takes those pages along. If any later one let the log begin anew,
//! they would be nowhere.

use keyseal_test_disk::{Disk, Replay};

use super::{check, check_image};
use crate::image;
use crate::load::{self, Step};
use crate::request_log::{Recorder, RequestLog};
use crate::support::{Form, Local, World};

/// Changes before the reader comes: some pages, and too few for a checkpoint.
const BEFORE: usize = 60;

/// By then any checkpoint has come that will come: there is one from 1,000 pages, and no change writes fewer than two.
const PATIENCE: usize = 2_000;

/// Changes after the failed sync. The log has begun anew by then, if it ever does.
const AFTER: usize = 500;

/// What a disk writes in one piece.
const TEAR: usize = 512;

pub fn prove(form: &Form) -> String {
    let mut story = Story::begin(form);
    story.work(BEFORE, |_| false);
    let reader = story.world.database();
    let held = reader.hold();
    let copied = story.disk.writes_to(image::DATABASE);
    story.work(PATIENCE, |disk| disk.writes_to(image::DATABASE) > copied);
    assert!(story.is_pending(), "no checkpoint was cut short");
    drop(held);
    story.disk.fail_sync_of(image::DATABASE);
    story.work(PATIENCE, |disk| disk.refused() > 0);
    assert_eq!(story.disk.refused(), 1, "no checkpoint came");
    story.work(AFTER, |_| false);
    story.cut(form.pick(30, 300))
}

struct Story {
    world: World,
    disk: Disk,
    server: Local,
    log: RequestLog,
    rng: fastrand::Rng,
    rounds: usize,
}

impl Story {
    fn begin(form: &Form) -> Self {
        let world = World::new();
        let disk = Disk::under(world.path());
        let server = world.serve_here();
        let log = RequestLog::new(load::share_licenses(&mut server.client()), disk.position());
        Self { world, disk, server, log, rng: form.rng(0), rounds: 0 }
    }

    /// Makes changes, so many at the most, until it is enough.
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

    /// Whether something in the database is not synced.
    fn is_pending(&self) -> bool {
        let history = self.disk.history();
        let mut replay = Replay::new(&history);
        let mut rng = self.rng.clone();
        replay.go_to(history.events.len(), &mut rng, TEAR);
        replay.is_pending(image::DATABASE)
    }

    /// Cuts the power now; what the failed sync left is there, in part, or not.
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
