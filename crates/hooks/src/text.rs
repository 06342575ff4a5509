//! Bytes as text, for logs and for programs.

use std::fmt::Write as _;

/// Bytes as `01:23:ab`; an empty text for none.
pub(crate) fn hex(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len().saturating_mul(3));
    for (at, byte) in bytes.iter().enumerate() {
        let colon = if at == 0 { "" } else { ":" };
        // Writing to a text cannot fail.
        let _ = write!(text, "{colon}{byte:02x}");
    }
    text
}

/// The bytes as they are where all of them can be printed, for people to recognise.
pub(crate) fn printable(bytes: &[u8]) -> Option<&str> {
    let readable = !bytes.is_empty() && bytes.iter().all(|byte| byte.is_ascii_graphic() || *byte == b' ');
    std::str::from_utf8(bytes).ok().filter(|_| readable)
}
