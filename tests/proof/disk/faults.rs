//! The first, second, third … write or sync fails, and the sync that ends a checkpoint; then the power is cut.

use std::thread;

use keyseal_test_disk::{Disk, Replay};

use super::{check, check_image};
use crate::image;
use crate::load::{self, Step};
use crate::request_log::{Entry, Recorder, RequestLog};
use crate::support::{Form, Local, World};

const CLIENTS: usize = 4;

/// How many changes a client makes after the fault.
const AFTER: usize = 3;

/// The size that a disk writes atomically.
const TEAR: usize = 512;

#[derive(Clone, Copy, Debug)]
enum Fault {
    Write,
    Sync,
    Checkpoint,
}

pub fn prove(form: &Form) -> String {
    let most = form.pick(20, 200);
    let (mut refused, mut checked) = (0, 0);
    let (mut faults, mut images, mut effects) = (0, 0, 0);
    let checkpoints = form.pick(2, 20);
    let kinds = [(Fault::Write, most), (Fault::Sync, most), (Fault::Checkpoint, checkpoints)];
    for (number, (fault, most)) in kinds.into_iter().enumerate() {
        let mut trial = Trial::new(form, number);
        for nth in 1..=most {
            faults += 1;
            refused += trial.fail(fault, nth);
            checked += check(&trial.world, &trial.disk, &trial.log, &format!("{fault:?} {nth}"));
            // The fault may have hit a checkpoint.
            if matches!(fault, Fault::Checkpoint) || nth % 5 == 0 {
                trial.restart();
            }
        }
        trial.server.take().expect("it runs").stop();
        let (found, of) = trial.cut(form.pick(30, 1_000));
        (images, effects) = (images + found, effects + of);
    }
    format!(
        "failing writes and syncs: {faults} faults, {refused} changes refused, {checked} records checked, \
         and {effects} in {images} power cuts later, 0 lost, 0 unrequested"
    )
}

struct Trial {
    world: World,
    disk: Disk,
    server: Option<Local>,
    log: RequestLog,
    rng: fastrand::Rng,
    round: usize,
}

impl Trial {
    /// Restarts the server: after a failed checkpoint there is none until the next start, as its log says.
    fn restart(&mut self) {
        self.server.take().expect("it runs").stop();
        self.server = Some(self.world.serve_here());
    }

    fn new(form: &Form, part: usize) -> Self {
        let world = World::new();
        let disk = Disk::under(world.path());
        let server = world.serve_here();
        let log = RequestLog::new(load::share_licenses(&mut server.client()), disk.position());
        Self { world, disk, server: Some(server), log, rng: form.rng(part), round: 0 }
    }

    /// Lets the `nth` write or sync from now fail under load, and makes some changes after it. Gives how many changes
    /// were refused.
    fn fail(&mut self, fault: Fault, nth: usize) -> usize {
        let before = self.disk.refused();
        match fault {
            Fault::Write => self.disk.fail_write(nth),
            Fault::Sync => self.disk.fail_sync(nth),
            Fault::Checkpoint => self.disk.fail_sync_of(image::DATABASE),
        }
        let (disk, server) = (&self.disk, self.server.as_ref().expect("it runs"));
        let (round, rng) = (self.round, &mut self.rng);
        let (entries, refused): (Vec<_>, Vec<_>) = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let worker = load::Worker::new(number, round, rng.fork(), Vec::new());
                    let client = server.client();
                    scope.spawn(move || {
                        let (mut recorder, mut left, mut refused) = (Recorder::new(disk), AFTER, 0);
                        worker.run(client, |step| {
                            match step {
                                Step::Sending(_) if left == 0 => return false,
                                Step::Failed { code, .. } => {
                                    assert_eq!(code, 1901, "a failing disk is no fault of the program");
                                    refused += 1;
                                }
                                Step::Done if disk.refused() > before => left -= 1,
                                _ => {}
                            }
                            recorder.note(&step);
                            true
                        });
                        (recorder.entries, refused)
                    })
                })
                .collect();
            clients.into_iter().map(|client| client.join().unwrap()).unzip()
        });
        self.round += 1;
        self.log.add(entries.into_iter().flatten().collect::<Vec<Entry>>());
        refused.into_iter().sum()
    }

    /// Cuts the power at random positions of the recording. Gives the number of cuts and of checked records.
    fn cut(mut self, images: usize) -> (usize, usize) {
        let history = self.disk.history();
        let mut positions: Vec<_> = (0..images).map(|_| self.rng.usize(0..=history.events.len())).collect();
        positions.sort_unstable();
        let mut replay = Replay::new(&history);
        let mut checked = 0;
        for position in positions {
            replay.go_to(position, &mut self.rng, TEAR);
            let image = replay.image(&mut self.rng, TEAR);
            checked += check_image(&self.world, &image, &self.log, position, &format!("at {position}"));
        }
        (images, checked)
    }
}
