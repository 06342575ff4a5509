//! What an expression sees: the messages as they were received, where they came from, and the classes that they belong to so far.

use std::net::Ipv6Addr;

use fosix_wire::v6::{OptionCode, Packet};
use fosix_wire::{v4, v6};
use smallvec::SmallVec;

use crate::{Container, Field, Half, Place};

/// What an expression is evaluated over.
#[derive(Debug, Clone, Copy)]
pub struct View<'m> {
    /// The DHCPv6 message with its relay levels; of a DHCPv4 message the one that it came in.
    pub packet: &'m Packet<'m>,
    /// The DHCPv4 message, in the DHCPv4 half.
    pub message4: Option<&'m v4::Message<'m>>,
    /// The interface that the datagram came in on.
    pub interface: &'m str,
    /// Where it came from.
    pub source: Ipv6Addr,
    /// Where it was sent to.
    pub destination: Ipv6Addr,
    /// What it belongs to so far.
    pub classes: &'m Classes,
}

/// A set of client classes, by their numbers, in the order in which a message came to belong to them.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Classes {
    words: SmallVec<[u64; 4]>,
    order: SmallVec<[u16; 16]>,
}

impl Classes {
    /// Adds one; one that is there stays where it is.
    pub fn insert(&mut self, class: u16) {
        if self.contains(class) {
            return;
        }
        let (word, bit) = (usize::from(class / 64), class % 64);
        if self.words.len() <= word {
            self.words.resize(word + 1, 0);
        }
        if let Some(word) = self.words.get_mut(word) {
            *word |= 1 << bit;
            self.order.push(class);
        }
    }

    /// Whether it is among them.
    pub fn contains(&self, class: u16) -> bool {
        let (word, bit) = (usize::from(class / 64), class % 64);
        self.words.get(word).is_some_and(|word| word & 1 << bit != 0)
    }

    /// All of them, in order.
    pub fn iter(&self) -> impl Iterator<Item = u16> {
        self.order.iter().copied()
    }
}

/// Data of a message: in one piece, or an option of DHCPv4 in several (RFC 3396), of which the path leads further.
pub(crate) enum Found<'m> {
    Whole(&'m [u8]),
    Parts(v4::OptionData<'m>),
}

impl<'m> View<'m> {
    /// The data in `place`, or of an option that leads there: then [`inner`] goes on.
    pub(crate) fn find(&self, place: &Place) -> Option<Found<'m>> {
        match place {
            Place::Option(container, codes) => self.option(*container, *codes.first()?),
            Place::Vendor(..) => {
                self.option(Container::Message, if self.is_v4() { 125 } else { OptionCode::VENDOR_OPTS.0 })
            }
            Place::VendorClass(..) => {
                self.option(Container::Message, if self.is_v4() { 124 } else { OptionCode::VENDOR_CLASS.0 })
            }
        }
    }

    fn option(&self, container: Container, code: u16) -> Option<Found<'m>> {
        let of_v6 = |options: v6::Options<'m>| options.find(OptionCode(code)).map(Found::Whole);
        match (container, self.message4) {
            (Container::Message, Some(message)) => {
                message.option(v4::OptionCode(u8::try_from(code).ok()?)).map(of_v4)
            }
            (Container::Message, None) | (Container::Message6, _) => of_v6(self.packet.message().options()),
            (Container::Relay4, _) => {
                self.message4?.option(v4::OptionCode::RELAY_AGENT_INFORMATION).map(of_v4)
            }
            (Container::Relay6(level), _) => of_v6(self.relay(level)?.options()),
        }
    }

    /// The relay level that is called so: from the server's side, or from the client's where it is negative.
    pub(crate) fn relay(&self, level: i8) -> Option<&v6::RelayMessage<'m>> {
        let relays = self.packet.relays();
        let at = match usize::try_from(level) {
            Ok(at) => at,
            Err(_) => relays.len().checked_sub(level.unsigned_abs().into())?,
        };
        relays.get(at)
    }

    pub(crate) fn is_v4(&self) -> bool {
        self.message4.is_some()
    }

    /// The number in `field`, if it is one.
    pub(crate) fn number(&self, field: Field) -> Option<u32> {
        let length = |length: usize| Some(u32::try_from(length).unwrap_or(u32::MAX));
        match field {
            Field::Length => {
                length(self.message4.map_or(self.packet.as_bytes(), |message| message.as_bytes()).len())
            }
            Field::HardwareLength => length(self.message4?.chaddr().len()),
            Field::HardwareType => self.message4.map(|message| message.hardware_type().into()),
            Field::MessageType4 => self.message4?.message_type().map(|message_type| message_type.0.into()),
            Field::TransactionId4 => self.message4.map(v4::Message::xid),
            Field::MessageType6 => Some(self.packet.message().message_type().0.into()),
            Field::TransactionId6 => {
                let [a, b, c] = self.packet.message().transaction_id();
                Some(u32::from_be_bytes([0, a, b, c]))
            }
            _ => None,
        }
    }
}

fn of_v4(data: v4::OptionData<'_>) -> Found<'_> {
    data.contiguous().map_or(Found::Parts(data), Found::Whole)
}

/// What `place` means in the data that [`View::find`] found.
pub(crate) fn inner<'d>(place: &Place, half: Half, data: &'d [u8]) -> Option<&'d [u8]> {
    match place {
        Place::Option(container, codes) => {
            let (first, rest) = codes.split_first()?;
            match container {
                Container::Relay4 => nested(Half::V4, 0, data, codes),
                Container::Message => nested(half, *first, data, rest),
                Container::Message6 | Container::Relay6(_) => nested(Half::V6, *first, data, rest),
            }
        }
        Place::Vendor(enterprise, code) if half == Half::V4 => {
            let vendor = vendor4(data, *enterprise)?;
            code.map_or(Some(vendor.data), |code| sub_option4(vendor.data, code))
        }
        Place::Vendor(enterprise, code) => {
            let vendor = v6::VendorOpts::new_checked(data).ok()?;
            let is_it = enterprise.is_none_or(|enterprise| enterprise == vendor.enterprise);
            match code {
                _ if !is_it => None,
                None => Some(data),
                Some(code) => vendor.options().find(OptionCode(*code)),
            }
        }
        Place::VendorClass(enterprise, at) if half == Half::V4 => {
            vendor4(data, *enterprise)?.classes().ok()?.nth(*at)
        }
        Place::VendorClass(enterprise, at) => {
            let vendor = v6::VendorClass::new_checked(data).ok()?;
            let is_it = enterprise.is_none_or(|enterprise| enterprise == vendor.enterprise);
            if is_it { vendor.iter().nth(*at) } else { None }
        }
    }
}

/// The first vendor, or the one with this number, in an option of RFC 3925.
pub(crate) fn vendor4(data: &[u8], enterprise: Option<u32>) -> Option<v4::VendorData<'_>> {
    let vendors = v4::VendorIdentifying::new_checked(data).ok()?;
    let mut vendors = vendors.iter();
    vendors.find(|vendor| enterprise.is_none_or(|enterprise| enterprise == vendor.enterprise))
}

/// Follows `codes` into the data of option `code`.
fn nested<'d>(half: Half, code: u16, data: &'d [u8], codes: &[u16]) -> Option<&'d [u8]> {
    let Some((&next, rest)) = codes.split_first() else { return Some(data) };
    let found = match half {
        Half::V4 => sub_option4(data, next),
        Half::V6 => v6::Options::new_checked(data.get(fixed6(code, data)..)?).ok()?.find(OptionCode(next)),
    }?;
    nested(half, next, found, rest)
}

/// A sub-option of DHCPv4; those behind a broken one are not found.
fn sub_option4(mut data: &[u8], code: u16) -> Option<&[u8]> {
    loop {
        match *data {
            [found, length, ref rest @ ..] => {
                let value = rest.get(..usize::from(length))?;
                if u16::from(found) == code {
                    return Some(value);
                }
                data = rest.get(usize::from(length)..)?;
            }
            _ => return None,
        }
    }
}

/// Octets before the options in an option of DHCPv6 (RFC 9915 §21.4 to §21.22, RFC 7598 §4).
fn fixed6(code: u16, data: &[u8]) -> usize {
    let octets = |bits: Option<&u8>| usize::from(bits.copied().unwrap_or(0)).div_ceil(8);
    match OptionCode(code) {
        OptionCode::IA_NA | OptionCode::IA_PD => 12,
        OptionCode::VENDOR_OPTS => 4,
        OptionCode::IA_ADDR => 24,
        OptionCode::IA_PREFIX => 25,
        // Flags, the two lengths, the IPv4 prefix, and as much of the IPv6 prefix as its length says.
        OptionCode::S46_RULE => 8 + octets(data.get(7)),
        OptionCode::S46_V4V6BIND => 5 + octets(data.get(4)),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_are_told_apart() {
        let mut classes = Classes::default();
        for class in [0, 63, 64, 1000] {
            assert!(!classes.contains(class));
            classes.insert(class);
            assert!(classes.contains(class) && !classes.contains(class + 1));
        }
        classes.insert(63);
        assert_eq!(classes.iter().collect::<Vec<_>>(), [0, 63, 64, 1000]);
    }
}
