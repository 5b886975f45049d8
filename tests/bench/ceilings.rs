//! What the machine can do at all: signatures, commits, syncs.

use std::fs::File;
use std::os::unix::fs::FileExt as _;
use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::{Duration, Instant};

#[cfg(feature = "aws-lc")]
use aws_lc_rs as library;
use library::rand::SystemRandom;
use library::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
#[cfg(not(feature = "aws-lc"))]
use ring as library;
use rusqlite::Connection;

use crate::latencies::per_second;

/// What the disk can do, each in a second.
pub struct Disk {
    pub commits: f64,
    pub syncs: f64,
}

pub fn disk(folder: &Path, measured: Duration) -> Disk {
    Disk { commits: commits(folder, measured), syncs: syncs(folder, measured) }
}

/// The bytes of a signature by a key of 2048 bits, which the benchmark's are.
const SIGNATURE: usize = 256;

/// What all processors together sign with the server's library and this key.
pub fn signatures(key: &Path, measured: Duration) -> f64 {
    let pem = pem::parse(std::fs::read(key).unwrap()).unwrap();
    let pair = RsaKeyPair::from_pkcs8(pem.contents()).unwrap();
    let stop = AtomicBool::new(false);
    let sign = || {
        let (random, mut signature) = (SystemRandom::new(), vec![0; SIGNATURE]);
        let mut count = 0;
        while !stop.load(Ordering::Relaxed) {
            pair.sign(&RSA_PKCS1_SHA256, &random, b"a message", &mut signature).unwrap();
            count += 1;
        }
        count
    };
    let started = Instant::now();
    let count = thread::scope(|scope| {
        let processors = thread::available_parallelism().unwrap().get();
        let signers: Vec<_> = (0..processors).map(|_| scope.spawn(sign)).collect();
        thread::sleep(measured);
        stop.store(true, Ordering::Relaxed);
        signers.into_iter().map(|signer| signer.join().unwrap()).sum()
    });
    per_second(count, started.elapsed())
}

/// Transactions of one row each, one after the other, set up as the server's writer is. A file of its own, on
/// the same disk.
#[expect(clippy::disallowed_methods, reason = "not the server's database")]
pub fn commits(folder: &Path, measured: Duration) -> f64 {
    let folder = tempfile::tempdir_in(folder).unwrap();
    let connection = Connection::open(folder.path().join("commits")).unwrap();
    connection.pragma_update(None, "journal_mode", "WAL").unwrap();
    connection.pragma_update(None, "synchronous", "FULL").unwrap();
    connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, value TEXT) STRICT", []).unwrap();
    let mut insert = connection.prepare("INSERT INTO rows (value) VALUES ('a row')").unwrap();
    rate(measured, || assert_eq!(insert.execute([]).unwrap(), 1))
}

/// Writes of one page, each synced, over a file that has its length already, as the log has.
fn syncs(folder: &Path, measured: Duration) -> f64 {
    const PAGE: usize = 4096;
    const PAGES: u64 = 1024;
    let folder = tempfile::tempdir_in(folder).unwrap();
    let file = File::create(folder.path().join("syncs")).unwrap();
    let page = [1; PAGE];
    let write = |number: u64| file.write_all_at(&page, number * PAGE as u64).unwrap();
    (0..PAGES).for_each(write);
    file.sync_all().unwrap();
    let mut number = 0;
    rate(measured, || {
        write(number % PAGES);
        file.sync_data().unwrap();
        number += 1;
    })
}

/// How often in a second something can be done.
fn rate(measured: Duration, mut act: impl FnMut()) -> f64 {
    let started = Instant::now();
    let mut count = 0;
    while started.elapsed() < measured {
        act();
        count += 1;
    }
    per_second(count, started.elapsed())
}
