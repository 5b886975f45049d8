//! Black-box tests of the API over real HTTP: a file per endpoint family. The client in `support` checks every answer's envelope and
//! signature before a test sees it.

mod support;

mod activations;
mod assignments;
mod random_assignments;
mod bodies;
mod changelogs;
mod checklist;
mod contracts;
mod downloads;
mod envelope;
mod every_route;
mod gate;
mod generators;
mod health;
mod idempotency;
mod license_details;
mod license_files;
mod license_meta;
mod license_orders;
mod licenses;
mod outcomes;
mod own_contract;
mod product_meta;
mod products;
mod queue;
mod routing;
mod telemetry;
