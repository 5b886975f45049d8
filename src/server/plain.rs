//! What is mounted beside the API: health, the public keys, and the documents. Nobody needs an API key for
//! it, and it is not signed.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse, guard, web};

use crate::serve::{self, App};

/// Mounts all of it, but the documents only where the operator wants them.
pub fn mount(service: &mut web::ServiceConfig, app: &Arc<App>) {
    let ready = Arc::clone(app);
    mount_plain(service, app, "/livez", serve::livez);
    mount_plain(service, app, "/readyz", move |request, payload| {
        serve::readyz(Arc::clone(&ready), request, payload)
    });
    let published = Arc::clone(app);
    mount_plain(service, app, "/.well-known/keyseal-keys.json", move |request, payload| {
        serve::keys(Arc::clone(&published), request, payload)
    });
    if app.config.pages.no_docs {
        return;
    }
    for path in serve::document_paths() {
        let here = Arc::clone(app);
        mount_plain(service, app, path, move |request, payload| {
            serve::document(Arc::clone(&here), path, request, payload)
        });
    }
}

/// What is no part of the API is asked for by GET, or by whoever wants no body by HEAD.
fn mount_plain<F, R>(service: &mut web::ServiceConfig, app: &Arc<App>, path: &'static str, answer: F)
where
    F: Fn(HttpRequest, web::Payload) -> R + Clone + 'static,
    R: Future<Output = HttpResponse> + 'static,
{
    let other = Arc::clone(app);
    service.service(
        web::resource(path)
            .route(web::route().guard(guard::Any(guard::Get()).or(guard::Head())).to(answer))
            .default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
                serve::method_not_allowed(Arc::clone(&other), path, "GET, HEAD", request, payload)
            })),
    );
}
