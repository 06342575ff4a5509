//! The columns of a DHCPv6 lease.

use std::io::Write as _;
use std::net::Ipv6Addr;

use super::Generation;
use super::codec::{Codec, Column, Entry};
use super::error::{Reason, Unrepresentable};
use super::escape::{escape, push_octets};
use super::field::{Fault, Fields, ipv6, is_map, number, octets};
use crate::{HardwareAddress, Key6, Lease6, LeaseKind6, LeaseState};

/// The places of the columns.
mod column {
    pub(super) const ADDRESS: usize = 0;
    pub(super) const DUID: usize = 1;
    pub(super) const VALID_LIFETIME: usize = 2;
    pub(super) const EXPIRE: usize = 3;
    pub(super) const SUBNET_ID: usize = 4;
    pub(super) const PREF_LIFETIME: usize = 5;
    pub(super) const LEASE_TYPE: usize = 6;
    pub(super) const IAID: usize = 7;
    pub(super) const PREFIX_LEN: usize = 8;
    pub(super) const FQDN_FWD: usize = 9;
    pub(super) const FQDN_REV: usize = 10;
    pub(super) const HOSTNAME: usize = 11;
    pub(super) const HWADDR: usize = 12;
    pub(super) const STATE: usize = 13;
    pub(super) const USER_CONTEXT: usize = 14;
    pub(super) const HWTYPE: usize = 15;
    pub(super) const HWADDR_SOURCE: usize = 16;
    pub(super) const POOL_ID: usize = 17;
}

impl Codec for Lease6 {
    type Key = Key6;

    const FAMILY: &'static str = "DHCPv6";

    const COLUMNS: &'static [Column] = &[
        Column("address", ""),
        Column("duid", ""),
        Column("valid_lifetime", ""),
        Column("expire", ""),
        Column("subnet_id", ""),
        Column("pref_lifetime", ""),
        Column("lease_type", ""),
        Column("iaid", ""),
        Column("prefix_len", ""),
        Column("fqdn_fwd", ""),
        Column("fqdn_rev", ""),
        Column("hostname", ""),
        Column("hwaddr", ""),
        Column("state", "0"),
        Column("user_context", ""),
        Column("hwtype", ""),
        Column("hwaddr_source", ""),
        Column("pool_id", "0"),
    ];

    const MINIMUM: usize = column::HOSTNAME + 1;

    fn read(fields: &Fields<'_>) -> Result<Entry<Self, Key6>, Fault> {
        let Key6 { kind, address, prefix_len } = key(fields)?;
        let valid_lifetime = fields.read(column::VALID_LIFETIME, number)?;
        if valid_lifetime == 0 {
            return Ok(Entry::Delete(Key6 { kind, address, prefix_len }));
        }
        let state = fields.read(column::STATE, |text| state(text, kind))?;
        let last_transaction = fields.last_transaction(column::EXPIRE, valid_lifetime)?;
        Ok(Entry::Lease(Self {
            kind,
            address,
            prefix_len,
            duid: fields.read(column::DUID, |text| duid(text, state))?,
            iaid: fields.read(column::IAID, number)?,
            hardware: hardware(fields)?,
            source: Ipv6Addr::UNSPECIFIED,
            relay_path: Box::default(),
            subnet: fields.read(column::SUBNET_ID, number)?,
            classes: Box::default(),
            pool_id: fields.read(column::POOL_ID, number)?,
            hostname: fields.hostname(column::HOSTNAME),
            dns: fields.dns(column::FQDN_FWD, column::FQDN_REV)?,
            user_context: fields.user_context(column::USER_CONTEXT)?,
            state,
            preferred_lifetime: fields.read(column::PREF_LIFETIME, number)?,
            valid_lifetime,
            last_transaction,
            since: last_transaction,
        }))
    }

    fn write(&self, generation: Generation, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        let kind = match self.kind {
            LeaseKind6::Address if self.prefix_len == 128 => 0,
            LeaseKind6::Prefix if is_prefix(self.address, self.prefix_len) => 2,
            _ => return Err(Unrepresentable::Prefix { prefix_len: self.prefix_len }),
        };
        if self.valid_lifetime == 0 {
            return Err(Unrepresentable::NoLifetime);
        }
        let state = generation.state(self.state)?;
        if self.kind == LeaseKind6::Prefix && self.state == LeaseState::Registered {
            return Err(Unrepresentable::State { state: self.state });
        }
        let lifetime = u64::from(self.valid_lifetime);
        let expire = self.last_transaction.0.checked_add(lifetime).ok_or(Unrepresentable::Expire)?;
        // Writing to memory does not fail.
        let _ = write!(out, "{},", self.address);
        push_octets(self.duid(generation)?, out);
        let (forward, reverse) = (u8::from(self.dns.forward), u8::from(self.dns.reverse));
        let (subnet, preferred) = (self.subnet, self.preferred_lifetime);
        let _ = write!(out, ",{lifetime},{expire},{subnet},{preferred},{kind},{},", self.iaid);
        let _ = write!(out, "{},{forward},{reverse},", self.prefix_len);
        escape(self.hostname.as_bytes(), out);
        out.push(b',');
        // An address without an octet would be read as none.
        let hardware = self.hardware.filter(|hardware| !hardware.octets().is_empty());
        if let Some(hardware) = &hardware {
            push_octets(hardware.octets(), out);
        }
        let _ = write!(out, ",{state},");
        if let Some(context) = &self.user_context {
            if !is_map(context) {
                return Err(Unrepresentable::UserContext);
            }
            escape(context.as_bytes(), out);
        }
        match hardware {
            // Where the address was learnt from is not known here: 0.
            Some(hardware) => drop(write!(out, ",{},0", hardware.hardware_type())),
            None => out.extend_from_slice(b",,"),
        }
        if generation == Generation::Kea30 {
            let _ = write!(out, ",{}", self.pool_id);
        }
        Ok(())
    }
}

/// What the row is of.
fn key(fields: &Fields<'_>) -> Result<Key6, Fault> {
    let address = fields.read(column::ADDRESS, ipv6)?;
    let kind = fields.read(column::LEASE_TYPE, |text| match text {
        b"0" => Ok(LeaseKind6::Address),
        b"1" => Err(Reason::Temporary),
        b"2" => Ok(LeaseKind6::Prefix),
        _ => Err(Reason::LeaseType),
    })?;
    let prefix_len = fields.read(column::PREFIX_LEN, |text| match (number(text), kind) {
        (Ok(128), LeaseKind6::Address) => Ok(128),
        (Ok(_), LeaseKind6::Address) => Err(Reason::AddressLength),
        (Ok(len @ 1..=128), LeaseKind6::Prefix) if is_prefix(address, len) => Ok(len),
        (Ok(1..=128), LeaseKind6::Prefix) => Err(Reason::PrefixBits),
        _ => Err(Reason::Number { least: 1, most: 128 }),
    })?;
    Ok(Key6 { kind, address, prefix_len })
}

/// Whether the length is that of a prefix, and only zeros are behind it.
fn is_prefix(address: Ipv6Addr, prefix_len: u8) -> bool {
    let behind = u128::MAX.checked_shr(u32::from(prefix_len)).unwrap_or_default();
    (1..=128).contains(&prefix_len) && address.to_bits() & behind == 0
}

fn state(text: &[u8], kind: LeaseKind6) -> Result<LeaseState, Reason> {
    match (text, kind) {
        (b"0", _) => Ok(LeaseState::Assigned),
        (b"1", _) => Ok(LeaseState::Declined),
        (b"2", _) => Ok(LeaseState::Expired),
        (b"3", _) => Ok(LeaseState::Released),
        (b"4", LeaseKind6::Address) => Ok(LeaseState::Registered),
        _ => Err(Reason::State),
    }
}

/// What stands for nobody: up to Kea 2.2, and since.
const NOBODY: [&[u8]; 2] = [&[0], &[0, 0, 0]];

fn duid(text: &[u8], state: LeaseState) -> Result<Box<[u8]>, Reason> {
    let mut room = [0; 130];
    match octets(text, &mut room)? {
        nobody if nobody.is_empty() || NOBODY.contains(&nobody) => match state {
            LeaseState::Declined => Ok(Box::default()),
            _ => Err(Reason::NoClient),
        },
        duid => Ok(duid.into()),
    }
}

fn hardware(fields: &Fields<'_>) -> Result<Option<HardwareAddress>, Fault> {
    let mut room = [0; 16];
    let octets = fields.read(column::HWADDR, |text| octets(text, &mut room))?;
    // Files from before these columns are of Ethernet. Where the address was learnt from is not kept.
    let or = |text: &'static [u8], value| if fields.raw(value).is_empty() { text } else { fields.raw(value) };
    let _: u32 = fields.read(column::HWADDR_SOURCE, |_| number(or(b"0", column::HWADDR_SOURCE)))?;
    let hardware_type = fields.read(column::HWTYPE, |_| number(or(b"1", column::HWTYPE)))?;
    Ok(if octets.is_empty() { None } else { HardwareAddress::new(hardware_type, octets) })
}

impl Lease6 {
    /// What stands in the column of the DUID.
    fn duid(&self, generation: Generation) -> Result<&[u8], Unrepresentable> {
        let [nobody22, nobody30] = NOBODY;
        let (nobody, least, most) = match generation {
            Generation::Kea22 => (nobody22, 1, 128),
            Generation::Kea30 => (nobody30, 3, 130),
        };
        match &*self.duid {
            // As Kea has it: nobody finds a declined lease as his.
            _ if self.state == LeaseState::Declined => Ok(nobody),
            [] => Err(Unrepresentable::NoClient),
            duid if (least..=most).contains(&duid.len()) && !NOBODY.contains(&duid) => Ok(duid),
            duid => Err(Unrepresentable::Duid { len: duid.len(), least, most }),
        }
    }
}
