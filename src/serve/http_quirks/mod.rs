//! Workarounds for how actix-web ends connections and answers HEAD requests, each with its upstream issue if
//! there is one.

mod body;
pub mod head;
pub mod taken;
pub mod unread;
