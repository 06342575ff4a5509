//! The Authentication option (11), RFC 9915 §21.11, and what the reconfigure key protocol puts in it (§20.4).

use super::{OptionCode, Writer};
use crate::Error;
use crate::octets;

/// Authentication of a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Authentication<'a> {
    /// The protocol; 3 is the reconfigure key protocol (RFC 9915 §20.4.1).
    pub protocol: u8,
    /// The protocol's algorithm; 1 is HMAC-MD5.
    pub algorithm: u8,
    /// The replay detection method; 0 is a number that only grows (RFC 9915 §20.3).
    pub replay_detection_method: u8,
    /// The method's value.
    pub replay_detection: u64,
    /// The rest, as the protocol defines it.
    pub information: &'a [u8],
}

/// What the reconfigure key protocol says (RFC 9915 §20.4.1).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ReconfigureKey {
    /// In a Reply: the key for the Reconfigure messages to come.
    Key([u8; 16]),
    /// In a Reconfigure: the HMAC-MD5 over the message, with zeros in its own place.
    Digest([u8; 16]),
}

impl<'a> Authentication<'a> {
    /// The protocol number of the reconfigure key protocol.
    pub const RECONFIGURE_KEY_PROTOCOL: u8 = 3;

    /// Reads the data of the option: eleven octets and the protocol's own.
    pub fn new_checked(data: &'a [u8]) -> Result<Self, Error> {
        let Some((fixed, information)) = data.split_first_chunk::<11>() else {
            return Err(Error::Truncated { what: "Authentication option", offset: data.len() });
        };
        let [protocol, algorithm, replay_detection_method, ..] = *fixed;
        let replay_detection = u64::from_be_bytes(octets::array_at(fixed, 3));
        Ok(Self { protocol, algorithm, replay_detection_method, replay_detection, information })
    }

    /// The content by the reconfigure key protocol, if it is that protocol's.
    pub fn reconfigure_key(&self) -> Option<ReconfigureKey> {
        if self.protocol != Self::RECONFIGURE_KEY_PROTOCOL || self.algorithm != 1 {
            return None;
        }
        let (&kind, value) = self.information.split_first()?;
        let value = value.try_into().ok()?;
        match kind {
            1 => Some(ReconfigureKey::Key(value)),
            2 => Some(ReconfigureKey::Digest(value)),
            _ => None,
        }
    }

    /// Writes the option.
    pub fn write(&self, w: &mut Writer<'_>) {
        w.nested(OptionCode::AUTH, |w| {
            w.raw(&[self.protocol, self.algorithm, self.replay_detection_method]);
            w.raw(&self.replay_detection.to_be_bytes());
            w.raw(self.information);
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_reconfigure_key_is_read_from_what_is_written() {
        let mut information = vec![1];
        information.extend(0..16);
        let option = Authentication {
            protocol: 3,
            algorithm: 1,
            replay_detection_method: 0,
            replay_detection: 0x0102_0304_0506_0708,
            information: &information,
        };
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        option.write(&mut w);
        w.finish().unwrap();
        assert_eq!(out[..15], [0, 11, 0, 28, 3, 1, 0, 1, 2, 3, 4, 5, 6, 7, 8]);
        let read = Authentication::new_checked(&out[4..]).unwrap();
        assert_eq!(read, option);
        let key = core::array::from_fn(|index| u8::try_from(index).unwrap());
        assert_eq!(read.reconfigure_key(), Some(ReconfigureKey::Key(key)));
    }

    #[test]
    fn other_protocols_and_lengths_are_no_reconfigure_key() {
        let mut data = vec![3, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2];
        data.extend([7; 16]);
        let digest = Some(ReconfigureKey::Digest([7; 16]));
        assert_eq!(Authentication::new_checked(&data).unwrap().reconfigure_key(), digest);
        for (at, value) in [(0, 2), (1, 2), (11, 3)] {
            let mut other = data.clone();
            other[at] = value;
            assert_eq!(Authentication::new_checked(&other).unwrap().reconfigure_key(), None);
        }
        assert_eq!(Authentication::new_checked(&data[..27]).unwrap().reconfigure_key(), None);
        assert!(Authentication::new_checked(&data[..10]).is_err());
    }
}
