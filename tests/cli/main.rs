//! The real binary: flags, exit codes, files, signals.

mod support;

mod api_keys;
mod backup;
mod bulk;
mod commands;
mod customers;
mod demo;
mod doctor;
mod erasing;
mod examples;
mod forged;
mod import;
mod keys;
mod links;
mod rotation;
mod logs;
mod serving;
mod healthcheck;
mod manual;
mod settings;
mod supervisor;
mod tls;
mod unsound;
mod upgrade;
mod webhooks;
