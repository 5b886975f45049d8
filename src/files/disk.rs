//! Free space on the disk of the data directory.

use rustix::fs::statvfs;

use super::{DataDir, Error};

impl DataDir {
    /// The bytes that the server's user may still write.
    pub fn free_space(&self) -> Result<u64, Error> {
        let about = statvfs(self.path())
            .map_err(|error| Error::io("can't read the free space at", self.path(), error.into()))?;
        Ok(about.f_bavail.saturating_mul(about.f_frsize))
    }
}
