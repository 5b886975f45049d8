//! Request ids: the client's `X-Request-Id`, or a new one. Logged, and sent back in the same header.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest id that is accepted from a client, in bytes.
const MAX_LENGTH: usize = 128;

/// Generates ids: different after each start, and cheaper than random ones. They can be guessed, which does no harm.
#[derive(Default)]
pub struct RequestIds {
    hasher: RandomState,
    made: AtomicU64,
}

impl RequestIds {
    /// The client's id if it is safe in a log and a header, else a new one.
    pub fn of(&self, request: &HttpRequest) -> String {
        let sent = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        match sent.filter(|text| is_safe(text)) {
            Some(sent) => sent.to_owned(),
            None => format!("{:016x}", self.hasher.hash_one(self.made.fetch_add(1, Ordering::Relaxed))),
        }
    }
}

fn is_safe(text: &str) -> bool {
    (1..=MAX_LENGTH).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn id_of(ids: &RequestIds, sent: &str) -> String {
        ids.of(&TestRequest::default().insert_header((HEADER, sent)).to_http_request())
    }

    #[test]
    fn a_safe_id_is_kept_and_any_other_is_replaced() {
        let ids = RequestIds::default();
        let longest = "x".repeat(MAX_LENGTH);
        for safe in ["a", "7f3c-4e/..:{}\"", &longest] {
            assert_eq!(id_of(&ids, safe), safe);
        }
        for other in ["", "two words", "tab\there", &format!("{longest}x")] {
            let made = id_of(&ids, other);
            assert!(made.len() == 16 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
        }
        assert_ne!(id_of(&ids, ""), id_of(&ids, ""));
    }
}
