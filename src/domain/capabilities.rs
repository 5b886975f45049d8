//! The set of capabilities that an API key has, and the presets that name common sets.

use super::Capability;
use Capability::*;

/// Every endpoint there is or will be.
const WILDCARD: &str = "*";

/// Named sets (API §2.4), expanded when a key is created, so that a later release never widens a key.
const PRESETS: [(&str, &[Capability]); 2] = [
    (
        "client",
        &[
            Verify,
            Activate,
            Deactivate,
            GetLicenseKeyDetails,
            AccessDownloadables,
            Download,
            SendTelemetryData,
            GetLicenseFile,
            GetProductPublicKey,
        ],
    ),
    ("shop", &[RandomAssignLicenseKeys, RandomAssignLicenseKeysQueued, CreateContract]),
];

/// The capabilities of one API key: slugs joined by spaces, or `*`. Empty: the key may call nothing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Capabilities(String);

/// The word names no endpoint and no preset.
#[derive(Debug, thiserror::Error)]
#[error(
    "\"{word}\" is no capability: give an endpoint's name such as \"{nearest}\", a preset (client, shop, admin), or *"
)]
pub struct UnknownCapability {
    word: String,
    nearest: &'static str,
}

impl Capabilities {
    /// Takes slugs, presets (`client`, `shop`, `admin`) and `*`, in any mixture; repeats are dropped.
    pub fn parse<'a>(words: impl IntoIterator<Item = &'a str>) -> Result<Self, UnknownCapability> {
        let mut slugs: Vec<&'static str> = Vec::new();
        for word in words {
            let word = word.trim();
            let preset = PRESETS.iter().find(|(name, _)| *name == word).map(|(_, set)| *set);
            match (word, preset, Capability::parse(word)) {
                (WILDCARD | "admin", _, _) => slugs.push(WILDCARD),
                (_, Some(set), _) => slugs.extend(set.iter().map(|capability| capability.as_str())),
                (_, _, Some(capability)) => slugs.push(capability.as_str()),
                _ => return Err(UnknownCapability { word: word.to_owned(), nearest: nearest(word) }),
            }
        }
        if slugs.contains(&WILDCARD) {
            return Ok(Self(WILDCARD.to_owned()));
        }
        let mut seen = Vec::new();
        slugs.retain(|slug| !seen.contains(slug) && (seen.push(*slug), true).1);
        Ok(Self(slugs.join(" ")))
    }

    /// Takes what [`Self::as_stored`] gave.
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

    /// Whether a key with this set may call the endpoint.
    pub fn allow(&self, capability: Capability) -> bool {
        self.slugs().any(|slug| slug == WILDCARD || slug == capability.as_str())
    }
}

/// The slug that shares the longest beginning with a mistyped word.
fn nearest(word: &str) -> &'static str {
    let shared = |slug: &str| slug.bytes().zip(word.bytes()).take_while(|(a, b)| a == b).count();
    Capability::ALL.map(Capability::as_str).into_iter().max_by_key(|slug| shared(slug)).unwrap_or(WILDCARD)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_allows_what_it_names_and_nothing_else() {
        let set = Capabilities::parse(["verify", "activate", "verify"]).unwrap();
        assert_eq!(set.as_stored(), "verify activate");
        assert!(set.allow(Verify) && set.allow(Activate) && !set.allow(Deactivate));
        assert!(!Capabilities::parse([]).unwrap().allow(Verify));
    }

    #[test]
    fn a_wildcard_allows_everything_and_swallows_the_rest() {
        for words in [vec!["*"], vec!["admin"], vec!["verify", "*"]] {
            let set = Capabilities::parse(words).unwrap();
            assert_eq!(set.as_stored(), "*");
            assert!(Capability::ALL.into_iter().all(|capability| set.allow(capability)));
        }
    }

    #[test]
    fn a_preset_is_the_contracts_list() {
        let client = Capabilities::parse(["client"]).unwrap();
        assert!(client.allow(Verify) && client.allow(Download) && !client.allow(CreateLicenseKeyMeta));
        assert_eq!(Capabilities::parse(["shop"]).unwrap().slugs().count(), 3);
    }

    #[test]
    fn an_unknown_word_is_refused_with_a_neighbour() {
        let error = Capabilities::parse(["create-licence-key-meta"]).unwrap_err().to_string();
        assert!(error.contains("create-lic"), "{error}");
    }
}
