//! The endpoints that can be explained: the steps of each, and the outcome after the last one.

use crate::domain::Outcome;
use crate::operations::gate::Step::{self, *};
use crate::operations::gate::{Asked, Gate, Observer, Seat};
use crate::wire::reply::Result;

/// An endpoint behind the license gate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GateEndpoint {
    Verify,
    Activate,
    Deactivate,
    Details,
    Downloads,
    CreateMeta,
    UpdateMeta,
    DeleteMeta,
}

use GateEndpoint::*;

impl GateEndpoint {
    pub const ALL: [Self; 8] =
        [Verify, Activate, Deactivate, Details, Downloads, CreateMeta, UpdateMeta, DeleteMeta];

    /// The names of [`Self::ALL`]: the paths of the endpoints without their first slash.
    pub const NAMES: &[&str] = &[
        Verify.as_str(),
        Activate.as_str(),
        Deactivate.as_str(),
        Details.as_str(),
        Downloads.as_str(),
        CreateMeta.as_str(),
        UpdateMeta.as_str(),
        DeleteMeta.as_str(),
    ];

    pub const fn as_str(self) -> &'static str {
        match self {
            Verify => "verify",
            Activate => "activate",
            Deactivate => "deactivate",
            Details => "get-license-key-details",
            Downloads => "access-downloadables",
            CreateMeta => "create-license-key-meta",
            UpdateMeta => "update-license-key-meta",
            DeleteMeta => "delete-license-key-meta",
        }
    }

    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|endpoint| endpoint.as_str() == name)
    }

    /// The steps of the endpoint, in their order.
    pub fn steps(self) -> &'static [Step] {
        match self {
            Activate => &[Blocklist, LicenseKey, Product, Identifier, NotBlocked, Assigned, NotExpired, Seat],
            Deactivate => &[Blocklist, LicenseKey, Product, Identifier, NotBlocked, Assigned, Active],
            Downloads => &[
                Blocklist,
                LicenseKey,
                Product,
                Identifier,
                NotBlocked,
                Assigned,
                NotExpiredForDownloads,
                Active,
            ],
            Verify | Details | CreateMeta | UpdateMeta | DeleteMeta => {
                &[Blocklist, LicenseKey, Product, Identifier, NotBlocked, Assigned, NotExpired, Active]
            }
        }
    }

    /// Whether the endpoint goes on to check other fields, which its explanation doesn't know.
    pub fn checks_more(self) -> bool {
        matches!(self, CreateMeta | UpdateMeta | DeleteMeta)
    }

    /// Passes the gate as the endpoint does, and returns the outcome of its success. Changes nothing.
    pub fn pass<A: Asked, O: Observer>(self, gate: &mut Gate<'_, A, O>) -> Result<Outcome> {
        match self {
            Verify => gate.usable().map(|_| Outcome::LicenseValid),
            Details => gate.usable().map(|_| Outcome::LicenseDetails),
            CreateMeta => gate.usable().map(|_| Outcome::LicenseMetaCreated),
            UpdateMeta => gate.usable().map(|_| Outcome::LicenseMetaUpdated),
            DeleteMeta => gate.usable().map(|_| Outcome::LicenseMetaDeleted),
            Downloads => gate.usable_for_downloads().map(|_| Outcome::Downloads),
            Deactivate => gate.deactivatable().map(|_| Outcome::LicenseDeactivated),
            Activate => {
                let (license, identifier) = gate.activatable()?;
                Ok(match gate.seat(&license, &identifier)? {
                    Seat::Taken => Outcome::LicenseAlreadyActive,
                    Seat::Free => Outcome::LicenseActivated,
                })
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_endpoint_reads_back_from_its_name() {
        for (endpoint, name) in GateEndpoint::ALL.into_iter().zip(GateEndpoint::NAMES) {
            assert_eq!((endpoint.as_str(), GateEndpoint::parse(name)), (*name, Some(endpoint)));
        }
        assert_eq!(GateEndpoint::parse("Verify"), None);
    }
}
