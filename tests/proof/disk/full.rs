//! A full disk while clients write and others read; then there is space again.

use std::fs;
use std::sync::{Mutex, MutexGuard};
use std::thread;

use keyseal_test_disk::Disk;

use super::check;
use crate::load::{self, Step};
use crate::records::Record;
use crate::request_log::{Entry, Recorder, RequestLog};
use crate::support::{Client, Form, World};

const WRITERS: usize = 8;
const READERS: usize = 2;

/// What is left when it begins to matter: a few changes fit.
const SPACE_LEFT: u64 = 100_000;

/// How many changes are made before and after.
const BEFORE: usize = 200;
const AFTER: usize = 200;

/// The license that the readers ask for, and an identifier with a activation.
const LICENSE: &str = "SHARED-0";
const READER: &str = "reader";

#[derive(Clone, Copy, PartialEq, Eq)]
enum Phase {
    Before,
    Full,
    After,
    End,
}

/// How far it is, by what was answered to all writers together.
struct Progress {
    phase: Phase,
    /// How many changes must be refused.
    due: usize,
    done: usize,
    refused: usize,
    verdicts_when_full: usize,
    /// How many changes were made when there was space again.
    done_until_space: usize,
    /// A refusal, as it came.
    refusal: String,
}

impl Progress {
    /// Counts what a writer was told, and fills the disk or frees it when it is time.
    fn note(&mut self, step: &Step<'_>, disk: &Disk) {
        match step {
            Step::Done => self.done += 1,
            Step::Failed { code, body } => {
                assert_eq!(*code, 1901, "a full disk is no fault of the program");
                self.refused += 1;
                (*body).clone_into(&mut self.refusal);
            }
            Step::Sending(_) | Step::Refused => {}
        }
        match self.phase {
            Phase::Before if self.done >= BEFORE => {
                disk.set_space(Some(SPACE_LEFT));
                self.phase = Phase::Full;
            }
            Phase::Full if self.refused >= self.due && self.verdicts_when_full > 0 => {
                disk.set_space(None);
                self.done_until_space = self.done;
                self.phase = Phase::After;
            }
            Phase::After if self.done >= self.done_until_space + AFTER => self.phase = Phase::End,
            _ => {}
        }
    }
}

pub fn prove(form: &Form) -> String {
    let world = World::new();
    let disk = Disk::under(world.path());
    let server = world.serve_here();
    let mut log = RequestLog::new(load::share_licenses(&mut server.client()), disk.position());
    log.add(add_activation(server.client(), &disk));
    let progress = Mutex::new(Progress {
        phase: Phase::Before,
        due: form.pick(200, 5_000),
        done: 0,
        refused: 0,
        verdicts_when_full: 0,
        done_until_space: 0,
        refusal: String::new(),
    });
    let mut rng = form.rng(0);
    let entries: Vec<_> = thread::scope(|scope| {
        let (disk, progress) = (&disk, &progress);
        let writers: Vec<_> = (0..WRITERS)
            .map(|number| {
                let worker = load::Worker::new(number, 0, rng.fork(), Vec::new());
                let client = server.client();
                scope.spawn(move || write(worker, client, disk, progress))
            })
            .collect();
        for _ in 0..READERS {
            let client = server.client();
            scope.spawn(move || read(client, progress));
        }
        writers.into_iter().flat_map(|writer| writer.join().unwrap()).collect()
    });
    log.add(entries);
    let checked = check(&world, &disk, &log, "with space again");
    server.stop();
    check(&world, &disk, &log, "after the end");
    let progress = progress.into_inner().unwrap();
    check_signature(&world, &progress.refusal);
    format!(
        "disk full: {} changes refused, each signed, {} made before and after, {} correct answers to reads meanwhile, \
         {checked} records checked",
        progress.refused, progress.done, progress.verdicts_when_full
    )
}

/// What the readers will ask about.
fn add_activation(mut client: Client, disk: &Disk) -> Vec<Entry> {
    let change = (Record::Activation(LICENSE.to_owned(), READER.to_owned()), Some(String::new()));
    let mut recorder = Recorder::new(disk);
    recorder.note(&Step::Sending(&change));
    let fields = [("license_key", LICENSE), ("identifier", READER)];
    assert_eq!(client.post("activate", &fields).unwrap().code, 300);
    recorder.note(&Step::Done);
    recorder.entries
}

fn write(worker: load::Worker, client: Client, disk: &Disk, progress: &Mutex<Progress>) -> Vec<Entry> {
    let mut recorder = Recorder::new(disk);
    worker.run(client, |step| {
        if matches!(step, Step::Sending(_)) && locked(progress).phase == Phase::End {
            return false;
        }
        recorder.note(&step);
        locked(progress).note(&step, disk);
        true
    });
    recorder.entries
}

/// Reads go on, and are right, whatever the disk does.
fn read(mut client: Client, progress: &Mutex<Progress>) {
    loop {
        let phase = locked(progress).phase;
        if phase == Phase::End {
            return;
        }
        for (identifier, expected) in [(READER, 200), ("stranger", 202)] {
            let fields = [("license_key", LICENSE), ("identifier", identifier)];
            assert_eq!(client.post("verify", &fields).unwrap().code, expected);
        }
        if phase == Phase::Full {
            locked(progress).verdicts_when_full += 2;
        }
    }
}

fn locked(progress: &Mutex<Progress>) -> MutexGuard<'_, Progress> {
    progress.lock().expect("no client failed")
}

/// What was refused is a signed answer as any other.
fn check_signature(world: &World, refusal: &str) {
    let (key, answer) = (world.path().join("global.pub"), world.path().join("refusal.json"));
    let public = world.command(&["signing-key", "public"]);
    fs::write(&key, public["public_key"].as_str().unwrap()).unwrap();
    fs::write(&answer, refusal).unwrap();
    let (key, answer) = (key.to_str().unwrap(), answer.to_str().unwrap());
    let checked = world.command(&["check-reply", "--public-key", key, answer]);
    assert_eq!(checked["valid"], true, "{checked}");
}
