//! Queued assignments: what is kept of the request until it is carried out.

use sha2::{Digest as _, Sha256};

use super::CallerId;

/// A queued request (API §4.9).
#[derive(Clone, Debug)]
pub struct Job {
    pub id: i64,
    pub caller: CallerId,
    /// The fields of the request, in JSON.
    pub params: String,
    pub fingerprint: [u8; 32],
}

/// The same for a request that is repeated, because its answer was lost, as for the first one. Each field
/// counts without outer spaces, and one that was not sent is not the same as any text.
pub fn job_fingerprint(caller: CallerId, fields: &[Option<&str>]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(caller.to_number().to_be_bytes());
    for field in fields {
        match field.map(str::trim) {
            None => hash.update([0]),
            Some(text) => {
                // The length goes first: where one field ends and the next begins is part of the request.
                hash.update([1]);
                hash.update(text.len().to_be_bytes());
                hash.update(text);
            }
        }
    }
    hash.finalize().into()
}

#[cfg(test)]
mod tests {
    use super::{CallerId, job_fingerprint};

    #[test]
    fn only_the_same_request_has_the_same_fingerprint() {
        let first = job_fingerprint(CallerId::ApiKey(1), &[Some("ab"), Some("c"), None]);
        assert_eq!(first, job_fingerprint(CallerId::ApiKey(1), &[Some(" ab"), Some("c\n"), None]));
        for (key, fields) in [
            (2, [Some("ab"), Some("c"), None]),
            (1, [Some("a"), Some("bc"), None]),
            (1, [Some("ab"), Some("c"), Some("")]),
            (1, [Some("ab"), None, Some("c")]),
            (1, [Some("AB"), Some("c"), None]),
        ] {
            assert_ne!(first, job_fingerprint(CallerId::ApiKey(key), &fields));
        }
    }
}
