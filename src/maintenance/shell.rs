//! Commands to paste, as hints to the operator: quoted, and with the right data directory.

use std::borrow::Cow;
use std::path::Path;

use crate::files::DataDir;

/// The data directory of a command without `--data`.
const DEFAULT: &str = "data";

/// `keyseal WORDS`, with `--data` unless it is the default. `words` must be quoted already.
pub fn command(words: &str, data: &DataDir) -> String {
    if data.path() == Path::new(DEFAULT) {
        return format!("keyseal {words}");
    }
    format!("keyseal {words} --data {}", path(data.path()))
}

/// A path, quoted for a shell if necessary.
pub fn path(path: &Path) -> String {
    let text = path.to_string_lossy();
    match shell_words::quote(&text) {
        Cow::Borrowed(_) => text.into_owned(),
        Cow::Owned(quoted) => quoted,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_names_the_directory_unless_it_is_the_default() {
        assert_eq!(command("doctor", &DataDir::new("data")), "keyseal doctor");
        assert_eq!(command("doctor", &DataDir::new("/srv/k")), "keyseal doctor --data /srv/k");
        assert_eq!(command("doctor", &DataDir::new("it's mine")), r"keyseal doctor --data 'it'\''s mine'");
    }
}
