//! Whose files they are: what an operator is told who runs a command as another user than the server's.

use std::fmt::{self, Display, Formatter};

/// A user of the machine, by the number that files have. Shown with its name, where it has one.
pub struct User {
    uid: u32,
    name: Option<String>,
}

impl User {
    pub fn of(uid: u32) -> Self {
        let name = uzers::get_user_by_uid(uid).and_then(|user| user.name().to_str().map(str::to_owned));
        Self { uid, name }
    }

    /// What has a command run as this user.
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
