//! The lines of a file, one at a time, numbered, and none longer than a limit.

use std::io::{self, BufRead};

/// The longest line that is read: 256 KiB. The longest that Kea writes hold what relays sent, at most a message of
/// 64 KiB in hexadecimal digits.
pub const MAX_LINE: usize = 256 * 1024;

/// The lines of an input.
#[derive(Debug)]
pub(super) struct Lines<R> {
    input: R,
    number: u64,
    line: Vec<u8>,
}

/// One line that is not empty.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Line<'a> {
    /// Its number, from 1 on.
    pub(super) number: u64,
    /// Its octets without what ends it; only the first [`MAX_LINE`] of a longer one.
    pub(super) text: &'a [u8],
    /// Whether it has more.
    pub(super) too_long: bool,
    /// Whether the input ends without an end of the line.
    pub(super) unterminated: bool,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn new(input: R) -> Self {
        Self { input, number: 0, line: Vec::new() }
    }

    /// The next line that is not empty; `None` at the end.
    pub(super) fn next(&mut self) -> io::Result<Option<Line<'_>>> {
        loop {
            self.line.clear();
            let (too_long, ended) = self.read()?;
            if !ended && self.line.is_empty() {
                return Ok(None);
            }
            self.number += 1;
            // An editor may have put it there; Kea does not.
            if !too_long && self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
            if !self.line.is_empty() {
                let (number, text) = (self.number, self.line.as_slice());
                return Ok(Some(Line { number, text, too_long, unterminated: !ended }));
            }
        }
    }

    /// Reads a line: whether it is too long, and whether an end of the line was there.
    fn read(&mut self) -> io::Result<(bool, bool)> {
        let mut too_long = false;
        loop {
            let available = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                other => other?,
            };
            if available.is_empty() {
                return Ok((too_long, false));
            }
            let (part, ended) = match available.iter().position(|&octet| octet == b'\n') {
                Some(end) => (available.get(..end).unwrap_or_default(), true),
                None => (available, false),
            };
            let room = MAX_LINE.saturating_sub(self.line.len());
            too_long |= part.len() > room;
            self.line.extend_from_slice(part.get(..room).unwrap_or(part));
            let consumed = part.len() + usize::from(ended);
            self.input.consume(consumed);
            if ended {
                return Ok((too_long, true));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::BufReader;

    use super::*;

    /// Number, text, too long, unterminated.
    fn lines(text: &[u8], capacity: usize) -> Vec<(u64, Vec<u8>, bool, bool)> {
        let mut lines = Lines::new(BufReader::with_capacity(capacity, text));
        let mut all = Vec::new();
        while let Some(line) = lines.next().unwrap() {
            all.push((line.number, line.text.to_vec(), line.too_long, line.unterminated));
        }
        all
    }

    #[test]
    fn empty_lines_count_and_are_left_out() {
        for capacity in [1, 2, 100] {
            let expected = vec![
                (2, b"a".to_vec(), false, false),
                (4, b"bc".to_vec(), false, false),
                (6, b"d".to_vec(), false, true),
            ];
            assert_eq!(lines(b"\na\n\r\nbc\r\n\nd", capacity), expected);
        }
        assert_eq!(lines(b"", 9), []);
        assert_eq!(lines(b"\n\n", 9), []);
    }

    #[test]
    fn a_line_that_is_too_long_is_cut_and_the_next_one_is_whole() {
        let mut text = vec![b'x'; MAX_LINE];
        text.extend_from_slice(b"\n");
        text.extend_from_slice(&vec![b'y'; MAX_LINE + 1]);
        text.extend_from_slice(b"\nz\n");
        let all = lines(&text, 1000);
        let seen: Vec<_> =
            all.iter().map(|(number, line, long, _)| (*number, line[0], line.len(), *long)).collect();
        assert_eq!(seen, [(1, b'x', MAX_LINE, false), (2, b'y', MAX_LINE, true), (3, b'z', 1, false)]);
    }
}
