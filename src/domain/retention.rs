//! Retention: how long, and how much of, what clients add without end is kept.

/// What is deleted by age and size, the oldest first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kept {
    Telemetry,
    Audit,
    Refusals,
    Usage,
    /// Delivered and failed ones; never those that are still to be sent.
    Webhooks,
    /// To requests with an `Idempotency-Key`.
    Answers,
}

impl Kept {
    pub const ALL: [Self; 6] =
        [Self::Telemetry, Self::Audit, Self::Refusals, Self::Usage, Self::Webhooks, Self::Answers];

    /// The plural noun for messages.
    pub fn noun(self) -> &'static str {
        match self {
            Self::Telemetry => "telemetry reports",
            Self::Audit => "audit entries",
            Self::Refusals => "refusals",
            Self::Usage => "counters of use",
            Self::Webhooks => "webhooks",
            Self::Answers => "answers under an Idempotency-Key",
        }
    }
}

/// What exceeds any of these is deleted. `None`: no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Retention {
    pub days: Option<u32>,
    pub bytes: Option<u64>,
    pub rows: Option<u32>,
}

impl Retention {
    /// 0: no limit.
    pub fn new(days: u32, megabytes: u32) -> Self {
        let bytes = u64::from(megabytes).saturating_mul(1_000_000);
        Self { days: (days > 0).then_some(days), bytes: (bytes > 0).then_some(bytes), rows: None }
    }

    /// Keeps no more than this number of rows. 0: no limit.
    #[must_use]
    pub fn rows(self, rows: u32) -> Self {
        Self { rows: (rows > 0).then_some(rows), ..self }
    }
}
