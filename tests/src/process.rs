//! Programs that run beside a test: their output can be waited for, and they end with the test.

use std::io::{BufRead as _, BufReader, Read};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::sync::{Arc, Condvar, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant};
use std::{fmt, fs};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process, pidfd_open};

use crate::PATIENCE;

/// A running program; killed when it is dropped.
pub struct Process {
    what: String,
    child: Child,
    output: Arc<Shared>,
}

impl Process {
    /// Starts `command` and gathers the lines that it writes to its standard output and error.
    pub fn spawn(command: &mut Command) -> Self {
        let what = describe(command);
        let mut child = command
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start `{what}`: {error}"));
        let output = Arc::new(Shared::default());
        let streams: [Option<Box<dyn Read + Send>>; 2] = [
            child.stdout.take().map(|stream| Box::new(stream) as _),
            child.stderr.take().map(|stream| Box::new(stream) as _),
        ];
        for stream in streams.into_iter().flatten() {
            output.lock().open_streams += 1;
            let output = Arc::clone(&output);
            thread::spawn(move || output.gather(stream));
        }
        Self { what, child, output }
    }

    /// The process number.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Waits for a line that contains `text`, one that was written before included, and returns it.
    pub fn wait_for_line(&self, text: &str) -> String {
        self.wait_for(0, text, |line| line.contains(text).then(|| line.to_owned()))
    }

    /// Waits until `find` makes something of a line, looking at those from number `from` on. `expected` says in a
    /// failure what was waited for.
    pub fn wait_for<T>(&self, from: usize, expected: &str, find: impl Fn(&str) -> Option<T>) -> T {
        self.wait_until(expected, |lines| lines.iter().skip(from).find_map(|line| find(line)))
    }

    /// Waits until `check` makes something of all the lines so far.
    pub fn wait_until<T>(&self, expected: &str, check: impl Fn(&[String]) -> Option<T>) -> T {
        let end = Instant::now() + PATIENCE;
        let mut state = self.output.lock();
        loop {
            if let Some(found) = check(&state.lines) {
                return found;
            }
            let left = end.saturating_duration_since(Instant::now());
            let ended = state.open_streams == 0;
            if ended || left.is_zero() {
                let why = if ended { "it ended" } else { "the time is over" };
                // The lines follow when it is dropped.
                drop(state);
                panic!("`{}` did not write {expected:?} and {why}", self.what);
            }
            state = self.output.wait(state, left);
        }
    }

    /// How many lines it has written.
    pub fn line_count(&self) -> usize {
        self.output.lock().lines.len()
    }

    /// The lines that it has written.
    pub fn lines(&self) -> Vec<String> {
        self.output.lock().lines.clone()
    }

    /// Whether it still runs.
    pub fn is_running(&mut self) -> bool {
        self.child.try_wait().expect("cannot wait for a child").is_none()
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        kill_process(self.pid(), signal)
            .unwrap_or_else(|error| panic!("cannot send {signal:?} to `{}`: {error}", self.what));
    }

    /// Stops it where it is (SIGSTOP), and waits until each of its threads stands still.
    pub fn stand_still(&self) {
        self.signal(Signal::STOP);
        let tasks = format!("/proc/{}/task", self.pid().as_raw_nonzero());
        let end = Instant::now() + PATIENCE;
        let stands = || {
            let tasks = fs::read_dir(&tasks).expect("a process that runs").flatten();
            let states = tasks.map(|task| fs::read_to_string(task.path().join("stat")).unwrap_or_default());
            // The state follows the name, which is in parentheses.
            states
                .into_iter()
                .all(|stat| stat.rsplit_once(") ").is_none_or(|(_, rest)| rest.starts_with('T')))
        };
        while !stands() {
            assert!(Instant::now() < end, "`{}` does not stop", self.what);
            thread::yield_now();
        }
    }

    /// Waits for its end and for all of its output.
    pub fn wait(&mut self) -> ExitStatus {
        let Some(status) = self.wait_at_most(PATIENCE) else {
            panic!("`{}` does not end; it wrote:\n{}", self.what, self.lines().join("\n"));
        };
        let end = Instant::now() + PATIENCE;
        let mut state = self.output.lock();
        while state.open_streams > 0 && Instant::now() < end {
            state = self.output.wait(state, PATIENCE);
        }
        status
    }

    /// Asks it to end (SIGTERM) and waits until it has.
    pub fn terminate(&mut self) -> ExitStatus {
        if self.is_running() {
            self.signal(Signal::TERM);
        }
        self.wait()
    }

    /// Waits for its end, but not for longer than that.
    pub(crate) fn wait_at_most(&mut self, patience: Duration) -> Option<ExitStatus> {
        // The number is not given to another process before this one has been waited for.
        let handle = pidfd_open(self.pid(), PidfdFlags::empty()).expect("cannot open a child");
        let timeout = Timespec::try_from(patience).expect("a short time");
        let end = Instant::now() + patience;
        loop {
            if let Some(status) = self.child.try_wait().expect("cannot wait for a child") {
                return Some(status);
            }
            if Instant::now() >= end {
                return None;
            }
            // An error can only be a signal to this process.
            let _ = poll(&mut [PollFd::new(&handle, PollFlags::IN)], Some(&timeout));
        }
    }

    /// Its process id.
    pub fn pid(&self) -> Pid {
        Pid::from_child(&self.child)
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Both fail only for one that has ended.
        let _ = self.child.kill();
        let _ = self.child.wait();
        if thread::panicking() {
            eprint_lines(&self.what, &self.lines());
        }
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Process").field("what", &self.what).field("id", &self.id()).finish_non_exhaustive()
    }
}

/// Runs a command to its end; what it wrote. Fails with its output unless it succeeds.
pub fn run_to_end(command: &mut Command) -> Output {
    let what = describe(command);
    let output = command
        .stdin(Stdio::null())
        .output()
        .unwrap_or_else(|error| panic!("cannot run `{what}`: {error}; is the program installed?"));
    assert!(
        output.status.success(),
        "`{what}` failed, {}: {}{}",
        output.status,
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    output
}

/// The lines so far, and the means to wait for more.
#[derive(Default)]
struct Shared {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    lines: Vec<String>,
    open_streams: usize,
}

type Guard<'a> = std::sync::MutexGuard<'a, State>;

impl Shared {
    fn lock(&self) -> Guard<'_> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait<'a>(&self, state: Guard<'a>, patience: Duration) -> Guard<'a> {
        self.changed.wait_timeout(state, patience).unwrap_or_else(PoisonError::into_inner).0
    }

    fn gather(&self, stream: Box<dyn Read + Send>) {
        let mut reader = BufReader::new(stream);
        let mut bytes = Vec::new();
        while matches!(reader.read_until(b'\n', &mut bytes), Ok(1..)) {
            let line = String::from_utf8_lossy(&bytes).trim_end_matches(['\n', '\r']).to_owned();
            bytes.clear();
            self.lock().lines.push(line);
            self.changed.notify_all();
        }
        self.lock().open_streams -= 1;
        self.changed.notify_all();
    }
}

#[expect(clippy::print_stderr, reason = "the log of a failed test")]
fn eprint_lines(what: &str, lines: &[String]) {
    eprintln!("`{what}` wrote:\n{}", lines.join("\n"));
}

fn describe(command: &Command) -> String {
    let words = std::iter::once(command.get_program()).chain(command.get_args());
    words.map(|word| word.to_string_lossy()).collect::<Vec<_>>().join(" ")
}
