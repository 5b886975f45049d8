//! What an operator is told to run next, so that it can be pasted: with the data directory that this command
//! was for, and quoted.

use std::borrow::Cow;
use std::path::Path;

use crate::files::DataDir;

/// Where a command looks when nobody names a data directory.
const DEFAULT: &str = "data";

/// `keyseal WORDS`, with `--data` unless the directory is the one that counts anyway. `words`: what comes
/// after `keyseal`, quoted already.
pub fn command(words: &str, data: &DataDir) -> String {
    if data.path() == Path::new(DEFAULT) {
        return format!("keyseal {words}");
    }
    format!("keyseal {words} --data {}", path(data.path()))
}

/// A path as a shell takes it for one word.
pub fn path(path: &Path) -> String {
    let shown = path.to_string_lossy();
    match shell_words::quote(&shown) {
        Cow::Borrowed(_) => shown.into_owned(),
        Cow::Owned(quoted) => quoted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_the_directory_unless_it_is_the_usual_one() {
        assert_eq!(command("doctor", &DataDir::new("data")), "keyseal doctor");
        assert_eq!(command("doctor", &DataDir::new("/srv/k")), "keyseal doctor --data /srv/k");
        assert_eq!(command("doctor", &DataDir::new("it's mine")), r"keyseal doctor --data 'it'\''s mine'");
    }
}
