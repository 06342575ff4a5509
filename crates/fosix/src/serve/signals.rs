//! Signals as something that can be waited for together with everything else.

use std::io::{self, Read as _};
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::net::UnixStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGUSR1, SIGXFSZ};

/// The signals that the server obeys: SIGTERM and SIGINT stop it, SIGHUP has it read its configuration again, SIGUSR1 has
/// it log its counters.
pub(super) struct Signals {
    stop: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
    report: Arc<AtomicBool>,
    wake: UnixStream,
}

/// What was asked for since the last look.
pub(super) struct Seen {
    pub(super) stop: bool,
    pub(super) reload: bool,
    pub(super) report: bool,
}

impl Signals {
    /// Takes the signals from now on.
    pub(super) fn new() -> io::Result<Self> {
        let (wake, write) = UnixStream::pair()?;
        wake.set_nonblocking(true)?;
        let [stop, reload, report] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
        for (signal, flag) in [(SIGTERM, &stop), (SIGINT, &stop), (SIGHUP, &reload), (SIGUSR1, &report)] {
            // The flag first: whoever is woken finds it set.
            signal_hook::flag::register(signal, Arc::clone(flag))?;
            signal_hook::low_level::pipe::register(signal, write.try_clone()?)?;
        }
        // A file that is too large for its limit is an error of the write, not the end of the process without a word.
        signal_hook::flag::register(SIGXFSZ, Arc::new(AtomicBool::new(false)))?;
        Ok(Self { stop, reload, report, wake })
    }

    /// What was asked for since the last look.
    pub(super) fn take(&self) -> Seen {
        let mut bytes = [0; 64];
        while matches!((&self.wake).read(&mut bytes), Ok(1..)) {}
        Seen {
            stop: self.stop.load(Ordering::Acquire),
            reload: self.reload.swap(false, Ordering::AcqRel),
            report: self.report.swap(false, Ordering::AcqRel),
        }
    }
}

impl AsFd for Signals {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.wake.as_fd()
    }
}
