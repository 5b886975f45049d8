//! The calls that are measured: what is sent, what must come back, and which of the machine's ceilings bounds them.

use std::io::Write as _;

use crate::load::Requests;
use crate::world::{IDENTIFIER, World, available_key, license_key};

/// A ceiling.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Bound {
    Http,
    Signatures,
    Commits,
}

pub struct Case {
    pub name: &'static str,
    paths: &'static [&'static str],
    /// How answers begin, in turn.
    pub expected: &'static [&'static str],
    which: Which,
    pub bound: Bound,
    /// The fixed rates at which it is measured too, in percent of its best. At more than 100 some must be
    /// refused; only what the generator can ask for so often, beside the server on the same machine.
    pub open_loop: &'static [u32],
}

/// The licenses that a call is made with.
#[derive(Clone, Copy)]
enum Which {
    /// Any of the first product.
    OfOneProduct,
    /// Any of all products.
    OfAll,
    /// Any, with an activation that no other call makes.
    WithOwnActivation,
    /// Any, with metadata that no other call writes.
    WithOwnMeta,
    /// Any that is assigned to nobody.
    Available,
}

pub const VERIFY: Case = Case {
    name: "verify, one product",
    paths: &["verify"],
    expected: &[r#"{"response":{"code":200,"#],
    which: Which::OfOneProduct,
    bound: Bound::Http,
    open_loop: &[50, 80],
};

pub const CASES: [Case; 6] = [
    VERIFY,
    Case { name: "verify, 50 products and keys", which: Which::OfAll, open_loop: &[], ..VERIFY },
    Case {
        name: "activate and deactivate",
        paths: &["activate", "deactivate"],
        expected: &[r#"{"response":{"code":300,"#, r#"{"response":{"code":"400","#],
        which: Which::WithOwnActivation,
        bound: Bound::Commits,
        open_loop: &[],
    },
    Case {
        name: "create-license-key-meta",
        paths: &["create-license-key-meta"],
        expected: &[r#"{"response":{"code":453,"#],
        which: Which::WithOwnMeta,
        bound: Bound::Signatures,
        open_loop: &[50, 80, 400],
    },
    Case {
        name: "get-license-key-details",
        paths: &["get-license-key-details"],
        expected: &[r#"{"response":{"code":500,"#],
        which: Which::OfOneProduct,
        bound: Bound::Signatures,
        open_loop: &[],
    },
    Case {
        name: "refusal: license not assigned",
        paths: &["verify"],
        expected: &[r#"{"response":{"code":201,"#],
        which: Which::Available,
        bound: Bound::Http,
        open_loop: &[],
    },
];

impl World {
    /// The requests of a case, made anew for each load: what one load has written is not in the way of the next.
    pub fn requests<'a>(&'a self, case: &'a Case) -> Box<Requests<'a>> {
        let load = uuid::Uuid::new_v4().simple().to_string();
        let load = load[..12].to_owned();
        let mut fields = Vec::new();
        let mut number: u64 = 0;
        Box::new(move |connection, sent, out| {
            number = number.wrapping_add(1);
            // Spread over all licenses, near ones far apart in time.
            let any = |among: u64| number.wrapping_mul(0x9E37_79B9_7F4A_7C15) % among.max(1);
            fields.clear();
            write!(fields, "api_key={}&license_key=", self.api_key).unwrap();
            match case.which {
                Which::OfOneProduct => write!(fields, "{}", license_key(any(self.licenses / 2))),
                Which::OfAll => {
                    let number = self.licenses / 2 + any(self.licenses - self.licenses / 2);
                    write!(fields, "{}", license_key(number))
                }
                Which::WithOwnMeta => {
                    let key = license_key(any(self.licenses / 2));
                    write!(fields, "{key}&key={load}-{number}&value=on")
                }
                Which::WithOwnActivation => {
                    // What is activated is deactivated by the request after it.
                    let license =
                        license_key(u64::try_from(connection + sent / 2 * 521).unwrap() % self.licenses);
                    write!(fields, "{license}&identifier={connection}.{load}.example")
                }
                Which::Available => write!(fields, "{}", available_key(number)),
            }
            .unwrap();
            if !matches!(case.which, Which::WithOwnActivation) {
                write!(fields, "&identifier={IDENTIFIER}").unwrap();
            }
            let path = case.paths[sent % case.paths.len()];
            write!(
                out,
                "POST /api/v1/{path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: application/x-www-form-urlencoded\r\n\
                 Content-Length: {}\r\n\r\n",
                fields.len()
            )
            .unwrap();
            out.extend_from_slice(&fields);
        })
    }
}
