//! The caller of an operation: a client with an API key, the owner of a contract, or the command line.

/// Identifies the caller of an operation: for the audit trail, for queued jobs and for repeated requests.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallerId {
    /// A client, by the id of its API key.
    ApiKey(i64),
    /// The owner of a contract, whose contract key is the only credential (API §4.33), by the contract's id.
    Contract(i64),
    /// Someone who runs commands on the server's machine.
    CommandLine,
}

impl CallerId {
    /// Converts a number from [`Self::to_number`] back.
    pub fn from_number(number: i64) -> Self {
        match number {
            0 => Self::CommandLine,
            id if id < 0 => Self::Contract(id.saturating_neg()),
            id => Self::ApiKey(id),
        }
    }

    /// One number for any caller, as the database stores it in the columns named `api_key_id`: the id of the
    /// API key, the negated id of the contract, or 0. Ids start at 1, so no two callers share a number.
    pub fn to_number(self) -> i64 {
        match self {
            Self::ApiKey(id) => id,
            Self::Contract(id) => id.saturating_neg(),
            Self::CommandLine => 0,
        }
    }

    /// The name of this kind of caller in the audit trail.
    pub fn kind(self) -> &'static str {
        match self {
            Self::ApiKey(_) => "api_key",
            Self::Contract(_) => "contract",
            Self::CommandLine => "command_line",
        }
    }

    /// The id of the API key or of the contract.
    pub fn id(self) -> Option<i64> {
        match self {
            Self::ApiKey(id) | Self::Contract(id) => Some(id),
            Self::CommandLine => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::CallerId;

    #[test]
    fn every_caller_has_a_number_of_its_own_and_is_read_back_from_it() {
        for (caller, number) in
            [(CallerId::ApiKey(7), 7), (CallerId::Contract(7), -7), (CallerId::CommandLine, 0)]
        {
            assert_eq!(caller.to_number(), number);
            assert_eq!(CallerId::from_number(number), caller);
        }
    }
}
