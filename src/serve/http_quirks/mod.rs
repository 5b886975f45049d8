//! Workarounds for how actix-web ends connections and answers HEAD requests.

pub mod head;
pub mod unread;
