//! A lease file from its header to its last row, one row in memory at a time.

use std::fmt;
use std::io::{self, BufRead};
use std::marker::PhantomData;

use super::Record;
use super::codec::{Codec, Column, Entry};
use super::error::{BadRow, HeaderError, Reason};
use super::field::Fields;
use super::lines::Lines;

/// What one line of a file says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Row<L, K> {
    /// The lease of this address is this from here on.
    Lease(L),
    /// There is no lease of this address from here on: its validity is 0. The row's other columns do not matter.
    Delete(K),
    /// The line is neither. Kea leaves such a row out and goes on.
    Bad(BadRow),
}

/// What is worth telling of a file beside its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Notes {
    /// Columns that no version known here has, by their names; their values are left out.
    pub unknown_columns: Vec<String>,
    /// Host names of which octets were replaced because they are not UTF-8.
    pub names_replaced: u64,
    /// The last line has no end: it may have been cut, and its last value with it. It is read nevertheless, as Kea
    /// does.
    pub unterminated: bool,
}

/// The rows of a lease file, in their order.
///
/// It reads from the input a line at a time and holds no more than that, at most [`MAX_LINE`](super::MAX_LINE). After
/// an error of the input there are no more rows.
#[derive(Debug)]
pub struct Reader<L, R> {
    lines: Lines<R>,
    /// How many columns a row must have, and how many it may have.
    least: usize,
    most: usize,
    notes: Notes,
    done: bool,
    records: PhantomData<fn() -> L>,
}

impl<L: Record, R: BufRead> Reader<L, R> {
    /// Reads the header.
    ///
    /// Columns are known by their place: each must have the name that it has in Kea. Those behind the host name may be
    /// missing, as in files of old versions, and there may be more than are known.
    pub fn new(input: R) -> Result<Self, HeaderError> {
        let mut lines = Lines::new(input);
        let expected = || names(L::COLUMNS).collect::<Vec<_>>().join(",");
        let Some(header) = lines.next()? else {
            return Err(HeaderError::Empty { family: L::FAMILY, expected: expected() });
        };
        let mut found = 0;
        let mut notes = Notes { unterminated: header.unterminated, ..Notes::default() };
        let mut known = names(L::COLUMNS);
        for name in header.text.split(|&octet| octet == b',') {
            found += 1;
            match known.next() {
                Some(expected_name) if name == expected_name.as_bytes() => {}
                Some(expected_name) => {
                    return Err(HeaderError::Foreign {
                        family: L::FAMILY,
                        position: found,
                        found: excerpt(name),
                        expected_name,
                        expected: expected(),
                    });
                }
                None if notes.unknown_columns.len() < 16 => notes.unknown_columns.push(excerpt(name)),
                None => {}
            }
        }
        if found < L::MINIMUM {
            let (family, least, expected) = (L::FAMILY, L::MINIMUM, expected());
            return Err(HeaderError::TooFewColumns { family, found, least, expected });
        }
        let (least, most) = (found.min(L::COLUMNS.len()), found.max(L::COLUMNS.len()));
        Ok(Self { lines, least, most, notes, done: false, records: PhantomData })
    }

    /// What is worth telling of what was read so far.
    pub fn notes(&self) -> &Notes {
        &self.notes
    }

    /// The next row; `None` at the end.
    fn read(&mut self) -> io::Result<Option<Row<L, L::Key>>> {
        let Some(line) = self.lines.next()? else { return Ok(None) };
        self.notes.unterminated = line.unterminated;
        let bad = |column, value, reason| {
            Row::Bad(BadRow { line: line.number, column, value: excerpt(value), reason })
        };
        if line.too_long {
            return Ok(Some(bad(None, line.text, Reason::LineTooLong)));
        }
        let (fields, found) = Fields::split(line.text, L::COLUMNS);
        let (least, most) = (self.least, self.most);
        if !(least..=most).contains(&found) {
            return Ok(Some(bad(None, line.text, Reason::ColumnCount { found, least, most })));
        }
        Ok(Some(match L::read(&fields) {
            Ok(Entry::Lease(lease)) => {
                self.notes.names_replaced += u64::from(fields.replaced.get());
                Row::Lease(lease)
            }
            Ok(Entry::Delete(key)) => Row::Delete(key),
            Err(fault) => {
                let column = names(L::COLUMNS).nth(fault.column);
                bad(column, fields.raw(fault.column), fault.reason)
            }
        }))
    }
}

impl<L: Record, R: BufRead> Iterator for Reader<L, R> {
    type Item = io::Result<Row<L, <L as Codec>::Key>>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let row = self.read().transpose();
        self.done = !matches!(row, Some(Ok(_)));
        row
    }
}

impl fmt::Display for Notes {
    /// The notes, with `; ` between them; an empty text where there are none.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut notes = Vec::new();
        if !self.unknown_columns.is_empty() {
            notes.push(format!(
                "columns that are not known were left out: {}",
                self.unknown_columns.join(", ")
            ));
        }
        if self.names_replaced > 0 {
            notes.push(format!("octets of {} host names were replaced, being no UTF-8", self.names_replaced));
        }
        if self.unterminated {
            notes.push("the last line has no end and may have been cut".to_owned());
        }
        f.write_str(&notes.join("; "))
    }
}

/// The names of columns.
pub(super) fn names(columns: &'static [Column]) -> impl Iterator<Item = &'static str> {
    columns.iter().map(|Column(name, _)| *name)
}

/// The beginning of a value, fit to be shown.
fn excerpt(value: &[u8]) -> String {
    const MOST: usize = 100;
    let shown = value.get(..MOST).unwrap_or(value);
    let dots = if shown.len() < value.len() { "..." } else { "" };
    format!("{}{dots}", shown.escape_ascii())
}
