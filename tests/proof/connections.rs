//! Many connections on one thread, each as slow as it is told to be: raw sockets that are written to now and
//! then and read when there is something to read.

use std::io::{ErrorKind, Read as _, Write as _};
use std::time::{Duration, Instant};

use mio::net::TcpStream;
use mio::{Events, Interest, Poll, Token};

/// Into how many moments a second is divided.
const MOMENTS: usize = 500;

pub struct Connections {
    poll: Poll,
    pub members: Vec<Member>,
}

/// One connection, and all that came over it.
pub struct Member {
    stream: TcpStream,
    pub received: Vec<u8>,
    /// When it was there, and when the server ended it.
    began: Instant,
    answered: Option<Instant>,
    ended: Option<Instant>,
}

impl Connections {
    /// Connects, one after the other.
    pub fn connect(address: &str, count: usize) -> Self {
        let poll = Poll::new().unwrap();
        let members = (0..count).map(|number| {
            let stream = std::net::TcpStream::connect(address).unwrap();
            stream.set_nonblocking(true).unwrap();
            let mut stream = TcpStream::from_std(stream);
            poll.registry().register(&mut stream, Token(number), Interest::READABLE).unwrap();
            Member { stream, received: Vec::new(), began: Instant::now(), answered: None, ended: None }
        });
        let members = members.collect();
        Self { poll, members }
    }

    /// Sends the same to all that are still there; gives how many took all of it.
    pub fn send(&mut self, bytes: &[u8]) -> usize {
        self.members.iter_mut().filter(|member| member.ended.is_none()).map(|member| member.send(bytes)).sum()
    }

    /// Sends each its own request, by its number.
    pub fn send_each(&mut self, mut request: impl FnMut(usize) -> Vec<u8>) {
        for (number, member) in self.members.iter_mut().enumerate() {
            assert_eq!(member.send(&request(number)), 1, "connection {number} takes no request");
        }
    }

    /// Reads what comes, for this long or until all connections were ended.
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
                self.members[number].read();
            }
        }
    }

    /// One byte a second of `bytes`, over and over, until the server has ended every connection. Each has its
    /// own moment of the second, as clients have that know nothing of one another. Gives the longest that one
    /// of them stayed.
    pub fn trickle(&mut self, bytes: &[u8], patience: Duration) -> Duration {
        let began = Instant::now();
        let moments = (0..MOMENTS).cycle().zip(bytes.iter().flat_map(|byte| [*byte; MOMENTS]).cycle());
        for (moment, byte) in moments {
            let members = self.members.iter_mut().skip(moment).step_by(MOMENTS);
            for member in members.filter(|member| member.ended.is_none()) {
                member.send(&[byte]);
            }
            self.read_for(Duration::from_millis(1000 / MOMENTS as u64));
            if self.open() == 0 {
                break;
            }
            assert!(began.elapsed() < patience, "{} are still open after {patience:?}", self.open());
        }
        self.longest()
    }

    pub fn open(&self) -> usize {
        self.members.iter().filter(|member| member.ended.is_none()).count()
    }

    /// How long the one that was ended last was open.
    pub fn longest(&self) -> Duration {
        let stayed = self.members.iter().filter_map(|member| Some(member.ended? - member.began));
        stayed.max().unwrap_or_default()
    }

    /// How long the one that was answered last had waited.
    pub fn longest_wait(&self) -> Duration {
        let waited = self.members.iter().filter_map(|member| Some(member.answered? - member.began));
        waited.max().unwrap_or_default()
    }

    /// How many were answered with this code.
    pub fn answered(&self, code: &str) -> usize {
        self.members
            .iter()
            .filter(|member| member.body().starts_with(&format!("{{\"response\":{{\"code\":{code},")))
            .count()
    }
}

impl Member {
    fn send(&mut self, bytes: &[u8]) -> usize {
        match self.stream.write(bytes) {
            Ok(written) => usize::from(written == bytes.len()),
            // The other side has closed, which is seen where it is read.
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

    /// How long after this moment its answer began to come; nothing, if none did.
    pub fn answered_after(&self, moment: Instant) -> Option<Duration> {
        Some(self.answered?.saturating_duration_since(moment))
    }

    /// What follows the head of the answer.
    pub fn body(&self) -> &str {
        let text = std::str::from_utf8(&self.received).unwrap_or_default();
        text.split_once("\r\n\r\n").map_or("", |(_, body)| body)
    }
}
