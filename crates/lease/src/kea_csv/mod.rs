//! Kea's lease files (`kea-leases4.csv`, `kea-leases6.csv`): leases from and to the rows of its memfile backend.
//!
//! Such a file is a log: a header that names the columns, then a row for every change; the last row of an address
//! holds, and one with a validity of 0 deletes the lease. A [`Reader`] gives the rows in their order and leaves it
//! to the caller to let later ones replace earlier ones; [`load_order`] says which files make up a server's leases.
//!
//! ```text
//!   lines ──► Fields ──► Lease4 / Lease6 ──► text
//!   (bounded,  (columns    (v4, v6: what       (Writer: escaped so that
//!    numbered)  by place)   the columns mean)   every version reads it)
//! ```
//!
//! Every line behind the header that is not empty becomes one [`Row`]: a lease, a deletion or a [`BadRow`] that says
//! which value of which column is at fault. Nothing is left out.
//!
//! What the file has no place for is not written: the softwire, the source address and the relay path, since when
//! a lease is held, and the hardware type of a DHCPv4 client, which Kea takes for Ethernet. Nor is it written who held
//! a lease that was declined, as Kea does not want to know. A lease read from a file has none of it and is held since
//! its last transaction. What a file would misrepresent is refused ([`Unrepresentable`]), such as a lease of some of
//! an address's ports.

mod codec;
mod error;
mod escape;
mod field;
mod files;
mod lines;
mod read;
mod v4;
mod v6;
mod write;

#[cfg(test)]
mod tests;

pub use error::{BadRow, HeaderError, Reason, Unrepresentable, WriteError};
pub use files::load_order;
pub use lines::MAX_LINE;
pub use read::{Notes, Reader, Row};
pub use write::Writer;

use crate::{Lease4, Lease6, LeaseState};

/// Reads a `kea-leases4.csv`.
pub type Reader4<R> = Reader<Lease4, R>;
/// Reads a `kea-leases6.csv`.
pub type Reader6<R> = Reader<Lease6, R>;
/// Writes a `kea-leases4.csv`.
pub type Writer4<W> = Writer<Lease4, W>;
/// Writes a `kea-leases6.csv`.
pub type Writer6<W> = Writer<Lease6, W>;

/// Whose columns are written. Any generation is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Generation {
    /// Kea 2.2: without `pool_id`. It knows no released leases, which are written as expired ones.
    Kea22,
    /// Kea 2.4 and later, 3.0 among them.
    Kea30,
}

/// A lease of which Kea keeps files: [`Lease4`] and [`Lease6`].
pub trait Record: codec::Codec {}

impl Record for Lease4 {}
impl Record for Lease6 {}

impl Generation {
    /// How many of the known columns it has: the last one is `pool_id` in both families.
    fn columns(self, known: usize) -> usize {
        match self {
            Self::Kea22 => known.saturating_sub(1),
            Self::Kea30 => known,
        }
    }

    /// The number that stands for a state.
    fn state(self, state: LeaseState) -> Result<u8, Unrepresentable> {
        match (state, self) {
            (LeaseState::Assigned, _) => Ok(0),
            (LeaseState::Declined, _) => Ok(1),
            (LeaseState::Expired, _) | (LeaseState::Released, Self::Kea22) => Ok(2),
            (LeaseState::Released, Self::Kea30) => Ok(3),
            (LeaseState::Registered, Self::Kea30) => Ok(4),
            (LeaseState::Registered, Self::Kea22) => Err(Unrepresentable::State { state }),
        }
    }
}
