//! Upgrades a database of an earlier version: makes a copy of it, then runs the missing steps.

use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rusqlite::Connection;
use rustix::fs::{Access, access};

use crate::files::{self, DataDir, ServerLock};
use crate::store::OpenError;
use crate::store::schema::open::{allow_checkpoint_on_close, check_whole, check_writable, open_any_version};
use crate::store::schema::steps::{STEPS, Step, StepError};
use crate::store::schema::upgrade_error::UpgradeError;
use crate::store::schema::{VERSION, copies};
use crate::store::sqlite::connection::LARGE_CACHE_KIB;
use crate::store::sqlite::errors::unreadable;

/// Free bytes that an upgrade needs whatever the size of the database.
const SPARE_SPACE: u64 = 1_000_000;

/// A finished upgrade.
#[derive(Debug)]
pub struct Upgrade {
    pub from: i64,
    pub to: i64,
    /// The copy of the database that was made before the upgrade.
    pub copy: PathBuf,
    /// The steps by name, and how long each took.
    pub steps: Vec<(&'static str, Duration)>,
}

/// The progress of an upgrade.
#[derive(Debug)]
pub enum UpgradeEvent<'a> {
    Begins {
        from: i64,
        to: i64,
    },
    /// The copy has `done` of `all` bytes.
    Copying {
        done: u64,
        all: u64,
    },
    Copied {
        to: &'a Path,
        took: Duration,
    },
    StepBegins {
        step: &'static str,
    },
    StepDone {
        step: &'static str,
        took: Duration,
    },
}

/// Whether the database of a data directory has an older schema than this program uses.
pub fn needs_upgrade(data: &DataDir) -> Result<bool, OpenError> {
    check_directory(data)?;
    open_any_version(data).map(|(_, version)| version < VERSION)
}

/// Upgrades the database of a data directory to the schema of this program. `None`: it has that already.
///
/// The lock keeps servers away. After an error or a crash the database is whole, and has the version that the last
/// finished step led to.
pub fn upgrade(
    data: &DataDir,
    _lock: &ServerLock,
    on_event: &mut dyn FnMut(UpgradeEvent<'_>),
) -> Result<Option<Upgrade>, UpgradeError> {
    check_directory(data)?;
    let (mut connection, from) = open_any_version(data)?;
    if from == VERSION {
        return Ok(None);
    }
    check_whole(&connection, data)?;
    check_space(&connection, data)?;
    check_writable(&connection, data)?;
    on_event(UpgradeEvent::Begins { from, to: VERSION });
    let started = Instant::now();
    let copying = &mut |done, all| on_event(UpgradeEvent::Copying { done, all });
    let copy = copies::make(&connection, data, from, copying)?;
    on_event(UpgradeEvent::Copied { to: &copy, took: started.elapsed() });
    allow_checkpoint_on_close(&connection, data)?;
    let mut steps = Vec::new();
    for step in STEPS.iter().filter(|step| step.version > from) {
        on_event(UpgradeEvent::StepBegins { step: step.name });
        let took = run(step, &mut connection, data, &copy)?;
        on_event(UpgradeEvent::StepDone { step: step.name, took });
        steps.push((step.name, took));
    }
    if let Err(error) = copies::remove_old(data) {
        log::warn!("an old copy from before an upgrade could not be removed: {error}");
    }
    Ok(Some(Upgrade { from, to: VERSION, copy, steps }))
}

/// Runs a step, and checkpoints the log, so that it does not grow with each step.
fn run(
    step: &Step,
    connection: &mut Connection,
    data: &DataDir,
    copy: &Path,
) -> Result<Duration, UpgradeError> {
    let started = Instant::now();
    let failed = |error: StepError| UpgradeError::Step {
        path: data.database(),
        step: step.name,
        source: Box::new(error),
        version: step.version - 1,
        copy: copy.to_owned(),
    };
    connection.pragma_update(None, "cache_size", LARGE_CACHE_KIB).map_err(|error| failed(error.into()))?;
    step.run(connection).map_err(failed)?;
    // The step is committed. If this fails, the next connection reads the log and checkpoints it.
    if let Err(error) = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())) {
        log::warn!("the log of {} could not be checkpointed: {error}", data.database().display());
    }
    Ok(started.elapsed())
}

/// Refuses a directory in which no file can be made. SQLite itself would only say that it can't open the database.
fn check_directory(data: &DataDir) -> Result<(), OpenError> {
    if !data.has_database()? {
        return Err(OpenError::Missing(data.database()));
    }
    data.refuse_backup()?;
    Ok(access(data.path(), Access::WRITE_OK)
        .map_err(|error| files::Error::io("can't write to", data.path(), error.into()))?)
}

/// Refuses to start without room for three times the database: the copy, and, for steps that rewrite every page,
/// the log and the growth of the file.
fn check_space(connection: &Connection, data: &DataDir) -> Result<(), UpgradeError> {
    let path = data.database();
    let number = |name| {
        let value = connection.pragma_query_value(None, name, |row| row.get::<_, i64>(0));
        let value = value.map_err(unreadable(&path))?;
        Ok::<_, OpenError>(u64::try_from(value).unwrap_or(0))
    };
    let size = number("page_count")?.saturating_mul(number("page_size")?);
    let needed = size.saturating_mul(3).saturating_add(SPARE_SPACE);
    // Without a figure the upgrade goes on: a step that fills the disk fails, and is rolled back.
    let Ok(free) = data.free_space() else { return Ok(()) };
    if free < needed {
        return Err(UpgradeError::NoSpace { path, needed, free });
    }
    Ok(())
}
