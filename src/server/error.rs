//! Errors that keep the server from starting.

use std::io;

use super::tls::TlsError;
use crate::files;
use crate::signing::KeyError;
use crate::store::{self, OpenError, UpgradeError};

/// The server can't start. The message says what failed, where, and the next step.
#[derive(Debug, thiserror::Error)]
pub enum StartError {
    #[error(transparent)]
    File(#[from] files::Error),
    #[error(transparent)]
    Open(#[from] OpenError),
    #[error(transparent)]
    Upgrade(#[from] UpgradeError),
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error(transparent)]
    Tls(#[from] TlsError),
    #[error(transparent)]
    Store(#[from] store::Error),
    #[error(
        "the API keys {ids} are the demo's, which everybody knows, and are active: disable them with \"{disable}\", \
         and make your own with \"keyseal api-key create\""
    )]
    DemoApiKeys { ids: String, disable: String },
    #[error("can't listen on {listen}: {source}; give another address with {flag}")]
    Listen { listen: String, source: io::Error, flag: &'static str },
    #[error("can't start the server: {0}")]
    Io(#[from] io::Error),
}

impl StartError {
    /// Whether a setting is wrong, so that every further start would fail the same way.
    pub fn is_wrong_setting(&self) -> bool {
        matches!(self, Self::Tls(TlsError::Unreadable { source, .. }) if source.kind() == io::ErrorKind::NotFound)
    }
}
