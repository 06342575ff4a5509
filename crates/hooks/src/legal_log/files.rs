//! The files of the log: what they are called, when one follows another, and which are kept.
//!
//! `BASE.20260801.jsonl` is the file of the period that begins on that day, `BASE.20260801.2.jsonl` the second one of
//! it, where files have a largest size. By the second: `BASE.T00000000001785542400.jsonl`.

use std::ffi::OsStr;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::PathBuf;

use fosix_config::{LegalLogFormat, LegalLogSettings, LogPeriod};
use fosix_lease::Timestamp;
use tracing::warn;

use crate::calendar::Utc;

/// All files, and the one that is written.
#[derive(Debug)]
pub(super) struct Files {
    settings: LegalLogSettings,
    /// When the period of the file begins, as in its name; empty where one file lasts for ever.
    stamp: String,
    /// Which one of the period's files it is, from 1.
    number: u64,
    file: Option<File>,
    /// Bytes in it.
    size: u64,
}

impl Files {
    /// No file yet.
    pub(super) fn new(settings: &LegalLogSettings) -> Self {
        Self { settings: settings.clone(), stamp: String::new(), number: 1, file: None, size: 0 }
    }

    /// Whether what happened at `at` belongs in another file than what is written now, `pending` bytes included.
    ///
    /// What happened before the file's period does not: it was only noticed late.
    pub(super) fn is_due(&self, at: Timestamp, pending: usize) -> bool {
        let pending = u64::try_from(pending).unwrap_or(u64::MAX);
        let full = self.settings.max_size > 0 && self.size.saturating_add(pending) >= self.settings.max_size;
        full || self.stamp_of(at) > self.stamp
    }

    /// Turns to the next file: that of the period of `at`, or another one of the same period.
    pub(super) fn turn_to(&mut self, at: Timestamp) {
        let stamp = self.stamp_of(at);
        if stamp > self.stamp {
            self.stamp = stamp;
            self.number = 1;
        } else {
            self.number += 1;
        }
        self.file = None;
        self.size = 0;
    }

    /// Opens the file if it is not open. One that exists is continued, unless it is full.
    pub(super) fn open(&mut self) -> io::Result<&mut File> {
        let file = match self.file.take() {
            Some(file) => file,
            None => self.open_anew()?,
        };
        Ok(self.file.insert(file))
    }

    /// Writes some of `bytes`, and says how many.
    pub(super) fn append(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let count = self.open()?.write(bytes)?;
        if count == 0 {
            return Err(io::ErrorKind::WriteZero.into());
        }
        self.size = self.size.saturating_add(u64::try_from(count).unwrap_or(u64::MAX));
        Ok(count)
    }

    /// Makes what was written durable.
    pub(super) fn sync(&self) -> io::Result<()> {
        self.file.as_ref().map_or(Ok(()), File::sync_data)
    }

    /// The file that is written.
    pub(super) fn path(&self) -> PathBuf {
        let stamp = if self.stamp.is_empty() { String::new() } else { format!(".{}", self.stamp) };
        let number = if self.number > 1 { format!(".{}", self.number) } else { String::new() };
        let name = format!("{}{stamp}{number}.{}", self.settings.base_name, self.extension());
        self.settings.directory.join(name)
    }

    fn open_anew(&mut self) -> io::Result<File> {
        loop {
            let path = self.path();
            let exists = path.exists();
            let mut file = OpenOptions::new().create(true).append(true).read(true).mode(0o640).open(&path)?;
            self.size = file.metadata()?.len();
            if self.settings.max_size > 0 && self.size >= self.settings.max_size {
                self.number += 1;
                continue;
            }
            // A line that was cut off when the machine stopped must not swallow the next one.
            if self.size > 0 && file.seek(SeekFrom::End(-1)).is_ok() {
                let mut last = [0];
                if file.read(&mut last)? == 1 && last != [b'\n'] {
                    file.write_all(b"\n")?;
                    self.size += 1;
                }
            }
            if !exists {
                self.remove_old();
            }
            return Ok(file);
        }
    }

    /// Removes the oldest files beyond those that are kept.
    fn remove_old(&self) {
        if self.settings.keep == 0 {
            return;
        }
        let entries = match fs::read_dir(&self.settings.directory) {
            Ok(entries) => entries,
            Err(error) => {
                warn!(%error, "legal_log cannot look for old files");
                return;
            }
        };
        let mut known: Vec<_> = entries
            .filter_map(Result::ok)
            .filter_map(|entry| Some((self.place_of(&entry.file_name())?, entry.path())))
            .collect();
        known.sort();
        let surplus = known.len().saturating_sub(self.settings.keep);
        for (_, path) in known.iter().take(surplus) {
            if let Err(error) = fs::remove_file(path) {
                warn!(%error, file = %path.display(), "legal_log cannot remove an old file");
            }
        }
    }

    /// The stamp and number of a file of this log; `None` for any other file.
    fn place_of(&self, name: &OsStr) -> Option<(String, u64)> {
        let name = name.to_str()?.strip_prefix(self.settings.base_name.as_str())?;
        let parts: Vec<&str> = name.strip_suffix(self.extension())?.strip_suffix('.')?.split('.').collect();
        let is_stamp = |text: &str| {
            let digits = text.strip_prefix('T').unwrap_or(text);
            text.len() >= 8 && digits.bytes().all(|byte| byte.is_ascii_digit())
        };
        let number = |text: &str| text.parse().ok();
        match parts.as_slice() {
            [""] => Some((String::new(), 1)),
            ["", stamp] if is_stamp(stamp) => Some(((*stamp).to_owned(), 1)),
            ["", text] => Some((String::new(), number(text)?)),
            ["", stamp, text] if is_stamp(stamp) => Some(((*stamp).to_owned(), number(text)?)),
            _ => None,
        }
    }

    fn extension(&self) -> &'static str {
        match self.settings.format {
            LegalLogFormat::Json => "jsonl",
            LegalLogFormat::Text => "txt",
        }
    }

    /// The beginning of the period of `at`, as in file names; these ascend with time.
    fn stamp_of(&self, at: Timestamp) -> String {
        let count = u64::from(self.settings.count);
        if count == 0 {
            return String::new();
        }
        let begin = |units: u64| units - units % count;
        let date = Utc::of(at);
        match self.settings.period {
            LogPeriod::Second => format!("T{:020}", begin(at.0)),
            LogPeriod::Day => {
                let date = Utc::of(Timestamp(begin(at.0 / 86_400) * 86_400));
                format!("{:04}{:02}{:02}", date.year, date.month, date.day)
            }
            LogPeriod::Month => {
                let months = begin(date.year * 12 + date.month - 1);
                format!("{:04}{:02}01", months / 12, months % 12 + 1)
            }
            LogPeriod::Year => format!("{:04}0101", begin(date.year)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn files(period: LogPeriod, count: u32) -> Files {
        Files::new(&LegalLogSettings { period, count, ..LegalLogSettings::default() })
    }

    #[test]
    fn a_file_is_named_after_the_beginning_of_its_period() {
        let at = Timestamp(1_785_603_845); // 2026-08-01T17:04:05Z
        let table = [
            (LogPeriod::Day, 1, "fosix-legal.20260801.jsonl"),
            (LogPeriod::Day, 0, "fosix-legal.jsonl"),
            (LogPeriod::Month, 1, "fosix-legal.20260801.jsonl"),
            (LogPeriod::Month, 3, "fosix-legal.20260701.jsonl"),
            (LogPeriod::Year, 1, "fosix-legal.20260101.jsonl"),
            (LogPeriod::Second, 60, "fosix-legal.T00000000001785603840.jsonl"),
        ];
        for (period, count, expected) in table {
            let mut files = files(period, count);
            files.turn_to(at);
            files.number = 1;
            assert_eq!(files.path().file_name().unwrap(), expected, "{period:?} {count}");
        }
    }

    #[test]
    fn the_next_period_is_due_and_an_earlier_one_is_not() {
        let mut files = files(LogPeriod::Day, 2);
        files.turn_to(Timestamp(86_400 * 10));
        assert!(!files.is_due(Timestamp(86_400 * 12 - 1), 0));
        assert!(files.is_due(Timestamp(86_400 * 12), 0));
        assert!(!files.is_due(Timestamp(5), 0), "noticed late");
    }

    #[test]
    fn only_files_of_the_log_are_recognised() {
        let files = files(LogPeriod::Day, 1);
        let table = [
            ("fosix-legal.20260801.jsonl", Some(("20260801", 1))),
            ("fosix-legal.20260801.12.jsonl", Some(("20260801", 12))),
            ("fosix-legal.jsonl", Some(("", 1))),
            ("fosix-legal.3.jsonl", Some(("", 3))),
            ("fosix-legal.T00000000001785603840.jsonl", Some(("T00000000001785603840", 1))),
            ("fosix-legal.20260801.txt", None),
            ("fosix-legal-two.20260801.jsonl", None),
            ("fosix-legal.notes.jsonl", None),
            ("other.20260801.jsonl", None),
        ];
        for (name, expected) in table {
            let expected = expected.map(|(stamp, number)| (stamp.to_owned(), number));
            assert_eq!(files.place_of(OsStr::new(name)), expected, "{name}");
        }
    }
}
