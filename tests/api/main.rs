//! Black-box tests of the API over real HTTP: a file per endpoint family. The client in `support` checks every answer's envelope and
//! signature before a test sees it.

mod support;

mod bodies;
mod changelogs;
mod downloads;
mod envelope;
mod gate;
mod health;
mod license_files;
mod license_meta;
mod routing;
