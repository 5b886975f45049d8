//! Tests of reading fields from all encodings.

use proptest::prelude::*;

use super::*;

fn form(text: &str) -> Params {
    Params::from_form(text.as_bytes()).unwrap()
}

fn json(text: &str) -> Params {
    Params::from_counted_json(text.as_bytes()).unwrap()
}

#[test]
fn a_form_is_decoded_and_its_last_duplicate_counts() {
    let params = form("license_key=a%2Db+c&&license_key=%C3%A9%zz&x");
    assert_eq!(params.text("license_key").unwrap(), "é%zz");
    assert_eq!(params.text("x"), None);
}

#[test]
fn what_is_not_utf8_is_unreadable() {
    assert_eq!(Params::from_form(b"value=%ff"), Err(Unreadable::NotUtf8));
    assert_eq!(Params::from_form(b"value=\xc3"), Err(Unreadable::NotUtf8));
    assert_eq!(Params::from_counted_json(b"{\"value\":\"\xff\"}"), Err(Unreadable::NotJson));
}

#[test]
fn what_is_no_json_object_is_unreadable() {
    let deep = format!("{{\"value\":{}{}}}", "[".repeat(5_000), "]".repeat(5_000));
    assert_eq!(Params::from_counted_json(b" [] "), Ok(Params::default()));
    assert_eq!(Params::from_counted_json(b"null"), Ok(Params::default()));
    for text in ["[1]", "1"] {
        assert_eq!(Params::from_counted_json(text.as_bytes()), Err(Unreadable::NotAnObject), "{text}");
    }
    for text in ["", "{", "{\"a\":1}x", deep.as_str()] {
        assert_eq!(Params::from_counted_json(text.as_bytes()), Err(Unreadable::NotJson), "{text:.20}");
    }
}

#[test]
fn json_may_be_nested_a_hundred_levels_deep() {
    let nested = |depth: usize| format!("{}{}", "[".repeat(depth), "]".repeat(depth));
    let member = |depth: usize| format!("{{\"features\":{}}}", nested(depth));
    assert!(Params::from_counted_json(member(99).as_bytes()).is_ok());
    assert_eq!(Params::from_counted_json(member(100).as_bytes()), Err(Unreadable::TooDeep));
    let as_text = |depth| form(&format!("features={}", nested(depth))).json("features").unwrap();
    assert!(as_text(100).is_array());
    assert_eq!(as_text(101), Value::from(nested(101)));
}

#[test]
fn json_scalars_are_texts_and_keep_their_digits() {
    let params =
        json(r#"{"a":1,"b":true,"c":1.50,"d":123456789012345678901234567890,"e":null,"f":[1],"g":{}}"#);
    let text = |name| params.text(name).map(Cow::into_owned);
    assert_eq!(text("a").unwrap(), "1");
    assert_eq!(text("b").unwrap(), "true");
    assert_eq!(text("c").unwrap(), "1.50");
    assert_eq!(text("d").unwrap(), "123456789012345678901234567890");
    assert_eq!((text("e"), text("f"), text("g")), (None, None, None));
}

#[test]
fn a_value_keeps_its_spaces_or_its_json() {
    let params = json(r#"{"value":{"b": [1, "x"], "a":null}}"#);
    assert_eq!(params.text_or_json("value").unwrap(), r#"{"b":[1,"x"],"a":null}"#);
    assert_eq!(form("value=+x+").text_or_json("value").unwrap(), " x ");
    assert_eq!(form("value=+%09+").text_or_json("value"), None);
}

#[test]
fn a_field_is_filled_if_it_has_a_text_or_json() {
    for value in ["null", r#"" ""#, r#""x""#, "0", "false", "[]", "{}", "[1]"] {
        let params = json(&format!(r#"{{"value":{value}}}"#));
        assert_eq!(params.is_filled("value"), params.text_or_json("value").is_some(), "{value}");
    }
    assert!(!json("{}").is_filled("value") && form("hwid=+&domain=4").is_filled("identifier"));
}

#[test]
fn the_own_name_wins_over_an_alias_unless_it_is_blank() {
    assert_eq!(form("hwid=2&identifier=1").text("identifier").unwrap(), "1");
    assert_eq!(form("identifier=+&domain=4&hwid=3").text("identifier").unwrap(), "3");
    assert_eq!(form("meta_key=k&meta_value=v").text("key").unwrap(), "k");
}

#[test]
fn a_list_comes_in_three_ways() {
    let expected = vec![Value::from("a"), Value::from("b")];
    for params in [
        json(r#"{"license_keys":["a","b"]}"#),
        form("license_keys=%5B%22a%22%2C+%22b%22%5D"),
        form("license_keys[]=a&license_keys%5B%5D=b"),
        form("license_keys[0]=a&license_keys%5B1%5D=b"),
    ] {
        assert_eq!(params.list("license_keys").unwrap().as_ref(), expected);
    }
    assert_eq!(form("license_keys=a").list("license_keys"), None);
}

#[test]
fn json_comes_as_it_is_or_in_a_text() {
    let expected = Value::from_iter([("a", vec![1])]);
    assert_eq!(json(r#"{"features":{"a":[1]}}"#).json("features"), Some(expected.clone()));
    assert_eq!(form("features=+%7B%22a%22%3A+%5B1%5D%7D").json("features"), Some(expected));
    assert_eq!(form("features=a+b").json("features"), Some(Value::from("a b")));
    assert_eq!(
        (form("features=+").json("features"), json(r#"{"features":null}"#).json("features")),
        (None, None)
    );
}

#[test]
fn numbers_and_flags_are_read_from_text_or_json() {
    let params = json(r#"{"a":" 7 ","b":7,"c":"7.5","d":true,"e":"0","f":""}"#);
    assert_eq!((params.integer("a"), params.integer("b")), (Some(Ok(7)), Some(Ok(7))));
    assert_eq!((params.integer("c"), params.integer("f")), (Some(Err(NotANumber)), None));
    assert_eq!(
        (params.flag("d"), params.flag("e"), params.flag("c")),
        (Some(Ok(true)), Some(Ok(false)), Some(Err(NotANumber)))
    );
    assert!(params.has("f") && !params.has("g"));
}

#[test]
fn the_same_fields_are_the_same_request_however_they_were_sent() {
    assert_eq!(form("b=2&a=1&api_key=x").canonical(), json(r#"{"a":1,"b":"2"}"#).canonical());
    assert_ne!(form("a=1").canonical(), form("a=2").canonical());
}

#[test]
fn fields_survive_being_stored_and_the_api_key_is_not_stored() {
    let params = json(r#"{"api_key":"k","a":1.50,"b":"é","c":[1,{"d":null}],"e":true}"#);
    let stored = params.to_json();
    assert!(!stored.contains("api_key"));
    assert_eq!(json(&stored), json(r#"{"a":1.50,"b":"é","c":[1,{"d":null}],"e":true}"#));
}

#[test]
fn a_scalar_keeps_its_type() {
    let params = json(r#"{"identifier":" ","hwid":31,"a":"31","b":[1],"c":null}"#);
    assert_eq!(params.scalar("identifier"), Some(&Value::from(31)));
    assert_eq!(params.scalar("a"), Some(&Value::from("31")));
    assert_eq!((params.scalar("b"), params.scalar("c")), (None, None));
}

#[test]
fn the_body_wins_over_the_query_string() {
    let params = form("key=query&value=query").overlaid_with(form("key=body"));
    assert_eq!(params.text("key").unwrap(), "body");
    assert_eq!(params.text("value").unwrap(), "query");
}

/// Arbitrary fields of a client: each name occurs once, and none names a list.
fn any_fields() -> impl Strategy<Value = Vec<(String, String)>> {
    let names = prop_oneof![Just("license_key".to_owned()), Just("hwid".to_owned()), "[^\\[\\]]{1,12}"];
    prop::collection::btree_map(names, any::<String>(), 0..8).prop_map(|fields| fields.into_iter().collect())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn the_same_fields_are_the_same_in_every_encoding(fields in any_fields()) {
        let body = form_urlencoded::Serializer::new(String::new()).extend_pairs(&fields).finish();
        let object: Map<String, Value> =
            fields.iter().map(|(name, value)| (name.clone(), Value::from(value.as_str()))).collect();
        let mut parts = Params::default();
        for (name, value) in &fields {
            parts.add(name.clone(), value.clone());
        }
        let (form, json) = (form(&body), json(&Value::Object(object).to_string()));
        prop_assert_eq!(&form, &parts);
        prop_assert_eq!(form.canonical(), json.canonical());
        for name in ["license_key", "identifier"] {
            prop_assert_eq!(form.text(name), json.text(name));
            prop_assert_eq!(form.integer(name), json.integer(name));
        }
    }

    #[test]
    fn what_is_stored_is_the_same_request_when_it_is_read_again(bytes in any::<Vec<u8>>(), text in any::<String>()) {
        let forms = [&bytes[..], text.as_bytes()].map(Params::from_form);
        let json_text = Params::from_counted_json(text.as_bytes());
        for params in forms.into_iter().chain([json_text]).flatten() {
            prop_assert_eq!(json(&params.to_json()).canonical(), params.canonical());
        }
    }

    #[test]
    fn any_text_survives_a_form(text in any::<String>()) {
        let body = form_urlencoded::Serializer::new(String::new()).append_pair("value", &text).finish();
        let expected = (!text.trim().is_empty()).then_some(text);
        prop_assert_eq!(form(&body).text_or_json("value").map(Cow::into_owned), expected);
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in any::<Vec<u8>>()) {
        let _either = (Params::from_form(&bytes), Params::from_counted_json(&bytes));
    }
}

#[test]
fn the_fields_of_a_path_are_its_segments_decoded() {
    let template = "/licenses/{license_key}/features/{feature}";
    let params = Params::from_path(template, "/api/v1/licenses/A%2FB+%c3%a9/features/a%20b").unwrap();
    assert_eq!(params.text("license_key").unwrap(), "A/B+é");
    assert_eq!(params.text("feature").unwrap(), "a b");
    assert_eq!(Params::from_path(template, "/v1/licenses/K/features/%ff"), Err(Unreadable::NotUtf8));
    assert_eq!(Params::from_path("/verify", "/api/v1/verify"), Ok(Params::default()));
}
