//! Waiting for sockets: one epoll for each worker, over sockets that all of them share.

use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::time::Duration;

use rustix::event::{EventfdFlags, Timespec, epoll, eventfd};
use rustix::io::Errno;

/// What one worker waits for.
#[derive(Debug)]
pub struct Poller {
    epoll: OwnedFd,
    ready: Vec<u64>,
}

impl Poller {
    /// A poller that waits for nothing yet.
    pub fn new() -> io::Result<Self> {
        Ok(Self { epoll: epoll::create(epoll::CreateFlags::CLOEXEC)?, ready: Vec::with_capacity(EVENTS) })
    }

    /// Waits for input on `source` too, and reports it by `token`.
    ///
    /// Of several pollers that wait for the same source one is woken, or a few (EPOLLEXCLUSIVE): one that finds
    /// nothing has been overtaken by another. Closing a source removes it.
    pub fn add_shared(&self, source: impl AsFd, token: u64) -> io::Result<()> {
        self.register(source.as_fd(), token, epoll::EventFlags::IN | epoll::EventFlags::EXCLUSIVE)
    }

    /// Like [`add_shared`](Self::add_shared), but every poller that waits is woken: for a [`Waker`].
    pub fn add(&self, source: impl AsFd, token: u64) -> io::Result<()> {
        self.register(source.as_fd(), token, epoll::EventFlags::IN)
    }

    /// Waits for `source` no more.
    pub fn remove(&self, source: impl AsFd) -> io::Result<()> {
        Ok(epoll::delete(&self.epoll, source)?)
    }

    /// Waits until a source has input or an error, or `timeout` is over, and gives the tokens of those that have.
    ///
    /// No timeout waits for ever. No tokens: the time is over, or a signal came. A source that is not read until it
    /// is empty is reported again.
    pub fn wait(&mut self, timeout: Option<Duration>) -> io::Result<&[u64]> {
        let timeout = timeout.map(|timeout| Timespec::try_from(timeout.min(LONGEST_WAIT)));
        let timeout = timeout.transpose().map_err(io::Error::other)?;
        self.ready.clear();
        let mut events = [const { MaybeUninit::uninit() }; EVENTS];
        match epoll::wait(&self.epoll, &mut events, timeout.as_ref()) {
            Ok((events, _)) => self.ready.extend(events.iter().map(|event| event.data.u64())),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        Ok(&self.ready)
    }

    fn register(&self, source: BorrowedFd<'_>, token: u64, flags: epoll::EventFlags) -> io::Result<()> {
        Ok(epoll::add(&self.epoll, source, epoll::EventData::new_u64(token), flags)?)
    }
}

/// Wakes whoever has it in a [`Poller`], from any thread or a signal handler.
#[derive(Debug)]
pub struct Waker {
    event: OwnedFd,
}

impl Waker {
    /// A waker that nobody has used yet.
    pub fn new() -> io::Result<Self> {
        Ok(Self { event: eventfd(0, EventfdFlags::CLOEXEC | EventfdFlags::NONBLOCK)? })
    }

    /// Wakes. It stays so, for pollers that wait later too, until [`reset`](Self::reset).
    pub fn wake(&self) {
        // The only way to fail is a counter that is full, and then it is awake already.
        let _ = rustix::io::write(&self.event, &1u64.to_ne_bytes());
    }

    /// Makes it wait for the next [`wake`](Self::wake); true if there was one since the last time.
    ///
    /// What was done before that wake is seen after this.
    pub fn reset(&self) -> bool {
        rustix::io::read(&self.event, &mut [0u8; 8]).is_ok()
    }
}

impl AsFd for Waker {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.event.as_fd()
    }
}

/// Sources that one wait reports at most; the others are reported by the next.
const EVENTS: usize = 64;

/// Kernels before 5.11 count the timeout in milliseconds in 32 bits.
const LONGEST_WAIT: Duration = Duration::from_secs(24 * 3600);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_waker_wakes_every_poller_until_it_is_reset() {
        let waker = Waker::new().unwrap();
        let mut pollers = [Poller::new().unwrap(), Poller::new().unwrap()];
        for poller in &mut pollers {
            poller.add(&waker, 7).unwrap();
            assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap(), [] as [u64; 0]);
        }
        waker.wake();
        waker.wake();
        for poller in &mut pollers {
            assert_eq!(poller.wait(None).unwrap(), [7]);
        }
        assert!(waker.reset());
        assert!(!waker.reset());
        for poller in &mut pollers {
            assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap(), [] as [u64; 0]);
        }
    }

    #[test]
    fn a_wake_from_another_thread_ends_a_wait() {
        let waker = Waker::new().unwrap();
        let mut poller = Poller::new().unwrap();
        poller.add(&waker, 1).unwrap();
        std::thread::scope(|scope| {
            scope.spawn(|| waker.wake());
            assert_eq!(poller.wait(None).unwrap(), [1]);
        });
    }

    #[test]
    fn what_was_removed_is_not_reported() {
        let waker = Waker::new().unwrap();
        let mut poller = Poller::new().unwrap();
        poller.add(&waker, 1).unwrap();
        waker.wake();
        poller.remove(&waker).unwrap();
        assert_eq!(poller.wait(Some(Duration::ZERO)).unwrap(), [] as [u64; 0]);
    }
}
