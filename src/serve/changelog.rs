//! `GET /products/{slug}/changelog`: the one answer of the API that needs no API key.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};
use percent_encoding::percent_decode_str;

use super::caller::Caller;
use super::{Answered, App, gate, guarded, seal};
use crate::api::changelogs;

/// Answers a request for a product's changelog (contract §5.2). A blocked address gets none.
pub async fn changelog(app: Arc<App>, request: HttpRequest) -> HttpResponse {
    let caller = Caller::of(&request, &app.config);
    // What actix leaves encoded of a segment: slashes, plus and percent signs.
    let slug = percent_decode_str(request.match_info().query("slug")).decode_utf8_lossy();
    let read = app.store.read(|tx| {
        guarded(|| {
            gate::check_address(tx, &caller)?;
            changelogs::by_slug(tx, &slug, !app.config.no_changelog)
        })
    });
    let answered = Answered::unsigned_by_product(read.unwrap_or_else(|error| Err(error.into())));
    seal::respond(&app, &caller, "/products/changelog", answered).await
}
