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
        let counted = |count: usize, one: &str, many: &str| {
            (count > 0).then(|| format!("{count} {}", if count == 1 { one } else { many }))
        };
        let activations = counted(self.activations, "activation", "activations");
        let meta = counted(self.meta, "metadata entry", "metadata entries");
        match activations.into_iter().chain(meta).collect::<Vec<_>>().join(", ").as_str() {
            "" => f.write_str("nothing ended"),
            lost => write!(f, "{lost} ended"),
        }
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
        assert_eq!(Belongings { activations: 0, meta: 1 }.to_string(), "1 metadata entry ended");
        assert_eq!(Belongings { activations: 2, meta: 0 }.to_string(), "2 activations ended");
        assert_eq!(Belongings::default().to_string(), "nothing ended");
    }
}
