//! Leases for people.

use std::io::{self, Write};

use fosix_lease::{Lease4, Lease6, LeaseKind6, LeaseState, RelayHop, Timestamp};

use super::filter::state_name;
use super::json::hex;

/// Writes the heads of the columns that [`row4`] has.
pub(super) fn head4(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<22} {:<10} {:>10}  {:<6} {:<40} softwire",
        "address", "state", "left", "subnet", "client"
    )
}

/// Writes one line of a table.
pub(super) fn row4(lease: &Lease4, now: Timestamp, out: &mut impl Write) -> io::Result<()> {
    let address = match lease.port_set {
        None => lease.address.to_string(),
        Some(ports) => format!("{} {}/{}", lease.address, ports.psid().value(), ports.psid_len()),
    };
    let client = lease.client.to_string();
    let softwire = lease.softwire.map(|softwire| softwire.address.to_string()).unwrap_or_default();
    let (state, left) = worth(lease.state, lease.expires(), now);
    let subnet = lease.subnet;
    writeln!(out, "{address:<22} {state:<10} {left:>10}  {subnet:<6} {client:<40} {softwire}")
}

/// Writes the heads of the columns that [`row6`] has.
pub(super) fn head6(out: &mut impl Write) -> io::Result<()> {
    writeln!(
        out,
        "{:<44} {:<10} {:>10}  {:<6} {:<10} duid",
        "address or prefix", "state", "left", "subnet", "iaid"
    )
}

/// Writes one line of a table.
pub(super) fn row6(lease: &Lease6, now: Timestamp, out: &mut impl Write) -> io::Result<()> {
    let what = what(lease);
    let (state, left) = worth(lease.state, lease.expires(), now);
    let (subnet, iaid, duid) = (lease.subnet, lease.iaid, hex(&lease.duid));
    writeln!(out, "{what:<44} {state:<10} {left:>10}  {subnet:<6} {iaid:<10} {duid}")
}

/// Writes everything that is known of a lease.
pub(super) fn whole4(lease: &Lease4, now: Timestamp, out: &mut impl Write) -> io::Result<()> {
    let mut line = |name: &str, value: String| writeln!(out, "{name:<18} {value}");
    line("address", lease.address.to_string())?;
    if let Some(ports) = lease.port_set {
        line("ports", ports.to_string())?;
    }
    line("client", lease.client.to_string())?;
    line("hardware address", format!("{} (type {})", lease.hardware, lease.hardware.hardware_type()))?;
    if let Some(softwire) = lease.softwire {
        let ago = ago(softwire.changed, now);
        line("softwire", format!("{}, since {ago}", softwire.address))?;
    }
    rest(
        (lease.state, lease.expires(), lease.valid_lifetime),
        (lease.last_transaction, lease.since, lease.subnet),
        (&lease.source, &lease.relay_path, &lease.hostname, lease.user_context.as_deref()),
        now,
        &mut line,
    )
}

/// Writes everything that is known of a lease.
pub(super) fn whole6(lease: &Lease6, now: Timestamp, out: &mut impl Write) -> io::Result<()> {
    let mut line = |name: &str, value: String| writeln!(out, "{name:<18} {value}");
    line("address or prefix", what(lease))?;
    line("duid", hex(&lease.duid))?;
    line("iaid", lease.iaid.to_string())?;
    if let Some(hardware) = lease.hardware {
        line("hardware address", format!("{hardware} (type {})", hardware.hardware_type()))?;
    }
    line("preferred", seconds(lease.preferred_lifetime.into()))?;
    rest(
        (lease.state, lease.expires(), lease.valid_lifetime),
        (lease.last_transaction, lease.since, lease.subnet),
        (&lease.source, &lease.relay_path, &lease.hostname, lease.user_context.as_deref()),
        now,
        &mut line,
    )
}

fn rest(
    (state, expires, valid): (LeaseState, Option<Timestamp>, u32),
    (last, since, subnet): (Timestamp, Timestamp, u32),
    (source, path, hostname, context): (&std::net::Ipv6Addr, &[RelayHop], &str, Option<&str>),
    now: Timestamp,
    line: &mut impl FnMut(&str, String) -> io::Result<()>,
) -> io::Result<()> {
    let (state, left) = worth(state, expires, now);
    line("state", state.to_owned())?;
    line("left", left)?;
    let valid = if valid == u32::MAX { "for ever".to_owned() } else { seconds(valid.into()) };
    line("valid", valid)?;
    line("last transaction", ago(last, now))?;
    line("held since", ago(since, now))?;
    line("subnet", subnet.to_string())?;
    if !source.is_unspecified() {
        line("source", source.to_string())?;
    }
    for hop in path {
        let (interface, remote) = (hop.interface_id.escape_ascii(), hex(&hop.remote_id));
        line("relay", format!("{} interface-id \"{interface}\" remote-id {remote}", hop.link_address))?;
    }
    if !hostname.is_empty() {
        line("host name", hostname.to_owned())?;
    }
    if let Some(context) = context {
        line("user context", context.to_owned())?;
    }
    Ok(())
}

fn what(lease: &Lease6) -> String {
    match lease.kind {
        LeaseKind6::Address => lease.address.to_string(),
        LeaseKind6::Prefix => format!("{}/{}", lease.address, lease.prefix_len),
    }
}

/// What a lease is worth at `now`, and for how long.
fn worth(state: LeaseState, expires: Option<Timestamp>, now: Timestamp) -> (&'static str, String) {
    match expires {
        _ if !state.keeps_others_away() => (state_name(state), "-".to_owned()),
        None => (state_name(state), "for ever".to_owned()),
        Some(end) if end <= now => (state_name(LeaseState::Expired), "-".to_owned()),
        Some(end) => (state_name(state), seconds(end.seconds_since(now))),
    }
}

/// `1d 02:03:04` or `02:03:04`.
fn seconds(seconds: u64) -> String {
    let (days, hours, minutes) = (seconds / 86_400, seconds / 3600 % 24, seconds / 60 % 60);
    let days = if days > 0 { format!("{days}d ") } else { String::new() };
    format!("{days}{hours:02}:{minutes:02}:{:02}", seconds % 60)
}

fn ago(then: Timestamp, now: Timestamp) -> String {
    format!("{} ago ({} seconds since 1970)", seconds(now.seconds_since(then)), then.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_of_a_lease_is_told_for_people() {
        let now = Timestamp(1_000_000);
        let left = |end| worth(LeaseState::Assigned, end, now);
        assert_eq!(left(Some(now.plus(93_784))), ("assigned", "1d 02:03:04".to_owned()));
        assert_eq!(left(Some(now)), ("expired", "-".to_owned()));
        assert_eq!(left(None), ("assigned", "for ever".to_owned()));
        assert_eq!(worth(LeaseState::Released, Some(now), now), ("released", "-".to_owned()));
    }
}
