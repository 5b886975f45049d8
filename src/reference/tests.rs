//! Tests of the records: each names its outcomes and its fields once, and its fields read their own examples.

use std::collections::BTreeSet;

use super::*;
use crate::api::field::Kind;

#[test]
fn a_record_names_each_of_its_outcomes_and_fields_once() {
    for record in records() {
        let answers = answers::of(record);
        let codes: BTreeSet<u16> = answers.iter().map(|answer| answer.outcome.code()).collect();
        assert_eq!(codes.len(), answers.len(), "{}", record.summary);
        let names: BTreeSet<&str> = record.fields().map(|field| field.name).collect();
        assert_eq!(names.len(), record.fields().count(), "{}", record.summary);
        assert!(!record.summary.ends_with('.'), "{}", record.summary);
    }
}

#[test]
fn the_example_of_a_word_is_one_of_the_words() {
    for field in records().flat_map(Record::fields) {
        if let Kind::Word(words) = field.kind {
            assert!(words.contains(&field.example), "{field:?}");
        }
    }
}
