//! What the two families do differently.

// The trait is public so that other crates can name what implements it, and its module is not so that they cannot
// implement it.
#![expect(unnameable_types, reason = "the parts of a sealed trait")]

use super::field::{Fault, Fields};
use super::{Generation, Unrepresentable};

/// A column: its name, and what it is taken to hold where a file or a row ends before it.
#[derive(Debug, Clone, Copy)]
pub struct Column(pub(super) &'static str, pub(super) &'static str);

/// What a good row says.
#[derive(Debug)]
pub enum Entry<L, K> {
    /// The lease is this.
    Lease(L),
    /// There is no lease any more.
    Delete(K),
}

/// Between the columns of a row and a record.
pub trait Codec: Sized {
    /// What a row that deletes a lease says of it.
    type Key;
    /// The version of DHCP, for texts.
    const FAMILY: &'static str;
    /// Every column that is known, in its place.
    const COLUMNS: &'static [Column];
    /// How many of them a file has at least.
    const MINIMUM: usize;

    /// What the row says.
    fn read(fields: &Fields<'_>) -> Result<Entry<Self, Self::Key>, Fault>;

    /// Appends the row, without the end of the line. What it appended before an error is of no use.
    fn write(&self, generation: Generation, out: &mut Vec<u8>) -> Result<(), Unrepresentable>;
}
