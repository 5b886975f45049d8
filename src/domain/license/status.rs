//! The status of a license.

/// The four statuses of the v1 API (API §3.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LicenseStatus {
    Available,
    Assigned,
    Reserved,
    Blocked,
}

impl LicenseStatus {
    pub const ALL: [Self; 4] = [Self::Available, Self::Assigned, Self::Reserved, Self::Blocked];

    /// The name of this value in the database and in the API.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Available => "available",
            Self::Assigned => "assigned",
            Self::Reserved => "reserved",
            Self::Blocked => "blocked",
        }
    }

    /// Whether a license with this status has no owner yet and can be assigned to one (API §4.6).
    pub fn is_assignable(self) -> bool {
        matches!(self, Self::Available | Self::Reserved)
    }

    /// Whether a license with this status has an owner, who loses it by the change to another one.
    pub fn loses_owner(self, to: Self) -> bool {
        !self.is_assignable() && to.is_assignable()
    }

    /// Whether a license with this status is held back for somebody, and no longer is after the change to another one.
    pub fn ends_reservation(self, to: Self) -> bool {
        self == Self::Reserved && to == Self::Available
    }

    /// Whether a license with this status has no owner yet, and gets one by the change to another status.
    pub fn gets_owner(self, to: Self) -> bool {
        self.is_assignable() && to == Self::Assigned
    }

    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == word)
    }

    /// Also accepts the words that newer clients send, each mapped to one of the four statuses (API §3.2).
    pub fn parse_newer(word: &str) -> Option<Self> {
        match word {
            "active" => Some(Self::Assigned),
            "suspended" | "revoked" | "inactive" => Some(Self::Blocked),
            _ => Self::parse(word),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::LicenseStatus;

    #[test]
    fn a_status_reads_back_from_its_word() {
        for status in LicenseStatus::ALL {
            assert_eq!(LicenseStatus::parse(status.as_str()), Some(status));
        }
        assert_eq!(LicenseStatus::parse("active"), None);
    }

    #[test]
    fn newer_words_are_read_as_what_they_mean_and_never_written() {
        for (word, status) in [
            ("active", LicenseStatus::Assigned),
            ("suspended", LicenseStatus::Blocked),
            ("revoked", LicenseStatus::Blocked),
            ("inactive", LicenseStatus::Blocked),
            ("reserved", LicenseStatus::Reserved),
        ] {
            assert_eq!(LicenseStatus::parse_newer(word), Some(status));
        }
        assert_eq!(LicenseStatus::parse_newer("expired"), None);
        assert_eq!(LicenseStatus::parse_newer("Active"), None);
    }
}
