//! A checksummed, segmented log with snapshots. It knows nothing of leases: a record is bytes with a number.
//!
//! docs/store.md has the bytes, the commit protocol, and what a crash can leave.
//!
//! ```text
//! Recovery::open ──► replay ──► Recovered::finish ──► Journal: hand_over ──► durable
//!  lock, headers     records    copy, sync, threads   (Log: the same without threads)
//! ```

mod batch;
mod catalog;
mod check;
mod directory;
mod error;
mod follow;
mod frame;
mod header;
mod housekeeping;
mod journal;
mod log;
mod mark;
mod names;
mod options;
mod recovery;
mod repair;
mod replay;
mod room;
mod salvage;
mod segment;
pub mod sim;
mod snapshot;
mod storage;
mod survey;
mod walk;

pub use check::{Report, check};
pub use directory::{Directory, DirectoryFile, DirectoryLock};
pub use error::{BodyError, Damage, Error, What};
pub use follow::{Followed, Follower};
pub use frame::{
    Cause, DecodeError, Frame, HEADER_LEN, Kind, MAX_BODY, Salt, Staging, decode, encode, encode_with,
    padded_len,
};
pub use header::FORMAT_VERSION;
pub use housekeeping::{NoRoom, Prepared};
pub use journal::{Health, Journal};
pub use log::{Log, Turn};
pub use options::{Durability, Options};
pub use recovery::{Recovered, Recovery};
pub use repair::{Repaired, repair};
pub use snapshot::{SnapshotReader, SnapshotWriter};
pub use storage::{Entry, File, Space, Storage};
pub use walk::MAX_CHANGE;
