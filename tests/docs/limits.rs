//! The table of limits in docs/architecture.md: its numbers are those of the code.

use std::fs;
use std::path::Path;

use crate::page::page;
use crate::root;

/// Part of a row, and the declaration in the code that holds its number.
const LIMITS: &[(&str, &str)] = &[
    ("| 64 MiB | `/readyz` is 503 |", "LEAST_DISK: u64 = 64 * 1024 * 1024;"),
    ("| 65,536 each |", "TRACKED_CLIENTS: usize = 1 << 16;"),
    ("new request | 500 ms |", "ADMISSION_DELAY: Duration = Duration::from_millis(500);"),
    ("change in its turn | 1 s |", "CHANGE_DELAY: Duration = Duration::from_secs(1);"),
    ("changes that wait | 1,024 |", "QUEUE: usize = 1024;"),
    ("a change waits for its turn | 1 s |", "WRITE_QUEUE_TIMEOUT: Duration = Duration::from_secs(1);"),
    ("changes in one commit | 256 |", "BATCH: usize = 256;"),
    ("before a commit | 10 ms |", "LONGEST_GATHERING: Duration = Duration::from_millis(10);"),
    ("a list waits for its turn | 1 s |", "LIST_TIMEOUT: Duration = Duration::from_secs(1);"),
    ("less 128 and 8 for each worker", "RESERVED_FILES: u64 = 128;"),
    ("less 128 and 8 for each worker", "RESERVED_BY_WORKER: u64 = 8;"),
    ("TLS handshake | 5 s |", "TLS_HANDSHAKE_TIMEOUT: Duration = Duration::from_secs(5);"),
    ("on each worker | 8,192 |", "TLS_HANDSHAKES: usize = 8192;"),
    ("wait to be accepted | 4,096 |", "BACKLOG: i32 = 4096;"),
    ("| body | 1 MiB |", "MAX_BODY: usize = 1024 * 1024;"),
    ("thrown away | 64 MiB |", "MAX_DISCARDED: usize = 64 * 1024 * 1024;"),
    ("over 16 KB, and", "LARGE_BODY: usize = 16 * 1024;"),
    ("until the answer | 16 MiB |", "BODY_MEMORY: usize = 16 * 1024 * 1024;"),
    ("| 1901 after 1 s |", "BODY_MEMORY_TIMEOUT: Duration = Duration::from_secs(1);"),
    ("from one address | 2 |", "LARGE_BODIES_PER_CLIENT: usize = 2;"),
    ("over 16 KB | 2 s |", "LARGE_BODY_STALL: Duration = Duration::from_secs(2);"),
    ("takes 64 KB of an answer", "LEAST_TAKEN: usize = 64 * 1024;"),
    ("files aside | four times that |", "ANSWER_TIMEOUTS: u32 = 4;"),
    ("memory for answers over 16 KB", "LARGE_ANSWER: usize = 16 * 1024;"),
    ("for changelogs | 16 MiB |", "ANSWER_MEMORY: usize = 16 * 1024 * 1024;"),
    (
        "of one address, trusted proxies aside | 8 MiB |",
        "ANSWER_MEMORY_PER_CLIENT: usize = ANSWER_MEMORY / 2;",
    ),
    ("written in an answer | 3 MiB |", "MAX_META_WRITTEN: i64 = 3 * MAX_META_BYTES;"),
    ("lists of licenses aside | 1,000 |", "MAX_FIELDS: usize = 1_000;"),
    ("as estimated | 14 MiB |", "MAX_PARSED: usize = 14 * 1024 * 1024;"),
    ("JSON nesting | 100 levels |", "MAX_DEPTH: usize = 100;"),
    ("`Idempotency-Key` | 255 bytes |", "MAX_NAME: usize = 255;"),
    ("`Idempotency-Key` | 255 bytes |", "MAX_KEY: usize = 255;"),
    ("telemetry's text | 64 KiB |", "MAX_META_VALUE: usize = 64 * 1024;"),
    ("telemetry's text | 64 KiB |", "MAX_PRODUCT_TEXT: usize = 64 * 1024;"),
    ("telemetry's text | 64 KiB |", "MAX_TELEMETRY_TEXT: usize = 64 * 1024;"),
    ("reason of its block | 4 KiB |", "MAX_NOTE: usize = 4 * 1024;"),
    ("order reference of a license | 255 bytes |", "MAX_ORDER_REFERENCE: usize = 255;"),
    ("`webhook_url` | 2,048 bytes |", "MAX_URL: usize = 2048;"),
    ("| 1,000, and 1 MiB together |", "MAX_META_ENTRIES: i64 = 1_000;"),
    ("| 1,000, and 1 MiB together |", "MAX_META_BYTES: i64 = 1024 * 1024;"),
    ("one create call | 10,000 |", "MAX_LICENSE_KEYS: usize = 10_000;"),
    ("random-assign | 1,000 |", "MAX_QUANTITY: i64 = 1_000;"),
    ("validity | 2,147,483,647 |", "MAX_LICENSE_NUMBER: i64 = 2_147_483_647;"),
    ("on a page | 1,000 (10 by default) |", "MAX_PAGE_ITEMS: i64 = 1000;"),
    ("on a page | 1,000 (10 by default) |", "DEFAULT_ITEMS: i64 = 10;"),
    ("| 10,000 reports, 4 MiB of text |", "MAX_ITEMS: i64 = 10_000;"),
    ("| 10,000 reports, 4 MiB of text |", "MAX_LIST: usize = 4 * 1024 * 1024;"),
    ("signed answers | 4,096; with fields: of up to 1 KiB |", "CAPACITY: usize = 4096;"),
    ("signed answers | 4,096; with fields: of up to 1 KiB |", "MAX_CACHED_TEXT: usize = 1024;"),
    ("list of keys | 1 s |", "MAX_AGE: Duration = Duration::from_secs(1);"),
    ("for an `Idempotency-Key` | 24 h |", "REPEATED_SECONDS: i64 = 24 * 60 * 60;"),
    ("after success | 5 min |", "REPEATED_SECONDS: i64 = 5 * 60;"),
    ("webhooks under way | 8, one", "MAX_UNDER_WAY: usize = 8;"),
    ("about deactivations under way | 6 of", "MAX_DEACTIVATIONS: usize = 6;"),
    ("for metrics | 32 |", "CONNECTIONS: usize = 32;"),
    ("different refusals in a second | 500 |", "MOST_REFUSALS: usize = 500;"),
    ("different counters in a second | 10,000 |", "MOST_COUNTERS: usize = 10_000;"),
    ("activations seen in a second | 1,000 |", "MOST_SEEN: usize = 1000;"),
    ("before serving | 50 ms |", "CHECK_TIMEOUT: Duration = Duration::from_millis(50);"),
    ("at a stop | 15 s |", "SHUTDOWN_SECONDS: u64 = 15;"),
    ("`keyseal.toml` | 1 MiB |", "MAX_BYTES: u64 = 1 << 20;"),
];

fn sources(folder: &Path, text: &mut String) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, text);
        } else {
            text.push_str(&fs::read_to_string(&path).unwrap());
        }
    }
}

#[test]
fn the_numbers_in_the_table_of_limits_are_those_of_the_code() {
    let page = page("docs/architecture.md").text;
    let table = page.split("\n## Limits\n").nth(1).unwrap().split("\n## ").next().unwrap();
    let mut code = String::new();
    sources(&root().join("src"), &mut code);
    let gone = |(row, declaration): &&(&str, &str)| {
        !table.contains(row) || !code.contains(&format!("const {declaration}"))
    };
    let wrong: Vec<_> = LIMITS.iter().filter(gone).collect();
    assert!(wrong.is_empty(), "the row, the constant and this test differ: {wrong:#?}");
}
