//! Spellings of domains, and which of them a list blocks.

use proptest::prelude::*;

use super::*;

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn a_blocked_domain_is_blocked_however_it_is_written(
        domain in "[a-zA-Z0-9-]{1,12}(\\.[a-zA-Z0-9-]{1,12}){0,3}", sub in "[a-z0-9-]{1,8}", port in any::<u16>(),
    ) {
        // Such a label is refused unless it encodes something.
        prop_assume!(!domain.to_lowercase().contains("xn--"));
        let list = Blocklist::new([Block::parse_domain(&domain).unwrap()]);
        let (upper, lower) = (domain.to_uppercase(), domain.to_lowercase());
        let spellings = [
            domain.clone(), format!(" {upper}. "), format!("{lower}:{port}"),
            format!("https://user@{domain}/a?b#c"),
            format!("{sub}.{upper}"),
        ];
        for spelling in spellings {
            prop_assert!(list.blocks_identifier(&spelling), "{}", spelling);
        }
        let other = format!("{sub}{domain}");
        prop_assert!(!list.blocks_identifier(&other), "{}", other);
    }

    #[test]
    fn any_text_is_a_block_that_reads_back_as_itself_or_refused(text in any::<String>()) {
        for block in [Block::parse_domain(&text), Block::parse_identifier(&text)].into_iter().flatten() {
            let value = block.value();
            let again = if block.kind() == "domain" {
                Block::parse_domain(&value)
            } else {
                Block::parse_identifier(&value)
            };
            prop_assert_eq!(again.unwrap(), block);
        }
    }
}

fn list() -> Blocklist {
    Blocklist::new([
        Block::parse_ip("203.0.113.0/24").unwrap(),
        Block::parse_ip("2001:db8::/32").unwrap(),
        Block::parse_ip("198.51.100.7").unwrap(),
        Block::parse_domain("https://Pirate.Example:8080/x").unwrap(),
        Block::parse_identifier("HWID-1").unwrap(),
    ])
}

#[test]
fn an_address_is_blocked_by_itself_or_its_network() {
    for (address, blocked) in [
        ("203.0.113.9", true),
        ("198.51.100.7", true),
        ("198.51.100.8", false),
        ("2001:db8:1::1", true),
        ("2001:db9::1", false),
    ] {
        assert_eq!(list().blocks_address(address.parse().unwrap()), blocked, "{address}");
    }
}

#[test]
fn a_domain_blocks_itself_and_what_lies_under_it() {
    for (identifier, blocked) in [
        ("pirate.example", true),
        ("PIRATE.example:443", true),
        ("https://www.pirate.example/shop?x", true),
        ("notpirate.example", false),
        ("pirate.example.org", false),
        (" hwid-1 ", true),
        ("hwid-10", false),
    ] {
        assert_eq!(list().blocks_identifier(identifier), blocked, "{identifier}");
    }
}

#[test]
fn a_domain_is_one_domain_in_all_its_spellings() {
    let spellings = [
        "müller.example",
        "MÜLLER.EXAMPLE",
        "mu\u{308}ller.example",
        "xn--mller-kva.example",
        "XN--MLLER-KVA.example.",
        "https://müller.example:8080/x",
        "*.müller.example",
        "müller\u{3002}example",
    ];
    for blocked in spellings {
        let block = Block::parse_domain(blocked).unwrap();
        assert_eq!(block.value(), "xn--mller-kva.example");
        let list = Blocklist::new([block]);
        for identifier in spellings.iter().filter(|spelling| !spelling.starts_with('*')) {
            assert!(list.blocks_identifier(identifier), "{blocked} {identifier}");
        }
        assert!(list.blocks_identifier("shop.MÜLLER.example") && !list.blocks_identifier("muller.example"));
    }
}

#[test]
fn a_label_that_is_no_name_hides_no_blocked_domain() {
    let list = Blocklist::new([Block::parse_domain("müller.example").unwrap()]);
    for label in ["xn--", "xn--zzzzzzzz-", "*", "a b", "-"] {
        for dot in ['.', '\u{3002}', '\u{ff0e}', '\u{ff61}'] {
            let identifier = format!("{label}{dot}MÜLLER{dot}example");
            assert!(list.blocks_identifier(&identifier), "{identifier}");
        }
    }
}

#[test]
fn what_is_no_host_is_refused_with_the_reason() {
    for (text, reason) in [
        ("a.example,b.example", "','"),
        ("a.example b.example", "' '"),
        ("www.*.example", "'*'"),
        ("**.example", "'*'"),
        ("a.example;b.example", "';'"),
        ("*", "'*'"),
        ("a..example", "is not a domain: write"),
        ("*.", "'*'"),
        ("", "is not a domain: write"),
        ("a\u{200b}", ""),
    ] {
        match Block::parse_domain(text) {
            Err(error) => assert!(error.to_string().contains(reason), "{text}: {error}"),
            Ok(block) => assert_eq!((text, block.value().as_str()), ("a\u{200b}", "a")),
        }
    }
}

#[test]
fn what_an_earlier_version_stored_still_blocks() {
    for (stored, identifier) in [
        ("müller.example", "müller.example"),
        ("mÜller.example", "xn--mller-kva.example"),
        ("*.pirate.example", "www.pirate.example"),
        ("a.example,b.example", "A.example,b.example"),
        ("_srv.example", "_srv.example"),
    ] {
        let list = Blocklist::new([Block::stored_domain(stored.to_owned())]);
        assert!(list.blocks_identifier(identifier), "{stored}");
    }
}

#[test]
fn what_cannot_be_blocked_is_refused() {
    assert!(Block::parse_ip("300.1.1.1").is_err());
    assert!(Block::parse_domain(" . ").is_err());
    assert!(Block::parse_identifier(" ").is_err());
}
