//! The name of one request: what its sender calls it, or a new one. It stands in the log and in the answer's
//! `X-Request-Id`.

use std::hash::{BuildHasher as _, RandomState};
use std::sync::atomic::{AtomicU64, Ordering};

use actix_web::HttpRequest;
use actix_web::http::header::HeaderName;

pub const HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// The longest that is taken from a sender, in bytes.
const LONGEST: usize = 128;

/// Makes names: other ones after each start, and cheaper than random ones. Nobody is kept from guessing them.
#[derive(Default)]
pub struct RequestIds {
    hasher: RandomState,
    made: AtomicU64,
}

impl RequestIds {
    /// The sender's own, if it can do no harm in a log or a header; else a new one.
    pub fn of(&self, request: &HttpRequest) -> String {
        let sent = request.headers().get(HEADER).and_then(|value| value.to_str().ok());
        match sent.filter(|text| is_sane(text)) {
            Some(sent) => sent.to_owned(),
            None => format!("{:016x}", self.hasher.hash_one(self.made.fetch_add(1, Ordering::Relaxed))),
        }
    }
}

fn is_sane(text: &str) -> bool {
    (1..=LONGEST).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_graphic())
}

#[cfg(test)]
mod tests {
    use actix_web::test::TestRequest;

    use super::*;

    fn id_of(ids: &RequestIds, sent: &str) -> String {
        ids.of(&TestRequest::default().insert_header((HEADER, sent)).to_http_request())
    }

    #[test]
    fn a_sane_name_is_kept_and_any_other_is_replaced() {
        let ids = RequestIds::default();
        let longest = "x".repeat(LONGEST);
        for sane in ["a", "7f3c-4e/..:{}\"", &longest] {
            assert_eq!(id_of(&ids, sane), sane);
        }
        for other in ["", "two words", "tab\there", &format!("{longest}x")] {
            let made = id_of(&ids, other);
            assert!(made.len() == 16 && made.bytes().all(|byte| byte.is_ascii_hexdigit()), "{made}");
        }
        assert_ne!(id_of(&ids, ""), id_of(&ids, ""));
    }
}
