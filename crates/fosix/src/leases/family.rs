//! What the leases of the two halves do differently.

use std::io::{self, BufRead, Write};
use std::net::{IpAddr, Ipv4Addr};

use fosix_lease::kea_csv::{HeaderError, Notes, Reader4, Reader6, Record, Row};
use fosix_lease::{
    ClientIdentity, Kept, Key4, Key6, Lease4, Lease6, LeaseKind6, LeaseRef4, LeaseRef6, LeaseState, Leases4,
    Leases6, Timestamp, cause,
};
use serde_json::{Value, json};

use super::json::{of4, of6, to4, to6};
use super::{Filter, render};

/// The rows of a lease file of Kea's, one after the other, and what is worth telling of them.
pub(crate) trait RowSource<F: Family> {
    fn next(&mut self) -> Option<io::Result<Row<F::Lease, F::Key>>>;
    fn notes(&self) -> Notes;
}

/// One address family.
pub(crate) trait Family: Sized + 'static {
    /// A lease.
    type Lease: Record;
    /// What tells one lease from another in Kea's files.
    type Key;
    /// All leases.
    type Leases: Kept;
    /// The folder in the store's directory.
    const FOLDER: &'static str;

    /// None yet, and no pools.
    fn none() -> Self::Leases;
    /// Gives leases of up to `limit` places from place `from` on, and says where to go on.
    fn scan(leases: &Self::Leases, from: u32, limit: u32, take: &mut dyn FnMut(Self::Lease)) -> Option<u32>;
    /// The leases that an index finds for the filter, some others perhaps among them; `None` where none helps.
    fn indexed(leases: &Self::Leases, filter: &Filter) -> Option<Vec<Self::Lease>>;
    /// The number and the time of the last change of what there is under the key of `lease`.
    fn known(leases: &Self::Leases, lease: &Self::Lease) -> Option<(u64, Timestamp)>;
    /// When the lease was last obtained or extended.
    fn last_transaction(lease: &Self::Lease) -> Timestamp;
    /// Takes a lease as it is.
    fn put(leases: &mut Self::Leases, lease: Self::Lease, now: Timestamp) -> Result<(), String>;
    /// Removes the lease with this key, if its last change is younger than number `start`.
    fn remove(leases: &mut Self::Leases, key: &Self::Key, start: u64, now: Timestamp);

    /// The rows of a file.
    fn rows(input: Box<dyn BufRead>) -> Result<Box<dyn RowSource<Self>>, HeaderError>;
    fn key_to_json(key: &Self::Key) -> Value;
    fn key_from_json(value: &Value) -> Option<Self::Key>;

    fn takes(filter: &Filter, lease: &Self::Lease, now: Timestamp) -> bool;
    fn to_json(lease: &Self::Lease) -> Value;
    fn from_json(value: &Value) -> anyhow::Result<Self::Lease>;
    /// Where a lease stands in a list.
    fn order(lease: &Self::Lease) -> (u128, u8);
    fn head(out: &mut impl Write) -> io::Result<()>;
    fn row(lease: &Self::Lease, now: Timestamp, out: &mut impl Write) -> io::Result<()>;
    fn whole(lease: &Self::Lease, now: Timestamp, out: &mut impl Write) -> io::Result<()>;
}

/// A client that is given by more bytes is not given by its hardware address (RFC 2131 §2: `chaddr`).
const LONGEST_HARDWARE_ADDRESS: usize = 16;

/// The DHCPv4 half.
pub(crate) struct V4;

impl RowSource<V4> for Reader4<Box<dyn BufRead>> {
    fn next(&mut self) -> Option<io::Result<Row<Lease4, Ipv4Addr>>> {
        Iterator::next(self)
    }

    fn notes(&self) -> Notes {
        Self::notes(self).clone()
    }
}

impl Family for V4 {
    type Lease = Lease4;
    type Key = Ipv4Addr;
    type Leases = Leases4;
    const FOLDER: &'static str = "dhcp4";

    fn none() -> Leases4 {
        Leases4::new(&[], 1)
    }

    fn scan(leases: &Leases4, from: u32, limit: u32, take: &mut dyn FnMut(Lease4)) -> Option<u32> {
        // What the store has in memory is always whole.
        leases
            .slice(from, limit, &mut |snapped| Lease4::decode(snapped.body).into_iter().for_each(&mut *take))
    }

    fn indexed(leases: &Leases4, filter: &Filter) -> Option<Vec<Lease4>> {
        if let Some(address) = filter.address {
            let IpAddr::V4(address) = address else { return Some(Vec::new()) };
            let mut found = Vec::new();
            leases.in_range(address, address, 1, |lease| found.push(lease.to_lease()));
            return Some(found);
        }
        if let (Some(softwire), Some(LeaseState::Assigned)) = (filter.softwire, filter.state) {
            return Some(leases.by_softwire(softwire).map(LeaseRef4::to_lease).into_iter().collect());
        }
        let id = filter.client.as_deref().filter(|id| id.len() > LONGEST_HARDWARE_ADDRESS)?;
        let client = ClientIdentity::Identifier(id.into());
        Some(leases.by_client(&client).map(LeaseRef4::to_lease).collect())
    }

    fn known(leases: &Leases4, lease: &Lease4) -> Option<(u64, Timestamp)> {
        let known = leases.get_key(Key4 { address: lease.address, port_set: lease.port_set })?;
        Some((known.sequence(), known.last_transaction()))
    }

    fn last_transaction(lease: &Lease4) -> Timestamp {
        lease.last_transaction
    }

    fn put(leases: &mut Leases4, lease: Lease4, now: Timestamp) -> Result<(), String> {
        leases.put_lease(&lease, cause::IMPORTED, now).map_err(|conflict| conflict.to_string())
    }

    fn remove(leases: &mut Leases4, key: &Ipv4Addr, start: u64, now: Timestamp) {
        let key = Key4 { address: *key, port_set: None };
        if leases.get_key(key).is_some_and(|known| known.sequence() > start) {
            leases.remove(key, now);
        }
    }

    fn rows(input: Box<dyn BufRead>) -> Result<Box<dyn RowSource<Self>>, HeaderError> {
        Ok(Box::new(Reader4::new(input)?))
    }

    fn key_to_json(key: &Ipv4Addr) -> Value {
        json!(key)
    }

    fn key_from_json(value: &Value) -> Option<Ipv4Addr> {
        value.as_str()?.parse().ok()
    }

    fn takes(filter: &Filter, lease: &Lease4, now: Timestamp) -> bool {
        filter.takes4(lease, now)
    }

    fn to_json(lease: &Lease4) -> Value {
        of4(lease)
    }

    fn from_json(value: &Value) -> anyhow::Result<Lease4> {
        to4(value)
    }

    fn order(lease: &Lease4) -> (u128, u8) {
        let psid = lease.port_set.map_or(0, |ports| u128::from(ports.psid().value()));
        (u128::from(u32::from(lease.address)) << 16 | psid, 0)
    }

    fn head(out: &mut impl Write) -> io::Result<()> {
        render::head4(out)
    }

    fn row(lease: &Lease4, now: Timestamp, out: &mut impl Write) -> io::Result<()> {
        render::row4(lease, now, out)
    }

    fn whole(lease: &Lease4, now: Timestamp, out: &mut impl Write) -> io::Result<()> {
        render::whole4(lease, now, out)
    }
}

/// The DHCPv6 half.
pub(crate) struct V6;

impl RowSource<V6> for Reader6<Box<dyn BufRead>> {
    fn next(&mut self) -> Option<io::Result<Row<Lease6, Key6>>> {
        Iterator::next(self)
    }

    fn notes(&self) -> Notes {
        Self::notes(self).clone()
    }
}

impl Family for V6 {
    type Lease = Lease6;
    type Key = Key6;
    type Leases = Leases6;
    const FOLDER: &'static str = "dhcp6";

    fn none() -> Leases6 {
        Leases6::new(&[], 1)
    }

    fn scan(leases: &Leases6, from: u32, limit: u32, take: &mut dyn FnMut(Lease6)) -> Option<u32> {
        // What the store has in memory is always whole.
        leases
            .slice(from, limit, &mut |snapped| Lease6::decode(snapped.body).into_iter().for_each(&mut *take))
    }

    fn indexed(leases: &Leases6, filter: &Filter) -> Option<Vec<Lease6>> {
        let id = filter.client.as_deref().filter(|id| id.len() > LONGEST_HARDWARE_ADDRESS)?;
        Some(leases.by_duid(id).map(LeaseRef6::to_lease).collect())
    }

    fn known(leases: &Leases6, lease: &Lease6) -> Option<(u64, Timestamp)> {
        let Lease6 { kind, address, prefix_len, .. } = *lease;
        let known = leases.get(Key6 { kind, address, prefix_len })?;
        Some((known.sequence(), known.last_transaction()))
    }

    fn last_transaction(lease: &Lease6) -> Timestamp {
        lease.last_transaction
    }

    fn put(leases: &mut Leases6, lease: Lease6, now: Timestamp) -> Result<(), String> {
        leases.put_lease(&lease, cause::IMPORTED, now).map_err(|conflict| conflict.to_string())
    }

    fn remove(leases: &mut Leases6, key: &Key6, start: u64, now: Timestamp) {
        if leases.get(*key).is_some_and(|known| known.sequence() > start) {
            leases.remove(*key, now);
        }
    }

    fn rows(input: Box<dyn BufRead>) -> Result<Box<dyn RowSource<Self>>, HeaderError> {
        Ok(Box::new(Reader6::new(input)?))
    }

    fn key_to_json(key: &Key6) -> Value {
        json!([key.kind == LeaseKind6::Prefix, key.address, key.prefix_len])
    }

    fn key_from_json(value: &Value) -> Option<Key6> {
        let kind = if value.get(0)?.as_bool()? { LeaseKind6::Prefix } else { LeaseKind6::Address };
        let prefix_len = u8::try_from(value.get(2)?.as_u64()?).ok()?;
        Some(Key6 { kind, address: value.get(1)?.as_str()?.parse().ok()?, prefix_len })
    }

    fn takes(filter: &Filter, lease: &Lease6, now: Timestamp) -> bool {
        filter.takes6(lease, now)
    }

    fn to_json(lease: &Lease6) -> Value {
        of6(lease)
    }

    fn from_json(value: &Value) -> anyhow::Result<Lease6> {
        to6(value)
    }

    fn order(lease: &Lease6) -> (u128, u8) {
        (lease.address.into(), lease.prefix_len)
    }

    fn head(out: &mut impl Write) -> io::Result<()> {
        render::head6(out)
    }

    fn row(lease: &Lease6, now: Timestamp, out: &mut impl Write) -> io::Result<()> {
        render::row6(lease, now, out)
    }

    fn whole(lease: &Lease6, now: Timestamp, out: &mut impl Write) -> io::Result<()> {
        render::whole6(lease, now, out)
    }
}
