//! Tests of the reference: nothing is missing in it, and its examples are in its own schemas.

use std::collections::BTreeSet;

use super::*;

#[test]
fn every_route_has_its_row_and_no_row_is_of_nothing() {
    let routes: BTreeSet<&str> = ROUTES.iter().map(|route| route.path).collect();
    let beside = [endpoints::DOWNLOAD, endpoints::PRODUCT_CHANGELOG];
    let expected: BTreeSet<&str> = routes.into_iter().chain(beside).collect();
    let rows: Vec<&str> = endpoints::all().map(|endpoint| endpoint.path).collect();
    assert_eq!(rows.iter().copied().collect::<BTreeSet<_>>(), expected);
    assert_eq!(rows.len(), expected.len(), "two rows of one endpoint");
}

#[test]
fn an_endpoint_names_each_of_its_outcomes_and_fields_once() {
    for endpoint in endpoints::all() {
        let answers = answers::of(endpoint);
        let codes: BTreeSet<u16> = answers.iter().map(|answer| answer.outcome.code()).collect();
        assert_eq!(codes.len(), answers.len(), "{}", endpoint.path);
        let names: BTreeSet<&str> = endpoint.fields.iter().map(|field| field.name).collect();
        assert_eq!(names.len(), endpoint.fields.len(), "{}", endpoint.path);
        assert!(!endpoint.summary.ends_with('.'), "{}", endpoint.path);
    }
}
