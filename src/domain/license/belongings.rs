//! The data of a license's owner, which is deleted when the ownership ends.

use std::fmt;

/// The numbers of activations and of metadata entries that belong to the owner of a license.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Belongings {
    pub activations: usize,
    pub meta: usize,
}

impl Belongings {
    pub fn is_empty(self) -> bool {
        self == Self::default()
    }
}

impl fmt::Display for Belongings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { activations, meta } = self;
        let activation = if *activations == 1 { "activation" } else { "activations" };
        let entry = if *meta == 1 { "metadata entry" } else { "metadata entries" };
        write!(f, "{activations} {activation}, {meta} {entry} ended")
    }
}

#[cfg(test)]
mod tests {
    use super::Belongings;

    #[test]
    fn numbers_are_written_in_words_of_their_number() {
        assert_eq!(
            Belongings { activations: 1, meta: 2 }.to_string(),
            "1 activation, 2 metadata entries ended"
        );
        assert_eq!(
            Belongings { activations: 0, meta: 1 }.to_string(),
            "0 activations, 1 metadata entry ended"
        );
    }
}
