//! Writing a message into a buffer that the caller lends.

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{Header, OptionCode};
use crate::Error;

/// The most octets of data that one option holds; more go into several (RFC 3396 §6).
const MAX_PART_LEN: usize = 255;
/// Octets of an option's code and length together.
const OPTION_HEADER_LEN: usize = 2;

/// Appends one message to a buffer, behind what is there.
///
/// The buffer is the caller's, so that its capacity lasts from one message to the next and writing allocates
/// only until it is large enough. What cannot be written is remembered; [`finish`](Self::finish) then reports it
/// and takes back all that was written. A writer that is dropped without `finish` leaves what it wrote.
#[derive(Debug)]
pub struct Writer<'a> {
    buffer: &'a mut Vec<u8>,
    start: usize,
    /// The least length that the message is to have.
    at_least: usize,
    error: Option<Error>,
}

impl<'a> Writer<'a> {
    /// A writer that begins a message with that header and the cookie.
    #[inline]
    pub fn new(buffer: &'a mut Vec<u8>, header: &Header<'_>) -> Self {
        let start = buffer.len();
        let error = header.write_to(buffer).err();
        Self { buffer, start, at_least: 0, error }
    }

    /// An option with that data. RFC 3396 §6: more than 255 octets become several options with the same code, one
    /// behind the other.
    #[inline]
    pub fn option(&mut self, code: OptionCode, data: &[u8]) {
        match u8::try_from(data.len()) {
            Ok(length) => {
                self.begin(code, length);
                self.buffer.extend_from_slice(data);
            }
            Err(_) => self.long_option(code, data),
        }
    }

    /// An option that holds one octet.
    #[inline]
    pub fn option_u8(&mut self, code: OptionCode, value: u8) {
        self.option(code, &[value]);
    }

    /// An option that holds a 16-bit number.
    #[inline]
    pub fn option_u16(&mut self, code: OptionCode, value: u16) {
        self.option(code, &value.to_be_bytes());
    }

    /// An option that holds a 32-bit number.
    #[inline]
    pub fn option_u32(&mut self, code: OptionCode, value: u32) {
        self.option(code, &value.to_be_bytes());
    }

    /// An option that holds an IPv4 address.
    #[inline]
    pub fn option_ipv4(&mut self, code: OptionCode, address: Ipv4Addr) {
        self.option(code, &address.octets());
    }

    /// An option that holds an IPv6 address, as Softwire Source Address does (109, RFC 8539 §6.2).
    #[inline]
    pub fn option_ipv6(&mut self, code: OptionCode, address: Ipv6Addr) {
        self.option(code, &address.octets());
    }

    /// An option that holds IPv4 addresses, one after another; none makes an empty option.
    #[inline]
    pub fn option_addresses(&mut self, code: OptionCode, addresses: impl IntoIterator<Item = Ipv4Addr>) {
        self.option_with(code, |buffer| {
            for address in addresses {
                buffer.extend_from_slice(&address.octets());
            }
        });
    }

    /// An option whose data is what `body` appends to the buffer; it must only append.
    #[inline]
    pub fn option_with(&mut self, code: OptionCode, body: impl FnOnce(&mut Vec<u8>)) {
        let at = self.buffer.len();
        self.begin(code, 0);
        body(self.buffer);
        let length = self.buffer.len().saturating_sub(at).saturating_sub(OPTION_HEADER_LEN);
        match (u8::try_from(length), self.buffer.get_mut(at.saturating_add(1))) {
            (Ok(length), Some(place)) => *place = length,
            _ => self.split(code, at),
        }
    }

    /// Makes the message at least that long by PAD octets behind END. Some relay agents and clients drop what is
    /// shorter than the 300 octets of a BOOTP message (RFC 951).
    #[inline]
    pub fn pad_to(&mut self, octets: usize) {
        self.at_least = octets;
    }

    /// The octets of the message so far, the header included.
    #[inline]
    pub fn len(&self) -> usize {
        self.buffer.len().saturating_sub(self.start)
    }

    /// Whether nothing has been written, which is so when the header was refused.
    #[inline]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Ends the options with END. The first error that occurred comes back, and then the buffer is as it was before.
    #[inline]
    pub fn finish(self) -> Result<(), Error> {
        if let Some(error) = self.error {
            self.buffer.truncate(self.start);
            return Err(error);
        }
        // RFC 2131 §4.1: the last option must always be END.
        self.buffer.push(OptionCode::END.0);
        let padded = self.start.saturating_add(self.at_least);
        if self.buffer.len() < padded {
            self.buffer.resize(padded, OptionCode::PAD.0);
        }
        Ok(())
    }

    #[inline]
    fn begin(&mut self, code: OptionCode, length: u8) {
        if matches!(code, OptionCode::PAD | OptionCode::END) {
            // Neither has a length or data: what follows would be read as something else.
            self.fail(Error::ForbiddenOption { what: "options with data", code: u16::from(code.0) });
        }
        self.buffer.extend_from_slice(&[code.0, length]);
    }

    fn long_option(&mut self, code: OptionCode, data: &[u8]) {
        for part in data.chunks(MAX_PART_LEN) {
            // A chunk has at most 255 octets.
            self.begin(code, u8::try_from(part.len()).unwrap_or(u8::MAX));
            self.buffer.extend_from_slice(part);
        }
    }

    /// Makes several options of the one whose header stands at `at` and whose data, too long for one, is all that
    /// follows. Each part moves behind the headers that come before it, the last part first.
    #[cold]
    fn split(&mut self, code: OptionCode, at: usize) {
        let Some(data) = self.buffer.get(at.saturating_add(OPTION_HEADER_LEN)..) else { return };
        let length = data.len();
        let parts = length.div_ceil(MAX_PART_LEN);
        let headers = OPTION_HEADER_LEN.saturating_mul(parts.saturating_sub(1));
        self.buffer.resize(self.buffer.len().saturating_add(headers), 0);
        let Some(option) = self.buffer.get_mut(at..) else { return };
        for part in (0..parts).rev() {
            let from = OPTION_HEADER_LEN + part * MAX_PART_LEN;
            let to = part * (OPTION_HEADER_LEN + MAX_PART_LEN);
            let part_len = (length - part * MAX_PART_LEN).min(MAX_PART_LEN);
            // The room that was added is that of the headers: the last part ends where the buffer does.
            option.copy_within(from..from + part_len, to + OPTION_HEADER_LEN);
            if let Some([first, second]) = option.get_mut(to..).and_then(<[u8]>::first_chunk_mut) {
                [*first, *second] = [code.0, u8::try_from(part_len).unwrap_or(u8::MAX)];
            }
        }
    }

    #[cold]
    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
    }
}
