//! Load: the limits on what clients can request, and the refusals of requests beyond them.
//!
//! A request is admitted by [`Load::admit`] and then holds a [`Ticket`] until its endpoint is done. The ticket carries
//! everything that the request has reserved: a guess, memory for its body, a promised signature. Dropping it releases
//! them.
//!
//! All limits of the server, in the order in which a request meets them:
//!
//! | limit | default | checked in | when exceeded |
//! |---|---|---|---|
//! | connections | from `ulimit -n` | `server/connections.rs` | wait |
//! | connections of an address | half of them | `server/connections.rs` | connection closed |
//! | TLS handshakes, by worker | 8,192 | `server/http.rs` | wait |
//! | time for a head | 5 s | actix-http; `server/head_timer.rs` | connection closed |
//! | requests of an address | 500/s, 1,000 at once; `--rate-limit-address` | [`Load::admit`] | 1929 |
//! | requests of an API key | 5,000/s, 10,000 at once; `--rate-limit-key` | [`Load::admit`], `run.rs` | 1929 |
//! | signing delay, new request | [`ADMISSION_DELAY`] | [`Load::admit`], after the body | 1901 |
//! | time for a body | 8 s; `--body-timeout` | `read.rs` | 1908 |
//! | size of a body | [`MAX_BODY`] | `read.rs` | 1913 |
//! | bytes of a refused body | [`MAX_DISCARDED`] | `read.rs` | connection closed |
//! | large bodies of an address | [`LARGE_BODIES_PER_CLIENT`] | [`Ticket::hold_body`] | wait |
//! | memory for large bodies, and their fields | [`BODY_MEMORY`], for 1 s | [`Ticket::hold_body`] | 1901 |
//! | large bodies parsed, long answers written | one by two workers | [`Ticket::enter_background`] | wait 1 s, 1901 |
//! | fields, values of JSON | 1,000, and 14 MiB of memory | `wire/params/size.rs` | 1913 |
//! | pause in a large body | [`LARGE_BODY_STALL`] | `read.rs` | 1908 |
//! | JSON depth, field lengths | API §0.4, item 8 | `wire/params`, `api` | 1902, 1913 |
//! | `Idempotency-Key` | 255 bytes | `idempotency.rs` | 1913 |
//! | telemetry of an API key, of an address | 10 MB/h, 100 MB/day; `--telemetry-per-hour`, `-day` | `run.rs` | 1929 |
//! | answers kept for an API key, an address | 250 MB/day, 25; `--answers-per-day` | [`Load::admit_answer`] | 1929 |
//! | wrong keys from an address | 60/min, 60 at once; `--rate-limit-guesses` | [`Ticket::check_guess`] | 1929 |
//! | lists read at once | one by worker, [`LIST_TIMEOUT`] | [`Ticket::enter_list`] | 1901 |
//! | changes in the write queue | 1,024, each for 1 s | `store/sqlite/writer.rs` | 1901 |
//! | signing delay, admitted change | [`CHANGE_DELAY`] | [`Load::admit_change`] | 1901 |
//! | memory for large answers | [`ANSWER_MEMORY`], half of it without a key | [`Load::hold_answer`] | 1901 |
//! | that of an address | [`ANSWER_MEMORY_PER_CLIENT`] | [`Load::hold_answer`] | 1901 |
//! | time to take [`LEAST_TAKEN`] bytes of an answer | 30 s; `--send-timeout` | `server/pace.rs` | connection closed |
//! | time to take an answer, files aside | [`ANSWER_TIMEOUTS`] times that | `server/pace.rs` | connection closed |
//!
//! Files without a folder are in `serve`. An address is an IPv4 address or an IPv6 network of 64 bits. Large is a body
//! above [`LARGE_BODY`], and an answer above [`LARGE_ANSWER`]. A change that is committed gets its answer whatever it
//! takes, and a trusted proxy has no limit of its own on memory.

mod answer_memory;
mod body_memory;
mod buckets;
mod guesses;
mod limits;
mod network;
mod quotas;
mod rates;
mod ticket;
mod unavailable;

use std::time::Duration;

use crate::wire::params::MAX_PARSED;

pub use answer_memory::{HeldAnswer, Reader};
pub use limits::Load;
pub use network::Network;
pub use ticket::Ticket;
pub use unavailable::Cause;

/// The signing delay past which a new request is refused before it does anything. An admitted request is always signed,
/// however long the queue: its change may be committed already.
pub const ADMISSION_DELAY: Duration = Duration::from_millis(500);

/// The signing delay past which an admitted change is refused when the writer starts it: many changes may have been
/// admitted at once. Longer than [`ADMISSION_DELAY`], because a request that is refused on admission has cost nothing
/// yet.
pub const CHANGE_DELAY: Duration = Duration::from_secs(1);

/// The largest body that is read, in bytes (API §0.4, item 8).
pub const MAX_BODY: usize = 1024 * 1024;

/// The number of bytes of a larger body that are read and discarded, so that its sender reads the refusal instead of
/// a reset.
pub const MAX_DISCARDED: usize = 64 * 1024 * 1024;

/// A body above this size is a large one and needs memory from [`BODY_MEMORY`].
pub const LARGE_BODY: usize = 16 * 1024;

/// Memory for all large bodies, and for the fields that are made of them, until their answers; in bytes.
pub const BODY_MEMORY: usize = 16 * 1024 * 1024;
// One body alone always finds room.
const _: () = assert!(MAX_PARSED < BODY_MEMORY);

/// The time that a growing body waits for memory. Waiting bodies hold memory themselves, so this time must be short.
pub const BODY_MEMORY_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of large bodies of one client that are read at once.
pub const LARGE_BODIES_PER_CLIENT: usize = 2;

/// The time that the sender of a large body may pause. A stalled body would hold its memory for the whole time
/// allowed for a body.
pub const LARGE_BODY_STALL: Duration = Duration::from_secs(2);

/// An answer above this size is a large one and needs memory from [`ANSWER_MEMORY`].
pub const LARGE_ANSWER: usize = 16 * 1024;

/// Memory for all large answers until their clients have taken them, in bytes.
pub const ANSWER_MEMORY: usize = 16 * 1024 * 1024;

/// The part of it that one client's answers may take.
pub const ANSWER_MEMORY_PER_CLIENT: usize = ANSWER_MEMORY / 2;

/// The memory that sending a file takes: the part of it that was read last.
pub const FILE_PART: usize = 64 * 1024;

/// The bytes that a client must take of its answers in each period of `--send-timeout`. With the default of 30 seconds
/// these are 17 kbit/s, a quarter of what a throttled mobile client has.
pub const LEAST_TAKEN: usize = 64 * 1024;

/// The number of these periods in which an answer must be taken, unless it is a file. With the default these are two
/// minutes, in which a throttled mobile client, of 64 kbit/s, takes almost a megabyte.
pub const ANSWER_TIMEOUTS: u32 = 4;

/// The time that a list waits before it is read.
pub const LIST_TIMEOUT: Duration = Duration::from_secs(1);

/// The number of clients that each rate limit tracks. Beyond it, the least recently seen client is evicted and later
/// starts with a full bucket, so that a flood from many addresses takes no more memory.
pub const TRACKED_CLIENTS: usize = 1 << 16;
