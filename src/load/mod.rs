//! Load: what is refused because there is too much of it.
//!
//! A request asks [`Load::admit`] first and holds a [`Ticket`] while it is inside. The ticket carries what the request
//! has taken: a reserved guess, memory for its body, a promised signature. Dropping it gives all of that back.
//!
//! All limits of the server, in the order in which a request meets them:
//!
//! | limit | default | asked in | past it |
//! |---|---|---|---|
//! | connections | from `ulimit -n` | `server/connections.rs` | wait to be accepted |
//! | TLS handshakes under way, by worker | 8,192 | `server/mod.rs` | wait |
//! | requests of an address (IPv6: of a /64) | 500 a second, 1,000 at once; `--rate-limit-address` | [`Load::admit`] | 1929 |
//! | requests of an API key | 5,000 a second, 10,000 at once; `--rate-limit-key` | [`Load::admit`], [`Ticket::admit_api_key`] | 1929 |
//! | signing delay of a new request | [`ADMISSION_DELAY`] | [`Load::admit`], [`Ticket::admit_work`] | 1901 |
//! | time for a body | 8 s; `--body-timeout` | `serve/read.rs` | 1908 |
//! | size of a body | [`MAX_BODY`] | `serve/read.rs` | 1913 |
//! | bytes read of a larger body, to be thrown away | [`MAX_DISCARDED`] | `serve/read.rs` | the connection is closed |
//! | large bodies of an address at once | [`LARGE_BODIES_PER_CLIENT`] | [`Ticket::hold_body`] | wait, within the body's time |
//! | memory for large bodies | [`BODY_MEMORY`], waited for up to [`BODY_MEMORY_TIMEOUT`] | [`Ticket::hold_body`] | 1901 |
//! | pause within a large body | [`LARGE_BODY_STALL`] | `serve/read.rs` | 1908 |
//! | depth and size of JSON fields, length of texts | `wire/params`, `domain/names.rs`, `domain/meta.rs` | `wire`, `api` | 1902, 1913 |
//! | length of an `Idempotency-Key` | 255 bytes | `serve/idempotency.rs` | 1913 |
//! | wrong keys from an address | 60 a minute, 60 at once; `--rate-limit-guesses` | [`Ticket::check_guess`], [`Ticket::settle_guess`] | 1929 |
//! | lists read at once | one for each worker, waited for up to [`LIST_TIMEOUT`] | [`Ticket::enter_list`] | 1901 |
//! | changes in the writer's queue | 1,024, each for up to 1 s | `store/sqlite/writer.rs` | 1901 |
//! | signing delay of an admitted change | [`CHANGE_DELAY`] | [`Load::admit_change`] | 1901 |
//! | time to take an answer | 30 s; `--send-timeout` | `server/connections.rs` | the connection is closed |

mod body_memory;
mod buckets;
mod guesses;
mod limits;
mod network;
mod rates;
mod ticket;
mod unavailable;

use std::time::Duration;

pub use limits::Load;
pub use ticket::Ticket;
pub use unavailable::Cause;

/// The signing delay past which a new request is refused before it does anything. What was admitted is always signed,
/// however long the queue: its change may be committed already.
pub const ADMISSION_DELAY: Duration = Duration::from_millis(500);

/// The signing delay past which an admitted change is refused when the writer comes to it: a crowd may have been
/// admitted at once. Longer than on admission, where a slight excess is refused before it has cost anything.
pub const CHANGE_DELAY: Duration = Duration::from_secs(1);

/// The largest body that is read, in bytes (API §0.4, item 8).
pub const MAX_BODY: usize = 1024 * 1024;

/// How much of a larger body is read and thrown away, so that its sender reads the refusal instead of a reset.
pub const MAX_DISCARDED: usize = 64 * 1024 * 1024;

/// A body above this size is a large one and needs memory from [`BODY_MEMORY`].
pub const LARGE_BODY: usize = 16 * 1024;

/// Memory for all large bodies that are being read, in bytes.
pub const BODY_MEMORY: usize = 16 * 1024 * 1024;

/// How long a growing body waits for memory. Waiting bodies hold memory themselves, so the wait must be short.
pub const BODY_MEMORY_TIMEOUT: Duration = Duration::from_secs(1);

/// How many large bodies of one client are read at once.
pub const LARGE_BODIES_PER_CLIENT: usize = 2;

/// How long the sender of a large body may pause: a stalled body would hold its memory for the whole time of a body.
pub const LARGE_BODY_STALL: Duration = Duration::from_secs(2);

/// How long a list waits for its turn to be read.
pub const LIST_TIMEOUT: Duration = Duration::from_secs(1);

/// How many clients each rate limit keeps track of. Past that it evicts the one seen longest ago, who starts afresh:
/// a flood from many addresses takes no more memory.
pub const TRACKED_CLIENTS: usize = 1 << 16;
