//! Runs the program's commands in this process.

use std::ffi::OsString;
use std::path::Path;
use std::process::ExitCode;

use serde_json::Value;

/// Runs `keyseal --json --data DIR …` and gives what it printed. Panics if it is refused.
pub fn keyseal(data: &Path, arguments: &[&str]) -> Value {
    let (done, value) = try_keyseal(data, arguments);
    assert!(done, "refused: {arguments:?}");
    value
}

/// Runs a command. Gives whether it succeeded, and what it printed (null for nothing).
pub fn try_keyseal(data: &Path, arguments: &[&str]) -> (bool, Value) {
    let head = ["keyseal".into(), "--json".into(), "--data".into(), data.as_os_str().to_owned()];
    let all: Vec<OsString> = head.into_iter().chain(arguments.iter().map(OsString::from)).collect();
    let mut out = Vec::new();
    let done = keyseal::run(all, &mut out) == ExitCode::SUCCESS;
    (done, if out.is_empty() { Value::Null } else { serde_json::from_slice(&out).unwrap() })
}
