//! The files themselves: sent, counted, added and deleted.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use serde_json::json;

use super::{CONTENT, add_version, counter, file, list, path, server};
use crate::support::try_keyseal;

#[test]
fn a_file_is_sent_as_an_attachment_and_counted() {
    let server = server();
    let response = server.fetch("GET", &path(&server), &[]);
    let header = |name: &str| response.headers()[name].to_str().unwrap();
    assert_eq!((response.status().as_u16(), response.body().as_slice()), (200, CONTENT));
    assert_eq!(header("content-type"), "application/octet-stream");
    assert_eq!(header("content-disposition"), "attachment; filename=\"app.zip\"");
    assert_eq!(header("accept-ranges"), "bytes");
    assert_eq!(header("cache-control"), "no-cache, private");
    assert_eq!(header("x-content-type-options"), "nosniff");
    // Counted before the first byte was sent.
    assert_eq!(counter(&server), 1);
    assert_eq!(list(&server, "KEY-1", "domain.ltd").fields["downloadables"][0]["download_counter"], 1);
}

#[test]
fn a_download_goes_on_where_it_was_and_counts_once() {
    let server = server();
    let whole = server.fetch("GET", &path(&server), &[]);
    let etag = whole.headers()["etag"].to_str().unwrap();
    for (method, headers, status, body, counted) in [
        ("GET", &[("Range", "bytes=0-3")][..], 206, &b"0123"[..], 2),
        ("GET", &[("Range", "bytes=4-")], 206, &CONTENT[4..], 2),
        ("GET", &[("Range", "bytes=4-5"), ("If-Range", etag)], 206, b"45", 2),
        ("GET", &[("Range", "bytes=4-5"), ("If-Range", "\"another\"")], 200, CONTENT, 3),
        ("GET", &[("Range", "bytes=99-")], 416, b"", 3),
        ("GET", &[("If-None-Match", etag)], 304, b"", 3),
        ("HEAD", &[], 200, b"", 3),
    ] {
        let response = server.fetch(method, &path(&server), headers);
        assert_eq!((response.status().as_u16(), response.body().as_slice()), (status, body), "{headers:?}");
        assert_eq!(counter(&server), counted, "{method} {headers:?}");
    }
    let head = server.fetch("HEAD", &path(&server), &[]);
    assert_eq!(head.headers()["content-length"], CONTENT.len().to_string().as_str());
}

#[test]
fn a_file_is_kept_privately_until_its_last_version_is_deleted() {
    let server = server();
    let second = add_version(&server, 2, 101, &[]);
    let stored = server.data().join("downloads").join(second["file_sha256"].as_str().unwrap());
    let mode = |path: &PathBuf| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    assert_eq!((mode(&stored), mode(&server.data().join("downloads"))), (0o600, 0o700));
    assert_eq!(fs::read(&stored).unwrap(), CONTENT);
    assert_eq!(server.command(&["download", "delete", "1"]), json!({ "id": 1, "file_removed": false }));
    assert!(stored.exists());
    // As a deleted product leaves one behind.
    fs::write(stored.with_file_name("0".repeat(64)), b"unused").unwrap();
    assert_eq!(server.command(&["download", "delete", "2"]), json!({ "id": 2, "file_removed": true }));
    assert_eq!(fs::read_dir(server.data().join("downloads")).unwrap().count(), 0);
    assert_eq!(server.get(&path(&server)).code, 700);
}

#[test]
fn a_version_that_cannot_be_added_leaves_nothing_behind() {
    let server = server();
    let other = file(&server, "other.zip", b"other");
    let other = other.to_str().unwrap();
    for (product, number, file) in
        [("9", "1", other), ("1", "101", other), ("1", "102", "/nowhere/app.zip"), ("1", "102", "/")]
    {
        let words =
            ["download", "add", file, "--product", product, "--version", "x", "--numeric-version", number];
        assert!(!try_keyseal(server.data(), &words).0, "{words:?}");
    }
    assert!(!try_keyseal(server.data(), &["download", "publish", "9"]).0);
    assert!(!try_keyseal(server.data(), &["download", "delete", "9"]).0);
    assert_eq!(fs::read_dir(server.data().join("downloads")).unwrap().count(), 1);
    assert_eq!(server.command(&["download", "list"]).as_array().unwrap().len(), 1);
}

#[test]
fn downloads_that_start_at_the_same_time_are_all_counted() {
    let server = server();
    std::thread::scope(|scope| {
        for _ in 0..16 {
            scope.spawn(|| assert_eq!(server.fetch("GET", &path(&server), &[]).body().as_slice(), CONTENT));
        }
    });
    assert_eq!(counter(&server), 16);
}
