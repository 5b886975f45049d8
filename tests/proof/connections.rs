//! Many connections on one thread, for clients as slow as a proof wants: raw sockets that are written to at set times
//! and read when data is there.

use std::io::{ErrorKind, Read as _, Write as _};
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};
use socket2::{Domain, Socket, Type};

/// How many times a second bytes are sent.
const SLOTS: usize = 500;

/// How many times a second bytes are read slowly.
const SIPS: u32 = 8;

pub struct Connections {
    poll: Poll,
    pub all: Vec<Connection>,
}

/// One connection, and all bytes received on it.
pub struct Connection {
    stream: TcpStream,
    pub received: Vec<u8>,
    /// When it was opened, answered and closed by the server.
    began: Instant,
    answered: Option<Instant>,
    ended: Option<Instant>,
}

impl Connections {
    /// Opens connections one after the other.
    pub fn connect(address: &str, count: usize) -> Self {
        Self::connect_from(&[[127, 0, 0, 1]], address, count)
    }

    /// Opens connections from these addresses in turn.
    pub fn connect_from(addresses: &[[u8; 4]], server: &str, count: usize) -> Self {
        let poll = Poll::new().unwrap();
        let server: SocketAddr = server.parse().unwrap();
        let connections = addresses.iter().cycle().take(count).enumerate().map(|(number, from)| {
            let socket = Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
            socket.bind(&SocketAddr::from((*from, 0)).into()).unwrap();
            socket.connect(&server.into()).unwrap();
            let stream = std::net::TcpStream::from(socket);
            stream.set_nonblocking(true).unwrap();
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(number), Interest::READABLE).unwrap();
            Connection { stream, received: Vec::new(), began: Instant::now(), answered: None, ended: None }
        });
        let connections = connections.collect();
        Self { poll, all: connections }
    }

    /// Sends bytes on each open connection. Gives on how many they were sent whole.
    pub fn send(&mut self, bytes: &[u8]) -> usize {
        self.all
            .iter_mut()
            .filter(|connection| connection.ended.is_none())
            .map(|connection| connection.send(bytes))
            .sum()
    }

    /// Sends a request of its own on each connection.
    pub fn send_each(&mut self, mut request: impl FnMut(usize) -> Vec<u8>) {
        for (number, connection) in self.all.iter_mut().enumerate() {
            assert_eq!(connection.send(&request(number)), 1, "connection {number} takes no request");
        }
    }

    /// Reads for this long, or until the server has closed all connections.
    pub fn read_for(&mut self, time: Duration) {
        let until = Instant::now() + time;
        let mut events = Events::with_capacity(1024);
        while self.open() > 0 {
            let left = until.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return;
            }
            match self.poll.poll(&mut events, Some(left)) {
                Err(error) if error.kind() == ErrorKind::Interrupted => continue,
                polled => polled.unwrap(),
            }
            for event in &events {
                let Token(number) = event.token();
                self.all[number].read();
            }
        }
    }

    /// Sends one byte of `bytes` per second, repeatedly, until the server has closed every connection. The connections
    /// send at different times of the second. Gives the longest time that one of them was open.
    pub fn trickle(&mut self, bytes: &[u8], patience: Duration) -> Duration {
        let began = Instant::now();
        let slots = (0..SLOTS).cycle().zip(bytes.iter().flat_map(|byte| [*byte; SLOTS]).cycle());
        for (slot, byte) in slots {
            let connections = self.all.iter_mut().skip(slot).step_by(SLOTS);
            for connection in connections.filter(|connection| connection.ended.is_none()) {
                connection.send(&[byte]);
            }
            self.read_for(Duration::from_millis(1000 / SLOTS as u64));
            if self.open() == 0 {
                break;
            }
            assert!(began.elapsed() < patience, "{} are still open after {patience:?}", self.open());
        }
        self.longest()
    }

    /// Reads so many bytes a second from each connection until it is over.
    pub fn sip(&mut self, bytes_a_second: usize, mut is_over: impl FnMut() -> bool) {
        let began = Instant::now();
        let mut sip = vec![0; bytes_a_second / SIPS as usize];
        for number in 1.. {
            for connection in &mut self.all {
                // Whatever it gives: who is over is asked elsewhere.
                let _read = connection.stream.read(&mut sip);
            }
            if is_over() {
                return;
            }
            let next = Duration::from_secs(1) * number / SIPS;
            std::thread::sleep(next.saturating_sub(began.elapsed()));
        }
    }

    pub fn open(&self) -> usize {
        self.all.iter().filter(|connection| connection.ended.is_none()).count()
    }

    /// The longest time that a closed connection was open.
    pub fn longest(&self) -> Duration {
        let stayed = self.all.iter().filter_map(|connection| Some(connection.ended? - connection.began));
        stayed.max().unwrap_or_default()
    }

    /// The longest time from opening to the first byte of an answer.
    pub fn longest_wait(&self) -> Duration {
        let waited = self.all.iter().filter_map(|connection| Some(connection.answered? - connection.began));
        waited.max().unwrap_or_default()
    }

    /// How many answers have this code.
    pub fn answered(&self, code: &str) -> usize {
        self.all
            .iter()
            .filter(|connection| connection.body().starts_with(&format!("{{\"response\":{{\"code\":{code},")))
            .count()
    }
}

impl Connection {
    fn send(&mut self, bytes: &[u8]) -> usize {
        match self.stream.write(bytes) {
            Ok(written) => usize::from(written == bytes.len()),
            // The server has closed it, which `read` finds.
            Err(_) => 0,
        }
    }

    fn read(&mut self) {
        let mut chunk = [0; 4096];
        loop {
            match self.stream.read(&mut chunk) {
                Ok(read @ 1..) => {
                    self.answered.get_or_insert_with(Instant::now);
                    self.received.extend_from_slice(&chunk[..read]);
                }
                Err(error) if error.kind() == ErrorKind::WouldBlock => return,
                Ok(0) | Err(_) => {
                    self.ended.get_or_insert_with(Instant::now);
                    return;
                }
            }
        }
    }

    /// The time from `moment` to the first byte of the answer; none if there was no answer.
    pub fn answered_after(&self, moment: Instant) -> Option<Duration> {
        Some(self.answered?.saturating_duration_since(moment))
    }

    /// The body of the answer.
    pub fn body(&self) -> &str {
        let text = std::str::from_utf8(&self.received).unwrap_or_default();
        text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}
