//! Queued assignments: a request as it is stored until the worker carries it out.

use sha2::{Digest as _, Sha256};

use super::CallerId;

/// A queued request (API §4.9).
#[derive(Clone, Debug)]
pub struct Job {
    pub id: i64,
    pub caller: CallerId,
    /// The fields of the request, as a JSON object.
    pub params: String,
    /// Detects a repeated request, see [`job_fingerprint`].
    pub fingerprint: [u8; 32],
}

/// A hash that is equal for a request and its repetition, and different for any other request. Surrounding white
/// space of a field is ignored; an absent field differs from an empty one.
pub fn job_fingerprint(caller: CallerId, fields: &[Option<&str>]) -> [u8; 32] {
    let mut hash = Sha256::new_with_prefix(caller.to_number().to_be_bytes());
    for field in fields {
        match field.map(str::trim) {
            None => hash.update([0]),
            Some(text) => {
                // Hashing the length makes the boundaries between fields unambiguous.
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
