//! Webhook messages to other servers, called callbacks in the database, and when to retry them.

use super::Timestamp;

/// A webhook message as lists show it, without its content, which contains license keys.
#[derive(Clone, Debug)]
pub struct Callback {
    pub id: i64,
    pub kind: CallbackKind,
    pub url: String,
    pub state: CallbackState,
    pub attempts: u32,
    /// The earliest time of the next attempt; meaningful only while the message is pending.
    pub next_attempt: Timestamp,
    pub last_error: Option<String>,
    pub created_at: Timestamp,
    pub updated_at: Timestamp,
}

/// A webhook message with its content.
#[derive(Clone, Debug)]
pub struct CallbackContent {
    pub callback: Callback,
    /// The text that is signed, JSON.
    pub message: String,
    /// The signed bytes to send; `None` until the first attempt and after the delivery.
    pub body: Option<String>,
}

/// A webhook message to be sent.
#[derive(Clone, Debug)]
pub struct NewCallback<'a> {
    pub kind: CallbackKind,
    pub url: &'a str,
    /// The reply as JSON text, which is signed when the message is sent.
    pub reply: &'a str,
    /// The product whose key signs, if it has its own; `None`: the global key signs.
    pub product_id: Option<i64>,
    /// The license whose activation ended.
    pub license_id: Option<i64>,
}

/// A delivery in progress.
#[derive(Clone, Debug)]
pub struct UnderWay {
    pub kind: CallbackKind,
    /// Host and port. Each gets one message at a time, so that a slow one delays only its own messages.
    pub target: String,
    /// The license whose activation ended. One message at a time is sent about each, so that the receivers of one
    /// license don't delay the messages about others.
    pub license_id: Option<i64>,
}

/// The event that a message reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackKind {
    /// A queued assignment was carried out or refused (API §6.1).
    Assignment,
    /// An activation has ended without a request of its own client (API §6.2).
    Deactivation,
}

/// The state of a message's delivery.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CallbackState {
    Pending,
    Delivered,
    /// Given up: only an operator can have it retried.
    Failed,
}

impl CallbackKind {
    /// The name of this value in the database.
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
    /// The name of this value in the database.
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

/// Whether a message is retried after this HTTP status: the receiver was too busy (408, 425, 429), or failed. Other
/// statuses are final: receivers are not idempotent, so a message is not sent twice without need (API §6.1).
pub fn is_retryable_status(status: u16) -> bool {
    matches!(status, 408 | 425 | 429 | 500..=599)
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
        for status in [
            100, 199, 300, 301, 302, 303, 307, 308, 400, 401, 403, 404, 405, 409, 410, 422, 426, 451, 499,
            600,
        ] {
            assert!(!is_retryable_status(status), "{status}");
        }
        for status in [408, 425, 429, 500, 502, 503, 504, 599] {
            assert!(is_retryable_status(status), "{status}");
        }
    }
}
