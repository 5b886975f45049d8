//! Functions that the statements of steps may call, for what SQL can't compute.

use rusqlite::Connection;
use rusqlite::functions::{Context, FunctionFlags};

use crate::domain::fold_owner;

/// Gives them to the connection on which steps run. Nothing that stays in the database may call one.
pub(super) fn register(connection: &Connection) -> Result<(), rusqlite::Error> {
    let flags = FunctionFlags::SQLITE_UTF8 | FunctionFlags::SQLITE_DETERMINISTIC;
    connection.create_scalar_function("fold_owner", 1, flags, |call: &mut Context<'_>| {
        let owner: Option<String> = call.get(0)?;
        Ok(owner.as_deref().map(fold_owner))
    })
}
