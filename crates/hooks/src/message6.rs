//! A DHCPv6 message that a hook may read and change.

use std::borrow::Cow;

use fosix_wire::Error;
use fosix_wire::v6::{self, OptionCode, Packet, Writer};

use crate::EditError;

/// A whole DHCPv6 message with its relay levels. It borrows the bytes until a hook changes them.
#[derive(Debug)]
pub struct Message6<'a> {
    bytes: Cow<'a, [u8]>,
}

impl<'a> Message6<'a> {
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
    pub fn packet(&self) -> Result<Packet<'_>, Error> {
        Packet::new_checked(&self.bytes, v6::MAX_RELAY_LEVELS)
    }

    /// Puts other bytes in place of the message. They are decoded afterwards like those before.
    pub fn replace(&mut self, bytes: Vec<u8>) -> Result<(), EditError> {
        if bytes.len() > Self::MAX_LEN {
            return Err(EditError::TooLong { len: bytes.len() });
        }
        self.bytes = Cow::Owned(bytes);
        Ok(())
    }

    /// Gives the client's or server's message inside all relay levels one option `code` with `data`: in the place of
    /// the first that it has, else at its end.
    pub fn set_option(&mut self, code: OptionCode, data: &[u8]) -> Result<(), EditError> {
        self.rewrite(code, Some(data))
    }

    /// Takes every option `code` out of the message inside all relay levels.
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
        let changed = with_option(&self.packet()?, code, data)?;
        self.replace(changed)
    }
}

/// The message of `packet` in its relay levels with one option `code` of that data, or with none.
fn with_option(packet: &Packet<'_>, code: OptionCode, data: Option<&[u8]>) -> Result<Vec<u8>, Error> {
    let len = packet.as_bytes().len().saturating_add(data.map_or(0, <[u8]>::len));
    let mut changed = Vec::with_capacity(len);
    let mut w = Writer::new(&mut changed);
    write_level(packet, 0, &mut w, &mut |w| {
        let message = packet.message();
        w.message(message.message_type(), message.transaction_id());
        let mut wanted = data;
        for option in &message.options() {
            if option.code != code {
                w.option(option.code, option.data);
            } else if let Some(data) = wanted.take() {
                w.option(code, data);
            }
        }
        if let Some(data) = wanted {
            w.option(code, data);
        }
    });
    w.finish()?;
    Ok(changed)
}

/// Writes relay level `at` (0 is the outermost) as it is, and `message` inside the innermost; at most
/// [`v6::MAX_RELAY_LEVELS`] deep.
fn write_level(packet: &Packet<'_>, at: usize, w: &mut Writer<'_>, message: &mut dyn FnMut(&mut Writer<'_>)) {
    let Some(relay) = packet.relays().get(at) else { return message(w) };
    w.relay(relay.message_type(), relay.hop_count(), relay.link_address(), relay.peer_address());
    let mut inner_written = false;
    for option in &relay.options() {
        if option.code != OptionCode::RELAY_MESSAGE {
            w.option(option.code, option.data);
        } else if !inner_written {
            // Only the first one counts.
            inner_written = true;
            w.nested(OptionCode::RELAY_MESSAGE, |w| write_level(packet, at + 1, w, message));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use fosix_wire::v6::MessageType;

    fn reply(options: &[(u16, &[u8])]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.message(MessageType::REPLY, [1, 2, 3]);
        for (code, data) in options {
            w.option(OptionCode(*code), data);
        }
        w.finish().unwrap();
        bytes
    }

    fn relayed(inner: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.relay(MessageType::RELAY_REPL, 1, "2001:db8::1".parse().unwrap(), "fe80::9".parse().unwrap());
        w.option(OptionCode::RELAY_MESSAGE, inner);
        w.option(OptionCode::INTERFACE_ID, b"vlan7");
        w.finish().unwrap();
        bytes
    }

    #[test]
    fn an_option_is_set_in_its_place_through_every_relay_level() {
        let bytes = relayed(&relayed(&reply(&[(1, b"a"), (23, b"old"), (23, b"older"), (2, b"b")])));
        let mut message = Message6::new(&bytes);
        message.set_option(OptionCode(23), b"a new one").unwrap();
        message.set_option(OptionCode(99), b"added").unwrap();
        let expected = reply(&[(1, b"a"), (23, b"a new one"), (2, b"b"), (99, b"added")]);
        assert_eq!(message.as_bytes(), relayed(&relayed(&expected)));
    }

    #[test]
    fn every_instance_of_an_option_is_removed() {
        let bytes = reply(&[(23, b"x"), (1, b"a"), (23, b"y")]);
        let mut message = Message6::new(&bytes);
        message.remove_option(OptionCode(23)).unwrap();
        assert_eq!(message.into_changed(), Some(reply(&[(1, b"a")])));
    }

    #[test]
    fn what_is_not_touched_counts_as_unchanged() {
        let bytes = reply(&[]);
        let message = Message6::new(&bytes);
        assert!(message.packet().is_ok());
        assert_eq!(message.into_changed(), None);
    }

    #[test]
    fn an_edit_that_cannot_be_done_changes_nothing() {
        let bytes = reply(&[(1, b"a")]);
        let mut message = Message6::new(&bytes);
        let too_long = EditError::TooLong { len: 65_536 };
        assert_eq!(message.replace(vec![0; 65_536]), Err(too_long));
        assert_eq!(
            message.set_option(OptionCode(9), &vec![0; 65_530]),
            Err(EditError::TooLong { len: 65_543 })
        );
        assert!(matches!(message.set_option(OptionCode(9), &vec![0; 65_536]), Err(EditError::Message(_))));
        assert_eq!(message.into_changed(), None);
        let mut broken = Message6::new(&[7, 0]);
        assert!(matches!(broken.remove_option(OptionCode(9)), Err(EditError::Message(_))));
    }
}
