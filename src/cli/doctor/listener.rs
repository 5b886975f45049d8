//! Whether a process is the one that listens on a port, as the system's own tables tell it.

use std::fs;

/// The state of a socket that accepts connections, in the tables of the system.
const LISTENING: &str = "0A";

/// `None`: the system has no such tables, or doesn't show those of this process to us.
pub fn is_listening(pid: &str, port: u16) -> Option<bool> {
    let pid: u32 = pid.parse().ok()?;
    let sockets: Vec<String> = ["tcp", "tcp6"]
        .iter()
        .filter_map(|table| fs::read_to_string(format!("/proc/{pid}/net/{table}")).ok())
        .flat_map(|table| table.lines().filter_map(|line| socket(line, port)).collect::<Vec<_>>())
        .collect();
    let mut open = fs::read_dir(format!("/proc/{pid}/fd"))
        .ok()?
        .filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    Some(open.any(|file| sockets.iter().any(|socket| file.as_os_str() == socket.as_str())))
}

/// The name that processes have for the socket in this line, if it listens on this port.
fn socket(line: &str, port: u16) -> Option<String> {
    let mut words = line.split_whitespace();
    let (_, its_port) = words.nth(1)?.rsplit_once(':')?;
    if u16::from_str_radix(its_port, 16).ok()? != port || words.nth(1)? != LISTENING {
        return None;
    }
    Some(format!("socket:[{}]", words.nth(5)?))
}
