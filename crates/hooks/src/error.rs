//! Why a hook's edit of a message cannot be done.

use fosix_wire::Error;

/// Why an edit cannot be done. The hook is at fault, or the message is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// The message would be longer than a UDP datagram can be.
    #[error("the message would have {len} bytes; 65535 are allowed")]
    TooLong {
        /// Its length in bytes.
        len: usize,
    },
    /// PAD, END and Option Overload are not options that can be set: they follow from the others.
    #[error("{code} is not the code of an option that can be set")]
    NotAnOption {
        /// The code.
        code: u8,
    },
    /// The message cannot be decoded, or cannot be written with the new option.
    #[error("{0}")]
    Message(#[from] Error),
}
