//! Both halves in one process: a query is served in the thread that received it, and no byte is copied.

use fosix_dhcp4::{Outcome4, Query, Server4, Statistics4};
use fosix_dhcp6::{Effects6, HandOver, Server6};
use fosix_lease::{Leases4, Timestamp};

/// Has the DHCPv4 half serve what the DHCPv6 half hands over, and the DHCPv6 half send the response, if there is one.
pub fn exchange(
    dhcp6: &Server6,
    dhcp4: &Server4,
    hand_over: &HandOver<'_>,
    now: Timestamp,
    leases: &mut Leases4,
    effects: &mut Effects6,
    statistics: &mut Statistics4,
) -> Outcome4 {
    let query = Query {
        message: &hand_over.message,
        source: *hand_over.origin.source.ip(),
        interface: hand_over.interface,
    };
    let start = effects.bytes.len();
    let outcome = dhcp4.handle(now, leases, &query, &mut effects.bytes, statistics);
    if let Outcome4::Answered(_) = outcome {
        dhcp6.respond(&hand_over.origin, start..effects.bytes.len(), effects);
    }
    outcome
}
