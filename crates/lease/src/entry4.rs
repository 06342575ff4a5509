//! A DHCPv4 lease as it stands in memory: a fixed part of 48 bytes, and fields elsewhere.

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_wire::softwire::PortParams;

use crate::arena::Blob;
use crate::client::IdentityRef;
use crate::fields::{self, BodyError, Fields, Relay, tag};
use crate::links::{Linked, Links};
use crate::record::{Grant4, Lease4, LeaseState, RelayHop, SoftwireSource};
use crate::{ClientIdentity, DnsUpdated, HardwareAddress, Timestamp};

/// Bytes of a lease's record before its fields.
pub(crate) const FIXED_LEN: usize = 28;
/// Bytes of a key.
const KEY_LEN: usize = 12;
/// The only version of a body.
pub(crate) const VERSION: u8 = 1;

const NAME_IN_DNS: u8 = 1;
const ADDRESS_IN_DNS: u8 = 2;
const HAS_PORT_SET: u8 = 4;

/// What a lease is found by: nothing else has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key4 {
    /// The address.
    pub address: Ipv4Addr,
    /// The port set on it; `None` is the whole address.
    pub port_set: Option<PortParams>,
}

#[derive(Debug, Clone, Copy)]
pub(crate) struct Entry4 {
    /// The number of its last change.
    pub(crate) sequence: u64,
    pub(crate) links: Links,
    pub(crate) address: u32,
    pub(crate) fields_place: u32,
    pub(crate) subnet: u32,
    pub(crate) valid_lifetime: u32,
    pub(crate) last_transaction: u32,
    pub(crate) since: u32,
    pub(crate) fields_len: u16,
    psid: u16,
    /// 0 is the whole address.
    psid_len: u8,
    psid_offset: u8,
    pub(crate) state: LeaseState,
    /// [`NAME_IN_DNS`], [`ADDRESS_IN_DNS`], and what the table notes.
    pub(crate) marks: u8,
}

/// A lease in the store, to look at.
#[derive(Debug, Clone, Copy)]
pub struct LeaseRef4<'a> {
    pub(crate) entry: &'a Entry4,
    pub(crate) fields: Fields<'a>,
}

impl Default for Entry4 {
    fn default() -> Self {
        Self {
            sequence: 0,
            links: Links::VACANT,
            address: 0,
            fields_place: 0,
            subnet: 0,
            valid_lifetime: 0,
            last_transaction: 0,
            since: 0,
            fields_len: 0,
            psid: 0,
            psid_len: 0,
            psid_offset: 0,
            state: LeaseState::Released,
            marks: 0,
        }
    }
}

impl Linked for Entry4 {
    fn links(&self) -> Links {
        self.links
    }

    fn links_mut(&mut self) -> &mut Links {
        &mut self.links
    }
}

impl Entry4 {
    /// The fixed part of `lease`; its fields are appended to `fields`.
    pub(crate) fn of(lease: &Lease4, fields: &mut Vec<u8>) -> Self {
        let hardware = match &lease.client {
            ClientIdentity::Identifier(id) => {
                fields::put(fields, tag::CLIENT_IDENTIFIER, id);
                &lease.hardware
            }
            ClientIdentity::Hardware(hardware) => hardware,
        };
        fields::put_hardware(fields, hardware.hardware_type(), hardware.octets());
        fields::put_sources(fields, lease.softwire, lease.source);
        fields::put_relay_path(fields, &lease.relay_path);
        fields::put(fields, tag::HOSTNAME, lease.hostname.as_bytes());
        fields::put(fields, tag::USER_CONTEXT, lease.user_context.as_deref().unwrap_or_default().as_bytes());
        fields::put_pool_id(fields, lease.pool_id);
        fields::put_classes(fields, &lease.classes);
        let mut entry = Self {
            subnet: lease.subnet,
            valid_lifetime: lease.valid_lifetime,
            last_transaction: fields::seconds(lease.last_transaction),
            since: fields::seconds(lease.since),
            state: lease.state,
            marks: if lease.dns.forward { NAME_IN_DNS } else { 0 }
                | if lease.dns.reverse { ADDRESS_IN_DNS } else { 0 },
            ..Self::with_key(Key4 { address: lease.address, port_set: lease.port_set })
        };
        entry.links = Links::UNLINKED;
        entry
    }

    /// An entry with this key, and nothing else yet.
    pub(crate) fn with_key(key: Key4) -> Self {
        let ports = key.port_set.unwrap_or_default();
        Self {
            address: key.address.into(),
            psid: ports.psid().value(),
            psid_len: ports.psid_len(),
            psid_offset: ports.offset(),
            links: Links::UNLINKED,
            ..Self::default()
        }
    }

    pub(crate) fn key(&self) -> Key4 {
        Key4 { address: self.address.into(), port_set: self.port_set() }
    }

    pub(crate) fn port_set(&self) -> Option<PortParams> {
        let ports = PortParams::new(self.psid_offset, self.psid_len, self.psid).ok()?;
        (!ports.is_full_address()).then_some(ports)
    }

    pub(crate) fn has_ports(&self) -> bool {
        self.psid_len != 0
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
        let port_set = if self.has_ports() { HAS_PORT_SET } else { 0 };
        let flags = self.marks & (NAME_IN_DNS | ADDRESS_IN_DNS) | port_set;
        let [a0, a1, a2, a3] = self.address.to_be_bytes();
        let [p0, p1] = self.psid.to_le_bytes();
        let [s0, s1, s2, s3] = self.subnet.to_le_bytes();
        let [v0, v1, v2, v3] = self.valid_lifetime.to_le_bytes();
        let [t0, t1, t2, t3] = self.last_transaction.to_le_bytes();
        let [h0, h1, h2, h3] = self.since.to_le_bytes();
        let (state, offset, len) = (self.state.number(), self.psid_offset, self.psid_len);
        [
            VERSION, state, flags, offset, a0, a1, a2, a3, p0, p1, len, 0, s0, s1, s2, s3, v0, v1, v2, v3,
            t0, t1, t2, t3, h0, h1, h2, h3,
        ]
    }

    /// The lease that a body holds, and its fields.
    pub(crate) fn decode(body: &[u8]) -> Result<(Self, Fields<'_>), BodyError> {
        let truncated = BodyError::Truncated { len: body.len() };
        let (fixed, fields) = body.split_first_chunk::<FIXED_LEN>().ok_or(truncated)?;
        let [version, state, flags, offset, a0, a1, a2, a3, p0, p1, psid_len, _, numbers @ ..] = *fixed;
        check_version(version)?;
        let state = LeaseState::from_number(state)?;
        let mut key = Key4 { address: [a0, a1, a2, a3].into(), port_set: None };
        if flags & HAS_PORT_SET != 0 {
            key.port_set = Some(port_set(offset, psid_len, [p0, p1])?);
        }
        let [s0, s1, s2, s3, v0, v1, v2, v3, t0, t1, t2, t3, h0, h1, h2, h3] = numbers;
        let entry = Self {
            subnet: u32::from_le_bytes([s0, s1, s2, s3]),
            valid_lifetime: u32::from_le_bytes([v0, v1, v2, v3]),
            last_transaction: u32::from_le_bytes([t0, t1, t2, t3]),
            since: u32::from_le_bytes([h0, h1, h2, h3]),
            state,
            marks: flags & (NAME_IN_DNS | ADDRESS_IN_DNS),
            ..Self::with_key(key)
        };
        Ok((entry, Fields::new_checked(fields)?))
    }
}

impl<'a> LeaseRef4<'a> {
    /// The address.
    pub fn address(self) -> Ipv4Addr {
        self.entry.address.into()
    }

    /// Address and port set: what tells it from all others.
    pub fn key(self) -> Key4 {
        self.entry.key()
    }

    /// The port set on the address; `None` is the whole address.
    pub fn port_set(self) -> Option<PortParams> {
        self.entry.port_set()
    }

    /// Whether it is, or was last, the lease of `client`.
    pub fn client_is(self, client: &ClientIdentity) -> bool {
        self.identity() == client.as_identity_ref()
    }

    /// Who holds it, or held it last.
    pub fn client(self) -> ClientIdentity {
        self.identity().to_identity()
    }

    pub(crate) fn identity(self) -> IdentityRef<'a> {
        let hardware = || {
            let (hardware_type, octets) = self.fields.hardware().unwrap_or_default();
            IdentityRef::Hardware(hardware_type, octets)
        };
        self.fields.find(tag::CLIENT_IDENTIFIER).map_or_else(hardware, IdentityRef::Identifier)
    }

    /// The client's hardware address; without an octet where none is known.
    pub fn hardware(self) -> HardwareAddress {
        self.fields.hardware_address().unwrap_or_default()
    }

    /// The client's softwire source address (RFC 8539 §8) and since when.
    pub fn softwire(self) -> Option<SoftwireSource> {
        self.fields.softwire()
    }

    /// The IPv6 source address of the client's last query; `::` where it is not known.
    pub fn source(self) -> Ipv6Addr {
        self.fields.source()
    }

    /// The relays that the last query came through, the one nearest the client first.
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

    /// The name that the client gave, or an empty text.
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

    /// Whether nobody else may have the address at `now`.
    pub fn is_active(self, now: Timestamp) -> bool {
        self.entry.is_active(now)
    }

    /// Whether `client` holds it at `now`.
    pub fn is_held_by(self, client: &ClientIdentity, now: Timestamp) -> bool {
        self.entry.state == LeaseState::Assigned && self.is_active(now) && self.client_is(client)
    }

    /// Whether `grant`, which its client is to be given, says the same of it but for the time.
    pub fn repeats(self, grant: &Grant4) -> bool {
        self.client_is(&grant.client)
            && self.hardware() == grant.hardware
            && self.source() == grant.source
            && self.relay_path().eq(grant.relay_path.iter().map(RelayHop::as_relay))
            && self.subnet() == grant.subnet
            && *self.hostname() == *grant.hostname
            && self.classes().eq(grant.classes.iter().map(|name| &**name))
            && self.valid_lifetime() == grant.valid_lifetime
            && grant
                .softwire
                .is_none_or(|address| self.softwire().is_some_and(|held| held.address == address))
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
    pub fn to_lease(self) -> Lease4 {
        Lease4 {
            address: self.address(),
            port_set: self.port_set(),
            client: self.client(),
            hardware: self.hardware(),
            softwire: self.softwire(),
            source: self.source(),
            relay_path: self.relay_path().map(Relay::to_hop).collect(),
            subnet: self.subnet(),
            pool_id: self.pool_id(),
            classes: self.classes().map(Into::into).collect(),
            hostname: self.hostname().into(),
            dns: self.dns(),
            user_context: self.user_context().map(Into::into),
            state: self.state(),
            valid_lifetime: self.valid_lifetime(),
            last_transaction: self.last_transaction(),
            since: self.since(),
        }
    }
}

impl Lease4 {
    /// Appends the body of its record.
    pub fn encode(&self, out: &mut Vec<u8>) {
        let mut fields = Vec::new();
        out.extend_from_slice(&Entry4::of(self, &mut fields).encode());
        out.extend_from_slice(&fields);
    }

    /// The lease in the body of a record. What this program knows nothing of is left out.
    pub fn decode(body: &[u8]) -> Result<Self, BodyError> {
        let (entry, fields) = Entry4::decode(body)?;
        Ok(LeaseRef4 { entry: &entry, fields }.to_lease())
    }
}

impl Key4 {
    /// The body of a record that deletes what has this key.
    pub fn encode(self) -> [u8; KEY_LEN] {
        let ports = self.port_set.unwrap_or_default();
        let flags = if ports.is_full_address() { 0 } else { HAS_PORT_SET };
        let [a0, a1, a2, a3] = self.address.octets();
        let [p0, p1] = ports.psid().value().to_le_bytes();
        [VERSION, flags, ports.offset(), ports.psid_len(), a0, a1, a2, a3, p0, p1, 0, 0]
    }

    /// The key in the body of such a record.
    pub fn decode(body: &[u8]) -> Result<Self, BodyError> {
        let truncated = BodyError::Truncated { len: body.len() };
        let &[version, flags, offset, psid_len, a0, a1, a2, a3, p0, p1, _, _] =
            body.first_chunk::<KEY_LEN>().ok_or(truncated)?;
        check_version(version)?;
        let port_set =
            (flags & HAS_PORT_SET != 0).then(|| port_set(offset, psid_len, [p0, p1])).transpose()?;
        Ok(Self { address: [a0, a1, a2, a3].into(), port_set })
    }

    /// Whether both have a port of the same address.
    pub fn overlaps(self, other: Self) -> bool {
        let ports = |key: Self| key.port_set.unwrap_or_default().port_set();
        self.address == other.address && ports(self).overlaps(ports(other))
    }
}

pub(crate) fn check_version(version: u8) -> Result<(), BodyError> {
    if version == VERSION { Ok(()) } else { Err(BodyError::Version { version }) }
}

fn port_set(offset: u8, psid_len: u8, psid: [u8; 2]) -> Result<PortParams, BodyError> {
    let bad = BodyError::Value { what: "PSID length", value: psid_len.into() };
    PortParams::new(offset, psid_len, u16::from_le_bytes(psid)).map_err(|_| bad)
}

#[cfg(test)]
#[path = "entry4_tests.rs"]
mod tests;
