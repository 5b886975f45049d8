//! `GET /products/{slug}/changelog`: the only signed answer that needs no API key.

use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::percent_decode_str;

use crate::api::changelogs;
use crate::routes;
use crate::serve::answer::{Answer, Content};
use crate::serve::app::App;
use crate::serve::caller::Caller;
use crate::serve::{authorize, respond, run::guarded};

/// Answers with a product's changelog (API §5.2), unless the address is blocked.
pub async fn changelog(app: &App, request: &HttpRequest) -> HttpResponse {
    let caller = Caller::of(request, app);
    // actix leaves slashes, plus and percent signs of a segment encoded.
    let slug = percent_decode_str(request.match_info().query("slug")).decode_utf8_lossy();
    let look_up = || {
        let read = app.store.read(|tx| {
            guarded(|| {
                authorize::check_address(tx, &caller)?;
                changelogs::by_slug(tx, &slug, !app.config.pages.no_changelog).map(Content::Reply)
            })
        });
        read.unwrap_or_else(|error| Err(error.into()))
    };
    let admitted = app.load.admit(caller.address, caller.secret.as_ref());
    let answer = Answer::new(admitted.and_then(|_ticket| look_up()), None);
    respond::respond(app, &caller, routes::CHANGELOG_LABEL, answer).await
}
