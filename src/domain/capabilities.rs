//! Capabilities: the endpoints that an API key may call, each named by its slug (API §2.4).

/// Allows every endpoint, also future ones.
const WILDCARD: &str = "*";

/// Named sets (API §2.4), expanded when a key is created, so that a later release never widens a key.
pub const PRESETS: &[(&str, &[&str])] = &[
    (
        "client",
        &[
            "verify",
            "activate",
            "deactivate",
            "get-license-key-details",
            "access-downloadables",
            "download",
            "send-telemetry-data",
            "get-product-public-key",
        ],
    ),
    (
        "shop",
        &[
            "random-assign-license-keys",
            "random-assign-license-keys-queued",
            "create-contract",
            "get-license-key-activations",
            "release-activation",
            "renew-license-key",
        ],
    ),
];

/// The capabilities of one API key: slugs joined by spaces, or `*`. Empty: the key may call nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities(String);

/// A word that is neither a capability nor a preset.
#[derive(Debug, thiserror::Error)]
#[error(
    "\"{word}\" is no capability: give an endpoint's name such as \"{nearest}\", a preset (client, shop, admin), or *"
)]
pub struct UnknownCapability {
    word: String,
    nearest: &'static str,
}

impl Capabilities {
    /// Allows every endpoint.
    pub fn all() -> Self {
        Self(WILDCARD.to_owned())
    }

    /// Parses slugs, presets (`client`, `shop`, `admin`) and `*`, in any mixture; duplicates are dropped. `known`: all
    /// slugs.
    pub fn parse<'a>(
        words: impl IntoIterator<Item = &'a str>,
        known: impl Iterator<Item = &'static str> + Clone,
    ) -> Result<Self, UnknownCapability> {
        let mut slugs: Vec<&'static str> = Vec::new();
        let mut add = |slug| {
            if !slugs.contains(&slug) {
                slugs.push(slug);
            }
        };
        for word in words {
            let word = word.trim();
            let preset = PRESETS.iter().find(|(name, _)| *name == word).map(|(_, set)| *set);
            match (word, preset, known.clone().find(|slug| *slug == word)) {
                (WILDCARD | "admin", _, _) => add(WILDCARD),
                (_, Some(set), _) => set.iter().for_each(|slug| add(slug)),
                (_, _, Some(slug)) => add(slug),
                _ => return Err(UnknownCapability { word: word.to_owned(), nearest: nearest(word, known) }),
            }
        }
        Ok(if slugs.contains(&WILDCARD) { Self::all() } else { Self(slugs.join(" ")) })
    }

    /// Restores a set from the text of [`Self::as_stored`].
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    pub fn as_stored(&self) -> &str {
        &self.0
    }

    /// The slugs, or a lone `*`.
    pub fn slugs(&self) -> impl Iterator<Item = &str> {
        self.0.split_ascii_whitespace()
    }

    /// Whether every endpoint is allowed, also future ones.
    pub fn are_all(&self) -> bool {
        self.slugs().any(|slug| slug == WILDCARD)
    }

    /// Whether a key with this set may call the endpoint of this slug.
    pub fn allow(&self, capability: &str) -> bool {
        self.slugs().any(|slug| slug == WILDCARD || slug == capability)
    }
}

/// The slug that has the longest prefix in common with a mistyped word.
fn nearest(word: &str, known: impl Iterator<Item = &'static str>) -> &'static str {
    let shared = |slug: &str| slug.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
    known.max_by_key(|slug| shared(slug)).unwrap_or(WILDCARD)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(words: &[&str]) -> Result<Capabilities, UnknownCapability> {
        let known = ["verify", "activate", "deactivate", "create-license-key-meta"];
        Capabilities::parse(words.iter().copied(), known.into_iter())
    }

    #[test]
    fn a_set_allows_what_it_names_and_nothing_else() {
        let set = parse(&["verify", "activate", "verify"]).unwrap();
        assert_eq!(set.as_stored(), "verify activate");
        assert!(set.allow("verify") && set.allow("activate") && !set.allow("deactivate"));
        assert!(!parse(&[]).unwrap().allow("verify"));
    }

    #[test]
    fn a_wildcard_allows_everything_and_swallows_the_rest() {
        for words in [&["*"][..], &["admin"], &["verify", "*"]] {
            let set = parse(words).unwrap();
            assert_eq!(set.as_stored(), "*");
            assert!(set.allow("verify") && set.allow("anything-to-come"));
        }
    }

    #[test]
    fn a_preset_is_its_list() {
        let client = parse(&["client"]).unwrap();
        assert!(client.allow("verify") && client.allow("download") && !client.allow("create-product"));
        assert_eq!(parse(&["shop"]).unwrap().slugs().count(), 6);
    }

    #[test]
    fn an_unknown_word_is_refused_with_a_neighbour() {
        let error = parse(&["create-licence-key-meta"]).unwrap_err().to_string();
        assert!(error.contains("create-lic"), "{error}");
    }
}
