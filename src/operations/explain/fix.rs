//! The command that helps after a refusal.

use super::GateEndpoint;
use super::facts::Facts;
use crate::domain::Identifier;
use crate::operations::gate::Step;
use crate::store::Error;

impl Facts<'_> {
    /// The words of a command that helps after the step refused.
    pub fn fix(&self, step: Step) -> Result<Option<Vec<String>>, Error> {
        let license_key = self.license.map(|license| license.license_key.as_str()).unwrap_or_default();
        let identifier = self.identifier.filter(|_| !self.is_new).map(Identifier::as_str);
        let days = self.license.map_or(365, |license| license.validity).to_string();
        let product_id = self.license.map_or(0, |license| license.product_id).to_string();
        let asked = match step {
            Step::LicenseKey => self.asked_product()?.map(|product| product.id.to_string()),
            _ => None,
        };
        let block = match step {
            Step::Blocklist => self.block()?,
            _ => None,
        };
        let words: Option<Vec<&str>> = match (step, identifier) {
            (Step::Blocklist, _) => match &block {
                Some((kind, value)) => Some(vec!["block", "remove", kind, value]),
                None => None,
            },
            (Step::LicenseKey, _) if self.license.is_some() => {
                asked.as_ref().map(|id| vec!["license", "move", license_key, "--product", id])
            }
            (Step::Product, _) if self.product.is_some() => {
                Some(vec!["product", "update", &product_id, "--active"])
            }
            (Step::NotBlocked, _) => Some(vec!["license", "unblock", license_key]),
            (Step::Assigned, _) => Some(vec!["license", "assign", license_key, "--owner-email", "EMAIL"]),
            (Step::NotExpired | Step::NotExpiredForDownloads, _) => {
                Some(vec!["license", "renew", license_key, "--days", &days])
            }
            (Step::Active, Some(identifier)) if self.question.endpoint != GateEndpoint::Deactivate => {
                Some(vec!["license", "activate", license_key, "--identifier", identifier])
            }
            (Step::Seat, _) => Some(vec!["license", "release", license_key, "--oldest"]),
            _ => None,
        };
        Ok(words.map(|words| words.into_iter().map(str::to_owned).collect()))
    }
}
