//! What is wrong with a file, a row or a lease, and where.

use std::fmt;
use std::io;

use crate::{BadIdentity, LeaseState};

/// A row that is not a lease. The program that wrote the file, or a broken disk, is at fault.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BadRow {
    /// The line in the file, from 1 on; the header is one.
    pub line: u64,
    /// The column at fault; `None` where it is the row as a whole.
    pub column: Option<&'static str>,
    /// The value as it is in the file, or the row; its beginning where it is long, with other octets than text shown
    /// as escapes.
    pub value: String,
    /// What is wrong with it.
    pub reason: Reason,
}

impl fmt::Display for BadRow {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { line, column, value, reason } = self;
        match column {
            Some(column) => write!(f, "line {line}, column {column}: \"{value}\": {reason}"),
            None => write!(f, "line {line}: \"{value}\": {reason}"),
        }
    }
}

/// Why a row is not a lease.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Reason {
    /// The line is longer than [`MAX_LINE`](super::MAX_LINE).
    #[error("the line is longer than {} bytes", super::MAX_LINE)]
    LineTooLong,
    /// More or fewer columns than the header allows, as in a row that was cut.
    #[error("{found} columns instead of {}", Range(*least, *most))]
    ColumnCount {
        /// How many there are.
        found: usize,
        /// How many there must be at least.
        least: usize,
        /// How many there may be.
        most: usize,
    },
    /// Not an IPv4 address in dotted decimals.
    #[error("not an IPv4 address")]
    Ipv4,
    /// Not an IPv6 address.
    #[error("not an IPv6 address")]
    Ipv6,
    /// Not decimal digits, or too many of them.
    #[error("not a number from {least} to {most}")]
    Number {
        /// The least that it may be.
        least: u64,
        /// The most that it may be.
        most: u64,
    },
    /// Neither 0 nor 1.
    #[error("neither 0 nor 1")]
    Boolean,
    /// Not hexadecimal digits with colons between octets.
    #[error("not octets in hexadecimal with colons between them")]
    Hexadecimal,
    /// A hardware address, client identifier or DUID that is too long.
    #[error("longer than {most} octets")]
    TooLong {
        /// How many octets there may be.
        most: usize,
    },
    /// What is there does not tell a client from others.
    #[error(transparent)]
    Identity(#[from] BadIdentity),
    /// Nobody holds the lease, which is so of declined ones only.
    #[error("no client, in a lease that was not declined")]
    NoClient,
    /// The lease would have begun before 1970.
    #[error("less than the valid_lifetime")]
    Expire,
    /// A temporary address.
    #[error("a temporary address: RFC 9915 has none any more")]
    Temporary,
    /// Another `lease_type`.
    #[error("not a type of lease: 0 is an address, 2 a prefix")]
    LeaseType,
    /// A state that this family does not have, or that this kind of lease does not have.
    #[error("not a state of such a lease")]
    State,
    /// The length of an address is not 128.
    #[error("the length of an address is 128")]
    AddressLength,
    /// The prefix has bits behind its length.
    #[error("bits are set behind the length of the prefix")]
    PrefixBits,
    /// Something else than a JSON map, or the beginning of one.
    #[error("not a JSON map")]
    UserContext,
}

/// `11`, or `11 to 12`.
struct Range(usize, usize);

impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self(least, most) if least == most => least.fmt(f),
            Self(least, most) => write!(f, "{least} to {most}"),
        }
    }
}

/// Why something is not a lease file of the family asked for.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum HeaderError {
    /// It cannot be read.
    #[error("cannot read the header: {0}")]
    Io(#[from] io::Error),
    /// There is no line in it. Kea takes such a file for one without leases.
    #[error("the file is empty; expected is the header of {family} leases, {expected}")]
    Empty {
        /// The version of DHCP.
        family: &'static str,
        /// The header of today.
        expected: String,
    },
    /// A column has another name: it is a file of the other family, or no lease file.
    #[error(
        "not a file of {family} leases: column {position} of the header is {found:?} and not {expected_name:?}; expected is {expected}"
    )]
    Foreign {
        /// The version of DHCP.
        family: &'static str,
        /// The column's place, from 1 on.
        position: usize,
        /// The name that it has; its beginning where it is long.
        found: String,
        /// The name that it must have.
        expected_name: &'static str,
        /// The header of today.
        expected: String,
    },
    /// Columns are missing that every version has.
    #[error(
        "not a file of {family} leases: the header has {found} columns, at least {least} are expected: {expected}"
    )]
    TooFewColumns {
        /// The version of DHCP.
        family: &'static str,
        /// How many there are.
        found: usize,
        /// How many there must be.
        least: usize,
        /// The header of today.
        expected: String,
    },
}

/// Why a lease cannot be in a file of Kea's: it would read something else there, or refuse the row.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Unrepresentable {
    /// It is of some of the address's ports (RFC 7618); the row would give the client all of them.
    #[error("it has a port set, and Kea leases only whole addresses")]
    PortSet,
    /// Its validity is 0 seconds; the row would delete the lease.
    #[error("its validity is 0, which deletes a lease")]
    NoLifetime,
    /// It ends later than can be written.
    #[error("it ends later than can be written")]
    Expire,
    /// Nobody holds it, and it was not declined.
    #[error("nobody is known to hold it, and it was not declined")]
    NoClient,
    /// Kea refuses a client identifier of that length.
    #[error("the client identifier has {len} bytes; Kea allows {least} to {most}")]
    IdentifierLength {
        /// Its length in bytes.
        len: usize,
        /// The least that is allowed.
        least: usize,
        /// The most that is allowed.
        most: usize,
    },
    /// Kea refuses a DUID of that length, or takes it for none.
    #[error(
        "the DUID has {len} bytes; Kea allows {least} to {most}, and takes the shortest one of zeros for none"
    )]
    Duid {
        /// Its length in bytes.
        len: usize,
        /// The least that is allowed.
        least: usize,
        /// The most that is allowed.
        most: usize,
    },
    /// That version has no such state, or not for such a lease.
    #[error("the state {state:?} is not known there")]
    State {
        /// The state.
        state: LeaseState,
    },
    /// The length of its prefix is 0 or more than 128, or not 128 for an address, or bits are set behind it.
    #[error("its length of {prefix_len} bits does not fit its address")]
    Prefix {
        /// The length.
        prefix_len: u8,
    },
    /// What the operator attached is not a JSON map.
    #[error("its user context is not a JSON map")]
    UserContext,
}

/// Why a lease was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// It cannot be in the file; others can, and the file is whole.
    #[error(transparent)]
    Unrepresentable(#[from] Unrepresentable),
    /// The output failed, maybe within the row.
    #[error(transparent)]
    Io(#[from] io::Error),
}
