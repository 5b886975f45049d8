//! Public keys as they are published: which one signs, which one will, and which ones did.

use super::{Fingerprint, Timestamp};

/// A public key that clients may be shown.
#[derive(Clone, Debug)]
pub struct PublishedKey {
    /// The product whose key it is; `None`: it is the global one.
    pub owner: Option<i64>,
    pub state: KeyState,
    pub fingerprint: Fingerprint,
    /// SPKI PEM.
    pub public_key: String,
    /// Since when it signs.
    pub from: Option<Timestamp>,
    /// When it ceased to sign.
    pub until: Option<Timestamp>,
}

/// Where a key is in its life.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum KeyState {
    Next,
    Current,
    Former,
}

impl KeyState {
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Next => "next",
            Self::Current => "current",
            Self::Former => "former",
        }
    }

    pub fn parse(text: &str) -> Option<Self> {
        [Self::Next, Self::Current, Self::Former].into_iter().find(|state| state.as_str() == text)
    }
}

impl PublishedKey {
    /// What a running server publishes: `keys` as the database has them, and `global`, the key that it signs
    /// with (fingerprint and PEM). The two differ from a switch on the command line until the server follows
    /// it.
    pub fn as_served(mut keys: Vec<Self>, global: Option<(&Fingerprint, &str)>) -> Vec<Self> {
        let Some((fingerprint, public_key)) = global else { return keys };
        let mut is_known = false;
        for key in keys.iter_mut().filter(|key| key.owner.is_none()) {
            if key.fingerprint == *fingerprint {
                (key.state, key.until, is_known) = (KeyState::Current, None, true);
            } else if key.state == KeyState::Current {
                (key.state, key.from) = (KeyState::Next, None);
            }
        }
        if !is_known {
            let (fingerprint, public_key) = (fingerprint.clone(), public_key.to_owned());
            let current = KeyState::Current;
            keys.insert(
                0,
                Self { owner: None, state: current, fingerprint, public_key, from: None, until: None },
            );
        }
        keys
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(owner: Option<i64>, state: KeyState, name: &str) -> PublishedKey {
        let (from, until) = match state {
            KeyState::Next => (None, None),
            KeyState::Current => (Some(Timestamp(20)), None),
            KeyState::Former => (Some(Timestamp(10)), Some(Timestamp(20))),
        };
        let fingerprint = Fingerprint(name.into());
        PublishedKey { owner, state, fingerprint, public_key: name.to_owned(), from, until }
    }

    #[test]
    fn what_signs_is_current_whatever_the_database_says() {
        let keys = || {
            vec![
                key(None, KeyState::Former, "a"),
                key(None, KeyState::Current, "b"),
                key(Some(1), KeyState::Current, "p"),
            ]
        };
        let served = |signs: &str| {
            let served = PublishedKey::as_served(keys(), Some((&Fingerprint(signs.into()), signs)));
            let line = |key: PublishedKey| format!("{} {}", key.public_key, key.state.as_str());
            served.into_iter().map(line).collect::<Vec<_>>().join(", ")
        };
        assert_eq!(served("b"), "a former, b current, p current");
        assert_eq!(served("a"), "a current, b next, p current");
        assert_eq!(served("c"), "c current, a former, b next, p current");
        assert_eq!(PublishedKey::as_served(keys(), None).len(), 3);
    }
}
