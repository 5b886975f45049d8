//! The files of an installation: the data directory, private files, copies, downloads, and who owns them.

mod copies;
mod data_dir;
mod disk;
mod downloads;
mod error;
mod ownership;
mod private;
mod regular;
mod server_lock;

pub use copies::{CopiedFile, copy_file, describe_file, write_file};
pub use data_dir::{DataDir, exists, remove_if_there};
pub use downloads::{DownloadsLock, is_sha256};
pub use error::Error;
pub use ownership::give_directory;
pub use private::{create_private, create_private_file, make_private_directory, sync_directory, sync_names};
pub use regular::{check_regular, open_named, open_regular, parent};
pub use server_lock::ServerLock;
