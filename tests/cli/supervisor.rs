//! What a service manager hears on its socket.

use std::os::unix::net::UnixDatagram;
use std::time::Duration;

use tempfile::TempDir;

use crate::support::{Server, initialized, program};

/// Past this nothing more comes.
const TIMEOUT: Duration = Duration::from_secs(30);

struct Manager {
    socket: UnixDatagram,
    directory: TempDir,
}

impl Manager {
    fn new() -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = UnixDatagram::bind(directory.path().join("notify")).unwrap();
        socket.set_read_timeout(Some(TIMEOUT)).unwrap();
        Self { socket, directory }
    }

    fn start(&self, data: &TempDir, watchdog_usec: Option<&str>) -> Server {
        let mut command = program();
        command.arg("--data").arg(data.path()).args(["serve", "--listen", "127.0.0.1:0"]);
        command.env("NOTIFY_SOCKET", self.directory.path().join("notify"));
        command.envs(watchdog_usec.map(|limit| ("WATCHDOG_USEC", limit)));
        Server::run(&mut command)
    }

    fn hears(&self) -> String {
        let mut message = [0; 256];
        let length = self.socket.recv(&mut message).expect("a message");
        String::from_utf8(message[..length].to_vec()).unwrap()
    }

    fn hears_until(&self, message: &str) -> Vec<String> {
        let mut heard = vec![self.hears()];
        while heard.last().is_some_and(|last| last != message) {
            heard.push(self.hears());
        }
        heard
    }
}

#[test]
fn it_hears_when_the_server_is_ready_and_when_it_stops() {
    let (data, manager) = (initialized(), Manager::new());
    let server = manager.start(&data, None);
    assert_eq!(manager.hears(), "READY=1\n");
    assert!(server.url().starts_with("http://127.0.0.1:"));
    assert_eq!(server.end("-TERM").code, Some(0));
    assert_eq!(manager.hears(), "STOPPING=1\n");
}

#[test]
fn its_watchdog_hears_of_a_server_that_answers_and_nothing_of_one_whose_writer_hangs() {
    let (data, manager) = (initialized(), Manager::new());
    let mut server = manager.start(&data, Some("900000"));
    manager.hears_until("READY=1\n");
    for _ in 0..3 {
        manager.hears_until("WATCHDOG=1\n");
    }
    let other = hang(&data, &mut server);
    // Once what was sent before is heard, there is silence for as long as it lasts.
    manager.socket.set_nonblocking(true).unwrap();
    let mut message = [0; 256];
    while manager.socket.recv(&mut message).is_ok() {}
    server.log_until("the writer thread did not answer");
    assert!(manager.socket.recv(&mut message).is_err());
    drop(other);
    manager.socket.set_nonblocking(false).unwrap();
    manager.hears_until("WATCHDOG=1\n");
    assert_eq!(server.end("-TERM").code, Some(0));
    manager.hears_until("STOPPING=1\n");
}

/// Keeps the writer waiting for as long as the connection lives. Comes back when the server has said so.
#[expect(clippy::disallowed_methods, reason = "plays another program that keeps the database to itself")]
fn hang(data: &TempDir, server: &mut Server) -> rusqlite::Connection {
    let other = rusqlite::Connection::open(data.path().join("keyseal.db")).unwrap();
    other.busy_timeout(TIMEOUT).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    server.log_until("the writer thread did not answer");
    other
}
