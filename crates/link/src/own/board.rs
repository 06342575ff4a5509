//! What the workers and the thread that keeps the connections share.

use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use fosix_net::{SeqPacket, Waker};

use super::Settings;
use super::in_flight::InFlight;
use crate::{LinkLoss, LinkStatistics};

/// A connection on which both sides have said who they are.
#[derive(Debug)]
pub struct Connection {
    pub(super) socket: SeqPacket,
    ended: AtomicBool,
    keeper: Arc<Waker>,
}

impl Connection {
    pub(super) fn new(socket: SeqPacket, board: &Board) -> Arc<Self> {
        Arc::new(Self { socket, ended: AtomicBool::new(false), keeper: Arc::clone(&board.keeper) })
    }

    /// Whether it is over.
    pub fn has_ended(&self) -> bool {
        self.ended.load(Ordering::Acquire)
    }

    /// Ends it; whoever keeps it is told.
    pub(super) fn end(&self) {
        if !self.ended.swap(true, Ordering::AcqRel) {
            self.socket.shut_down();
            self.keeper.wake();
        }
    }
}

impl AsFd for Connection {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

/// The connections that there are, and what is counted for all of them together.
#[derive(Debug)]
pub struct Board {
    connections: RwLock<Vec<Arc<Connection>>>,
    in_flight: Mutex<InFlight>,
    statistics: Mutex<LinkStatistics>,
    pub(super) keeper: Arc<Waker>,
    stopped: AtomicBool,
}

impl Board {
    pub(super) fn new(settings: &Settings) -> io::Result<Self> {
        Ok(Self {
            connections: RwLock::default(),
            in_flight: Mutex::new(InFlight::new(settings.in_flight_limit, settings.in_flight_patience)),
            statistics: Mutex::default(),
            keeper: Arc::new(Waker::new()?),
            stopped: AtomicBool::new(false),
        })
    }

    /// The connections on which there are messages to be expected.
    pub fn connections(&self) -> Vec<Arc<Connection>> {
        let connections = self.connections.read().unwrap_or_else(PoisonError::into_inner);
        connections.iter().filter(|connection| !connection.has_ended()).cloned().collect()
    }

    /// The one that queries go out on.
    pub(super) fn connection(&self) -> Option<Arc<Connection>> {
        let connections = self.connections.read().unwrap_or_else(PoisonError::into_inner);
        connections.iter().find(|connection| !connection.has_ended()).cloned()
    }

    /// Queries that wait for their answers.
    pub fn in_flight(&self) -> usize {
        self.waiting().len()
    }

    /// What was counted beside what each worker counts for itself.
    pub fn statistics(&self) -> LinkStatistics {
        self.counted().clone()
    }

    pub(super) fn waiting(&self) -> MutexGuard<'_, InFlight> {
        self.in_flight.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn counted(&self) -> MutexGuard<'_, LinkStatistics> {
        self.statistics.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn add(&self, connection: Arc<Connection>) {
        self.connections.write().unwrap_or_else(PoisonError::into_inner).push(connection);
    }

    /// Forgets connections that have ended, and says how many; what waited for an answer on them is lost.
    pub(super) fn remove_ended(&self) -> usize {
        let mut connections = self.connections.write().unwrap_or_else(PoisonError::into_inner);
        let before = connections.len();
        connections.retain(|connection| !connection.has_ended());
        let removed = before - connections.len();
        drop(connections);
        if removed > 0 {
            let lost = u64::try_from(self.waiting().clear()).unwrap_or(u64::MAX);
            self.counted().lost.count_many(LinkLoss::ConnectionEnded, lost);
        }
        removed
    }

    pub(super) fn stop(&self) {
        self.stopped.store(true, Ordering::Release);
        self.keeper.wake();
    }

    pub(super) fn is_stopped(&self) -> bool {
        self.stopped.load(Ordering::Acquire)
    }
}
