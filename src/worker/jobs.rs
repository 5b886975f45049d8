//! Carrying out a queued assignment: once, however the server ends.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use crate::api::call::Call;
use crate::api::random_assignments::RANDOM_ASSIGN;
use crate::domain::{Actor, CallbackKind, Outcome, Timestamp};
use crate::serve::{App, guarded};
use crate::store::Tx;
use crate::wire::params::Params;
use crate::wire::reply::{Error, Failure, Reply};

/// Carries out the job that has waited longest. `false`: there is none.
///
/// The license keys, the end of the job and the message about it are one transaction: all of them happen,
/// once, or none does and the job is there for the next turn.
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
    let params = Params::from_json(job.params.as_bytes()).unwrap_or_else(|_| {
        log::error!("queued request {} can't be read: nothing is assigned", job.id);
        Params::default()
    });
    // Who queued it has passed the gate; from where is of no use any more.
    let address = IpAddr::V4(Ipv4Addr::UNSPECIFIED);
    let context = app.request_context(address, job.caller, None);
    let action = "random-assign-license-keys-queued".to_owned();
    tx.act_as(Actor { at: now, caller: job.caller, address: None, action });
    let mut call = Call::new(tx, &params, &RANDOM_ASSIGN.record, context, now);
    let reply = assign(&mut call, job.id)?;
    // A shop names its orders, and sends one again when it has lost the answer. Nameless orders that are
    // alike are two; and one that got nothing may be sent again once there is something.
    let is_named = ["identifier", "webhook_url"].into_iter().any(|field| params.text(field).is_some());
    if is_named && reply.outcome == Outcome::LicenseKeysAssigned {
        tx.remember_job(&job, now)?;
    }
    if let Some(url) = params.text("webhook_url") {
        call.send(CallbackKind::Assignment, url.trim(), &identified(reply, &params), None)?;
    }
    Ok(tx.finish_job(job.id)?)
}

/// Assigns, or gives the reply that says why not. What is refused leaves nothing behind, but the job is done
/// all the same.
fn assign(call: &mut Call<'_>, job_id: i64) -> Result<Reply, Failure> {
    call.tx.savepoint()?;
    let refusal = match guarded(|| (RANDOM_ASSIGN.run)(call)) {
        Ok(reply) => {
            call.tx.release_savepoint()?;
            return Ok(reply);
        }
        Err(Error::Refused(reply)) => reply,
        // The database is busy or full: everything is undone, and the job comes again.
        Err(Error::Failed(failure)) if failure.outcome() == Outcome::ServiceUnavailable => {
            return Err(failure);
        }
        // It would fail again, and hold up all that wait behind it.
        Err(Error::Failed(failure)) => {
            log::error!("queued request {job_id} failed, nothing is assigned: {failure}");
            failure.outcome().into()
        }
    };
    call.tx.rollback_to_savepoint()?;
    Ok(refusal)
}

/// The `identifier` of the request comes back with the type it was sent with (API §6.1).
fn identified(reply: Reply, params: &Params) -> Reply {
    match params.scalar("identifier") {
        Some(identifier) => reply.with("identifier", identifier.clone()),
        None => reply,
    }
}
