//! Unix sockets that keep messages apart (SOCK_SEQPACKET), and who is at their other end.

use std::fs::{self, Permissions};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::{FileTypeExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};

use rustix::net::sockopt::{set_socket_send_buffer_size_force, socket_peercred};
use socket2::{Domain, SockAddr, Socket, Type};

/// One end of a connection; it never blocks.
#[derive(Debug)]
pub struct SeqPacket {
    socket: Socket,
}

/// Who is at the other end: what the process was when it connected or began to listen.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerCredentials {
    /// Its user.
    pub user: u32,
    /// Its process number.
    pub process: i32,
}

impl SeqPacket {
    /// Connects to the listener at `path`.
    ///
    /// NotFound and ConnectionRefused mean that nobody listens, WouldBlock that too many wait to be accepted.
    pub fn connect(path: &Path) -> io::Result<Self> {
        let socket = open()?;
        socket.connect(&SockAddr::unix(path)?)?;
        Self::with_buffers(socket)
    }

    /// Two connected ends.
    pub fn pair() -> io::Result<(Self, Self)> {
        let (one, other) = Socket::pair(Domain::UNIX, seqpacket(), None)?;
        Ok((Self::with_buffers(one)?, Self::with_buffers(other)?))
    }

    /// Who is at the other end (SO_PEERCRED of unix(7)).
    pub fn peer(&self) -> io::Result<PeerCredentials> {
        let credentials = socket_peercred(&self.socket)?;
        let process = credentials.pid.as_raw_nonzero().get();
        Ok(PeerCredentials { user: credentials.uid.as_raw(), process })
    }

    /// Sends one message.
    pub fn send(&self, message: &[u8]) -> io::Result<()> {
        self.socket.send_with_flags(message, libc::MSG_NOSIGNAL).map(drop)
    }

    /// Closes the connection for both sides, though others may still hold it: all of them see its end.
    pub fn shut_down(&self) {
        // It fails only where the other side was faster.
        let _ = self.socket.shutdown(std::net::Shutdown::Both);
    }

    /// Bytes that may wait at the other end to be received, the kernel's overhead included.
    pub const SEND_BUFFER_BYTES: usize = 4 << 20;

    fn with_buffers(socket: Socket) -> io::Result<Self> {
        // What waits at the other end counts for the sender. FORCE needs CAP_NET_ADMIN; without it the sysctl
        // net.core.wmem_max is the limit.
        if set_socket_send_buffer_size_force(&socket, Self::SEND_BUFFER_BYTES).is_err() {
            socket.set_send_buffer_size(Self::SEND_BUFFER_BYTES)?;
        }
        Ok(Self { socket })
    }
}

impl AsFd for SeqPacket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// A listening socket; its file is removed when it is dropped.
#[derive(Debug)]
pub struct SeqPacketListener {
    socket: Socket,
    path: PathBuf,
}

impl SeqPacketListener {
    /// Listens at `path`, which gets the permissions `mode`: whoever may write to the file may connect.
    ///
    /// A socket that a process left behind is replaced; AddrInUse means that somebody listens there, or that the
    /// file is no socket.
    pub fn bind(path: &Path, mode: u32) -> io::Result<Self> {
        let socket = open()?;
        let address = SockAddr::unix(path)?;
        match socket.bind(&address) {
            Err(error) if error.kind() == io::ErrorKind::AddrInUse && is_left_over(path) => {
                fs::remove_file(path)?;
                socket.bind(&address)?;
            }
            other => other?,
        }
        let listener = Self { socket, path: path.to_owned() };
        fs::set_permissions(path, Permissions::from_mode(mode))?;
        listener.socket.listen(BACKLOG)?;
        Ok(listener)
    }

    /// The next that has connected; `None` if there is none.
    pub fn accept(&self) -> io::Result<Option<SeqPacket>> {
        match self.socket.accept_raw() {
            Ok((socket, _)) => {
                socket.set_cloexec(true)?;
                socket.set_nonblocking(true)?;
                SeqPacket::with_buffers(socket).map(Some)
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }
}

impl AsFd for SeqPacketListener {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl Drop for SeqPacketListener {
    fn drop(&mut self) {
        // Somebody may have removed it already.
        let _ = fs::remove_file(&self.path);
    }
}

/// Connections that may wait to be accepted.
const BACKLOG: i32 = 16;

const fn seqpacket() -> Type {
    Type::SEQPACKET.nonblocking().cloexec()
}

fn open() -> io::Result<Socket> {
    Socket::new(Domain::UNIX, seqpacket(), None)
}

/// Whether there is a socket at `path` that nobody listens on.
fn is_left_over(path: &Path) -> bool {
    let is_socket = fs::symlink_metadata(path).is_ok_and(|file| file.file_type().is_socket());
    is_socket && SeqPacket::connect(path).is_err_and(|error| error.kind() == io::ErrorKind::ConnectionRefused)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn directory() -> tempfile::TempDir {
        tempfile::tempdir().unwrap()
    }

    #[test]
    fn the_other_end_is_known_by_its_user() {
        let directory = directory();
        let path = directory.path().join("link");
        let listener = SeqPacketListener::bind(&path, 0o600).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o600);
        assert!(listener.accept().unwrap().is_none());
        let client = SeqPacket::connect(&path).unwrap();
        let server = listener.accept().unwrap().unwrap();
        for peer in [client.peer().unwrap(), server.peer().unwrap()] {
            assert_eq!(peer.user, rustix::process::getuid().as_raw());
            assert_eq!(u32::try_from(peer.process).unwrap(), std::process::id());
        }
        drop(listener);
        assert!(!path.exists());
    }

    #[test]
    fn a_socket_left_behind_is_replaced_and_one_in_use_is_not() {
        let directory = directory();
        let path = directory.path().join("link");
        let listener = SeqPacketListener::bind(&path, 0o600).unwrap();
        let error = SeqPacketListener::bind(&path, 0o600).unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::AddrInUse);
        drop(listener);

        let left_over = Socket::new(Domain::UNIX, seqpacket(), None).unwrap();
        left_over.bind(&SockAddr::unix(&path).unwrap()).unwrap();
        drop(left_over);
        assert!(path.exists());
        SeqPacketListener::bind(&path, 0o600).unwrap();

        fs::write(&path, "a file").unwrap();
        assert_eq!(SeqPacketListener::bind(&path, 0o600).unwrap_err().kind(), io::ErrorKind::AddrInUse);
        assert_eq!(fs::read_to_string(&path).unwrap(), "a file");
    }

    #[test]
    fn an_end_that_is_shut_down_shows_at_the_other() {
        let (ours, theirs) = SeqPacket::pair().unwrap();
        ours.send(b"last").unwrap();
        ours.shut_down();
        let mut received = crate::ReceiveBatch::new(4);
        assert!(received.receive(&theirs).unwrap() > 0);
        let bytes: Vec<_> = received.iter().map(|message| message.bytes.to_vec()).collect();
        assert_eq!(bytes.first().map(Vec::as_slice), Some(&b"last"[..]));
        assert!(bytes.iter().skip(1).all(Vec::is_empty), "the end shows as empty messages");
        assert!(theirs.send(b"too late").is_err());
    }
}
