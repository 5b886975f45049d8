//! Tells whether a connection took an answer. actix-web reports no error of writing one.

use std::sync::Arc;

use actix_web::{HttpRequest, HttpResponse};

use super::body;
use crate::serve::App;

/// The file descriptor of a connection, as its number. It is open as long as an answer is written to it.
#[derive(Clone, Copy)]
pub struct Descriptor(pub std::os::fd::RawFd);

/// Sends `response`, and notes its order as lost if the connection is gone before the whole body is taken.
pub fn watch(response: HttpResponse, request: &HttpRequest, order: UndeliveredOrder) -> HttpResponse {
    let descriptor = request.conn_data::<Descriptor>().copied();
    body::keep_and_then(response, (descriptor, order), |(descriptor, order)| {
        if !descriptor.is_some_and(is_gone) {
            order.sent();
        }
    })
}

/// An order whose sender has not got its answer yet. Notes the order as lost when it is dropped, unless the answer was
/// sent.
pub struct UndeliveredOrder {
    app: Arc<App>,
    fingerprint: [u8; 32],
    is_sent: bool,
}

impl UndeliveredOrder {
    pub fn new(app: &Arc<App>, fingerprint: [u8; 32]) -> Self {
        Self { app: Arc::clone(app), fingerprint, is_sent: false }
    }

    pub fn sent(&mut self) {
        self.is_sent = true;
    }
}

impl Drop for UndeliveredOrder {
    fn drop(&mut self) {
        if !self.is_sent {
            self.app.lost_answers.note(self.fingerprint);
        }
    }
}

/// Whether the client has closed the connection: the system takes what is written to it all the same, and tells of no
/// error until later.
#[cfg(target_os = "linux")]
fn is_gone(descriptor: Descriptor) -> bool {
    use std::io::ErrorKind;
    use std::mem::MaybeUninit;

    use rustix::process::{PidfdFlags, PidfdGetfdFlags, getpid, pidfd_getfd, pidfd_open};
    use socket2::SockRef;

    // The safe way to a descriptor of this process by its number.
    let Ok(process) = pidfd_open(getpid(), PidfdFlags::empty()) else { return false };
    let Ok(socket) = pidfd_getfd(process, descriptor.0, PidfdGetfdFlags::empty()) else { return false };
    match SockRef::from(&socket).peek(&mut [MaybeUninit::uninit(); 1]) {
        Ok(read) => read == 0,
        Err(error) => !matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::Interrupted),
    }
}

#[cfg(not(target_os = "linux"))]
fn is_gone(_: Descriptor) -> bool {
    false
}
