//! The owner of a file, for messages to an operator who runs a command as another user than the server's.

use std::fmt::{self, Display, Formatter};

/// A user of the machine, by the uid in a file's metadata. Displayed with the name, if there is one.
pub struct User {
    uid: u32,
    name: Option<String>,
}

impl User {
    pub fn of(uid: u32) -> Self {
        let name = uzers::get_user_by_uid(uid).and_then(|user| user.name().to_str().map(str::to_owned));
        Self { uid, name }
    }

    /// The words that make a shell command run as this user.
    pub fn sudo(&self) -> String {
        match &self.name {
            Some(name) => format!("sudo -u {name}"),
            None => format!("sudo -u '#{}'", self.uid),
        }
    }
}

impl Display for User {
    fn fmt(&self, out: &mut Formatter<'_>) -> fmt::Result {
        match &self.name {
            Some(name) => write!(out, "{name} (uid {})", self.uid),
            None => write!(out, "with uid {}", self.uid),
        }
    }
}
