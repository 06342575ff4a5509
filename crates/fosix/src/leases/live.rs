//! The leases of a running server, through its control socket: a request of one JSON line, and the answer in JSON lines,
//! the last of which has `end` or `error`.

use std::io::{self, BufRead as _, BufReader, BufWriter, Write as _};
use std::net::Shutdown;
use std::os::unix::net::UnixStream;
use std::path::Path;
use std::thread;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};

use super::Filter;

/// A connection to a running server.
pub(super) struct Live {
    stream: UnixStream,
}

impl Live {
    /// The server on the store in `directory`, if one runs.
    pub(super) fn connect(directory: &Path) -> anyhow::Result<Option<Self>> {
        let path = directory.join("control");
        match UnixStream::connect(&path) {
            Ok(stream) => Ok(Some(Self { stream })),
            Err(error)
                if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::ConnectionRefused) =>
            {
                Ok(None)
            }
            Err(error) => {
                Err(error).with_context(|| format!("cannot use the server's socket {}", path.display()))
            }
        }
    }

    /// Gives each lease that is asked for to `take`.
    pub(super) fn list(
        mut self,
        filter: &Filter,
        take: impl FnMut(Value) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        self.request(&json!({ "op": "list", "filter": filter.to_json() }))?;
        self.answer(take).map(drop)
    }

    /// What the server counts.
    pub(super) fn stats(mut self) -> anyhow::Result<Value> {
        self.request(&json!({ "op": "stats" }))?;
        self.answer(|_| Ok(()))
    }

    /// Hands changes over: `changes` is given what sends one, a lease to put or `{"delete": KEY}`, each with an `origin`. Of each that the
    /// server refuses the origin and the reason are given to `refused`. Says how many it took.
    pub(super) fn put(
        mut self,
        changes: impl FnOnce(&mut dyn FnMut(&Value) -> anyhow::Result<()>) -> anyhow::Result<()>,
        mut refused: impl FnMut(&str, &str),
    ) -> anyhow::Result<u64> {
        self.request(&json!({ "op": "put" }))?;
        let sender = self.stream.try_clone()?;
        // The server answers while it is still being told, and waits when nobody reads.
        let answers = thread::spawn(move || -> anyhow::Result<(Value, Vec<[String; 2]>)> {
            let mut lines = Vec::new();
            let end = self.answer(|value| {
                let text = |key| value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
                lines.push([text("refused"), text("why")]);
                Ok(())
            })?;
            Ok((end, lines))
        });
        let mut out = BufWriter::new(&sender);
        changes(&mut |change| writeln!(out, "{change}").context("the server does not take any more leases"))?;
        out.flush()?;
        drop(out);
        sender.shutdown(Shutdown::Write)?;
        let Ok(answer) = answers.join() else { bail!("reading the server's answers failed") };
        let (end, lines) = answer?;
        for [origin, why] in &lines {
            refused(origin, why);
        }
        end.get("taken").and_then(Value::as_u64).context("the server does not say how many leases it took")
    }

    fn request(&mut self, request: &Value) -> anyhow::Result<()> {
        writeln!(self.stream, "{request}").context("the server does not take the request")
    }

    /// Gives each line of the answer to `take`, and returns what its last line says.
    fn answer(self, mut take: impl FnMut(Value) -> anyhow::Result<()>) -> anyhow::Result<Value> {
        for line in BufReader::new(&self.stream).lines() {
            let value: Value = serde_json::from_str(&line?).context("the server's answer is not JSON")?;
            if let Some(error) = value.get("error").and_then(Value::as_str) {
                bail!("the server: {error}");
            }
            if let Some(end) = value.get("end") {
                return Ok(end.clone());
            }
            take(value)?;
        }
        bail!("the server closed the connection in the middle of its answer")
    }
}
