//! Tests of the store's guarantees for single connections and commits, which no client of the API can observe.

use std::time::{Duration, Instant};

use tempfile::TempDir;

use super::*;
use crate::domain::{LicenseKey, MetaKey, NewLicense, Timestamp};

const NOW: Timestamp = Timestamp(1_700_000_000);

fn store() -> (TempDir, DataDir, Store) {
    let directory = tempfile::tempdir().unwrap();
    let data = DataDir::new(directory.path());
    let store = Store::create(&data).unwrap();
    let license = NewLicense::sample(1, "K");
    let id =
        store.write_blocking(move |tx| Decision::Commit(tx.add_license(&license, NOW).unwrap())).unwrap();
    assert_eq!(id, Some(1));
    (directory, data, store)
}

fn add(tx: &Tx<'_>, key: &str) -> Option<i64> {
    tx.add_license_meta(1, &MetaKey::parse(key).unwrap(), "v", NOW).unwrap()
}

#[test]
fn every_connection_is_set_up_and_not_left_to_defaults() {
    let (_directory, _data, store) = store();
    let number =
        |tx: &Tx<'_>, pragma: &str| -> i64 { tx.sql(&format!("PRAGMA {pragma}")).value(&[]).unwrap() };
    let common = move |tx: &Tx<'_>| {
        let mode: String = tx.sql("PRAGMA journal_mode").value(&[]).unwrap();
        assert_eq!(mode, "wal");
        assert_eq!(number(tx, "foreign_keys"), 1);
        assert_eq!(number(tx, "trusted_schema"), 0);
        assert!(number(tx, "busy_timeout") > 0);
    };
    store.read(common).unwrap();
    assert!(store.read(|tx| tx.sql("DELETE FROM licenses").execute(&[])).unwrap().is_err());
    let synchronous = store.write_blocking(move |tx| {
        common(tx);
        Decision::Commit(number(tx, "synchronous"))
    });
    assert_eq!(synchronous.unwrap(), 2, "not FULL");
}

#[test]
fn a_job_that_is_undone_or_panics_harms_no_other() {
    let (_directory, _data, store) = store();
    let ids: Vec<Result<Option<i64>, Error>> = std::thread::scope(|scope| {
        let jobs: Vec<_> = (0..60)
            .map(|number| {
                let store = &store;
                scope.spawn(move || {
                    store.write_blocking(move |tx| {
                        let id = add(tx, &format!("key-{number}"));
                        match number % 3 {
                            0 => Decision::Commit(id),
                            1 => Decision::Rollback(None),
                            _ => std::panic::resume_unwind(Box::new("a job that panics")),
                        }
                    })
                })
            })
            .collect();
        jobs.into_iter().map(|job| job.join().unwrap()).collect()
    });
    for (number, id) in ids.iter().enumerate() {
        match number % 3 {
            0 => assert!(matches!(id, Ok(Some(_)))),
            1 => assert!(matches!(id, Ok(None))),
            _ => assert!(matches!(id, Err(Error::Panicked))),
        }
    }
    let kept: i64 = store.try_read(|tx| tx.sql("SELECT count(*) FROM license_meta").value(&[])).unwrap();
    assert_eq!(kept, 20);
}

#[test]
fn a_batch_that_cannot_be_committed_answers_none_of_its_jobs_as_done() {
    let (_directory, _data, store) = store();
    let (started, starting) = std::sync::mpsc::channel();
    let (go_on, waiting) = std::sync::mpsc::channel::<()>();
    std::thread::scope(|scope| {
        // Holds the writer until all others are queued, so that they become one batch.
        let holding = scope.spawn(|| {
            store.write_blocking(move |_| {
                started.send(()).unwrap();
                waiting.recv().unwrap();
                Decision::Commit(())
            })
        });
        starting.recv().unwrap();
        let jobs: Vec<_> = (0..6)
            .map(|number| {
                let job = move |tx: &Tx<'_>| {
                    if number == 3 {
                        violate_at_commit(tx);
                    }
                    Decision::Commit(add(tx, &format!("key-{number}")))
                };
                store.enqueue(job, Duration::MAX)
            })
            .collect();
        go_on.send(()).unwrap();
        holding.join().unwrap().unwrap();
        for job in jobs {
            assert!(matches!(job.unwrap().blocking_recv().unwrap(), Err(Error::Failed { .. })));
        }
    });
    assert_eq!(store.write_blocking(|tx| Decision::Commit(add(tx, "key-0"))).unwrap(), Some(1));
}

/// A deferred constraint is found only by the commit: the one way to make a commit fail without a broken disk.
fn violate_at_commit(tx: &Tx<'_>) {
    tx.engine.execute_once("PRAGMA defer_foreign_keys = ON").unwrap();
    let sql = "INSERT INTO activations (license_id, identifier, activated_at) VALUES (99, 'x', 0)";
    tx.sql(sql).execute(&[]).unwrap();
}

#[test]
fn a_commit_that_fails_answers_no_job_as_done() {
    let (_directory, _data, store) = store();
    let done = store.write_blocking(|tx| {
        violate_at_commit(tx);
        Decision::Commit(add(tx, "a"))
    });
    assert!(matches!(done, Err(Error::Failed { .. })), "{done:?}");
    // Nothing of it is there, and the writer goes on.
    let again = store.write_blocking(|tx| Decision::Commit(add(tx, "a"))).unwrap();
    assert_eq!(again, Some(1));
}

#[test]
fn another_process_that_holds_the_lock_makes_a_change_wait() {
    let (_directory, data, store) = store();
    let other = sqlite::connection::open_writing(&data.database()).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    std::thread::scope(|scope| {
        let waiting = scope.spawn(|| store.write_blocking(|tx| Decision::Commit(add(tx, "a"))));
        assert_eq!(
            store
                .read(|tx| tx.license_by_key(&LicenseKey::parse("k").unwrap()).unwrap().unwrap().id)
                .unwrap(),
            1
        );
        other.execute_batch("COMMIT").unwrap();
        assert_eq!(waiting.join().unwrap().unwrap(), Some(1));
    });
}

#[test]
fn the_log_is_copied_into_the_database_as_it_grows() {
    let (_directory, data, store) = store();
    let log = data.path().join("keyseal.db-wal");
    let mut longest = 0;
    for number in 0..40 {
        let value = "x".repeat(1_000_000);
        let added = store.write_blocking(move |tx| {
            let key = MetaKey::parse(&format!("key-{number}")).unwrap();
            Decision::Commit(tx.add_license_meta(1, &key, &value, NOW).unwrap())
        });
        added.unwrap();
        longest = longest.max(std::fs::metadata(&log).unwrap().len());
    }
    // Up to the busy threshold and one change more: whether the writer is idle in between is not ours to say.
    assert!(longest < 20_000_000, "the log grew to {longest} bytes");
}

#[test]
fn a_sqlite_that_can_damage_a_database_is_not_what_we_ship() {
    assert!(rusqlite::version_number() >= 3_051_003);
}

#[test]
fn a_change_that_has_waited_too_long_is_refused_and_not_made() {
    let (_directory, _data, store) = store();
    let (caller, answer) = oneshot::channel();
    // However soon its turn comes: it had no time at all.
    store
        .writer
        .enqueue(WriteJob::new(
            |tx| Decision::Commit(add(tx, "late")),
            caller,
            Duration::ZERO,
            store.wake.clone(),
        ))
        .unwrap();
    assert!(matches!(answer.blocking_recv().unwrap(), Err(Error::Busy)));
    let found = store.write_blocking(|tx| Decision::Commit(add(tx, "late")));
    assert!(matches!(found, Ok(Some(_))), "it was there: {found:?}");
}

#[test]
fn a_reader_that_stays_holds_no_writer_up_however_long_the_log_grows() {
    let (_directory, data, store) = store();
    let backup = sqlite::connection::open_writing(&data.database()).unwrap();
    let moment = backup.unchecked_transaction().unwrap();
    assert!(moment.query_row("SELECT count(*) FROM licenses", [], |row| row.get::<_, i64>(0)).is_ok());
    let value = "v".repeat(1024 * 1024);
    let mut slowest = Duration::ZERO;
    for number in 0..80 {
        let (key, value, began) =
            (MetaKey::parse(&format!("k{number}")).unwrap(), value.clone(), Instant::now());
        let added = store
            .write_blocking(move |tx| Decision::Commit(tx.add_license_meta(1, &key, &value, NOW).unwrap()));
        assert!(added.unwrap().is_some());
        slowest = slowest.max(began.elapsed());
    }
    let log = data.database().with_extension("db-wal");
    assert!(std::fs::metadata(&log).unwrap().len() > 65 * 1024 * 1024, "too short to be cut");
    assert!(slowest < sqlite::connection::BUSY_TIMEOUT, "a change waited for the reader: {slowest:?}");
    drop(moment);
    for key in ["after", "that"] {
        store.write_blocking(move |tx| Decision::Commit(add(tx, key))).unwrap();
    }
    drop(store);
    assert!(
        std::fs::metadata(&log).unwrap().len() < 1024 * 1024,
        "the log was not cut when the reader had left"
    );
}

#[test]
fn a_row_that_is_found_under_another_key_than_its_own_is_damage() {
    let (_directory, data, store) = store();
    let license = NewLicense::sample(1, "KEY-OF-JANE");
    store.write_blocking(move |tx| Decision::Commit(tx.add_license(&license, NOW).unwrap())).unwrap();
    drop(store);
    let whole = std::fs::read(data.database()).unwrap();
    let places: Vec<usize> = (0..whole.len()).filter(|at| whole[*at..].starts_with(b"KEY-OF-JANE")).collect();
    assert_eq!(places.len(), 2, "in its row and in the index");
    for place in places {
        let mut damaged = whole.clone();
        damaged[place + 10] ^= 1;
        std::fs::write(data.database(), damaged).unwrap();
        let store = Store::open(&data, 1, || Duration::ZERO).unwrap();
        let ask = |key: &str| store.read(|tx| tx.license_by_key(&LicenseKey::parse(key).unwrap())).unwrap();
        let found = ["KEY-OF-JANE", "key-of-jand"].map(ask);
        assert!(found.iter().all(|found| !matches!(found, Ok(Some(_)))), "{found:?}");
        assert!(found.iter().any(|found| matches!(found, Err(Error::DamageFound(_)))), "{found:?}");
    }
}
