//! The statuses of a license as values of an option. The words of newer clients are read as `update-license-key` does.

use clap::ValueEnum;

use crate::domain::LicenseStatus;

#[derive(Clone, Copy, ValueEnum)]
pub enum Status {
    Available,
    #[value(alias = "active")]
    Assigned,
    Reserved,
    #[value(aliases = ["suspended", "revoked", "inactive"])]
    Blocked,
}

impl From<Status> for LicenseStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Available => Self::Available,
            Status::Assigned => Self::Assigned,
            Status::Reserved => Self::Reserved,
            Status::Blocked => Self::Blocked,
        }
    }
}
