//! A checksummed, segmented log with snapshots. It knows nothing of leases: a record is bytes with a number.
//!
//! docs/store.md has the bytes, the commit protocol, and what a crash can leave.

mod frame;

pub use frame::{Cause, DecodeError, Frame, HEADER_LEN, Kind, MAX_BODY, Salt, Staging, decode, padded_len};
