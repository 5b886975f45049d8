//! Turns: a command that makes many changes lets the running server make its own between them.

use std::thread;
use std::time::Duration;

use crate::files::{self, DataDir};

/// How long a command waits between two of its transactions. A server that waits for the database looks at it again
/// after at most 15 ms at first, and later less and less often. Without a pause it would hardly ever find it free.
const PAUSE: Duration = Duration::from_millis(20);

/// Waits for a moment if a server runs on the data directory, so that it can write.
pub fn give_way(data: &DataDir) -> Result<(), files::Error> {
    if data.running_server()?.is_some() {
        thread::sleep(PAUSE);
    }
    Ok(())
}
