//! Public keys as they are published to clients: the current, the next and the former ones.

use super::{Fingerprint, Timestamp};

/// A public key with its owner and the period in which it signs.
#[derive(Clone, Debug)]
pub struct PublishedKey {
    /// The product that owns the key; `None`: it is the global key.
    pub owner: Option<i64>,
    pub state: KeyState,
    pub fingerprint: Fingerprint,
    /// The key as SPKI PEM.
    pub public_key: String,
    /// The time when the key began to sign.
    pub from: Option<Timestamp>,
    /// The time when the key stopped signing.
    pub until: Option<Timestamp>,
}

/// The stage of a key in its rotation.
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
    /// Replaces the current global key in `keys`, which come from the database, by the one that the running server
    /// signs with. The two differ between a rotation on the command line and the server's next reload.
    pub fn as_served(mut keys: Vec<Self>, global: Option<(&Fingerprint, &str)>) -> Vec<Self> {
        let Some((fingerprint, public_key)) = global else { return keys };
        let mut is_listed = false;
        for key in keys.iter_mut().filter(|key| key.owner.is_none()) {
            if key.fingerprint == *fingerprint {
                key.state = KeyState::Current;
                key.until = None;
                is_listed = true;
            } else if key.state == KeyState::Current {
                key.state = KeyState::Next;
                key.from = None;
            }
        }
        if !is_listed {
            let current = Self {
                owner: None,
                state: KeyState::Current,
                fingerprint: fingerprint.clone(),
                public_key: public_key.to_owned(),
                from: None,
                until: None,
            };
            keys.insert(0, current);
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
