//! A lease file for Kea, from its header on.

use std::io::{self, Write};
use std::marker::PhantomData;

use super::error::WriteError;
use super::read::names;
use super::{Generation, Record};

/// Writes leases as rows.
///
/// It writes a row at a time; an output that is not in memory wants a buffer before it, and is to be flushed and
/// synced by the caller.
#[derive(Debug)]
pub struct Writer<L, W> {
    output: W,
    generation: Generation,
    row: Vec<u8>,
    records: PhantomData<fn(L)>,
}

impl<L: Record, W: Write> Writer<L, W> {
    /// Writes the header.
    pub fn new(mut output: W, generation: Generation) -> io::Result<Self> {
        let columns = names(L::COLUMNS).take(generation.columns(L::COLUMNS.len()));
        let header = columns.collect::<Vec<_>>().join(",");
        writeln!(output, "{header}")?;
        Ok(Self { output, generation, row: Vec::new(), records: PhantomData })
    }

    /// Writes a lease. One that is [`Unrepresentable`](super::Unrepresentable) leaves nothing in the file.
    pub fn write(&mut self, lease: &L) -> Result<(), WriteError> {
        self.row.clear();
        lease.write(self.generation, &mut self.row)?;
        self.row.push(b'\n');
        Ok(self.output.write_all(&self.row)?)
    }

    /// The output; nothing of the file is missing in it.
    pub fn into_inner(self) -> W {
        self.output
    }
}
