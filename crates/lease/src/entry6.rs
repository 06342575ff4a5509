//! A DHCPv6 lease as it stands in memory: a fixed part of 72 bytes, and fields elsewhere.

use std::fmt;
use std::hash::{Hash, Hasher};
use std::net::Ipv6Addr;

use crate::arena::Blob;
use crate::entry4::{VERSION, check_version};
use crate::fields::{self, BodyError, Fields, Relay, tag};
use crate::links::{Linked, Links};
use crate::record::{LeaseState, RelayHop};
use crate::record6::{DnsUpdated, Grant6, Lease6, LeaseKind6};
use crate::{HardwareAddress, Timestamp};

/// Bytes of a lease's record before its fields.
pub(crate) const FIXED_LEN: usize = 48;
/// Bytes of a key.
const KEY_LEN: usize = 20;

const NAME_IN_DNS: u8 = 1;
const ADDRESS_IN_DNS: u8 = 2;
const ADDRESS: u8 = 1;
const PREFIX: u8 = 2;

/// What a lease is found by: nothing else has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key6 {
    /// What is leased.
    pub kind: LeaseKind6,
    /// The address, or the prefix with zeros behind its length.
    pub address: Ipv6Addr,
    /// The prefix's length, 1 to 128; 128 for an address.
    pub prefix_len: u8,
}

impl Hash for Key6 {
    /// In two numbers: keys are hashed for nearly everything that is done with them.
    fn hash<H: Hasher>(&self, state: &mut H) {
        state.write_u128(self.address.into());
        state.write_u16(u16::from(self.prefix_len) << 8 | u16::from(self.kind == LeaseKind6::Prefix));
    }
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry6 {
    /// The number of its last change.
    pub(crate) sequence: u64,
    pub(crate) links: Links,
    /// In two halves, since a whole u128 would be aligned to 16 bytes.
    address: [u64; 2],
    pub(crate) iaid: u32,
    pub(crate) subnet: u32,
    pub(crate) preferred_lifetime: u32,
    pub(crate) valid_lifetime: u32,
    pub(crate) last_transaction: u32,
    pub(crate) since: u32,
    pub(crate) fields_place: u32,
    pub(crate) fields_len: u16,
    prefix_len: u8,
    kind: LeaseKind6,
    pub(crate) state: LeaseState,
    marks: u8,
}

/// A lease in the store, to look at.
#[derive(Debug, Clone, Copy)]
pub struct LeaseRef6<'a> {
    pub(crate) entry: &'a Entry6,
    pub(crate) fields: Fields<'a>,
}

impl fmt::Display for Key6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.kind {
            LeaseKind6::Address => self.address.fmt(f),
            LeaseKind6::Prefix => write!(f, "{}/{}", self.address, self.prefix_len),
        }
    }
}

impl Default for Key6 {
    fn default() -> Self {
        Self::address(Ipv6Addr::UNSPECIFIED)
    }
}

impl Default for Entry6 {
    fn default() -> Self {
        Self {
            sequence: 0,
            links: Links::VACANT,
            address: [0; 2],
            iaid: 0,
            subnet: 0,
            preferred_lifetime: 0,
            valid_lifetime: 0,
            last_transaction: 0,
            since: 0,
            fields_place: 0,
            fields_len: 0,
            prefix_len: 128,
            kind: LeaseKind6::Address,
            state: LeaseState::Released,
            marks: 0,
        }
    }
}

impl Linked for Entry6 {
    fn links(&self) -> Links {
        self.links
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

impl Entry6 {
    /// The fixed part of `lease`; its fields are appended to `fields`.
    pub(crate) fn of(lease: &Lease6, fields: &mut Vec<u8>) -> Self {
        if let Some(hardware) = lease.hardware {
            fields::put_hardware(fields, hardware.hardware_type(), hardware.octets());
        }
        fields::put(fields, tag::DUID, &lease.duid);
        fields::put_sources(fields, None, lease.source);
        fields::put_relay_path(fields, &lease.relay_path);
        fields::put(fields, tag::HOSTNAME, lease.hostname.as_bytes());
        fields::put(fields, tag::USER_CONTEXT, lease.user_context.as_deref().unwrap_or_default().as_bytes());
        fields::put_pool_id(fields, lease.pool_id);
        fields::put_classes(fields, &lease.classes);
        Self {
            iaid: lease.iaid,
            subnet: lease.subnet,
            preferred_lifetime: lease.preferred_lifetime,
            valid_lifetime: lease.valid_lifetime,
            last_transaction: fields::seconds(lease.last_transaction),
            since: fields::seconds(lease.since),
            state: lease.state,
            marks: if lease.dns.forward { NAME_IN_DNS } else { 0 }
                | if lease.dns.reverse { ADDRESS_IN_DNS } else { 0 },
            ..Self::with_key(Key6::of(lease))
        }
    }

    /// An entry with this key, and nothing else yet.
    pub(crate) fn with_key(key: Key6) -> Self {
        let [high, low] = halves(key.address);
        Self {
            address: [high, low],
            prefix_len: key.prefix_len,
            kind: key.kind,
            links: Links::UNLINKED,
            ..Self::default()
        }
    }

    pub(crate) fn key(&self) -> Key6 {
        let [high, low] = self.address;
        let address = Ipv6Addr::from(u128::from(high) << 64 | u128::from(low));
        Key6 { kind: self.kind, address, prefix_len: self.prefix_len }
    }

    pub(crate) fn blob(&self) -> Blob {
        Blob { place: self.fields_place, len: self.fields_len }
    }

    /// When it ends, in seconds since the Unix epoch.
    pub(crate) fn end(&self) -> Option<u64> {
        (self.valid_lifetime != u32::MAX)
            .then(|| u64::from(self.last_transaction) + u64::from(self.valid_lifetime))
    }

    pub(crate) fn is_active(&self, now: Timestamp) -> bool {
        self.state.keeps_others_away() && self.end().is_none_or(|end| now.0 < end)
    }

    /// Ends it at `now`: its validity becomes what there was of it.
    pub(crate) fn end_at(&mut self, now: Timestamp) {
        self.valid_lifetime = fields::seconds(now).saturating_sub(self.last_transaction).min(u32::MAX - 1);
    }

    /// The body of its record, without the fields.
    pub(crate) fn encode(&self) -> [u8; FIXED_LEN] {
        let mut body = [0; FIXED_LEN];
        let mut rest = body.as_mut_slice();
        let mut put = |bytes: &[u8]| {
            if let Some((place, behind)) = std::mem::take(&mut rest).split_at_mut_checked(bytes.len()) {
                place.copy_from_slice(bytes);
                rest = behind;
            }
        };
        put(&[VERSION, self.state.number(), self.marks, kind_number(self.kind)]);
        put(&self.key().address.octets());
        put(&[self.prefix_len, 0, 0, 0]);
        put(&self.iaid.to_le_bytes());
        put(&self.subnet.to_le_bytes());
        put(&self.preferred_lifetime.to_le_bytes());
        put(&self.valid_lifetime.to_le_bytes());
        put(&self.last_transaction.to_le_bytes());
        put(&self.since.to_le_bytes());
        body
    }

    /// The lease that a body holds, and its fields.
    pub(crate) fn decode(body: &[u8]) -> Result<(Self, Fields<'_>), BodyError> {
        let truncated = BodyError::Truncated { len: body.len() };
        let (&[version, state, flags, kind], rest) = body.split_first_chunk().ok_or(truncated)?;
        check_version(version)?;
        let state = LeaseState::from_number(state)?;
        let (&address, rest) = rest.split_first_chunk::<16>().ok_or(truncated)?;
        let (&[prefix_len, ..], rest) = rest.split_first_chunk::<4>().ok_or(truncated)?;
        let key = Key6::new(kind, address, prefix_len)?;
        let (numbers, fields) = rest.split_first_chunk::<24>().ok_or(truncated)?;
        let mut numbers = numbers.as_chunks::<4>().0.iter().map(|bytes| u32::from_le_bytes(*bytes));
        let mut number = || numbers.next().unwrap_or(0);
        let entry = Self {
            iaid: number(),
            subnet: number(),
            preferred_lifetime: number(),
            valid_lifetime: number(),
            last_transaction: number(),
            since: number(),
            state,
            marks: flags & (NAME_IN_DNS | ADDRESS_IN_DNS),
            ..Self::with_key(key)
        };
        Ok((entry, Fields::new_checked(fields)?))
    }
}

impl<'a> LeaseRef6<'a> {
    /// Kind, address and length: what tells it from all others.
    pub fn key(self) -> Key6 {
        self.entry.key()
    }

    /// What is leased.
    pub fn kind(self) -> LeaseKind6 {
        self.entry.kind
    }

    /// The address, or the prefix with zeros behind its length.
    pub fn address(self) -> Ipv6Addr {
        self.key().address
    }

    /// The prefix's length; 128 for an address.
    pub fn prefix_len(self) -> u8 {
        self.entry.prefix_len
    }

    /// Who holds it, or held it last; empty where nobody is known.
    pub fn duid(self) -> &'a [u8] {
        self.fields.find(tag::DUID).unwrap_or_default()
    }

    /// The client's identity association.
    pub fn iaid(self) -> u32 {
        self.entry.iaid
    }

    /// The client's hardware address, where one is known.
    pub fn hardware(self) -> Option<HardwareAddress> {
        self.fields.hardware_address()
    }

    /// The source address of the client's last message; `::` where it is not known.
    pub fn source(self) -> Ipv6Addr {
        self.fields.source()
    }

    /// The relays that it came through, the one nearest the client first.
    pub fn relay_path(self) -> impl Iterator<Item = Relay<'a>> {
        self.fields.relay_path()
    }

    /// The subnet's id.
    pub fn subnet(self) -> u32 {
        self.entry.subnet
    }

    /// The id of the pool in Kea's numbering; 0 is none.
    pub fn pool_id(self) -> u32 {
        self.fields.pool_id()
    }

    /// The limited classes that its client was in when it last obtained or extended it.
    pub fn classes(self) -> impl Iterator<Item = &'a str> {
        self.fields.classes()
    }

    /// The name that the client has, or an empty text.
    pub fn hostname(self) -> &'a str {
        self.fields.text(tag::HOSTNAME)
    }

    /// What an operator attached to it: JSON text.
    pub fn user_context(self) -> Option<&'a str> {
        Some(self.fields.text(tag::USER_CONTEXT)).filter(|text| !text.is_empty())
    }

    /// What of it is in DNS.
    pub fn dns(self) -> DnsUpdated {
        let marks = self.entry.marks;
        DnsUpdated { forward: marks & NAME_IN_DNS != 0, reverse: marks & ADDRESS_IN_DNS != 0 }
    }

    /// What the binding is worth now.
    pub fn state(self) -> LeaseState {
        self.entry.state
    }

    /// Seconds for which new connections may use it; `u32::MAX` is for ever.
    pub fn preferred_lifetime(self) -> u32 {
        self.entry.preferred_lifetime
    }

    /// Seconds of validity from [`Self::last_transaction`] on; `u32::MAX` is for ever.
    pub fn valid_lifetime(self) -> u32 {
        self.entry.valid_lifetime
    }

    /// When the client last obtained or extended it.
    pub fn last_transaction(self) -> Timestamp {
        Timestamp(self.entry.last_transaction.into())
    }

    /// Since when the client has held it without a break.
    pub fn since(self) -> Timestamp {
        Timestamp(self.entry.since.into())
    }

    /// When it ends or ended, or the probation of a declined one does; `None` is never.
    pub fn expires(self) -> Option<Timestamp> {
        self.entry.end().map(Timestamp)
    }

    /// Whether nobody else may have it at `now`.
    pub fn is_active(self, now: Timestamp) -> bool {
        self.entry.is_active(now)
    }

    /// Whether the client's identity association holds it at `now`.
    pub fn is_held_by(self, duid: &[u8], iaid: u32, now: Timestamp) -> bool {
        self.state() == LeaseState::Assigned && self.is_active(now) && self.is_of(duid, iaid)
    }

    pub(crate) fn is_of(self, duid: &[u8], iaid: u32) -> bool {
        self.entry.iaid == iaid && self.duid() == duid
    }

    /// Whether `grant`, which its client is to be given, says the same of it but for the time.
    pub fn repeats(self, grant: &Grant6) -> bool {
        self.is_of(&grant.duid, grant.iaid)
            && self.hardware() == grant.hardware
            && self.source() == grant.source
            && self.relay_path().eq(grant.relay_path.iter().map(RelayHop::as_relay))
            && self.subnet() == grant.subnet
            && *self.hostname() == *grant.hostname
            && self.classes().eq(grant.classes.iter().map(|name| &**name))
            && self.preferred_lifetime() == grant.preferred_lifetime
            && self.valid_lifetime() == grant.valid_lifetime
    }

    /// The number of its last change: what an answer that rests on it waits for.
    pub fn sequence(self) -> u64 {
        self.entry.sequence
    }

    /// The body of its record.
    pub fn body(self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.entry.encode());
        out.extend_from_slice(self.fields.0);
    }

    /// A copy of it to keep.
    pub fn to_lease(self) -> Lease6 {
        Lease6 {
            kind: self.kind(),
            address: self.address(),
            prefix_len: self.prefix_len(),
            duid: self.duid().into(),
            iaid: self.iaid(),
            hardware: self.hardware(),
            source: self.source(),
            relay_path: self.relay_path().map(Relay::to_hop).collect(),
            subnet: self.subnet(),
            pool_id: self.pool_id(),
            classes: self.classes().map(Into::into).collect(),
            hostname: self.hostname().into(),
            dns: self.dns(),
            user_context: self.user_context().map(Into::into),
            state: self.state(),
            preferred_lifetime: self.preferred_lifetime(),
            valid_lifetime: self.valid_lifetime(),
            last_transaction: self.last_transaction(),
            since: self.since(),
        }
    }
}

impl Lease6 {
    /// Appends the body of its record.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut fields = Vec::new();
        out.extend_from_slice(&Entry6::of(self, &mut fields).encode());
        out.extend_from_slice(&fields);
    }

    /// The lease in the body of a record. What this program knows nothing of is left out.
    pub fn decode(body: &[u8]) -> Result<Self, BodyError> {
        let (entry, fields) = Entry6::decode(body)?;
        Ok(LeaseRef6 { entry: &entry, fields }.to_lease())
    }
}

impl Key6 {
    /// The key of an address.
    pub const fn address(address: Ipv6Addr) -> Self {
        Self { kind: LeaseKind6::Address, address, prefix_len: 128 }
    }

    /// The key of a prefix; bits behind its length do not count.
    pub fn prefix(address: Ipv6Addr, prefix_len: u8) -> Self {
        let mask = u128::MAX.checked_shl(128_u32.saturating_sub(prefix_len.into())).unwrap_or(0);
        let address = Ipv6Addr::from(u128::from(address) & mask);
        Self { kind: LeaseKind6::Prefix, address, prefix_len: prefix_len.min(128) }
    }

    /// The key of a lease.
    pub fn of(lease: &Lease6) -> Self {
        match lease.kind {
            LeaseKind6::Address => Self::address(lease.address),
            LeaseKind6::Prefix => Self::prefix(lease.address, lease.prefix_len),
        }
    }

    fn new(kind: u8, address: [u8; 16], prefix_len: u8) -> Result<Self, BodyError> {
        let key = match kind {
            ADDRESS => Self::address(address.into()),
            PREFIX => Self::prefix(address.into(), prefix_len),
            _ => return Err(BodyError::Value { what: "lease type", value: kind.into() }),
        };
        if prefix_len != key.prefix_len || address != key.address.octets() || prefix_len == 0 {
            return Err(BodyError::Value { what: "prefix length", value: prefix_len.into() });
        }
        Ok(key)
    }

    /// The body of a record that deletes what has this key.
    pub fn encode(self) -> [u8; KEY_LEN] {
        let mut body = [0; KEY_LEN];
        let head = [VERSION, kind_number(self.kind), self.prefix_len, 0];
        let bytes = head.into_iter().chain(self.address.octets());
        body.iter_mut().zip(bytes).for_each(|(place, byte)| *place = byte);
        body
    }

    /// The key in the body of such a record.
    pub fn decode(body: &[u8]) -> Result<Self, BodyError> {
        let truncated = BodyError::Truncated { len: body.len() };
        let (&[version, kind, prefix_len, _], rest) = body.split_first_chunk().ok_or(truncated)?;
        check_version(version)?;
        Self::new(kind, *rest.first_chunk().ok_or(truncated)?, prefix_len)
    }

    /// The next key in their order, by kind, address and length.
    pub(crate) fn successor(self) -> Option<Self> {
        if self.prefix_len < 128 {
            return Some(Self { prefix_len: self.prefix_len + 1, ..self });
        }
        let (kind, address) = match u128::from(self.address).checked_add(1) {
            Some(address) => (self.kind, address),
            None if self.kind == LeaseKind6::Address => (LeaseKind6::Prefix, 0),
            None => return None,
        };
        Some(Self { kind, address: address.into(), prefix_len: 0 })
    }

    /// Whether an address of one is one of the other; addresses and prefixes are worlds apart.
    pub fn overlaps(self, other: Self) -> bool {
        let len = self.prefix_len.min(other.prefix_len);
        let start = |key: Self| Self::prefix(key.address, len).address;
        self.kind == other.kind && start(self) == start(other)
    }
}

fn kind_number(kind: LeaseKind6) -> u8 {
    match kind {
        LeaseKind6::Address => ADDRESS,
        LeaseKind6::Prefix => PREFIX,
    }
}

fn halves(address: Ipv6Addr) -> [u64; 2] {
    let (high, low) = (u128::from(address) >> 64, u128::from(address) & u128::from(u64::MAX));
    [u64::try_from(high).unwrap_or(0), u64::try_from(low).unwrap_or(0)]
}

#[cfg(test)]
#[path = "entry6_tests.rs"]
mod tests;
