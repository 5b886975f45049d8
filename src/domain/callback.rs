//! Callbacks: messages to other servers, and when one is worth another try.

use super::Timestamp;

/// A message to another server, as a list shows it. What it says is not part of it: it holds license keys.
#[derive(Clone, Debug)]
pub struct Callback {
    pub id: i64,
    pub kind: CallbackKind,
    pub url: String,
    pub state: CallbackState,
    pub attempts: u32,
    /// The earliest moment of the next attempt; of use only while it is pending.
    pub next_attempt: Timestamp,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// What is needed to have a message sent.
#[derive(Clone, Debug)]
pub struct NewCallback<'a> {
    pub kind: CallbackKind,
    pub url: &'a str,
    /// The text that is to be signed, as it was written once.
    pub reply: &'a str,
    /// Whose key signs, if it has one of its own; `None`: the installation's.
    pub product_id: Option<i64>,
}

/// What a message tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackKind {
    /// What became of a queued assignment (API §6.1).
    Assignment,
    /// That an activation has ended, otherwise than by its own client (API §6.2).
    Deactivation,
}

/// How far a message has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackState {
    Pending,
    Delivered,
    /// Given up; only an operator has it tried again.
    Failed,
}

impl CallbackKind {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Assignment => "assignment",
            Self::Deactivation => "deactivation",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Assignment, Self::Deactivation].into_iter().find(|kind| kind.as_str() == word)
    }
}

impl CallbackState {
    /// The word in the database.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    pub fn parse(word: &str) -> Option<Self> {
        [Self::Pending, Self::Delivered, Self::Failed].into_iter().find(|state| state.as_str() == word)
    }
}

/// Whether a receiver that answered with this HTTP status may yet take the message. Any other refusal is its
/// last word: receivers are not idempotent, so nothing is sent twice without need (API §6.1).
pub fn is_worth_another_try(status: u16) -> bool {
    matches!(status, 429 | 500..=599)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_read_back() {
        for kind in [CallbackKind::Assignment, CallbackKind::Deactivation] {
            assert_eq!(CallbackKind::parse(kind.as_str()), Some(kind));
        }
        for state in [CallbackState::Pending, CallbackState::Delivered, CallbackState::Failed] {
            assert_eq!(CallbackState::parse(state.as_str()), Some(state));
        }
        assert_eq!((CallbackKind::parse("event"), CallbackState::parse("")), (None, None));
    }

    #[test]
    fn only_a_receiver_in_trouble_is_tried_again() {
        for (status, again) in
            [(301, false), (404, false), (410, false), (429, true), (499, false), (500, true), (599, true)]
        {
            assert_eq!(is_worth_another_try(status), again, "{status}");
        }
    }
}
