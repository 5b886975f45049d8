//! Pages beside the API: health, documents, published keys, downloads, changelogs, metrics, and the demo's own.

pub mod changelog;
pub mod demo;
pub mod documents;
pub mod download;
pub mod health;
pub mod keys;
pub mod metrics;

use std::sync::Arc;

use actix_web::http::Method;
use actix_web::{HttpRequest, HttpResponse, web};

use super::app::App;
use super::http_quirks::unread;
use crate::routes::{Page, PageId};

/// Answers a request for a page by one of its methods.
pub async fn page(
    app: Arc<App>,
    page: &'static Page,
    request: HttpRequest,
    mut payload: web::Payload,
) -> HttpResponse {
    let response = match page.id {
        PageId::Download => download::download(&app, &request).await,
        PageId::Changelog => changelog::changelog(&app, &request).await,
        PageId::Livez => health::livez(),
        PageId::Readyz => health::readyz(&app).await,
        PageId::PublicKeys => keys::keys(&app, &request).await,
        PageId::Document => documents::document(&app, page.path, &request).await,
        PageId::DemoReset => demo::reset(&app, &request, &mut payload).await,
        PageId::DemoClock if request.method() == Method::POST => {
            demo::set_clock(&app, &request, &mut payload).await
        }
        PageId::DemoClock => demo::show_clock(&app),
        PageId::Metrics => metrics::scrape(&app),
    };
    unread::close(response, &request, payload)
}
