//! How an endpoint is run: in one transaction, on a reader or on the writer, as its route says.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::time::Duration;

use actix_web::web;

use super::caller::Caller;
use super::guesses::Guess;
use super::unavailable::Cause;
use super::{Answered, App, Content, authorize, idempotency, respond};
use crate::api::call::{Call, RequestContext};
use crate::domain::{Actor, CallerId, Outcome, Timestamp};
use crate::routes::{Route, Runs};
use crate::signing::{self, Priority};
use crate::store::{Decision, Tx};
use crate::wire::params::Params;
use crate::wire::reply::{self, Error, Failure};

/// How long a list waits for its turn to be read.
const LIST_TIMEOUT: Duration = Duration::from_secs(1);

/// The signing delay past which an admitted change is refused when its turn to be made comes. More than on admission,
/// where a slight excess is refused before it has cost anything.
const CHANGE_LIMIT: Duration = Duration::from_secs(1);

/// Authorizes on a reader, so that a stranger never comes near the writer; then runs the endpoint where its route says.
pub(super) async fn run(app: &Arc<App>, route: &'static Route, caller: &Caller, params: Params) -> Answered {
    let (now, address) = (caller.now, caller.address);
    let of_field = if caller.secret.is_none() { authorize::secret_of_field(&params) } else { None };
    if let Some(Err(refusal)) = of_field.as_ref().map(|secret| app.limits.admit_key(secret)) {
        return Answered::refused(refusal);
    }
    let guess = Guess::new(app, address);
    let read = app.store.read(|tx| {
        guarded(|| {
            let secret = caller.secret.as_ref().or(of_field.as_ref());
            let authorized = authorize::authorize(tx, caller, secret, &params, route.capability)?;
            guess.check(tx, &params, &authorized, route.runs)?;
            let context = app.request_context(address, authorized.caller_id, secret);
            Ok((
                authorized.caller_id,
                (route.runs == Runs::Inline).then(|| run_endpoint(route, tx, &params, context, now)),
            ))
        })
    });
    let answered = match read.unwrap_or_else(|error| Err(error.into())) {
        Err(error) => Answered::refused(error),
        Ok((caller_id, answered)) => {
            app.last_used.note(caller_id, now);
            match answered {
                Some(answered) => answered,
                None if route.runs == Runs::OnBlockingPool => {
                    list(app, route, caller, caller_id, params).await
                }
                None => write(app, route, caller, caller_id, params).await,
            }
        }
    };
    guess.judge(answered)
}

/// Reads on a thread of its own, where the others don't wait for it; a few at a time, so that there are
/// readers left for them.
async fn list(
    app: &Arc<App>,
    route: &'static Route,
    caller: &Caller,
    caller_id: CallerId,
    params: Params,
) -> Answered {
    let Ok(Ok(_place)) = tokio::time::timeout(LIST_TIMEOUT, app.lists.acquire()).await else {
        app.unavailable.note(Cause::Lists);
        return Answered::refused(Outcome::ServiceUnavailable);
    };
    let (server, now, address) = (Arc::clone(app), caller.now, caller.address);
    let read = web::block(move || {
        server.store.read(|tx| {
            let context = server.request_context(address, caller_id, None);
            written(run_endpoint(route, tx, &params, context, now), now)
        })
    });
    match read.await {
        Ok(answered) => answered.unwrap_or_else(Answered::refused),
        Err(_) => Answered::refused(Error::Failed(Failure::Panicked)),
    }
}

/// A long reply is written where it was read, and only signed and sent where others wait.
fn written(answered: Answered, now: Timestamp) -> Answered {
    let product = answered.signing_product.as_ref();
    let result = answered.result.map(|content| match content {
        Content::New(reply) => Content::Given(respond::given(&reply, product, now)),
        given @ Content::Given(_) => given,
    });
    Answered { result, ..answered }
}

async fn write(
    app: &Arc<App>,
    route: &'static Route,
    caller: &Caller,
    caller_id: CallerId,
    params: Params,
) -> Answered {
    let (server, now, address) = (Arc::clone(app), caller.now, caller.address);
    let repeat_key = match idempotency::key(caller.idempotency_key.as_deref(), route, caller_id, &params) {
        Ok(key) => key,
        Err(refusal) => return Answered::refused(refusal),
    };
    let actor = Actor {
        at: now,
        caller: caller_id,
        address: Some(address),
        action: route.path.trim_start_matches('/').to_owned(),
    };
    let written = app.store.write(move |tx| {
        // A crowd may have been let in at once, before there was anything to sign.
        if server.signatures.delay().exceeds(CHANGE_LIMIT) {
            server.unavailable.note(Cause::Signing);
            return Decision::Rollback((Answered::refused(Outcome::ServiceUnavailable), None));
        }
        tx.act_as(actor.clone());
        let context = RequestContext {
            names_request: repeat_key.is_some(),
            ..server.request_context(address, caller_id, None)
        };
        let once = idempotency::once(tx, repeat_key.as_ref(), now, || {
            run_endpoint(route, tx, &params, context, now)
        });
        let mut answered = once.unwrap_or_else(Answered::refused);
        // What can't be signed is not done: asked here, where it can still be undone.
        if let Err(error) = respond::check_signable(&server, &answered) {
            answered = Answered::refused(signing::Error::from(error));
        }
        let Ok(answer) = &answered.result else { return Decision::Rollback((answered, None)) };
        let promise = (!answer.is_shared()).then(|| server.signatures.delay().promise());
        Decision::Commit((answered, promise))
    });
    // The promise is kept until here, where the signature is asked for.
    let (answered, _promise) = written.await.unwrap_or_else(|error| (Answered::refused(error), None));
    Answered { priority: Priority::AfterCommit, ..answered }
}

fn run_endpoint(
    route: &Route,
    tx: &Tx<'_>,
    params: &Params,
    context: RequestContext<'_>,
    now: Timestamp,
) -> Answered {
    let mut call = Call::new(tx, params, context, now);
    let result = guarded(|| (route.endpoint)(&mut call).map(Content::New));
    Answered::new(result, call.signing_product)
}

/// A panic is a failure like any other: it ends one request and nothing else.
pub fn guarded<T>(job: impl FnOnce() -> reply::Result<T>) -> reply::Result<T> {
    catch_unwind(AssertUnwindSafe(job)).unwrap_or_else(|_| Err(Error::Failed(Failure::Panicked)))
}
