//! Leases as JSON: Kea's names for what Kea has (as in `lease4-get` and `lease6-get`), and Fosix's own for the rest.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context as _, anyhow, bail};
use fosix_lease::{
    ClientIdentity, DnsUpdated, HardwareAddress, Lease4, Lease6, LeaseKind6, LeaseState, RelayHop,
    SoftwireSource, Timestamp,
};
use fosix_wire::softwire::PortParams;
use serde_json::{Map, Value, json};

/// A DHCPv4 lease.
pub(super) fn of4(lease: &Lease4) -> Value {
    let mut object = common(
        lease.subnet,
        lease.pool_id,
        lease.state,
        (lease.valid_lifetime, lease.last_transaction, lease.since),
        (&lease.hostname, lease.dns, lease.user_context.as_deref()),
        (lease.source, &lease.relay_path),
    );
    object.insert("ip-address".into(), json!(lease.address));
    object.insert("hw-address".into(), json!(hex(lease.hardware.octets())));
    object.insert("hw-type".into(), json!(lease.hardware.hardware_type()));
    if let Some(id) = lease.client.identifier() {
        object.insert("client-id".into(), json!(hex(id)));
    }
    if let Some(ports) = lease.port_set {
        let (offset, psid_len, psid) = (ports.offset(), ports.psid_len(), ports.psid().value());
        object.insert("port-set".into(), json!({ "offset": offset, "psid-len": psid_len, "psid": psid }));
    }
    if let Some(softwire) = lease.softwire {
        let value = json!({ "address": softwire.address, "changed": softwire.changed.0 });
        object.insert("softwire".into(), value);
    }
    Value::Object(object)
}

/// A DHCPv6 lease.
pub(super) fn of6(lease: &Lease6) -> Value {
    let mut object = common(
        lease.subnet,
        lease.pool_id,
        lease.state,
        (lease.valid_lifetime, lease.last_transaction, lease.since),
        (&lease.hostname, lease.dns, lease.user_context.as_deref()),
        (lease.source, &lease.relay_path),
    );
    let kind = match lease.kind {
        LeaseKind6::Address => "IA_NA",
        LeaseKind6::Prefix => "IA_PD",
    };
    object.insert("type".into(), json!(kind));
    object.insert("ip-address".into(), json!(lease.address));
    if lease.kind == LeaseKind6::Prefix {
        object.insert("prefix-len".into(), json!(lease.prefix_len));
    }
    object.insert("duid".into(), json!(hex(&lease.duid)));
    object.insert("iaid".into(), json!(lease.iaid));
    object.insert("preferred-lft".into(), json!(lease.preferred_lifetime));
    if let Some(hardware) = lease.hardware {
        object.insert("hw-address".into(), json!(hex(hardware.octets())));
        object.insert("hw-type".into(), json!(hardware.hardware_type()));
    }
    Value::Object(object)
}

/// The DHCPv4 lease that a value describes.
pub(crate) fn to4(value: &Value) -> anyhow::Result<Lease4> {
    let hardware = hardware(value)?.unwrap_or_default();
    let client = match text(value, "client-id")? {
        Some(id) => ClientIdentity::new(Some(&unhex(id)?), hardware)?,
        None => ClientIdentity::Hardware(hardware),
    };
    let port_set = value.get("port-set").map(port_set).transpose()?;
    let softwire = value.get("softwire").map(softwire).transpose()?;
    let (hostname, dns, user_context) = names(value)?;
    Ok(Lease4 {
        address: address::<Ipv4Addr>(value, "ip-address")?.context("`ip-address` is missing")?,
        port_set,
        client,
        hardware,
        softwire,
        source: address(value, "source-address")?.unwrap_or(Ipv6Addr::UNSPECIFIED),
        relay_path: relay_path(value)?,
        subnet: number(value, "subnet-id", 0)?,
        pool_id: number(value, "pool-id", 0)?,
        classes: Box::default(),
        hostname,
        dns,
        user_context,
        state: state(value)?,
        valid_lifetime: required(value, "valid-lft")?,
        last_transaction: Timestamp(required(value, "cltt")?),
        since: Timestamp(number(value, "since", required(value, "cltt")?)?),
    })
}

/// The DHCPv6 lease that a value describes.
pub(super) fn to6(value: &Value) -> anyhow::Result<Lease6> {
    let kind = match text(value, "type")? {
        Some("IA_NA") | None => LeaseKind6::Address,
        Some("IA_PD") => LeaseKind6::Prefix,
        Some(other) => bail!("`type` is {other:?}, and must be \"IA_NA\" or \"IA_PD\""),
    };
    let (hostname, dns, user_context) = names(value)?;
    Ok(Lease6 {
        kind,
        address: address::<Ipv6Addr>(value, "ip-address")?.context("`ip-address` is missing")?,
        prefix_len: number(value, "prefix-len", 128)?,
        duid: unhex(text(value, "duid")?.unwrap_or_default())?.into(),
        iaid: number(value, "iaid", 0)?,
        hardware: hardware(value)?,
        source: address(value, "source-address")?.unwrap_or(Ipv6Addr::UNSPECIFIED),
        relay_path: relay_path(value)?,
        subnet: number(value, "subnet-id", 0)?,
        pool_id: number(value, "pool-id", 0)?,
        classes: Box::default(),
        hostname,
        dns,
        user_context,
        state: state(value)?,
        preferred_lifetime: number(value, "preferred-lft", 0)?,
        valid_lifetime: required(value, "valid-lft")?,
        last_transaction: Timestamp(required(value, "cltt")?),
        since: Timestamp(number(value, "since", required(value, "cltt")?)?),
    })
}

/// `01:23:ab`.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect::<Vec<_>>().join(":")
}

/// Bytes written as `01:23:ab` or `0123ab`.
pub(crate) fn unhex(text: &str) -> anyhow::Result<Vec<u8>> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    if !digits.len().is_multiple_of(2) {
        bail!("{text:?} has an odd number of hexadecimal digits");
    }
    let byte = |pair: &[u8]| {
        let pair = std::str::from_utf8(pair).ok()?;
        u8::from_str_radix(pair, 16).ok()
    };
    digits.chunks(2).map(|pair| byte(pair).with_context(|| format!("{text:?} is not hexadecimal"))).collect()
}

/// The number of a state, Kea's for those that Kea has.
fn state_number(state: LeaseState) -> u8 {
    match state {
        LeaseState::Assigned => 0,
        LeaseState::Declined => 1,
        LeaseState::Expired => 2,
        LeaseState::Released => 3,
        LeaseState::Registered => 4,
    }
}

fn common(
    subnet: u32,
    pool_id: u32,
    state: LeaseState,
    (valid_lifetime, last_transaction, since): (u32, Timestamp, Timestamp),
    (hostname, dns, user_context): (&str, DnsUpdated, Option<&str>),
    (source, relay_path): (Ipv6Addr, &[RelayHop]),
) -> Map<String, Value> {
    let mut object = Map::new();
    object.insert("subnet-id".into(), json!(subnet));
    object.insert("pool-id".into(), json!(pool_id));
    object.insert("state".into(), json!(state_number(state)));
    object.insert("valid-lft".into(), json!(valid_lifetime));
    object.insert("cltt".into(), json!(last_transaction.0));
    object.insert("since".into(), json!(since.0));
    object.insert("hostname".into(), json!(hostname));
    object.insert("fqdn-fwd".into(), json!(dns.forward));
    object.insert("fqdn-rev".into(), json!(dns.reverse));
    if let Some(text) = user_context {
        // What an operator wrote that is no JSON is kept as the text that it is.
        object.insert("user-context".into(), serde_json::from_str(text).unwrap_or_else(|_| json!(text)));
    }
    if !source.is_unspecified() {
        object.insert("source-address".into(), json!(source));
    }
    if !relay_path.is_empty() {
        let hop = |hop: &RelayHop| {
            json!({
                "link-address": hop.link_address, "interface-id": hex(&hop.interface_id), "remote-id": hex(&hop.remote_id)
            })
        };
        object.insert("relay-path".into(), relay_path.iter().map(hop).collect());
    }
    object
}

fn hardware(value: &Value) -> anyhow::Result<Option<HardwareAddress>> {
    let Some(octets) = text(value, "hw-address")? else { return Ok(None) };
    let hardware = HardwareAddress::new(number(value, "hw-type", 1)?, &unhex(octets)?);
    hardware.map(Some).context("`hw-address` has more than 16 bytes")
}

fn port_set(value: &Value) -> anyhow::Result<PortParams> {
    let (offset, psid_len) = (required(value, "offset")?, required(value, "psid-len")?);
    PortParams::new(offset, psid_len, required(value, "psid")?)
        .map_err(|error| anyhow!("`port-set`: {error}"))
}

fn softwire(value: &Value) -> anyhow::Result<SoftwireSource> {
    let address = address(value, "address")?.context("`softwire` has no `address`")?;
    Ok(SoftwireSource { address, changed: Timestamp(number(value, "changed", 0)?) })
}

fn relay_path(value: &Value) -> anyhow::Result<Box<[RelayHop]>> {
    let Some(hops) = value.get("relay-path") else { return Ok(Box::default()) };
    let hops = hops.as_array().context("`relay-path` must be a list")?;
    let hop = |hop: &Value| {
        Ok(RelayHop {
            link_address: address(hop, "link-address")?.context("a relay has no `link-address`")?,
            interface_id: unhex(text(hop, "interface-id")?.unwrap_or_default())?.into(),
            remote_id: unhex(text(hop, "remote-id")?.unwrap_or_default())?.into(),
        })
    };
    hops.iter().map(hop).collect()
}

type Names = (Box<str>, DnsUpdated, Option<Box<str>>);

fn names(value: &Value) -> anyhow::Result<Names> {
    let flag = |key| value.get(key).and_then(Value::as_bool).unwrap_or(false);
    let dns = DnsUpdated { forward: flag("fqdn-fwd"), reverse: flag("fqdn-rev") };
    let user_context = value.get("user-context").map(|context| match context {
        Value::String(text) => text.as_str().into(),
        other => other.to_string().into(),
    });
    Ok((text(value, "hostname")?.unwrap_or_default().into(), dns, user_context))
}

fn state(value: &Value) -> anyhow::Result<LeaseState> {
    Ok(match number::<u8>(value, "state", 0)? {
        0 => LeaseState::Assigned,
        1 => LeaseState::Declined,
        2 => LeaseState::Expired,
        3 => LeaseState::Released,
        4 => LeaseState::Registered,
        other => bail!("`state` is {other}, and must be from 0 to 4"),
    })
}

fn text<'v>(value: &'v Value, key: &str) -> anyhow::Result<Option<&'v str>> {
    let Some(found) = value.get(key) else { return Ok(None) };
    found.as_str().map(Some).with_context(|| format!("`{key}` must be a text"))
}

fn address<T: std::str::FromStr>(value: &Value, key: &str) -> anyhow::Result<Option<T>> {
    let Some(found) = text(value, key)? else { return Ok(None) };
    found.parse().map(Some).map_err(|_| anyhow!("`{key}` is {found:?}, which is no such address"))
}

fn number<T: TryFrom<u64>>(value: &Value, key: &str, otherwise: T) -> anyhow::Result<T> {
    let Some(found) = value.get(key) else { return Ok(otherwise) };
    let found = found.as_u64().with_context(|| format!("`{key}` must be a whole number"))?;
    T::try_from(found).map_err(|_| anyhow!("`{key}` is {found}, which is too large"))
}

fn required<T: TryFrom<u64>>(value: &Value, key: &str) -> anyhow::Result<T> {
    if value.get(key).is_none() {
        bail!("`{key}` is missing");
    }
    let found = value.get(key).and_then(Value::as_u64);
    let found = found.with_context(|| format!("`{key}` must be a whole number"))?;
    T::try_from(found).map_err(|_| anyhow!("`{key}` is {found}, which is too large"))
}
