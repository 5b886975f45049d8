//! Carries out queued assignments, each exactly once even if the server crashes.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::api::call::Call;
use crate::api::random_assignments::RANDOM_ASSIGN;
use crate::domain::{Actor, CallbackKind, Outcome, Timestamp};
use crate::serve::{App, guarded};
use crate::store::Tx;
use crate::wire::params::Params;
use crate::wire::reply::{Error, Failure, Reply};

/// Carries out the oldest job. Returns `false` if there is none.
///
/// One transaction assigns the license keys, ends the job and queues the webhook about it. After a rollback the
/// job is still there.
pub fn carry_out_next(app: &Arc<App>) -> Result<bool, Failure> {
    if !app.store.try_read(|tx| tx.has_jobs())? {
        return Ok(false);
    }
    let (server, now) = (Arc::clone(app), app.clock.now());
    app.store.change_blocking(move |tx| carry_out(tx, &server, now))?;
    Ok(true)
}

fn carry_out(tx: &Tx<'_>, app: &App, now: Timestamp) -> Result<(), Failure> {
    let Some(job) = tx.next_job()? else { return Ok(()) };
    let params = Params::from_counted_json(job.params.as_bytes()).unwrap_or_else(|_| {
        log::error!("queued request {} can't be parsed: nothing is assigned", job.id);
        Params::default()
    });
    // The caller was authorized when the job was queued; the address is not needed any more.
    let address = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let context = app.request_context(address, job.caller, None);
    let action = "random-assign-license-keys-queued".to_owned();
    tx.act_as(Actor { at: now, caller: job.caller, address: None, action });
    let mut call = Call::new(tx, &params, &RANDOM_ASSIGN.record, context, now);
    let reply = assign(&mut call, job.id)?;
    // A repeat of an order that succeeded is recognized; one that failed may be repeated later.
    if reply.outcome == Outcome::LicenseKeysAssigned {
        tx.remember_job(&job, now)?;
    }
    if let Some(url) = params.text("webhook_url") {
        call.operation().send(
            CallbackKind::Assignment,
            url.trim(),
            &with_identifier(reply, &params),
            None,
        )?;
    }
    Ok(tx.finish_job(job.id)?)
}

/// Assigns the license keys, and returns the reply. A refusal rolls back the assignment, and still ends the job.
fn assign(call: &mut Call<'_>, job_id: i64) -> Result<Reply, Failure> {
    call.tx.savepoint()?;
    let refusal = match guarded(|| (RANDOM_ASSIGN.run)(call)) {
        Ok(reply) => {
            call.tx.release_savepoint()?;
            return Ok(reply);
        }
        Err(Error::Refused(reply)) => reply,
        // The database is busy or full: everything is rolled back, and the job is tried again.
        Err(Error::Failed(failure)) if failure.outcome() == Outcome::ServiceUnavailable => {
            return Err(failure);
        }
        // A retry would fail again, and delay all later jobs.
        Err(Error::Failed(failure)) => {
            log::error!("queued request {job_id} failed, nothing is assigned: {failure}");
            failure.outcome().into()
        }
    };
    call.tx.rollback_to_savepoint()?;
    Ok(refusal)
}

/// Adds the request's `identifier`, with the JSON type it was sent with (API §6.1).
fn with_identifier(reply: Reply, params: &Params) -> Reply {
    match params.scalar("identifier") {
        Some(identifier) => reply.with("identifier", identifier.clone()),
        None => reply,
    }
}
