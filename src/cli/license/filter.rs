//! The options that select licenses, the same for each command that takes a filter.

use clap::ValueEnum;

use super::Status;
use crate::cli::Result;
use crate::cli::product::reference;
use crate::domain::{LicenseFilter, LicenseQuery, LicenseState, LicenseStatus, Period, Timestamp};
use crate::files::DataDir;

#[derive(clap::Args)]
pub struct FilterArgs {
    /// Only licenses of this product: its id, UUID, slug or name
    #[arg(long, value_name = "PRODUCT")]
    product: Option<String>,
    /// Only licenses with this status
    #[arg(long)]
    status: Option<Status>,
    /// Only licenses in this state now
    #[arg(long)]
    state: Option<State>,
    /// Only licenses in use that expire within so many days
    #[arg(long, value_name = "DAYS", value_parser = clap::value_parser!(i64).range(1..=36_500))]
    expiring: Option<i64>,
    /// Only licenses of the owner with this name, in any case
    #[arg(long, value_name = "NAME")]
    owner_name: Option<String>,
    /// Only licenses of the owner with this email address, in any case
    #[arg(long, value_name = "EMAIL")]
    owner_email: Option<String>,
    /// Only licenses assigned at or after this time: YYYY-MM-DD HH:MM:SS in UTC, or a date
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    assigned_since: Option<Timestamp>,
    /// Only licenses assigned before this time
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    assigned_until: Option<Timestamp>,
    /// Only licenses created at or after this time
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    created_since: Option<Timestamp>,
    /// Only licenses created before this time
    #[arg(long, value_name = "TIME", value_parser = Timestamp::parse)]
    created_until: Option<Timestamp>,
}

/// A state of a license.
#[derive(Clone, Copy, ValueEnum)]
enum State {
    /// Assigned and not expired
    Active,
    /// Assigned and expired
    Expired,
    /// Active on as many identifiers as its limit allows
    Full,
    /// Assigned, and active on no identifier
    NotActivated,
}

impl FilterArgs {
    /// The query that the options describe.
    pub fn query(&self, data: &DataDir) -> Result<LicenseQuery> {
        let state = self.state.map(|state| match state {
            State::Active => LicenseState::Active,
            State::Expired => LicenseState::Expired,
            State::Full => LicenseState::Full,
            State::NotActivated => LicenseState::NotActivated,
        });
        let expiring = self.expiring.map(|days| LicenseState::ExpiresWithin { days });
        Ok(LicenseQuery {
            filter: LicenseFilter {
                product_id: reference::optional_id(data, self.product.as_deref())?,
                status: self.status.map(LicenseStatus::from),
                owner_name: self.owner_name.clone(),
                owner_email: self.owner_email.clone(),
            },
            states: state.into_iter().chain(expiring).collect(),
            assigned: Period { since: self.assigned_since, until: self.assigned_until },
            created: Period { since: self.created_since, until: self.created_until },
        })
    }
}
