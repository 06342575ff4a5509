//! The 64 bytes at the start of each file.

use crate::error::{Damage, Error, What};
use crate::frame::Salt;

/// Bytes before the first record of a file.
pub(crate) const FILE_HEADER_LEN: usize = 64;

/// [`FILE_HEADER_LEN`] as a place in a file.
pub(crate) const FIRST_RECORD: u64 = FILE_HEADER_LEN as u64;

/// The format version that is written, and the last one that is read.
pub const FORMAT_VERSION: u16 = 1;

/// What a file says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct FileHeader {
    pub(crate) contents: Contents,
    pub(crate) family: u16,
    pub(crate) salt: Salt,
    /// The newest time that the store knew of, in seconds since the Unix epoch.
    pub(crate) newest_time: u64,
}

/// What is behind the header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Contents {
    Log { ordinal: u64, generation: u64 },
    Snapshot { sequence: u64, leases: u64, bytes: u64 },
}

const LOG: [u8; 8] = *b"FOSIXLOG";
const SNAPSHOT: [u8; 8] = *b"FOSIXSNP";

impl FileHeader {
    pub(crate) fn encode(&self) -> [u8; FILE_HEADER_LEN] {
        let (magic, numbers) = match self.contents {
            Contents::Log { ordinal, generation } => (LOG, [ordinal, generation, 0]),
            Contents::Snapshot { sequence, leases, bytes } => (SNAPSHOT, [sequence, leases, bytes]),
        };
        let mut out = Vec::with_capacity(FILE_HEADER_LEN);
        out.extend_from_slice(&magic);
        out.extend_from_slice(&FORMAT_VERSION.to_le_bytes());
        out.extend_from_slice(&self.family.to_le_bytes());
        out.extend_from_slice(&self.salt.0.to_le_bytes());
        for number in numbers {
            out.extend_from_slice(&number.to_le_bytes());
        }
        out.extend_from_slice(&self.newest_time.to_le_bytes());
        out.resize(FILE_HEADER_LEN - 4, 0);
        out.extend_from_slice(&crc32fast::hash(&out).to_le_bytes());
        let mut header = [0; FILE_HEADER_LEN];
        for (place, byte) in header.iter_mut().zip(out) {
            *place = byte;
        }
        header
    }

    /// Reads what stands at the start of `file`; `bytes` may be shorter than a header when the file is.
    pub(crate) fn decode(bytes: &[u8], file: &str) -> Result<Self, Error> {
        let damaged =
            || Error::Damaged(Damage { file: file.to_owned(), offset: 0, what: What::Header, missing: None });
        let mut fields = Fields(bytes.get(..FILE_HEADER_LEN).ok_or_else(damaged)?);
        let (checked, crc) = fields.0.split_last_chunk::<4>().ok_or_else(damaged)?;
        if crc32fast::hash(checked) != u32::from_le_bytes(*crc) {
            return Err(damaged());
        }
        let magic = fields.take::<8>().ok_or_else(damaged)?;
        let version = u16::from_le_bytes(fields.take().ok_or_else(damaged)?);
        if magic != LOG && magic != SNAPSHOT {
            return Err(damaged());
        }
        // The checksum is where every version has it, so a version is never a flipped bit.
        if version > FORMAT_VERSION {
            return Err(Error::NewerVersion { file: file.to_owned(), found: version, known: FORMAT_VERSION });
        }
        let family = u16::from_le_bytes(fields.take().ok_or_else(damaged)?);
        let salt = Salt(u32::from_le_bytes(fields.take().ok_or_else(damaged)?));
        let mut number = || fields.take().map(u64::from_le_bytes).ok_or_else(damaged);
        let (first, second, third, newest_time) = (number()?, number()?, number()?, number()?);
        let contents = if magic == LOG {
            Contents::Log { ordinal: first, generation: second }
        } else {
            Contents::Snapshot { sequence: first, leases: second, bytes: third }
        };
        if version == 0 {
            return Err(damaged());
        }
        Ok(Self { contents, family, salt, newest_time })
    }
}

/// What is left of the bytes of a header.
struct Fields<'a>(&'a [u8]);

impl Fields<'_> {
    fn take<const N: usize>(&mut self) -> Option<[u8; N]> {
        let (field, rest) = self.0.split_first_chunk::<N>()?;
        self.0 = rest;
        Some(*field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEADER: FileHeader = FileHeader {
        contents: Contents::Snapshot { sequence: 5, leases: 6, bytes: 7 },
        family: 4,
        salt: Salt(0x0102_0304),
        newest_time: 9,
    };

    #[test]
    fn a_header_is_read_as_it_was_written() {
        let bytes = HEADER.encode();
        assert_eq!(FileHeader::decode(&bytes, "f").unwrap(), HEADER);
        assert_eq!(&bytes[..16], b"FOSIXSNP\x01\x00\x04\x00\x04\x03\x02\x01");
        let log = FileHeader { contents: Contents::Log { ordinal: 1, generation: 2 }, ..HEADER };
        assert_eq!(FileHeader::decode(&log.encode(), "f").unwrap(), log);
    }

    #[test]
    fn every_changed_bit_and_every_missing_byte_is_noticed() {
        let bytes = HEADER.encode();
        for bit in 0..FILE_HEADER_LEN * 8 {
            let mut damaged = bytes;
            damaged[bit / 8] ^= 1 << (bit % 8);
            assert!(FileHeader::decode(&damaged, "f").is_err(), "bit {bit}");
        }
        assert!(FileHeader::decode(&bytes[..63], "f").is_err());
    }

    #[test]
    fn a_newer_version_is_refused_by_name() {
        let mut bytes = HEADER.encode();
        bytes[8] = 2;
        let crc = crc32fast::hash(&bytes[..60]).to_le_bytes();
        bytes[60..].copy_from_slice(&crc);
        let error = FileHeader::decode(&bytes, "snapshot-5").unwrap_err();
        assert!(matches!(error, Error::NewerVersion { found: 2, known: 1, .. }));
    }
}
