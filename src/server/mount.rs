//! Mounts the route table: its endpoints, its pages, and the refusal of every other path.

use std::sync::Arc;

use actix_web::guard::fn_guard;
use actix_web::{HttpRequest, web};

use crate::routes::{PAGES, PREFIXES, Page, Place, ROUTES, Route};
use crate::serve::{self, App};

pub fn mount(service: &mut web::ServiceConfig, app: &Arc<App>) {
    for prefix in PREFIXES {
        for route in ROUTES {
            for path in std::iter::once(&route.path).chain(route.aliases) {
                mount_route(service, app, &format!("{prefix}{path}"), route);
            }
        }
    }
    for page in PAGES {
        match page.place {
            Place::Api => {
                for prefix in PREFIXES {
                    mount_page(service, app, prefix, page);
                }
            }
            Place::Root => mount_page(service, app, "", page),
            Place::Documents if !app.config.pages.no_docs => mount_page(service, app, "", page),
            Place::Demo if app.demo.is_some() => mount_page(service, app, "", page),
            // Those on the port for metrics have a server of their own.
            Place::Documents | Place::Demo | Place::MetricsPort => {}
        }
    }
    let unknown = Arc::clone(app);
    service.default_service(web::to(move |request: HttpRequest, payload: web::Payload| {
        serve::unknown_endpoint(Arc::clone(&unknown), request, payload)
    }));
}

fn mount_route(service: &mut web::ServiceConfig, app: &Arc<App>, path: &str, route: &'static Route) {
    let here = Arc::clone(app);
    let answer = move |request: HttpRequest, payload: web::Payload| {
        serve::answer(Arc::clone(&here), route, request, payload)
    };
    let resource = web::resource(path).route(web::method(route.method.clone()).to(answer));
    let other = other_methods(app, route.path, route.method.as_str());
    service.service(resource.default_service(other));
}

fn mount_page(service: &mut web::ServiceConfig, app: &Arc<App>, prefix: &str, page: &'static Page) {
    let here = Arc::clone(app);
    let answer = move |request: HttpRequest, payload: web::Payload| {
        serve::page(Arc::clone(&here), page, request, payload)
    };
    let is_taken = fn_guard(move |context| page.takes(context.head().method.as_str()));
    let resource =
        web::resource(format!("{prefix}{}", page.path)).route(web::route().guard(is_taken).to(answer));
    service.service(resource.default_service(other_methods(app, page.label, page.allow)));
}

/// Refuses a path's other methods. `allow`: the methods that it accepts.
fn other_methods(app: &Arc<App>, label: &'static str, allow: &'static str) -> actix_web::Route {
    let app = Arc::clone(app);
    web::to(move |request: HttpRequest, payload: web::Payload| {
        serve::method_not_allowed(Arc::clone(&app), label, allow, request, payload)
    })
}
