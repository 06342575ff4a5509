//! Which leases are asked for.

use std::net::{IpAddr, Ipv6Addr};

use fosix_lease::{Lease4, Lease6, LeaseState, Timestamp};
use serde_json::{Value, json};

use super::json::{self, unhex};

/// Everything that a lease must be; what is not given does not matter.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Filter {
    /// The address, or an address in the prefix.
    pub(crate) address: Option<IpAddr>,
    /// A client identifier, DUID or hardware address.
    pub(crate) client: Option<Vec<u8>>,
    /// The subnet's id.
    pub(crate) subnet: Option<u32>,
    /// The state.
    pub(crate) state: Option<LeaseState>,
    /// The softwire source address.
    pub(crate) softwire: Option<Ipv6Addr>,
}

/// The names of the states, in the order of Kea's numbers.
const STATES: [(&str, LeaseState); 5] = [
    ("assigned", LeaseState::Assigned),
    ("declined", LeaseState::Declined),
    ("expired", LeaseState::Expired),
    ("released", LeaseState::Released),
    ("registered", LeaseState::Registered),
];

impl Filter {
    /// Whether the lease is one of those, at `now`: one that has ended and was not reclaimed yet counts as expired.
    pub(crate) fn takes4(&self, lease: &Lease4, now: Timestamp) -> bool {
        let client = |id: &[u8]| lease.client.identifier() == Some(id) || lease.hardware.octets() == id;
        self.address.is_none_or(|address| address == lease.address)
            && self.client.as_deref().is_none_or(client)
            && self.subnet.is_none_or(|subnet| subnet == lease.subnet)
            && self.state.is_none_or(|state| state == as_of(lease.state, lease.is_active(now)))
            && self.softwire.is_none_or(|softwire| lease.softwire.is_some_and(|own| own.address == softwire))
    }

    /// The same for a DHCPv6 lease.
    pub(crate) fn takes6(&self, lease: &Lease6, now: Timestamp) -> bool {
        let hardware = |id: &[u8]| lease.hardware.is_some_and(|own| own.octets() == id);
        self.address.is_none_or(|address| holds(lease, address))
            && self.client.as_deref().is_none_or(|id| *lease.duid == *id || hardware(id))
            && self.subnet.is_none_or(|subnet| subnet == lease.subnet)
            && self.state.is_none_or(|state| state == as_of(lease.state, lease.is_active(now)))
            && self.softwire.is_none()
    }

    /// As the control socket carries it.
    pub(super) fn to_json(&self) -> Value {
        json!({
            "address": self.address,
            "client": self.client.as_deref().map(json::hex),
            "subnet": self.subnet,
            "state": self.state.map(state_name),
            "softwire": self.softwire,
        })
    }

    /// From what [`Filter::to_json`] gave; what cannot be read is an error that names it.
    pub(crate) fn from_json(value: &Value) -> Result<Self, String> {
        let text = |key: &str| value.get(key).and_then(Value::as_str);
        let wrong = |key: &str| format!("`{key}` cannot be read");
        let parsed = |key: &str| text(key).map(|text| text.parse().map_err(|_| wrong(key))).transpose();
        Ok(Self {
            address: parsed("address")?,
            client: text("client").map(|id| unhex(id).map_err(|_| wrong("client"))).transpose()?,
            subnet: value.get("subnet").and_then(Value::as_u64).and_then(|id| u32::try_from(id).ok()),
            state: text("state").map(|name| state_named(name).ok_or_else(|| wrong("state"))).transpose()?,
            softwire: text("softwire").map(|at| at.parse().map_err(|_| wrong("softwire"))).transpose()?,
        })
    }
}

/// The state of that name.
pub(super) fn state_named(name: &str) -> Option<LeaseState> {
    STATES.iter().find(|(known, _)| *known == name).map(|(_, state)| *state)
}

/// What a state is called.
pub(super) fn state_name(state: LeaseState) -> &'static str {
    STATES.iter().find(|(_, known)| *known == state).map_or("unknown", |(name, _)| *name)
}

/// A state, with what has ended taken as expired.
fn as_of(state: LeaseState, active: bool) -> LeaseState {
    if state.keeps_others_away() && !active { LeaseState::Expired } else { state }
}

/// Whether the lease is of the address, or of the prefix that it is in.
fn holds(lease: &Lease6, address: IpAddr) -> bool {
    let IpAddr::V6(address) = address else { return false };
    let host_bits = 128 - u32::from(lease.prefix_len.min(128));
    let network = |address: Ipv6Addr| u128::from(address).checked_shr(host_bits).unwrap_or(0);
    network(address) == network(lease.address)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_filter_goes_through_the_socket_unchanged() {
        let filter = Filter {
            address: Some("10.0.0.1".parse().unwrap()),
            client: Some(vec![1, 2, 0xff]),
            subnet: Some(7),
            state: Some(LeaseState::Declined),
            softwire: Some("2001:db8::1".parse().unwrap()),
        };
        assert_eq!(Filter::from_json(&filter.to_json()), Ok(filter));
        assert_eq!(Filter::from_json(&json!({})), Ok(Filter::default()));
        assert!(Filter::from_json(&json!({ "address": "10.0.0" })).is_err());
        assert!(Filter::from_json(&json!({ "state": "lost" })).is_err());
    }
}
