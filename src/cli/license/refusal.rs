//! The error of an operation that a license does not allow.

use std::error::Error;

use crate::domain::License;
use crate::operations::OperationError;

/// The error of an operation on a license. `done` is what can't be done with it, such as "renewed".
pub fn refusal<E: Error>(
    license: &License,
    done: &str,
    error: OperationError<E>,
) -> Box<dyn Error + Send + Sync> {
    match error {
        OperationError::Refused(reason) => {
            format!("license key {} can't be {done}: {reason}", license.license_key).into()
        }
        OperationError::Failed(error) => error.into(),
    }
}
