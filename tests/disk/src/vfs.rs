//! The functions that SQLite calls in place of the system's own: each looks whether the file is watched, and hands on.

use std::collections::HashMap;
use std::ffi::{CStr, c_char, c_int, c_void};
use std::path::{Path, PathBuf};
use std::ptr;
use std::slice;
use std::sync::atomic::{AtomicPtr, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, Once, PoisonError};
use std::thread;

use rusqlite::ffi::{
    self, SQLITE_FULL, SQLITE_IOERR, SQLITE_IOERR_FSYNC, SQLITE_IOERR_WRITE, SQLITE_OK, sqlite3_file,
    sqlite3_int64, sqlite3_io_methods, sqlite3_vfs,
};

use crate::recording::{Event, Fate, Recording};

type Shared = Arc<Mutex<Recording>>;

/// The directories that are watched.
static WATCHED: Mutex<Vec<(PathBuf, Shared)>> = Mutex::new(Vec::new());

/// The watched files that are open, by the address of what SQLite knows them by.
static OPEN: Mutex<Option<HashMap<usize, Open>>> = Mutex::new(None);

/// The system's own functions.
static SYSTEM: AtomicPtr<sqlite3_vfs> = AtomicPtr::new(ptr::null_mut());

#[derive(Clone)]
struct Open {
    recording: Shared,
    file: usize,
    system: &'static sqlite3_io_methods,
}

pub fn watch(directory: PathBuf, recording: Shared) {
    static INSTALLED: Once = Once::new();
    INSTALLED.call_once(install);
    lock(&WATCHED).push((directory, recording));
}

pub fn forget(recording: &Shared) {
    lock(&WATCHED).retain(|(_, watched)| !Arc::ptr_eq(watched, recording));
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes ours the file system of every connection that is opened from now on.
fn install() {
    // SAFETY: SQLite's default is there after this call, and lives as long as the process; so does our copy
    // of it, which is leaked.
    unsafe {
        assert_eq!(ffi::sqlite3_initialize(), SQLITE_OK);
        let system = ffi::sqlite3_vfs_find(ptr::null());
        assert!(!system.is_null());
        SYSTEM.store(system, Ordering::Release);
        let ours = Box::leak(Box::new(*system));
        ours.pNext = ptr::null_mut();
        ours.zName = c"watched".as_ptr();
        ours.xOpen = Some(open);
        ours.xDelete = Some(delete);
        assert_eq!(ffi::sqlite3_vfs_register(ours, 1), SQLITE_OK);
    }
}

/// Who watches a path, and its name there.
fn watched(path: &CStr) -> Option<(Shared, String)> {
    let path = Path::new(path.to_str().ok()?);
    let watched = lock(&WATCHED);
    let (_, recording) = watched.iter().find(|(directory, _)| path.parent() == Some(directory))?;
    Some((Arc::clone(recording), path.file_name()?.to_str()?.to_owned()))
}

fn opened(file: *mut sqlite3_file) -> Option<Open> {
    lock(&OPEN).as_ref()?.get(&file.addr()).cloned()
}

unsafe extern "C" fn open(
    _: *mut sqlite3_vfs,
    name: *const c_char,
    file: *mut sqlite3_file,
    flags: c_int,
    out_flags: *mut c_int,
) -> c_int {
    let system = SYSTEM.load(Ordering::Acquire);
    // SAFETY: what SQLite gave us is what the system's function wants, and the system's table is never
    // changed nor freed.
    let result = unsafe {
        let Some(open) = (*system).xOpen else { return SQLITE_IOERR };
        open(system, name, file, flags, out_flags)
    };
    if result != SQLITE_OK || name.is_null() {
        return result;
    }
    // SAFETY: a name that is not null is text with a zero at its end.
    if let Some((recording, name)) = watched(unsafe { CStr::from_ptr(name) }) {
        let number = lock(&recording).opened(&name);
        // SAFETY: the system has opened it, so it has a table of functions, one of a few that live as long as
        // the process. It calls none of them by that table itself, so another with the same functions but for
        // four changes nothing for it.
        unsafe {
            let system = &*(*file).pMethods;
            (*file).pMethods = table(system);
            let open = Open { recording, file: number, system };
            lock(&OPEN).get_or_insert_default().insert(file.addr(), open);
        }
    }
    result
}

/// The system's table with our functions in it; made once for each.
fn table(system: &'static sqlite3_io_methods) -> &'static sqlite3_io_methods {
    static TABLES: Mutex<Option<HashMap<usize, &'static sqlite3_io_methods>>> = Mutex::new(None);
    let mut tables = lock(&TABLES);
    tables.get_or_insert_default().entry(ptr::from_ref(system).addr()).or_insert_with(|| {
        Box::leak(Box::new(sqlite3_io_methods {
            xClose: Some(close),
            xWrite: Some(write),
            xTruncate: Some(truncate),
            xSync: Some(sync),
            ..*system
        }))
    })
}

unsafe extern "C" fn close(file: *mut sqlite3_file) -> c_int {
    let open = lock(&OPEN).as_mut().and_then(|open| open.remove(&file.addr()));
    let Some(close) = open.and_then(|open| open.system.xClose) else { return SQLITE_IOERR };
    // SAFETY: the file is the system's, and this is its function.
    unsafe { close(file) }
}

unsafe extern "C" fn write(
    file: *mut sqlite3_file,
    bytes: *const c_void,
    length: c_int,
    offset: sqlite3_int64,
) -> c_int {
    let Some(open) = opened(file) else { return SQLITE_IOERR };
    let (Some(write), Ok(size), Ok(from)) =
        (open.system.xWrite, usize::try_from(length), usize::try_from(offset))
    else {
        return SQLITE_IOERR;
    };
    let mut recording = lock(&open.recording);
    let (allowed, refusal) = match recording.judge_write(open.file, from, size) {
        Fate::Done => (size, SQLITE_OK),
        Fate::Full(allowed) => (allowed, SQLITE_FULL),
        Fate::Failed(allowed) => (allowed, SQLITE_IOERR_WRITE),
    };
    if allowed == 0 {
        return refusal;
    }
    // SAFETY: SQLite gives so many bytes, and we hand on no more.
    let (result, written) = unsafe {
        let allowed_length = c_int::try_from(allowed).unwrap_or(length);
        (write(file, bytes, allowed_length, offset), slice::from_raw_parts(bytes.cast::<u8>(), allowed))
    };
    if result != SQLITE_OK {
        return result;
    }
    recording.written(open.file, from, written);
    refusal
}

unsafe extern "C" fn truncate(file: *mut sqlite3_file, size: sqlite3_int64) -> c_int {
    let Some(open) = opened(file) else { return SQLITE_IOERR };
    let (Some(truncate), Ok(new_size)) = (open.system.xTruncate, usize::try_from(size)) else {
        return SQLITE_IOERR;
    };
    let mut recording = lock(&open.recording);
    // SAFETY: the file is the system's, and this is its function.
    let result = unsafe { truncate(file, size) };
    if result == SQLITE_OK {
        recording.truncated(open.file, new_size);
    }
    result
}

unsafe extern "C" fn sync(file: *mut sqlite3_file, flags: c_int) -> c_int {
    let Some(open) = opened(file) else { return SQLITE_IOERR };
    let Some(sync) = open.system.xSync else { return SQLITE_IOERR };
    let (since, takes, fate) = {
        let mut recording = lock(&open.recording);
        if recording.ignores_syncs {
            return SQLITE_OK;
        }
        (recording.events.len(), recording.sync_takes, recording.judge_sync(open.file))
    };
    if !takes.is_zero() {
        thread::sleep(takes);
    }
    let number = open.file;
    if !matches!(fate, Fate::Done) {
        lock(&open.recording).events.push(Event::SyncFailed { file: number, since });
        return SQLITE_IOERR_FSYNC;
    }
    // SAFETY: the file is the system's, and this is its function.
    let result = unsafe { sync(file, flags) };
    if result == SQLITE_OK {
        lock(&open.recording).events.push(Event::Synced { file: number, since });
    }
    result
}

unsafe extern "C" fn delete(_: *mut sqlite3_vfs, name: *const c_char, sync_directory: c_int) -> c_int {
    let system = SYSTEM.load(Ordering::Acquire);
    // SAFETY: as in `open`.
    let result = unsafe {
        let Some(delete) = (*system).xDelete else { return SQLITE_IOERR };
        delete(system, name, sync_directory)
    };
    if result == SQLITE_OK && !name.is_null() {
        // SAFETY: as in `open`.
        let name = unsafe { CStr::from_ptr(name) };
        if let Some((recording, name)) = watched(name) {
            lock(&recording).deleted(&name, sync_directory != 0);
        }
    }
    result
}
