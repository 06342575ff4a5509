//! The columns of a DHCPv4 lease.

use std::io::Write as _;
use std::net::{Ipv4Addr, Ipv6Addr};

use super::Generation;
use super::codec::{Codec, Column, Entry};
use super::error::{Reason, Unrepresentable};
use super::escape::{escape, push_octets};
use super::field::{Fault, Fields, ipv4, is_map, number, octets};
use crate::{BadIdentity, ClientIdentity, HardwareAddress, Lease4, LeaseState};

/// The places of the columns.
mod column {
    pub(super) const ADDRESS: usize = 0;
    pub(super) const HWADDR: usize = 1;
    pub(super) const CLIENT_ID: usize = 2;
    pub(super) const VALID_LIFETIME: usize = 3;
    pub(super) const EXPIRE: usize = 4;
    pub(super) const SUBNET_ID: usize = 5;
    pub(super) const FQDN_FWD: usize = 6;
    pub(super) const FQDN_REV: usize = 7;
    pub(super) const HOSTNAME: usize = 8;
    pub(super) const STATE: usize = 9;
    pub(super) const USER_CONTEXT: usize = 10;
    pub(super) const POOL_ID: usize = 11;
}

/// The file has no column for it, and Kea takes every address for one of Ethernet.
const ETHERNET: u8 = 1;

impl Codec for Lease4 {
    type Key = Ipv4Addr;

    const FAMILY: &'static str = "DHCPv4";

    const COLUMNS: &'static [Column] = &[
        Column("address", ""),
        Column("hwaddr", ""),
        Column("client_id", ""),
        Column("valid_lifetime", ""),
        Column("expire", ""),
        Column("subnet_id", ""),
        Column("fqdn_fwd", ""),
        Column("fqdn_rev", ""),
        Column("hostname", ""),
        Column("state", "0"),
        Column("user_context", ""),
        Column("pool_id", "0"),
    ];

    const MINIMUM: usize = column::HOSTNAME + 1;

    fn read(fields: &Fields<'_>) -> Result<Entry<Self, Ipv4Addr>, Fault> {
        let address = fields.read(column::ADDRESS, ipv4)?;
        let valid_lifetime = fields.read(column::VALID_LIFETIME, number)?;
        if valid_lifetime == 0 {
            return Ok(Entry::Delete(address));
        }
        let state = fields.read(column::STATE, state)?;
        let (client, hardware) = identity(fields, state)?;
        let last_transaction = fields.last_transaction(column::EXPIRE, valid_lifetime)?;
        Ok(Entry::Lease(Self {
            address,
            port_set: None,
            client,
            hardware,
            softwire: None,
            source: Ipv6Addr::UNSPECIFIED,
            relay_path: Box::default(),
            subnet: fields.read(column::SUBNET_ID, number)?,
            classes: Box::default(),
            pool_id: fields.read(column::POOL_ID, number)?,
            hostname: fields.hostname(column::HOSTNAME),
            dns: fields.dns(column::FQDN_FWD, column::FQDN_REV)?,
            user_context: fields.user_context(column::USER_CONTEXT)?,
            state,
            valid_lifetime,
            last_transaction,
            since: last_transaction,
        }))
    }

    fn write(&self, generation: Generation, out: &mut Vec<u8>) -> Result<(), Unrepresentable> {
        if self.port_set.is_some() {
            return Err(Unrepresentable::PortSet);
        }
        if self.valid_lifetime == 0 {
            return Err(Unrepresentable::NoLifetime);
        }
        if self.state == LeaseState::Registered {
            return Err(Unrepresentable::State { state: self.state });
        }
        let (hardware, identifier) = self.identity(generation)?;
        let lifetime = u64::from(self.valid_lifetime);
        let expire = self.last_transaction.0.checked_add(lifetime).ok_or(Unrepresentable::Expire)?;
        // Writing to memory does not fail.
        let _ = write!(out, "{},", self.address);
        push_octets(hardware, out);
        out.push(b',');
        push_octets(identifier, out);
        let (forward, reverse) = (u8::from(self.dns.forward), u8::from(self.dns.reverse));
        let _ = write!(out, ",{lifetime},{expire},{},{forward},{reverse},", self.subnet);
        escape(self.hostname.as_bytes(), out);
        let _ = write!(out, ",{},", generation.state(self.state)?);
        if let Some(context) = &self.user_context {
            if !is_map(context) {
                return Err(Unrepresentable::UserContext);
            }
            escape(context.as_bytes(), out);
        }
        if generation == Generation::Kea30 {
            let _ = write!(out, ",{}", self.pool_id);
        }
        Ok(())
    }
}

fn state(text: &[u8]) -> Result<LeaseState, Reason> {
    match text {
        b"0" => Ok(LeaseState::Assigned),
        b"1" => Ok(LeaseState::Declined),
        b"2" => Ok(LeaseState::Expired),
        b"3" => Ok(LeaseState::Released),
        _ => Err(Reason::State),
    }
}

/// Who the client is, and its hardware address.
fn identity(fields: &Fields<'_>, state: LeaseState) -> Result<(ClientIdentity, HardwareAddress), Fault> {
    let hardware = fields.read(column::HWADDR, hardware)?;
    let mut room = [0; 255];
    let identifier = fields.read(column::CLIENT_ID, |text| octets(text, &mut room))?;
    let identifier = (!identifier.is_empty()).then_some(identifier);
    let at = |column, reason| Fault { column, reason };
    match ClientIdentity::new(identifier, hardware) {
        Ok(client) => Ok((client, hardware)),
        Err(BadIdentity::Missing) => match HardwareAddress::new(ETHERNET, &[]) {
            Some(nobody) if state == LeaseState::Declined => Ok((ClientIdentity::Hardware(nobody), hardware)),
            _ => Err(at(column::HWADDR, Reason::NoClient)),
        },
        Err(reason) => Err(at(column::CLIENT_ID, reason.into())),
    }
}

fn hardware(text: &[u8]) -> Result<HardwareAddress, Reason> {
    let mut room = [0; 16];
    let octets = octets(text, &mut room)?;
    HardwareAddress::new(ETHERNET, octets).ok_or(Reason::TooLong { most: 16 })
}

impl Lease4 {
    /// What stands in the columns of the hardware address and of the client identifier.
    fn identity(&self, generation: Generation) -> Result<(&[u8], &[u8]), Unrepresentable> {
        const LEAST: usize = 2;
        let most = match generation {
            Generation::Kea22 => 128,
            Generation::Kea30 => 255,
        };
        match &self.client {
            // As Kea has it: nobody finds a declined lease as his.
            _ if self.state == LeaseState::Declined => Ok((&[], &[])),
            ClientIdentity::Identifier(id) if (LEAST..=most).contains(&id.len()) => {
                Ok((self.hardware.octets(), id))
            }
            ClientIdentity::Identifier(id) => {
                Err(Unrepresentable::IdentifierLength { len: id.len(), least: LEAST, most })
            }
            ClientIdentity::Hardware(address) if address.is_unset() => Err(Unrepresentable::NoClient),
            ClientIdentity::Hardware(address) => Ok((address.octets(), &[])),
        }
    }
}
