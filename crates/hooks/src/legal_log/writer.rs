//! The thread that writes: takes what waits in the queue, and writes it in one go.

use std::io::{self, ErrorKind};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{Receiver, SyncSender};
use std::thread;
use std::time::{Duration, Instant};

use fosix_config::LegalLogFormat;
use tracing::error;

use super::Shared;
use super::files::Files;
use super::line::{self, Told};
use crate::complaint::Complaint;

/// What the thread is to do next.
#[derive(Debug)]
pub(super) enum Job {
    /// Write the line of this.
    Line(Told),
    /// Make everything before this durable, and say so.
    Sync(SyncSender<bool>),
    /// End.
    Stop,
}

/// What the thread works with.
#[derive(Debug)]
pub(super) struct Writer {
    jobs: Receiver<Job>,
    files: Files,
    format: LegalLogFormat,
    shared: Arc<Shared>,
    /// Whole lines that are not in the file yet; of the first one the beginning may be.
    pending: Vec<u8>,
    pending_lines: u64,
    complaint: Complaint,
    /// Lines were lost because the server stops.
    gave_up: bool,
}

/// When to try again after the system has refused to write.
const RETRY: Duration = Duration::from_secs(1);
/// Bytes that are gathered for one write at most.
const BATCH_BYTES: usize = 256 * 1024;

impl Writer {
    pub(super) fn new(
        jobs: Receiver<Job>,
        files: Files,
        format: LegalLogFormat,
        shared: Arc<Shared>,
    ) -> Self {
        let complaint = Complaint::default();
        Self { jobs, files, format, shared, pending: Vec::new(), pending_lines: 0, complaint, gave_up: false }
    }

    pub(super) fn run(mut self) {
        while let Ok(job) = self.jobs.recv() {
            let mut job = Some(job);
            let mut waiting = Vec::new();
            let mut stop = false;
            while let Some(next) = job.take() {
                match next {
                    Job::Line(told) => self.take(&told),
                    Job::Sync(done) => waiting.push(done),
                    Job::Stop => stop = true,
                }
                if self.pending.len() < BATCH_BYTES && !stop {
                    job = self.jobs.try_recv().ok();
                }
            }
            self.write();
            if !waiting.is_empty() {
                let synced = self.sync() && !self.gave_up;
                for done in waiting {
                    // Whoever asked may have ended.
                    let _ = done.send(synced);
                }
            }
            if stop {
                break;
            }
        }
        self.sync();
    }

    fn sync(&mut self) -> bool {
        let result = self.files.sync();
        if let Err(error) = &result {
            self.failed(error);
        }
        result.is_ok()
    }

    /// Puts the line of `told` to those that are pending, in the file that it belongs in.
    fn take(&mut self, told: &Told) {
        if self.files.is_due(told.at(), self.pending.len()) {
            self.write();
            self.sync();
            self.files.turn_to(told.at());
        }
        line::append(self.format, told, &mut self.pending);
        self.pending_lines += 1;
    }

    /// Writes what is pending, however long it takes; when the server stops, what cannot be written is lost.
    fn write(&mut self) {
        while !self.pending.is_empty() {
            match self.files.append(&self.pending) {
                Ok(count) => drop(self.pending.drain(..count.min(self.pending.len()))),
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => {
                    self.failed(&error);
                    if self.shared.stopping.load(Ordering::Acquire) {
                        self.shared.lost.fetch_add(self.pending_lines, Ordering::Relaxed);
                        self.pending.clear();
                        self.pending_lines = 0;
                        self.gave_up = true;
                        return;
                    }
                    thread::park_timeout(RETRY);
                }
            }
        }
        self.shared.written.fetch_add(self.pending_lines, Ordering::Relaxed);
        self.pending_lines = 0;
    }

    fn failed(&mut self, error: &io::Error) {
        self.shared.errors.fetch_add(1, Ordering::Relaxed);
        if let Some(before) = self.complaint.due(Instant::now()) {
            let file = self.files.path();
            error!(%error, file = %file.display(), before, "legal_log cannot write; it tries again");
        }
    }
}
