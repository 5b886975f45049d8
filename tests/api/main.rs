//! Black-box tests of the API over real HTTP: a file per endpoint family. The client in `tests/support` verifies
//! every answer's envelope and signature before a test sees it.

use keyseal_test_support as support;

mod activations;
mod assignments;
mod audit;
mod random_assignments;
mod rate_limits;
mod bodies;
mod body_cost;
mod changelogs;
mod checklist;
mod clock;
mod contracts;
mod cross_origin;
mod downloads;
mod documents;
mod doors;
mod envelope;
mod every_route;
mod gate;
mod generators;
mod health;
mod idempotency;
mod license_details;
mod license_features;
mod license_files;
mod license_meta;
mod license_seats;
mod license_orders;
mod look_alikes;
mod metrics;
mod licenses;
mod openapi;
mod outcomes;
mod ownership;
mod own_contract;
mod pipelining;
mod product_meta;
mod products;
mod queue;
mod reference;
mod renewals;
mod routing;
mod sent_product;
mod storage;
mod telemetry;
