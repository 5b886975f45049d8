//! What answers under which path: the table of routes, what beside it belongs to the API, and the refusal for all else.

use std::sync::Arc;

use actix_web::{HttpRequest, web};

use super::plain;
use crate::routes::{PREFIXES, ROUTES};
use crate::serve::{self, App};

/// Mounts the table under each prefix, and beside it what is not part of the API.
pub fn mount(service: &mut web::ServiceConfig, app: &Arc<App>) {
    for prefix in PREFIXES {
        let paths = ROUTES.iter().flat_map(|route| {
            std::iter::once(&route.path).chain(route.aliases).map(move |path| (route, path))
        });
        for (route, path) in paths {
            let (here, there) = (Arc::clone(app), Arc::clone(app));
            service.service(
                web::resource(format!("{prefix}{path}"))
                    .route(web::method(route.method.clone()).to(
                        move |request: HttpRequest, payload: web::Payload| {
                            serve::answer(Arc::clone(&here), route, request, payload)
                        },
                    ))
                    .default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
                        serve::method_not_allowed(
                            Arc::clone(&there),
                            route.path,
                            route.method.as_str(),
                            request,
                            payload,
                        )
                    })),
            );
        }
        mount_downloads(service, prefix, app);
        mount_changelog(service, prefix, app);
    }
    serve::mount_demo(service, app);
    plain::mount(service, app);
    let unknown = Arc::clone(app);
    service.default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
        serve::unknown_endpoint(Arc::clone(&unknown), request, payload)
    }));
}

/// Not in the table: its fields are segments of the path, and its answer is a file that streams (API §5.1).
fn mount_downloads(service: &mut web::ServiceConfig, prefix: &str, app: &Arc<App>) {
    let (get, head, other) = (Arc::clone(app), Arc::clone(app), Arc::clone(app));
    service.service(
        web::resource(format!(
            "{prefix}/download/{{api_key}}/{{license_key}}/{{identifier}}/{{numeric_version}}"
        ))
        .route(web::get().to(move |request: HttpRequest, payload: web::Payload| {
            serve::download(Arc::clone(&get), request, payload)
        }))
        .route(web::head().to(move |request: HttpRequest, payload: web::Payload| {
            serve::download(Arc::clone(&head), request, payload)
        }))
        .default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
            serve::method_not_allowed(Arc::clone(&other), "/download", "GET, HEAD", request, payload)
        })),
    );
}

/// Not in the table: anyone may read it, so it has no capability, and its field is a segment of the path
/// (API §5.2).
fn mount_changelog(service: &mut web::ServiceConfig, prefix: &str, app: &Arc<App>) {
    let (get, other) = (Arc::clone(app), Arc::clone(app));
    service.service(
        web::resource(format!("{prefix}/products/{{slug}}/changelog"))
            .route(web::get().to(move |request: HttpRequest, payload: web::Payload| {
                serve::changelog(Arc::clone(&get), request, payload)
            }))
            .default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
                serve::method_not_allowed(Arc::clone(&other), "/products/changelog", "GET", request, payload)
            })),
    );
}
