//! A DHCPv4 message that a hook may read and change.

use std::borrow::Cow;

use fosix_wire::Error;
use fosix_wire::v4::{Header, Message, OptionCode, Writer};

use crate::EditError;

/// A DHCPv4 message. It borrows the bytes until a hook changes them.
#[derive(Debug)]
pub struct Message4<'a> {
    bytes: Cow<'a, [u8]>,
}

impl<'a> Message4<'a> {
    /// The most bytes that a message may have.
    pub const MAX_LEN: usize = 65_535;

    /// The message in `bytes`, which need not be decodable.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes: Cow::Borrowed(bytes) }
    }

    /// The bytes as they are now.
    pub fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// The message decoded; an error where it is none.
    pub fn message(&self) -> Result<Message<'_>, Error> {
        Message::new_checked(&self.bytes)
    }

    /// Puts other bytes in place of the message. They are decoded afterwards like those before.
    pub fn replace(&mut self, bytes: Vec<u8>) -> Result<(), EditError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(EditError::TooLong { len: bytes.len() });
        }
        self.bytes = Cow::Owned(bytes);
        Ok(())
    }

    /// Gives the message one option `code` with `data`: in the place of the first that it has, else at the end, but
    /// before the relay agent information. Options that stood in `file` and `sname` come into the options field.
    pub fn set_option(&mut self, code: OptionCode, data: &[u8]) -> Result<(), EditError> {
        self.rewrite(code, Some(data))
    }

    /// Takes every option `code` out of the message.
    pub fn remove_option(&mut self, code: OptionCode) -> Result<(), EditError> {
        self.rewrite(code, None)
    }

    /// What a hook put in place of the message; `None` where nothing was changed.
    pub fn into_changed(self) -> Option<Vec<u8>> {
        match self.bytes {
            Cow::Borrowed(_) => None,
            Cow::Owned(bytes) => Some(bytes),
        }
    }

    fn rewrite(&mut self, code: OptionCode, data: Option<&[u8]>) -> Result<(), EditError> {
        if matches!(code, OptionCode::PAD | OptionCode::END | OptionCode::OPTION_OVERLOAD) {
            return Err(EditError::NotAnOption { code: code.0 });
        }
        let message = self.message()?;
        let mut header = Header::of(&message);
        header.sname = message.sname();
        header.file = message.file();
        let mut changed = Vec::with_capacity(self.bytes.len().saturating_add(data.map_or(0, <[u8]>::len)));
        let mut w = Writer::new(&mut changed, &header);
        let mut wanted = data;
        for option in message.options() {
            if option.code == code {
                if let Some(data) = wanted.take() {
                    w.option(code, data);
                }
                continue;
            }
            match option.code {
                OptionCode::OPTION_OVERLOAD => {}
                // RFC 3046 §2.2: it is the last option; without one of this code so far there is none before it.
                OptionCode::RELAY_AGENT_INFORMATION if !message.has_option(code) => {
                    if let Some(data) = wanted.take() {
                        w.option(code, data);
                    }
                    w.option(option.code, option.data);
                }
                other => w.option(other, option.data),
            }
        }
        if let Some(data) = wanted {
            w.option(code, data);
        }
        w.finish()?;
        self.replace(changed)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn message(options: &[(u8, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut header = Header::request(7);
        header.sname = b"boot.example";
        let mut w = Writer::new(&mut bytes, &header);
        for (code, data) in options {
            w.option(OptionCode(*code), data);
        }
        w.finish().unwrap();
        bytes
    }

    #[test]
    fn an_option_is_set_in_its_place_or_before_the_relay_information() {
        let bytes = message(&[(53, &[5]), (6, &[1, 1, 1, 1]), (51, &[9; 4]), (82, &[1, 0])]);
        let mut edited = Message4::new(&bytes);
        edited.set_option(OptionCode(6), &[2; 8]).unwrap();
        edited.set_option(OptionCode(15), b"example").unwrap();
        edited.set_option(OptionCode(224), &[7; 300]).unwrap();
        let expected =
            [(53, &[5][..]), (6, &[2; 8]), (51, &[9; 4]), (15, b"example"), (224, &[7; 300]), (82, &[1, 0])];
        assert_eq!(edited.as_bytes(), message(&expected));
    }

    #[test]
    fn an_option_in_several_parts_is_replaced_and_removed_as_a_whole() {
        let bytes = message(&[(53, &[5]), (224, &[7; 300]), (51, &[9; 4])]);
        let mut edited = Message4::new(&bytes);
        edited.set_option(OptionCode(224), &[8]).unwrap();
        assert_eq!(edited.as_bytes(), message(&[(53, &[5]), (224, &[8]), (51, &[9; 4])]));
        edited.remove_option(OptionCode(224)).unwrap();
        assert_eq!(edited.into_changed(), Some(message(&[(53, &[5]), (51, &[9; 4])])));
    }

    #[test]
    fn options_in_the_file_field_come_out_of_it() {
        let mut bytes = message(&[(53, &[5]), (52, &[1])]);
        bytes[108..114].copy_from_slice(&[15, 3, b'o', b'r', b'g', 255]);
        let mut edited = Message4::new(&bytes);
        edited.set_option(OptionCode(12), b"host").unwrap();
        assert_eq!(edited.as_bytes(), message(&[(53, &[5]), (15, b"org"), (12, b"host")]));
    }

    #[test]
    fn an_edit_that_cannot_be_done_changes_nothing() {
        let bytes = message(&[(53, &[5])]);
        let mut edited = Message4::new(&bytes);
        assert_eq!(edited.replace(vec![0; 65_536]), Err(EditError::TooLong { len: 65_536 }));
        assert!(matches!(edited.set_option(OptionCode(9), &vec![0; 65_536]), Err(EditError::TooLong { .. })));
        for code in [OptionCode::PAD, OptionCode::END, OptionCode::OPTION_OVERLOAD] {
            assert_eq!(edited.remove_option(code), Err(EditError::NotAnOption { code: code.0 }));
        }
        assert_eq!(edited.into_changed(), None);
        assert!(matches!(
            Message4::new(&bytes[..200]).remove_option(OptionCode(9)),
            Err(EditError::Message(_))
        ));
    }
}
