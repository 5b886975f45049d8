//! What a change did to a license, in words for the audit trail.

use std::fmt::Display;

use super::License;
use crate::domain::Timestamp;

impl License {
    /// Its status and numbers after a change, and each other field that changed, before and after.
    pub fn difference(&self, after: &Self) -> String {
        let time = |time: Option<Timestamp>| time.map_or_else(|| "-".to_owned(), |time| time.to_string());
        let text = |text: &Option<String>| text.clone().unwrap_or_else(|| "-".to_owned());
        let state = format!(
            "{}, limit {}, validity {}",
            step(&self.status.as_str(), &after.status.as_str()),
            step(&self.activation_limit, &after.activation_limit),
            step(&self.validity, &after.validity)
        );
        let others = [
            ("product", self.product_id.to_string(), after.product_id.to_string()),
            ("owner name", text(&self.owner_name), text(&after.owner_name)),
            ("owner email", text(&self.owner_email), text(&after.owner_email)),
            ("assigned at", time(self.assigned_at), time(after.assigned_at)),
            ("expires", time(self.expires_at()), time(after.expires_at())),
        ];
        let changed = others.into_iter().filter(|(_, before, after)| before != after);
        changed
            .fold(state, |text, (field, before, after)| format!("{text}; {field} {}", step(&before, &after)))
    }
}

/// A value before and after, or the one that it still is.
fn step<T: Display + PartialEq>(before: &T, after: &T) -> String {
    if before == after { before.to_string() } else { format!("{before} -> {after}") }
}

#[cfg(test)]
mod tests {
    use crate::domain::license::tests::license;
    use crate::domain::{License, LicenseStatus, Timestamp};

    #[test]
    fn what_changed_is_told_before_and_after() {
        let before = license(LicenseStatus::Assigned, 1, Some(0));
        assert_eq!(before.difference(&before), "assigned, limit 0, validity 1");
        let after = License {
            status: LicenseStatus::Blocked,
            validity: 3,
            owner_name: Some("Jane".to_owned()),
            product_id: 2,
            ..before.clone()
        };
        assert_eq!(
            before.difference(&after),
            "assigned -> blocked, limit 0, validity 1 -> 3; product 1 -> 2; owner name - -> Jane; \
             expires 1970-01-02 00:00:00 -> 1970-01-04 00:00:00"
        );
        let later = License { assigned_at: Some(Timestamp(60)), validity: 0, ..before.clone() };
        assert_eq!(
            before.difference(&later),
            "assigned, limit 0, validity 1 -> 0; assigned at 1970-01-01 00:00:00 -> 1970-01-01 00:01:00; \
             expires 1970-01-02 00:00:00 -> -"
        );
    }
}
