//! How many values a request has, and the memory that they will take: counted in its text, before they are made.

use super::Unreadable;

/// The most fields of a request, and the most values in its JSON. Lists of licenses are counted apart. PHP has the
/// same limit.
pub const MAX_FIELDS: usize = 1_000;

/// The most memory that the values of a body may take, in bytes: 10,000 license keys with their fields fit into it.
pub const MAX_PARSED: usize = 14 * 1024 * 1024;

/// Fields that hold many licenses, or their keys, in one call.
const LISTS: [&[u8]; 2] = [b"license_keys", b"licenses"];

/// What a value takes beside its text, and a list or an object beside its values, in bytes, as estimated.
const VALUE: usize = 160;
const CONTAINER: usize = 400;

/// The parser reads no deeper than this.
const DEEPEST: usize = 128;

/// The size of a request that is not parsed yet.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Size {
    /// Those outside of lists of licenses.
    values: usize,
    listed: usize,
    containers: usize,
    text: usize,
}

impl Size {
    /// The size of percent-encoded pairs such as `a=1&b=2`.
    pub fn of_form(pairs: &[u8]) -> Self {
        let mut size = Self { text: pairs.len(), ..Self::default() };
        for pair in pairs.split(|byte| *byte == b'&').filter(|pair| !pair.is_empty()) {
            size.add(is_list(pair.split(|byte| b"=[%".contains(byte)).next().unwrap_or_default()));
        }
        size
    }

    /// The size of `multipart/form-data`: each part begins with a line of its own, of no less than this.
    pub fn of_multipart(body: &[u8]) -> Self {
        const LEAST_PART: usize = 48;
        Self { listed: body.len() / LEAST_PART, text: body.len(), ..Self::default() }
    }

    /// The size of JSON. It need not be valid: a parser stops where it no longer is, and has made no more until then.
    pub fn of_json(json: &[u8]) -> Self {
        let mut scan = Scan { size: Self { text: json.len(), ..Self::default() }, ..Scan::default() };
        let mut rest = json;
        while let Some((first, after)) = rest.split_first()
            && scan.depth <= DEEPEST
        {
            rest = scan.token(*first, after);
        }
        scan.size
    }

    /// The memory that the values will take, in bytes, with the text that they are made from.
    pub fn bytes(&self) -> usize {
        self.text * 2 + (self.values + self.listed) * VALUE + self.containers * CONTAINER
    }

    /// The same, or the refusal of too many values.
    pub fn memory(&self) -> Result<usize, Unreadable> {
        let bytes = self.bytes();
        if self.values > MAX_FIELDS || bytes > MAX_PARSED { Err(Unreadable::TooMany) } else { Ok(bytes) }
    }

    fn add(&mut self, in_list: bool) {
        let count = if in_list { &mut self.listed } else { &mut self.values };
        *count += 1;
    }
}

/// Whether a field of this name holds a list of licenses.
pub fn is_list(name: &[u8]) -> bool {
    LISTS.contains(&name)
}

/// Counts the values of a JSON text from token to token.
#[derive(Default)]
struct Scan<'a> {
    size: Size,
    depth: usize,
    /// Whether the value of the member that was named last in the outermost object is a list of licenses.
    in_list: bool,
    string: &'a [u8],
}

impl<'a> Scan<'a> {
    /// Counts the token that begins with `first`, and gives the text after it.
    fn token(&mut self, first: u8, after: &'a [u8]) -> &'a [u8] {
        match first {
            b'"' => {
                let (string, after) = split_string(after);
                self.string = string;
                self.size.add(self.in_list);
                return after;
            }
            // The string before it was a name.
            b':' => {
                let count = if self.in_list { &mut self.size.listed } else { &mut self.size.values };
                *count = count.saturating_sub(1);
                if self.depth == 1 {
                    self.in_list = is_list(self.string);
                }
            }
            b',' if self.depth == 1 => self.in_list = false,
            b'{' | b'[' => {
                // The outermost is no value of its own.
                if self.depth > 0 {
                    self.size.add(self.in_list);
                }
                self.size.containers += 1;
                self.depth += 1;
            }
            b'}' | b']' => self.depth = self.depth.saturating_sub(1),
            byte if byte == b',' || byte.is_ascii_whitespace() => {}
            _ => {
                self.size.add(self.in_list);
                let is_over = |byte: &u8| b"\",:{}[]".contains(byte) || byte.is_ascii_whitespace();
                return after.split_at(after.iter().position(is_over).unwrap_or(after.len())).1;
            }
        }
        after
    }
}

/// Splits the text after a quotation mark at the next one that is not escaped.
fn split_string(text: &[u8]) -> (&[u8], &[u8]) {
    let mut is_escaped = false;
    let end = text.iter().position(|byte| {
        let is_end = *byte == b'"' && !is_escaped;
        is_escaped = *byte == b'\\' && !is_escaped;
        is_end
    });
    let (string, after) = text.split_at(end.unwrap_or(text.len()));
    (string, after.get(1..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counts(size: &Size) -> (usize, usize, usize) {
        (size.values, size.listed, size.containers)
    }

    #[test]
    fn the_values_of_json_are_counted_without_their_names() {
        for (json, expected) in [
            ("{}", (0, 0, 1)),
            (r#"{"a":1,"b":"x","c":null,"d":-1.5e3}"#, (4, 0, 1)),
            (r#"{"a":[{"":0},{"":0}]}"#, (5, 0, 4)),
            (r#"{ "a" : [ [ ] , true ] }"#, (3, 0, 3)),
            (r#"{"a":"\"b\",\\","c":"[{"}"#, (2, 0, 1)),
            (r#"{"license_keys":["A",{"license_key":"B"}],"status":"active"}"#, (1, 4, 3)),
            (r#"{"a":{"licenses":[1,2]},"licenses":[1]}"#, (4, 2, 4)),
            (":::\"", (1, 0, 0)),
        ] {
            assert_eq!(counts(&Size::of_json(json.as_bytes())), expected, "{json}");
        }
    }

    #[test]
    fn the_pairs_of_a_form_are_counted() {
        for (form, expected) in [
            ("", (0, 0, 0)),
            ("&a=1&&b&", (2, 0, 0)),
            ("license_keys[]=A&license_keys%5B%5D=B&licenses[0]=C&license_keys_x=1", (1, 3, 0)),
        ] {
            assert_eq!(counts(&Size::of_form(form.as_bytes())), expected, "{form}");
        }
    }

    #[test]
    fn ten_thousand_license_keys_fit_and_a_mebibyte_of_small_values_does_not() {
        let list = |item: &str, count: usize| {
            format!("{{\"license_keys\":[{}0]}}", format!("{item},").repeat(count))
        };
        let license = r#"{"license_key":"AAAAA-BBBBB-CCCCC-DDDDD","validity":30,"activation_limit":1}"#;
        assert!(Size::of_json(list(license, 10_000).as_bytes()).memory().is_ok());
        assert_eq!(Size::of_json(list(r#"{"":0}"#, 131_000).as_bytes()).memory(), Err(Unreadable::TooMany));
    }

    #[test]
    fn one_field_more_than_the_limit_is_refused() {
        let form = |count: usize| "a=1&".repeat(count);
        assert!(Size::of_form(form(MAX_FIELDS).as_bytes()).memory().is_ok());
        assert_eq!(Size::of_form(form(MAX_FIELDS + 1).as_bytes()).memory(), Err(Unreadable::TooMany));
        let json = |count: usize| format!("{{\"a\":[0{}]}}", ",0".repeat(count - 2));
        assert!(Size::of_json(json(MAX_FIELDS).as_bytes()).memory().is_ok());
        assert_eq!(Size::of_json(json(MAX_FIELDS + 1).as_bytes()).memory(), Err(Unreadable::TooMany));
    }
}
