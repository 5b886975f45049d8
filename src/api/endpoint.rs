//! An endpoint: its record, and the function that answers.

use super::call::Call;
use super::record::Record;
use crate::wire::reply::Result;

pub struct Endpoint {
    pub record: Record,
    pub run: fn(&mut Call<'_>) -> Result,
}

impl Record {
    /// Makes an endpoint of this record, answered by `run`.
    pub const fn run(self, run: fn(&mut Call<'_>) -> Result) -> Endpoint {
        Endpoint { record: self, run }
    }
}
