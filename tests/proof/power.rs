//! Power cuts: every write and sync is recorded, and from the recording are made the files that a power cut at any
//! position could leave. Each such image must open, be intact, and hold all changes that were acknowledged before.
//!
//! The proof is tested itself: it must find the damage on a disk that ignores syncs, each time, and of a server that
//! answers before it commits, when it is built with `answer-before-commit`.

use std::thread;
use std::time::Duration;

use fastrand::Rng;
use keyseal_test_disk::{Disk, History, Replay};

use crate::image::{self, Found};
use crate::load::{self, Step};
use crate::request_log::{Failures, Recorder, RequestLog};
use crate::support::{Form, World};

/// False if the server was built to answer before it commits.
const IS_SOUND: bool = !cfg!(feature = "answer-before-commit");

const CLIENTS: usize = 8;
const REQUESTS: usize = 250;
const IMAGES_PER_RUN: usize = 200;

/// Enough images to find the damage of a disk or server that breaks its promise.
const IMAGES_OF_BROKEN: usize = 40;

/// Long enough that other events happen during a sync.
const SYNC_TAKES: Duration = Duration::from_millis(2);

/// The sizes that a disk writes atomically: of old disks, and of today's.
const TEARS: [usize; 2] = [512, 4096];

pub fn prove(form: &Form) -> String {
    let runs = form.pick(1, 25);
    let mut sum = Sum::default();
    for number in 0..runs {
        let run = Run::live(form.rng(number), |_| ());
        run.judge(IMAGES_PER_RUN, IS_SOUND, &mut sum);
    }
    if !IS_SOUND {
        assert!(!sum.lost.is_empty(), "answers came before their commits, and nobody found out");
        return format!(
            "a server that answers before it commits is detected: {} of {} images are bad",
            sum.bad, sum.images
        );
    }
    let examples = (sum.lost.first(), sum.unrequested.first(), sum.corrupt.first());
    assert!(examples == (None, None, None), "{} of {} images: {examples:?}", sum.bad, sum.images);

    let mut broken = Sum::default();
    Run::live(form.rng(runs), Disk::ignore_syncs).judge(IMAGES_OF_BROKEN, false, &mut broken);
    assert!(broken.bad > 0, "syncs were ignored, and nobody found out");
    format!(
        "{} images, {} of them inside checkpoints, {} acknowledged records checked, 0 lost, 0 corrupt; \
         on a disk that ignores syncs {} of {} are bad",
        sum.images, sum.in_checkpoints, sum.checked, broken.bad, broken.images
    )
}

#[derive(Default)]
struct Sum {
    images: usize,
    in_checkpoints: usize,
    checked: usize,
    bad: usize,
    lost: Vec<String>,
    unrequested: Vec<String>,
    corrupt: Vec<String>,
}

/// A recorded run of a server from start to stop.
struct Run {
    world: World,
    history: History,
    log: RequestLog,
    rng: Rng,
}

impl Run {
    fn live(mut rng: Rng, prepare: impl FnOnce(&Disk)) -> Self {
        let world = World::empty();
        let disk = Disk::under(world.path());
        disk.sync_takes(SYNC_TAKES);
        prepare(&disk);
        let server = world.serve_here();
        let mut first = server.client();
        let product = [("name", "Proven"), ("description", "A product.")];
        assert_eq!(first.post("create-product", &product).unwrap().code, 750);
        let mut log = RequestLog::new(load::share_licenses(&mut first), disk.position());
        drop(first);
        let entries: Vec<_> = thread::scope(|scope| {
            let clients: Vec<_> = (0..CLIENTS)
                .map(|number| {
                    let worker = load::Worker::new(number, 0, rng.fork(), Vec::new());
                    let (client, mut recorder) = (server.client(), Recorder::new(&disk));
                    scope.spawn(move || {
                        worker.run(client, |step| {
                            assert!(!matches!(step, Step::Failed { .. }), "the disk is sound");
                            if matches!(step, Step::Sending(_)) && recorder.entries.len() == REQUESTS {
                                return false;
                            }
                            recorder.note(&step);
                            true
                        });
                        recorder.entries
                    })
                })
                .collect();
            clients.into_iter().flat_map(|client| client.join().unwrap()).collect()
        });
        server.stop();
        log.add(entries);
        Self { world, history: disk.history(), log, rng }
    }

    /// Makes images and checks them.
    fn judge(mut self, images: usize, is_sound: bool, sum: &mut Sum) {
        let positions = self.choose(images, is_sound);
        let mut replay = Replay::new(&self.history);
        for (number, position) in positions.into_iter().enumerate() {
            let tear = TEARS[number % TEARS.len()];
            replay.go_to(position, &mut self.rng, tear);
            let image = replay.image(&mut self.rng, tear);
            let first =
                if is_sound { image::FirstToOpen::nth(number) } else { image::FirstToOpen::SqliteAlone };
            sum.images += 1;
            sum.in_checkpoints += usize::from(is_in_checkpoint(&replay));
            match image::inspect(&self.world, &image, first) {
                Found::Corrupt(flaw) => {
                    sum.bad += 1;
                    sum.corrupt.push(flaw);
                }
                Found::Sound { records, over_limit } => {
                    let findings = self.log.check(&records, position, Failures::MayBeOnDisk);
                    let is_bad = [&findings.lost, &findings.unrequested, &over_limit]
                        .iter()
                        .any(|bad| !bad.is_empty());
                    sum.bad += usize::from(is_bad);
                    sum.checked += findings.checked;
                    sum.lost.extend(findings.lost);
                    sum.unrequested.extend(findings.unrequested);
                    sum.unrequested.extend(over_limit);
                }
            }
        }
    }

    /// Chooses when to cut the power: during a checkpoint, when the write-ahead log restarts, just before a sync, and
    /// at any time, in equal parts.
    fn choose(&mut self, images: usize, is_sound: bool) -> Vec<usize> {
        let mut kinds: [Vec<usize>; 4] = Default::default();
        let mut replay = Replay::new(&self.history);
        loop {
            let position = replay.position();
            kinds[0].push(position);
            let is_synced_next = replay.is_synced_next();
            for (kind, is_so) in [
                (1, is_synced_next),
                (2, replay.is_pending(image::DATABASE)),
                (3, replay.is_restarting(image::LOG)),
            ] {
                if is_so {
                    kinds[kind].push(position);
                }
            }
            if !replay.step(&mut self.rng, TEARS[0]) {
                break;
            }
        }
        if is_sound {
            assert!(kinds.iter().all(|positions| !positions.is_empty()), "no checkpoint came, or no sync");
        }
        let kinds: Vec<_> = kinds.iter().filter(|positions| !positions.is_empty()).collect();
        let mut chosen: Vec<_> =
            (0..images).filter_map(|number| self.rng.choice(kinds[number % kinds.len()]).copied()).collect();
        chosen.sort_unstable();
        chosen
    }
}

fn is_in_checkpoint(replay: &Replay<'_>) -> bool {
    replay.is_pending(image::DATABASE) || replay.is_restarting(image::LOG)
}
