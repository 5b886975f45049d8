//! Damaged, foreign and missing files: the server refuses to start, at once and with words that help, or
//! every verdict that it gives is right.
//!
//! Of bytes that no index, rule or seal of the schema covers it proves nothing: a letter changed in an
//! owner's name is not noticed.

mod foreign;
mod later;
mod sample;

use std::fs;
use std::path::Path;
use std::time::Duration;

use fastrand::Rng;

use crate::support::{Form, RefusedStart, ServerProcess, serving};
use sample::Sample;

/// Of most refusals, and of each, which on a busy machine can take longer.
const REFUSED_WITHIN: (Duration, Duration) = (Duration::from_secs(1), Duration::from_secs(5));
const DATABASE: &str = "keyseal.db";
const LOG: &str = "keyseal.db-wal";

/// What became of the trials.
#[derive(Default)]
struct Tally {
    refused: usize,
    /// How long each refusal took.
    delays: Vec<Duration>,
    found_later: usize,
    served: usize,
    verdicts: usize,
    errors: usize,
}

pub fn prove(form: &Form) -> String {
    let sample = Sample::make();
    let mut tally = Tally::default();
    let places = form.pick(60, 1_000);
    for number in 0..places {
        let mut rng = form.rng(number);
        // One in four in the log, whose data directory is as it was left by a kill.
        if number % 4 == 3 {
            flip_in_log(&sample, number, &mut rng, &mut tally);
        } else {
            flip_in_database(&sample, number, &mut rng, &mut tally);
        }
    }
    tally.delays.sort_unstable();
    let median = tally.delays[tally.delays.len() / 2];
    assert!(median < REFUSED_WITHIN.0, "{median:?}");
    let flipped = format!(
        "{places} flipped bytes: {} refused at start, within {median:.0?}, {} found while serving, {} served; {} \
         answers correct, {} errors, 0 wrong",
        tally.refused, tally.found_later, tally.served, tally.verdicts, tally.errors
    );
    let mut cut = Tally::default();
    let cuts = truncate(&sample, form, &mut cut);
    let foreign = foreign::try_all(&sample);
    let later = later::prove();
    format!(
        "{flipped}; {cuts} truncations: {} refused at start, {} found while serving; {foreign} foreign, missing and \
         unreadable files; {later}",
        cut.refused, cut.found_later
    )
}

fn flip_in_database(sample: &Sample, number: usize, rng: &mut Rng, tally: &mut Tally) {
    let data = sample.copy_closed();
    let path = data.path().join(DATABASE);
    let (at, bits) = flip(&path, rng, 0);
    judge(data.path(), sample, &format!("flip {number}: {bits:#04x} at {at} of the database"), tally);
}

/// Not in the last few changes: whether the last one was acknowledged can't be told from the file.
fn flip_in_log(sample: &Sample, number: usize, rng: &mut Rng, tally: &mut Tally) {
    let data = sample.copy_killed();
    let (at, bits) = flip(&data.path().join(LOG), rng, sample.last_changes_in_log);
    let log = fs::read(data.path().join(LOG)).unwrap();
    let refused = tally.refused;
    judge(data.path(), sample, &format!("flip {number}: {bits:#04x} at {at} of the log"), tally);
    // Refused once, it must not be served the next time: what could not be read is still there.
    if tally.refused > refused {
        assert!(
            fs::read(data.path().join(LOG)).unwrap() == log,
            "flip {number}: the refused log was changed"
        );
    }
}

/// Changes one byte that is not in the last `spared` of the file, and more often one that holds something.
fn flip(path: &Path, rng: &mut Rng, spared: u64) -> (usize, u8) {
    let mut content = fs::read(path).unwrap();
    let end = content.len() - usize::try_from(spared).unwrap();
    let mut at = rng.usize(..end);
    while content[at] == 0 && rng.u8(..4) > 0 {
        at = rng.usize(..end);
    }
    let bits = rng.u8(1..);
    content[at] ^= bits;
    fs::write(path, content).unwrap();
    (at, bits)
}

fn truncate(sample: &Sample, form: &Form, tally: &mut Tally) -> usize {
    let whole = fs::metadata(sample.closed().join(DATABASE)).unwrap().len();
    let mut rng = form.rng(usize::MAX);
    let odd = (0..form.pick(4, 100)).map(|_| rng.u64(..whole));
    let lengths: Vec<u64> =
        [0, 1, 15, 99, 100, 4095, 4096, 8191, whole - 4096, whole - 1].into_iter().chain(odd).collect();
    for length in &lengths {
        let data = sample.copy_closed();
        let file = fs::File::options().write(true).open(data.path().join(DATABASE)).unwrap();
        file.set_len(*length).unwrap();
        judge(data.path(), sample, &format!("cut to {length} of {whole}"), tally);
    }
    lengths.len()
}

/// Starts a server, and panics if it refuses badly, or serves and gives a wrong verdict.
fn judge(data: &Path, sample: &Sample, what: &str, tally: &mut Tally) {
    let mut server = match ServerProcess::try_run(&mut serving(data)) {
        Ok(server) => server,
        Err(refused) => {
            check_refusal(&refused, &[DATABASE], what);
            tally.refused += 1;
            tally.delays.push(refused.after);
            return;
        }
    };
    // A large database is looked through while it is served; on a slow machine this one is too.
    let is_damaged =
        server.log_until_any(&["database is whole", "database is damaged"]).contains("is damaged");
    let (right, errors) = sample.ask(&server, what);
    let log = server.log();
    assert!(!log.contains("panicked"), "{what}: {log}");
    if is_damaged {
        assert_eq!(right, 0, "{what}: a database known to be damaged was asked");
    }
    tally.found_later += usize::from(is_damaged);
    tally.served += usize::from(!is_damaged);
    tally.verdicts += right;
    tally.errors += errors;
}

/// Soon, under the right code, and with words: what, where, and what next.
fn check_refusal(refused: &RefusedStart, words: &[&str], what: &str) {
    let RefusedStart { code, log, after } = refused;
    // Where the settings can't be read, nothing else is looked at, and the code is that of wrong settings.
    let expected = if log.contains("can't read the settings") { 2 } else { 1 };
    assert_eq!(*code, Some(expected), "{what}: {log}");
    assert!(*after < REFUSED_WITHIN.1, "{what}: refused after {after:?}");
    assert!(!log.contains("panicked"), "{what}: {log}");
    for word in words {
        assert!(log.contains(word), "{what}: nothing of \"{word}\" in {log}");
    }
    let next = [
        "restore",
        "--data",
        "--config",
        "keyseal init",
        "run that version",
        "chmod",
        "signing-key",
        "backup",
        "chown",
    ];
    assert!(next.iter().any(|next| log.contains(next)), "{what}: no next step in {log}");
}
