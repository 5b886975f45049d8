//! Workarounds for how actix-web reads requests, ends connections and answers HEAD requests, each with its upstream
//! issue if there is one.

pub mod body;
pub mod head;
pub mod parts;
pub mod taken;
pub mod turns;
pub mod unread;
