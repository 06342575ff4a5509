//! What can go wrong, and what whoever runs the server can do about it.

use std::fmt;
use std::io;
use std::sync::Arc;

use crate::frame::Salt;

/// Why a store cannot be opened, or can no longer be written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// Another process has the store.
    #[error("{place} is in use by another process: stop that one first, or ask it over its control socket")]
    InUse {
        /// The directory.
        place: String,
    },
    /// The operating system refused something.
    #[error("cannot {action} {file}: {reason}")]
    Io {
        /// What was tried.
        action: &'static str,
        /// The file, or the directory.
        file: String,
        /// Its reason. Not called a source, since the text has it already.
        reason: io::Error,
    },
    /// A file of a later format.
    #[error(
        "{file} has format version {found}, and this program knows versions up to {known}: use the program that wrote it"
    )]
    NewerVersion {
        /// The file.
        file: String,
        /// Its version.
        found: u16,
        /// The last one that is known here.
        known: u16,
    },
    /// A file of the other address family.
    #[error(
        "{file} holds leases of family {found}, where those of family {expected} belong: it is the directory of the other server"
    )]
    OtherFamily {
        /// The file.
        file: String,
        /// Its family, 4 or 6.
        found: u16,
        /// The store's family.
        expected: u16,
    },
    /// A file that was made for another store.
    #[error("{file} belongs to another store (its salt is {:08x}, that of the other files {:08x}): move it out of the directory", found.0, expected.0)]
    OtherStore {
        /// The file.
        file: String,
        /// Its salt.
        found: Salt,
        /// That of the other files.
        expected: Salt,
    },
    /// Something that had been durable is not there.
    #[error("{0}; `fosix leases repair` keeps what is readable and says what is lost")]
    Damaged(Damage),
    /// A file read twice was not the same.
    #[error("{file} was not the same when it was read again: the disk or the memory is not to be trusted")]
    Unsteady {
        /// The file.
        file: String,
    },
    /// A write or a sync failed, and nothing is written since.
    #[error("nothing is written any more since this failed: {0}")]
    Poisoned(Arc<Self>),
    /// The log was stopped.
    #[error("the log has been stopped")]
    Stopped,
    /// The caller broke a rule of this crate; a fault in the program.
    #[error("fault in the program: {0}")]
    Misused(&'static str),
}

impl Error {
    /// For [`Result::map_err`].
    pub(crate) fn io<'a>(action: &'static str, file: &'a str) -> impl FnOnce(io::Error) -> Self + use<'a> {
        move |reason| Self::Io { action, file: file.to_owned(), reason }
    }

    /// Whether it says that the disk is full.
    pub(crate) fn is_full(&self) -> bool {
        matches!(self, Self::Io { reason, .. } if crate::storage::is_full(reason))
    }
}

/// A place where something is not as it was written, or is missing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// The file.
    pub file: String,
    /// Bytes from its start.
    pub offset: u64,
    /// What is wrong there.
    pub what: What,
    /// The first and the last number of the changes that are missing, as far as that is known.
    pub missing: Option<(u64, u64)>,
}

/// What is wrong at a place.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// The file header.
    Header,
    /// A header that is not that of a file of this name.
    Misnamed,
    /// A record is not whole.
    Record,
    /// Nothing is there, and something should be.
    Nothing,
    /// A change is there by half.
    HalfChange,
    /// A change longer than any that is written.
    TooLong,
    /// A record has a number that does not follow the one before.
    Number {
        /// Its number.
        found: u64,
        /// The one that should be.
        expected: u64,
    },
    /// A mark that contradicts itself.
    Mark,
    /// The segment that should be there is not.
    NoSegment,
    /// A snapshot has other records than its header or its end says.
    Count,
    /// What the body says makes no sense to whoever it is for.
    Body(BodyError),
}

impl fmt::Display for Damage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} is damaged at byte {}: {}", self.file, self.offset, self.what)?;
        match self.missing {
            Some((first, last)) if first == last => write!(f, "; change {first} is missing"),
            Some((first, last)) => write!(f, "; changes {first} to {last} are missing"),
            None => Ok(()),
        }
    }
}

impl fmt::Display for What {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Header => write!(f, "its header is not whole"),
            Self::Misnamed => write!(f, "its header is that of another file"),
            Self::Record => write!(f, "a record is not whole"),
            Self::Nothing => write!(f, "nothing is there, but there is something behind it"),
            Self::HalfChange => write!(f, "a change is there by half"),
            Self::TooLong => write!(f, "a change is longer than any that is written"),
            Self::Number { found, expected } => write!(f, "change {found} stands where {expected} should"),
            Self::Mark => write!(f, "a mark contradicts itself"),
            Self::NoSegment => write!(f, "there is no such file"),
            Self::Count => write!(f, "it has other records than it says"),
            Self::Body(error) => write!(f, "{error}"),
        }
    }
}

/// Why a body makes no sense to whoever it is for.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("a record's body makes no sense: {0}")]
pub struct BodyError(pub String);
