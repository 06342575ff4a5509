//! Writing messages into a buffer that the caller lends.

use core::net::Ipv6Addr;

use arrayvec::ArrayVec;

use super::options::HEADER_LEN;
use super::{MAX_RELAY_LEVELS, MessageType, OptionCode, RelayMessage};
use crate::Error;

/// Appends messages and options to a buffer, behind what is there.
///
/// The buffer is the caller's, so that its capacity lasts from one message to the next and writing allocates
/// only until it is large enough. What does not fit an option's length field (65535 octets) is remembered;
/// [`finish`](Self::finish) then reports it and takes back all that was written. A writer that is dropped
/// without `finish` leaves what it wrote.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut Vec<u8>,
    start: usize,
    error: Option<Error>,
}

impl<'a> Writer<'a> {
    /// A writer that appends to `buffer`.
    pub fn new(buffer: &'a mut Vec<u8>) -> Self {
        let start = buffer.len();
        Self { buffer, start, error: None }
    }

    /// The fixed part of a message between client and server (RFC 9915 §8). DHCPV4-QUERY and DHCPV4-RESPONSE have
    /// [`QueryFlags::to_octets`](super::QueryFlags::to_octets) in the place of the transaction id (RFC 7341 §6.2).
    #[inline]
    pub fn message(&mut self, message_type: MessageType, transaction_id: [u8; 3]) {
        let [a, b, c] = transaction_id;
        self.buffer.extend_from_slice(&[message_type.0, a, b, c]);
    }

    /// The fixed part of a relay message (RFC 9915 §9). Its options follow, the Relay Message option among them:
    /// `nested(OptionCode::RELAY_MESSAGE, ...)`.
    #[inline]
    pub fn relay(&mut self, message_type: MessageType, hop_count: u8, link: Ipv6Addr, peer: Ipv6Addr) {
        self.buffer.extend_from_slice(&[message_type.0, hop_count]);
        self.buffer.extend_from_slice(&link.octets());
        self.buffer.extend_from_slice(&peer.octets());
    }

    /// An option with that data, at most 65535 octets.
    #[inline]
    pub fn option(&mut self, code: OptionCode, data: &[u8]) {
        let Ok(length) = u16::try_from(data.len()) else {
            self.fail(Error::OptionTooLong { code: code.0, length: data.len() });
            return;
        };
        self.header(code, length);
        self.buffer.extend_from_slice(data);
    }

    /// An option that holds one octet.
    #[inline]
    pub fn option_u8(&mut self, code: OptionCode, value: u8) {
        self.header(code, 1);
        self.buffer.push(value);
    }

    /// An option that holds a 16-bit number.
    #[inline]
    pub fn option_u16(&mut self, code: OptionCode, value: u16) {
        self.header(code, 2);
        self.buffer.extend_from_slice(&value.to_be_bytes());
    }

    /// An option that holds a 32-bit number.
    #[inline]
    pub fn option_u32(&mut self, code: OptionCode, value: u32) {
        self.header(code, 4);
        self.buffer.extend_from_slice(&value.to_be_bytes());
    }

    /// An option that holds addresses, one after another; none makes an empty option.
    pub fn addresses(&mut self, code: OptionCode, addresses: impl IntoIterator<Item = Ipv6Addr>) {
        self.nested(code, |w| {
            for address in addresses {
                w.raw(&address.octets());
            }
        });
    }

    /// An option whose data is what `body` writes: fields by [`raw`](Self::raw), options by the other functions.
    #[inline]
    pub fn nested(&mut self, code: OptionCode, body: impl FnOnce(&mut Self)) {
        let at = self.open(code);
        body(self);
        self.close(code, at);
    }

    /// Octets as they are.
    #[inline]
    pub fn raw(&mut self, bytes: &[u8]) {
        self.buffer.extend_from_slice(bytes);
    }

    /// Octets that another writer appends: the DHCPv4 message inside option 87. Its error becomes this writer's.
    #[inline]
    pub fn append(&mut self, write: impl FnOnce(&mut Vec<u8>) -> Result<(), Error>) {
        if let Err(error) = write(self.buffer) {
            self.fail(error);
        }
    }

    /// The octets that this writer has written so far.
    #[inline]
    pub fn len(&self) -> usize {
        self.buffer.len().saturating_sub(self.start)
    }

    /// Whether nothing has been written yet.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the writing. The first error that occurred comes back, and then the buffer is as it was before.
    pub fn finish(self) -> Result<(), Error> {
        match self.error {
            None => Ok(()),
            Some(error) => {
                self.buffer.truncate(self.start);
                Err(error)
            }
        }
    }

    #[inline]
    fn header(&mut self, code: OptionCode, length: u16) {
        let [a, b] = code.0.to_be_bytes();
        let [c, d] = length.to_be_bytes();
        self.buffer.extend_from_slice(&[a, b, c, d]);
    }

    /// Begins an option of unknown length; the place of its first octet.
    #[inline]
    fn open(&mut self, code: OptionCode) -> usize {
        let at = self.buffer.len();
        self.header(code, 0);
        at
    }

    /// Puts the length in the option begun at `at`, now that its data ends at the end of the buffer.
    #[inline]
    fn close(&mut self, code: OptionCode, at: usize) {
        let length = self.buffer.len().saturating_sub(at).saturating_sub(HEADER_LEN);
        let field = self.buffer.get_mut(at..).and_then(<[u8]>::first_chunk_mut::<HEADER_LEN>);
        match (u16::try_from(length), field) {
            (Ok(length), Some([_, _, high, low])) => [*high, *low] = length.to_be_bytes(),
            _ => self.fail(Error::OptionTooLong { code: code.0, length }),
        }
    }

    #[cold]
    pub(crate) fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }
}

/// Writes the answer to a relayed message: a Relay-reply for every level of `relays` (the outermost first, as
/// [`Packet::relays`](super::Packet::relays) has them) around the message that `inner` writes.
///
/// With no level, only `inner` writes. More than [`MAX_RELAY_LEVELS`] levels are an error of the writer.
pub fn write_relay_reply(
    relays: &[RelayMessage<'_>],
    w: &mut Writer<'_>,
    inner: impl FnOnce(&mut Writer<'_>),
) {
    let mut opened = ArrayVec::<usize, MAX_RELAY_LEVELS>::new();
    for level in relays {
        // RFC 9915 §19.3: hop-count, link-address and peer-address are those of the Relay-forward.
        w.relay(MessageType::RELAY_REPL, level.hop_count(), level.link_address(), level.peer_address());
        // RFC 9915 §21.18: the Interface-Id option goes back as it came.
        if let Some(interface_id) = level.interface_id() {
            w.option(OptionCode::INTERFACE_ID, interface_id);
        }
        // RFC 8357 §5.2: so does the Relay Source Port option, at the same level.
        if let Some(port) = level.options().find(OptionCode::RELAY_PORT) {
            w.option(OptionCode::RELAY_PORT, port);
        }
        if opened.try_push(w.open(OptionCode::RELAY_MESSAGE)).is_err() {
            w.fail(Error::TooManyRelayLevels { limit: MAX_RELAY_LEVELS });
            return;
        }
    }
    inner(w);
    // The Relay Message option is the last of each level, so that all of them end here.
    for at in opened.into_iter().rev() {
        w.close(OptionCode::RELAY_MESSAGE, at);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v6::{Message, OptionRequest, Packet};

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        write(&mut w);
        w.finish().unwrap();
        out
    }

    #[test]
    fn numbers_and_addresses_are_written_big_endian() {
        let bytes = written(|w| {
            w.message(MessageType::REPLY, [1, 2, 3]);
            w.option_u8(OptionCode::PREFERENCE, 255);
            w.option_u16(OptionCode::ELAPSED_TIME, 0x0102);
            w.option_u32(OptionCode::SOL_MAX_RT, 0x0102_0304);
            w.option(OptionCode::RAPID_COMMIT, &[]);
            w.addresses(OptionCode::DHCP4_O_DHCP6_SERVER, []);
            w.addresses(OptionCode::DNS_SERVERS, [Ipv6Addr::LOCALHOST]);
        });
        let expected = [
            &[
                7, 1, 2, 3, 0, 7, 0, 1, 255, 0, 8, 0, 2, 1, 2, 0, 82, 0, 4, 1, 2, 3, 4, 0, 14, 0, 0, 0, 88,
                0, 0,
            ][..],
            &[0, 23, 0, 16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1],
        ];
        assert_eq!(bytes, expected.concat());
    }

    #[test]
    fn lengths_of_nested_options_are_filled_in() {
        let bytes = written(|w| {
            w.nested(OptionCode::IA_NA, |w| {
                w.raw(&[0; 12]);
                w.nested(OptionCode::IA_ADDR, |w| w.raw(&[0; 24]));
            });
        });
        assert_eq!(bytes[..4], [0, 3, 0, 40]);
        assert_eq!(bytes[16..20], [0, 5, 0, 24]);
    }

    #[test]
    fn writing_goes_behind_what_is_there() {
        let mut out = b"kept".to_vec();
        let mut w = Writer::new(&mut out);
        assert!(w.is_empty());
        w.message(MessageType::REPLY, [0; 3]);
        assert_eq!(w.len(), 4);
        w.finish().unwrap();
        assert_eq!(out, b"kept\x07\0\0\0");
    }

    #[test]
    fn an_option_that_is_too_long_takes_everything_back() {
        let long = vec![0; 65536];
        let error = Error::OptionTooLong { code: 1, length: 65536 };
        let mut out = b"kept".to_vec();
        let mut w = Writer::new(&mut out);
        w.message(MessageType::REPLY, [0; 3]);
        w.option(OptionCode(1), &long);
        w.option(OptionCode(2), &long);
        assert_eq!(w.finish(), Err(error));
        let mut w = Writer::new(&mut out);
        w.nested(OptionCode(1), |w| w.raw(&long));
        assert_eq!(w.finish(), Err(error));
        assert_eq!(out, b"kept");
        let mut w = Writer::new(&mut out);
        w.option(OptionCode(1), &long[1..]);
        w.nested(OptionCode(1), |w| w.raw(&long[1..]));
        assert_eq!(w.finish(), Ok(()));
    }

    #[test]
    fn an_error_of_another_writer_is_ours() {
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        w.nested(OptionCode::DHCPV4_MSG, |w| w.append(|_| Err(Error::NotDhcp)));
        assert_eq!(w.finish(), Err(Error::NotDhcp));
        assert!(out.is_empty());
    }

    #[test]
    fn a_relay_reply_puts_back_every_level() {
        let (link, peer) = ("2001:db8::1".parse().unwrap(), "fe80::9".parse().unwrap());
        let query = written(|w| {
            w.relay(MessageType::RELAY_FORW, 1, link, link);
            w.option(OptionCode::REMOTE_ID, b"\0\0\0\x09line");
            w.option_u16(OptionCode::RELAY_PORT, 1000);
            w.nested(OptionCode::RELAY_MESSAGE, |w| {
                w.relay(MessageType::RELAY_FORW, 0, Ipv6Addr::UNSPECIFIED, peer);
                w.option(OptionCode::INTERFACE_ID, b"port 7");
                w.nested(OptionCode::RELAY_MESSAGE, |w| w.message(MessageType::DHCPV4_QUERY, [0x80, 0, 0]));
            });
        });
        let query = Packet::new_checked(&query, 9).unwrap();
        let reply = written(|w| {
            write_relay_reply(query.relays(), w, |w| w.message(MessageType::DHCPV4_RESPONSE, [0; 3]));
        });
        let expected = written(|w| {
            w.relay(MessageType::RELAY_REPL, 1, link, link);
            w.option_u16(OptionCode::RELAY_PORT, 1000);
            w.nested(OptionCode::RELAY_MESSAGE, |w| {
                w.relay(MessageType::RELAY_REPL, 0, Ipv6Addr::UNSPECIFIED, peer);
                w.option(OptionCode::INTERFACE_ID, b"port 7");
                w.nested(OptionCode::RELAY_MESSAGE, |w| w.message(MessageType::DHCPV4_RESPONSE, [0; 3]));
            });
        });
        assert_eq!(reply, expected);
        assert_eq!(Packet::new_checked(&reply, 9).unwrap().message().as_bytes(), [21, 0, 0, 0]);
    }

    #[test]
    fn without_relay_levels_the_answer_stands_alone() {
        let reply = written(|w| write_relay_reply(&[], w, |w| w.message(MessageType::REPLY, [1, 2, 3])));
        assert_eq!(reply, [7, 1, 2, 3]);
    }

    #[test]
    fn more_levels_than_any_packet_has_are_an_error() {
        let query = written(|w| {
            w.relay(MessageType::RELAY_FORW, 0, Ipv6Addr::UNSPECIFIED, Ipv6Addr::UNSPECIFIED);
            w.nested(OptionCode::RELAY_MESSAGE, |w| w.message(MessageType::SOLICIT, [0; 3]));
        });
        let query = Packet::new_checked(&query, 9).unwrap();
        let levels = [query.relays()[0]; MAX_RELAY_LEVELS + 1];
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        write_relay_reply(&levels[..MAX_RELAY_LEVELS], &mut w, |_| ());
        assert_eq!(w.finish(), Ok(()));
        let mut w = Writer::new(&mut out);
        write_relay_reply(&levels, &mut w, |_| ());
        assert_eq!(w.finish(), Err(Error::TooManyRelayLevels { limit: MAX_RELAY_LEVELS }));
    }

    #[test]
    fn an_option_request_is_read_from_what_is_written() {
        let bytes = written(|w| {
            w.message(MessageType::INFORMATION_REQUEST, [0; 3]);
            w.nested(OptionCode::ORO, |w| {
                for code in [OptionCode::DNS_SERVERS, OptionCode::DHCP4_O_DHCP6_SERVER] {
                    w.raw(&code.0.to_be_bytes());
                }
            });
        });
        let message = Message::new_checked(&bytes).unwrap();
        let request = OptionRequest::new_checked(message.options().find(OptionCode::ORO).unwrap()).unwrap();
        assert!(request.iter().eq([OptionCode::DNS_SERVERS, OptionCode::DHCP4_O_DHCP6_SERVER]));
    }
}
