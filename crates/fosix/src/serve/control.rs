//! The socket by which `fosix leases` and `fosix trace` ask a running server.
//!
//! It lies in the store's directory, which belongs to the server's user alone. A request is one JSON line; the answer is JSON
//! lines, the last of which has `end` or `error`.

use std::fs;
use std::io::{self, BufRead as _, BufReader, BufWriter, Read as _, Write};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::time::Duration;

use anyhow::Context as _;
use fosix_lease::{Kept as _, Store};
use fosix_policy::{Traced, Tracer};
use serde_json::{Value, json};
use tracing::{debug, warn};

use super::clock::Clock;
use crate::leases::{Change, Family, Filter, Taking, hex, unhex};

/// Connections at a time.
const MOST_CONNECTIONS: usize = 8;
/// Leases that are looked at, or taken, under one lock.
const SLICE: u32 = 500;
/// The longest line of a request, in bytes.
const LONGEST_LINE: u64 = 1 << 20;
/// How long the other side may take to read or write something.
const PATIENCE: Duration = Duration::from_secs(30);
/// How long nothing is said to whoever follows a client that says nothing.
const STILL_THERE: Duration = Duration::from_secs(1);

/// The socket; removed with this.
pub(super) struct Control {
    path: PathBuf,
}

/// What a connection works with.
struct Desk<F: Family> {
    store: Arc<Store<F::Leases>>,
    clock: Clock,
    tracer: Arc<Tracer>,
    connections: AtomicUsize,
}

impl Control {
    /// Opens the socket in `directory`.
    pub(super) fn start<F: Family>(
        directory: &Path,
        store: Arc<Store<F::Leases>>,
        clock: Clock,
        tracer: Arc<Tracer>,
    ) -> anyhow::Result<Self> {
        let path = directory.join("control");
        // Whoever had it before is no more: the store is locked.
        match fs::remove_file(&path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error.into()),
            _ => {}
        }
        let listener = UnixListener::bind(&path)
            .with_context(|| format!("cannot open the socket {}", path.display()))?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        let desk = Arc::new(Desk::<F> { store, clock, tracer, connections: AtomicUsize::new(0) });
        thread::Builder::new().name("control".to_owned()).spawn(move || listen(&listener, &desk))?;
        Ok(Self { path })
    }
}

impl Drop for Control {
    fn drop(&mut self) {
        // What is left behind is removed at the next start.
        let _ = fs::remove_file(&self.path);
    }
}

fn listen<F: Family>(listener: &UnixListener, desk: &Arc<Desk<F>>) {
    for stream in listener.incoming() {
        let Ok(mut stream) = stream else { continue };
        if desk.connections.fetch_add(1, Ordering::AcqRel) >= MOST_CONNECTIONS {
            // Whoever does not read this is told by the end of the connection.
            let _ = writeln!(stream, "{}", json!({ "error": "too many connections at a time" }));
            desk.connections.fetch_sub(1, Ordering::AcqRel);
            continue;
        }
        let worker = Arc::clone(desk);
        let spawned = thread::Builder::new().name("control-client".to_owned()).spawn(move || {
            if let Err(error) = worker.serve(&stream) {
                debug!(%error, "a connection to the control socket ended early");
            }
            worker.connections.fetch_sub(1, Ordering::AcqRel);
        });
        if let Err(error) = spawned {
            warn!(%error, "cannot serve a connection to the control socket");
            desk.connections.fetch_sub(1, Ordering::AcqRel);
        }
    }
}

impl<F: Family> Desk<F> {
    fn serve(&self, stream: &UnixStream) -> io::Result<()> {
        stream.set_read_timeout(Some(PATIENCE))?;
        stream.set_write_timeout(Some(PATIENCE))?;
        let mut lines = BufReader::new(stream);
        let mut out = BufWriter::new(stream);
        let mut line = String::new();
        (&mut lines).take(LONGEST_LINE).read_line(&mut line)?;
        let end = match self.answer(&line, &mut lines, &mut out) {
            Ok(end) => json!({ "end": end }),
            Err(Refusal::Words(words)) => json!({ "error": words }),
            Err(Refusal::Io(error)) => return Err(error),
        };
        writeln!(out, "{end}")?;
        out.flush()
    }

    fn answer(
        &self,
        request: &str,
        lines: &mut BufReader<&UnixStream>,
        out: &mut impl Write,
    ) -> Result<Value, Refusal> {
        let request: Value = serde_json::from_str(request)
            .map_err(|error| Refusal::Words(format!("the request is not JSON: {error}")))?;
        match request.get("op").and_then(Value::as_str) {
            Some("list") => {
                let filter = request.get("filter").unwrap_or(&Value::Null);
                let filter = Filter::from_json(filter).map_err(Refusal::Words)?;
                self.list(&filter, out)
            }
            Some("put") => self.put(lines, out),
            Some("stats") => Ok(self.stats()),
            Some("trace") => {
                let client = request.get("client").and_then(Value::as_str);
                let client = client.and_then(|client| unhex(client).ok()).filter(|id| !id.is_empty());
                let client = client.ok_or_else(|| Refusal::Words("`client` is no identifier".to_owned()))?;
                self.trace(client, out)
            }
            _ => Err(Refusal::Words("unknown request: use list, put, stats or trace".to_owned())),
        }
    }

    /// Every lease that is asked for, once what it says is durable.
    fn list(&self, filter: &Filter, out: &mut impl Write) -> Result<Value, Refusal> {
        let now = self.clock.now();
        let (mut next, mut count) = (Some(0), 0u64);
        while let Some(from) = next {
            let mut found = Vec::new();
            let sequence = {
                let guard = self.store.lock();
                if let Some(indexed) = F::indexed(&guard, filter) {
                    found.extend(indexed.into_iter().filter(|lease| F::takes(filter, lease, now)));
                    next = None;
                } else {
                    next = F::scan(&guard, from, SLICE, &mut |lease| {
                        if F::takes(filter, &lease, now) {
                            found.push(lease);
                        }
                    });
                }
                guard.staging().sequence()
            };
            if !self.store.wait_durable(sequence) {
                return Err(Refusal::Words("the leases cannot be made durable".to_owned()));
            }
            for lease in &found {
                writeln!(out, "{}", F::to_json(lease))?;
            }
            count += u64::try_from(found.len()).unwrap_or(0);
        }
        Ok(json!({ "count": count }))
    }

    /// Takes leases, and keys of leases that are no more, one a line until the other side ends.
    fn put(&self, lines: &mut BufReader<&UnixStream>, out: &mut impl Write) -> Result<Value, Refusal> {
        let taking = Taking::<F>::begin(&self.store);
        let mut taken = 0u64;
        let mut line = String::new();
        loop {
            line.clear();
            if lines.by_ref().take(LONGEST_LINE).read_line(&mut line)? == 0 {
                break;
            }
            let value = serde_json::from_str(&line).unwrap_or(Value::Null);
            match change(&value).and_then(|change| taking.take(change, self.clock.now())) {
                Ok(()) => taken += 1,
                Err(why) => writeln!(out, "{}", json!({ "refused": value.get("origin"), "why": why }))?,
            }
        }
        taking.finish().map_err(Refusal::Words)?;
        Ok(json!({ "taken": taken }))
    }

    /// The client's messages as they are served, a line each, until the other side goes away.
    fn trace(&self, client: Vec<u8>, out: &mut impl Write) -> Result<Value, Refusal> {
        let receiver = self.tracer.follow(client);
        loop {
            match receiver.recv_timeout(STILL_THERE) {
                Ok(traced) => writeln!(out, "{}", trace_line(&traced))?,
                // An empty line, by which a connection that is no more is noticed.
                Err(RecvTimeoutError::Timeout) => writeln!(out)?,
                Err(RecvTimeoutError::Disconnected) => return Ok(json!({})),
            }
            out.flush()?;
        }
    }

    fn stats(&self) -> Value {
        let sequence = self.store.lock().staging().sequence();
        let durable = self.store.durable().min(sequence);
        json!({ "changes": sequence, "durable": durable, "health": format!("{:?}", self.store.health()) })
    }
}

fn trace_line(traced: &Traced) -> Value {
    let steps: Vec<Value> = traced.steps.iter().map(|step| json!([step.topic.name(), step.text])).collect();
    json!({
        "message": hex(&traced.bytes), "source": traced.source, "interface": traced.interface,
        "steps": steps, "result": traced.result, "answer": hex(&traced.answer), "lost": traced.lost,
    })
}

/// What one line says.
fn change<F: Family>(value: &Value) -> Result<Change<F>, String> {
    if let Some(key) = value.get("delete") {
        let key = F::key_from_json(key).ok_or_else(|| "`delete` is no address".to_owned())?;
        return Ok(Change::Delete(key));
    }
    F::from_json(value).map(Change::Put).map_err(|error| format!("{error:#}"))
}

/// Why there is no answer.
enum Refusal {
    /// For whoever asked.
    Words(String),
    /// The connection failed.
    Io(io::Error),
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}
