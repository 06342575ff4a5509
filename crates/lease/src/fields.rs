//! The variable part of a lease: fields of a tag, a length and bytes, in memory as on disk.
//!
//! docs/store.md has the table. Fields stand in the order of their tags; unknown ones are kept.

use std::net::Ipv6Addr;

use fosix_wire::v6::{OptionCode, Packet, RelayMessage};

use crate::record::{RelayHop, SoftwireSource};
use crate::{HardwareAddress, Timestamp};

/// What a field is.
pub(crate) mod tag {
    pub(crate) const CLIENT_IDENTIFIER: u8 = 1;
    pub(crate) const HARDWARE: u8 = 2;
    pub(crate) const DUID: u8 = 3;
    pub(crate) const SOFTWIRE: u8 = 4;
    pub(crate) const SOURCE: u8 = 5;
    pub(crate) const RELAY_PATH: u8 = 6;
    pub(crate) const HOSTNAME: u8 = 7;
    pub(crate) const USER_CONTEXT: u8 = 8;
    pub(crate) const POOL_ID: u8 = 9;
    pub(crate) const CLASSES: u8 = 10;
    pub(crate) const LAST_KNOWN: u8 = CLASSES;
}

/// Why the bytes of a record are not a lease, or not the key of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum BodyError {
    /// It ends before it is complete.
    #[error("a record of {len} bytes ends before it is complete")]
    Truncated {
        /// Its length.
        len: usize,
    },
    /// Only version 1 is known.
    #[error("a record of version {version}; this program knows version 1")]
    Version {
        /// What it says.
        version: u8,
    },
    /// A number that stands for nothing.
    #[error("{what} {value} has no meaning")]
    Value {
        /// What it is the number of.
        what: &'static str,
        /// What it says.
        value: u32,
    },
    /// A field whose bytes are not what its tag says.
    #[error("field {tag} is malformed")]
    Field {
        /// Its tag.
        tag: u8,
    },
    /// Fields stand in the order of their tags, each once.
    #[error("field {tag} stands behind one with the same or a higher tag")]
    FieldOrder {
        /// Its tag.
        tag: u8,
    },
    /// There are more leases than the store can number.
    #[error("the store is full")]
    Full,
}

/// Checked fields.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Fields<'a>(pub(crate) &'a [u8]);

impl<'a> Fields<'a> {
    /// Checks the shape of every field that is known.
    pub(crate) fn new_checked(bytes: &'a [u8]) -> Result<Self, BodyError> {
        let mut rest = bytes;
        let mut last = 0;
        while let Some(&tag) = rest.first() {
            let (_, data, behind) = split_first(rest).ok_or(BodyError::Truncated { len: bytes.len() })?;
            if tag <= last {
                return Err(BodyError::FieldOrder { tag });
            }
            if !is_well_formed(tag, data) {
                return Err(BodyError::Field { tag });
            }
            (last, rest) = (tag, behind);
        }
        Ok(Self(bytes))
    }

    pub(crate) fn iter(self) -> impl Iterator<Item = (u8, &'a [u8])> {
        let mut rest = self.0;
        std::iter::from_fn(move || {
            let (tag, data, behind) = split_first(rest)?;
            rest = behind;
            Some((tag, data))
        })
    }

    /// The bytes of the field with this tag.
    pub(crate) fn find(self, tag: u8) -> Option<&'a [u8]> {
        self.iter().find(|&(found, _)| found >= tag).filter(|&(found, _)| found == tag).map(|(_, data)| data)
    }

    /// Hardware type and octets.
    pub(crate) fn hardware(self) -> Option<(u8, &'a [u8])> {
        let (&hardware_type, octets) = self.find(tag::HARDWARE)?.split_first()?;
        Some((hardware_type, octets))
    }

    pub(crate) fn hardware_address(self) -> Option<HardwareAddress> {
        self.hardware().and_then(|(hardware_type, octets)| HardwareAddress::new(hardware_type, octets))
    }

    pub(crate) fn softwire(self) -> Option<SoftwireSource> {
        let data = self.find(tag::SOFTWIRE)?;
        let (address, rest) = data.split_first_chunk::<16>()?;
        let changed = u32::from_le_bytes(*rest.first_chunk()?);
        Some(SoftwireSource { address: (*address).into(), changed: Timestamp(changed.into()) })
    }

    /// The source address of the last message; `::` where it is not known.
    pub(crate) fn source(self) -> Ipv6Addr {
        match self.find(tag::SOURCE) {
            None => Ipv6Addr::UNSPECIFIED,
            Some(data) => match data.first_chunk::<16>() {
                Some(address) => (*address).into(),
                None => self.softwire().map_or(Ipv6Addr::UNSPECIFIED, |softwire| softwire.address),
            },
        }
    }

    pub(crate) fn relay_path(self) -> impl Iterator<Item = Relay<'a>> {
        let mut rest = self.find(tag::RELAY_PATH).unwrap_or_default();
        std::iter::from_fn(move || {
            let (hop, behind) = split_hop(rest)?;
            rest = behind;
            Some(hop)
        })
    }

    pub(crate) fn text(self, tag: u8) -> &'a str {
        self.find(tag).and_then(|data| std::str::from_utf8(data).ok()).unwrap_or_default()
    }

    pub(crate) fn pool_id(self) -> u32 {
        let id = self.find(tag::POOL_ID).and_then(|data| data.first_chunk());
        id.map_or(0, |id| u32::from_le_bytes(*id))
    }

    /// The names of the limited classes that its client was in.
    pub(crate) fn classes(self) -> impl Iterator<Item = &'a str> {
        let mut rest = self.find(tag::CLASSES).unwrap_or_default();
        std::iter::from_fn(move || {
            let (name, behind) = split_name(rest)?;
            rest = behind;
            Some(name)
        })
    }

    /// What this program knows nothing of, as it stands.
    pub(crate) fn unknown(self) -> &'a [u8] {
        let mut rest = self.0;
        while let Some((tag, _, behind)) = split_first(rest) {
            if tag > tag::LAST_KNOWN {
                return rest;
            }
            rest = behind;
        }
        &[]
    }
}

/// One relay of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Relay<'a> {
    /// The link-address field (RFC 9915 §9.1).
    pub link_address: Ipv6Addr,
    /// Interface-ID (option 18); empty if the relay sent none.
    pub interface_id: &'a [u8],
    /// Remote-ID (option 37) with its enterprise number; empty if the relay sent none.
    pub remote_id: &'a [u8],
}

impl<'a> Relay<'a> {
    /// The relays that `packet` came through, the one nearest the client first, as a record keeps them.
    pub fn path(packet: &'a Packet<'_>) -> impl Iterator<Item = Self> {
        packet.relays().iter().rev().map(Self::of)
    }

    fn of(relay: &'a RelayMessage<'_>) -> Self {
        /// The record keeps no more of each.
        const KEPT: usize = 255;
        let kept = |id: Option<&'a [u8]>| {
            let id = id.unwrap_or_default();
            id.get(..KEPT).unwrap_or(id)
        };
        Self {
            link_address: relay.link_address(),
            interface_id: kept(relay.interface_id()),
            remote_id: kept(relay.options().find(OptionCode::REMOTE_ID)),
        }
    }

    pub(crate) fn to_hop(self) -> RelayHop {
        RelayHop {
            link_address: self.link_address,
            interface_id: self.interface_id.into(),
            remote_id: self.remote_id.into(),
        }
    }
}

/// Appends a field; one without bytes is left out.
pub(crate) fn put(out: &mut Vec<u8>, tag: u8, data: &[u8]) {
    if !data.is_empty() {
        put_header(out, tag, data.len());
        out.extend_from_slice(data);
    }
}

pub(crate) fn put_hardware(out: &mut Vec<u8>, hardware_type: u8, octets: &[u8]) {
    if hardware_type != 0 || !octets.is_empty() {
        put_header(out, tag::HARDWARE, octets.len() + 1);
        out.push(hardware_type);
        out.extend_from_slice(octets);
    }
}

/// Softwire source and source: the second is empty where it is the first, which is what most clients have.
pub(crate) fn put_sources(out: &mut Vec<u8>, softwire: Option<SoftwireSource>, source: Ipv6Addr) {
    if let Some(softwire) = softwire {
        put_header(out, tag::SOFTWIRE, 20);
        out.extend_from_slice(&softwire.address.octets());
        out.extend_from_slice(&seconds(softwire.changed).to_le_bytes());
    }
    if softwire.is_some_and(|softwire| softwire.address == source) {
        put_header(out, tag::SOURCE, 0);
    } else if !source.is_unspecified() {
        put(out, tag::SOURCE, &source.octets());
    }
}

pub(crate) fn put_relay_path(out: &mut Vec<u8>, path: &[RelayHop]) {
    let len = |id: &[u8]| u8::try_from(id.len()).unwrap_or(u8::MAX);
    let total =
        path.iter().map(|hop| 18 + usize::from(len(&hop.interface_id)) + usize::from(len(&hop.remote_id)));
    let total = total.sum();
    if total == 0 {
        return;
    }
    put_header(out, tag::RELAY_PATH, total);
    for hop in path {
        out.extend_from_slice(&hop.link_address.octets());
        for id in [&hop.interface_id, &hop.remote_id] {
            out.push(len(id));
            out.extend_from_slice(id.get(..usize::from(len(id))).unwrap_or_default());
        }
    }
}

pub(crate) fn put_pool_id(out: &mut Vec<u8>, id: u32) {
    if id != 0 {
        put(out, tag::POOL_ID, &id.to_le_bytes());
    }
}

/// A name longer than 255 bytes is left out: the configuration has none.
pub(crate) fn put_classes(out: &mut Vec<u8>, classes: &[Box<str>]) {
    let named = classes.iter().filter_map(|name| Some((u8::try_from(name.len()).ok()?, name)));
    let total: usize = named.clone().map(|(len, _)| 1 + usize::from(len)).sum();
    if total == 0 {
        return;
    }
    put_header(out, tag::CLASSES, total);
    for (len, name) in named {
        out.push(len);
        out.extend_from_slice(name.as_bytes());
    }
}

/// A time as a record has it: the last that it can say is in 2106.
pub(crate) fn seconds(time: Timestamp) -> u32 {
    u32::try_from(time.0).unwrap_or(u32::MAX)
}

/// A field longer than 65,535 bytes says that it is that long, and is refused for its length by whoever stores it.
fn put_header(out: &mut Vec<u8>, tag: u8, len: usize) {
    out.push(tag);
    match u8::try_from(len) {
        Ok(len) if len < u8::MAX => out.push(len),
        _ => {
            out.push(u8::MAX);
            out.extend_from_slice(&u16::try_from(len).unwrap_or(u16::MAX).to_le_bytes());
        }
    }
}

/// Tag and bytes of the first field, and what is behind it.
fn split_first(bytes: &[u8]) -> Option<(u8, &[u8], &[u8])> {
    let (&[tag, len], rest) = bytes.split_first_chunk()?;
    let (len, rest) = match len {
        u8::MAX => {
            let (len, rest) = rest.split_first_chunk()?;
            (usize::from(u16::from_le_bytes(*len)), rest)
        }
        _ => (usize::from(len), rest),
    };
    let (data, behind) = rest.split_at_checked(len)?;
    Some((tag, data, behind))
}

fn split_hop(bytes: &[u8]) -> Option<(Relay<'_>, &[u8])> {
    let (link_address, rest) = bytes.split_first_chunk::<16>()?;
    let id = |bytes| -> Option<(&[u8], &[u8])> {
        let (&len, rest) = <[u8]>::split_first(bytes)?;
        rest.split_at_checked(len.into())
    };
    let (interface_id, rest) = id(rest)?;
    let (remote_id, rest) = id(rest)?;
    Some((Relay { link_address: (*link_address).into(), interface_id, remote_id }, rest))
}

fn split_name(bytes: &[u8]) -> Option<(&str, &[u8])> {
    let (&len, rest) = bytes.split_first()?;
    let (name, behind) = rest.split_at_checked(len.into())?;
    Some((std::str::from_utf8(name).ok()?, behind))
}

fn is_well_formed(tag: u8, data: &[u8]) -> bool {
    match tag {
        tag::CLIENT_IDENTIFIER => (1..=255).contains(&data.len()),
        tag::HARDWARE => (1..=17).contains(&data.len()),
        tag::DUID => (1..=130).contains(&data.len()),
        tag::SOFTWIRE => data.len() == 20,
        tag::SOURCE => matches!(data.len(), 0 | 16),
        tag::POOL_ID => data.len() == 4,
        tag::HOSTNAME | tag::USER_CONTEXT => std::str::from_utf8(data).is_ok(),
        tag::RELAY_PATH => {
            let mut rest = data;
            while let Some((_, behind)) = split_hop(rest) {
                rest = behind;
            }
            rest.is_empty()
        }
        tag::CLASSES => {
            let mut rest = data;
            while let Some((_, behind)) = split_name(rest) {
                rest = behind;
            }
            rest.is_empty()
        }
        _ => true,
    }
}
