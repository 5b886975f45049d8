//! Tests of the settings that a generator accepts, and of the format of its keys.

use proptest::prelude::*;

use super::*;

fn recipe(method: GeneratorMethod) -> Recipe {
    Recipe {
        method,
        prefix: String::new(),
        suffix: String::new(),
        template: String::new(),
        number_of_chunks: 4,
        chunk_length: 4,
        charset: "0123456789ABCDEF".to_owned(),
        activation_limit: 1,
        validity: 365,
    }
}

/// Bytes that count up from a number.
fn counting(mut next: u8) -> impl FnMut(&mut [u8]) -> Result<(), GeneratorError> {
    move |bytes| {
        for byte in bytes {
            *byte = next;
            next = next.wrapping_add(1);
        }
        Ok(())
    }
}

fn key(recipe: &Recipe) -> String {
    recipe.pattern().unwrap().key(&mut counting(0)).unwrap().to_string()
}

#[test]
fn each_method_makes_its_form_of_key_between_prefix_and_suffix() {
    let ends = |method| Recipe { prefix: "P-".to_owned(), suffix: "/S".to_owned(), ..recipe(method) };
    assert_eq!(key(&ends(GeneratorMethod::Uuid)), "P-00010203-0405-4607-8809-0a0b0c0d0e0f/S");
    assert_eq!(key(&ends(GeneratorMethod::ChunkSystem)), "P-0123-0123-0123-0123/S");
    let template = "T{chunk:2}.{rand:3}.{uuid}".to_owned();
    let custom = Recipe { template, ..ends(GeneratorMethod::Custom) };
    assert_eq!(key(&custom), "P-T0123-0123.012.60616263-6465-4667-a869-6a6b6c6d6e6f/S");
}

#[test]
fn every_character_is_as_likely_as_the_others() {
    // 256 is no multiple of 3: byte 255 stands for no character.
    let pattern =
        Recipe { charset: "abc".to_owned(), chunk_length: 9, ..recipe(GeneratorMethod::ChunkSystem) }
            .pattern();
    let mut text = String::new();
    pattern.unwrap().push_characters(&mut text, 255, &mut counting(0)).unwrap();
    for character in ["a", "b", "c"] {
        assert_eq!(text.matches(character).count(), 85);
    }
}

#[test]
fn what_makes_no_good_keys_is_no_generator() {
    let chunks = || recipe(GeneratorMethod::ChunkSystem);
    let custom = |template: &str| Recipe { template: template.to_owned(), ..recipe(GeneratorMethod::Custom) };
    let charset = |charset: &str| Recipe { charset: charset.to_owned(), ..chunks() };
    let text = |text: &str| text.to_owned();
    for (recipe, error) in [
        (charset(""), GeneratorError::CharsetSize(0)),
        (charset("a"), GeneratorError::CharsetSize(1)),
        (charset("aba"), GeneratorError::CharsetRepeats('a')),
        (charset("ab\u{7}"), GeneratorError::Unprintable(text("ab\u{7}"))),
        (charset("ab "), GeneratorError::Unprintable(text("ab "))),
        (Recipe { number_of_chunks: 0, ..chunks() }, GeneratorError::Chunks),
        (Recipe { chunk_length: 256, ..chunks() }, GeneratorError::Chunks),
        (Recipe { number_of_chunks: 255, chunk_length: 255, ..chunks() }, GeneratorError::TooLong(65_279)),
        (Recipe { number_of_chunks: 1, chunk_length: 7, ..chunks() }, GeneratorError::TooFew),
        (Recipe { prefix: text("a b"), ..chunks() }, GeneratorError::Unprintable(text("a b"))),
        (Recipe { suffix: text("\n"), ..chunks() }, GeneratorError::Unprintable(text("\n"))),
        (Recipe { prefix: "x".repeat(240), ..chunks() }, GeneratorError::TooLong(259)),
        (custom(""), GeneratorError::TooFew),
        (custom("same"), GeneratorError::TooFew),
        (custom("{uid}"), GeneratorError::UnknownPart(text("uid"))),
        (custom("{rand:0}"), GeneratorError::UnknownPart(text("rand:0"))),
        (custom("{rand:9999999999}"), GeneratorError::UnknownPart(text("rand:9999999999"))),
        (custom("{uuid"), GeneratorError::UnknownPart(text("uuid"))),
        (custom("{uuid}}"), GeneratorError::Unprintable(text("}"))),
    ] {
        assert_eq!(recipe.pattern().unwrap_err(), error, "{recipe:?}");
    }
}

#[test]
fn two_cases_of_a_letter_are_one_character() {
    let eight = |charset: &str| Recipe {
        number_of_chunks: 1,
        chunk_length: 8,
        charset: charset.to_owned(),
        ..recipe(GeneratorMethod::ChunkSystem)
    };
    assert!(eight("ABCDEFGHabcdefgh").pattern().is_err());
    assert!(eight("ABCDEFGHijklmnop").pattern().is_ok());
}

#[test]
fn without_randomness_there_is_no_key() {
    let pattern = recipe(GeneratorMethod::ChunkSystem).pattern().unwrap();
    assert!(pattern.key(&mut |_: &mut [u8]| Err(GeneratorError::NoRandomness)).is_err());
}

proptest! {
    #[test]
    fn what_is_accepted_makes_a_license_key(
        (prefix, template, charset) in (
            "[a-z ]{0,9}",
            "(x|é|[{]uuid[}]|[{]rand:[0-9]{1,3}[}]|[{]chunk:[0-9]{1,2}[}]){0,4}",
            "[a-zé€]{0,9}",
        ),
        (chunks, length, seed) in (0..20_u32, 0..20_u32, any::<u8>()),
    ) {
        for method in [GeneratorMethod::Uuid, GeneratorMethod::ChunkSystem, GeneratorMethod::Custom] {
            let recipe = Recipe {
                prefix: prefix.clone(), template: template.clone(), charset: charset.clone(),
                number_of_chunks: chunks, chunk_length: length, ..recipe(method)
            };
            if let Ok(pattern) = recipe.pattern() {
                let key = pattern.key(&mut counting(seed)).unwrap();
                prop_assert!(key.as_str().len() <= pattern.longest());
                prop_assert!(key.as_str().starts_with(&prefix));
            }
        }
    }
}
