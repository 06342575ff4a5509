//! Limits of leases and of packets, as they apply to a DHCPv6 message.

use fosix_expression::Classes;
use fosix_lease::{Key6, Leases6, Relay, Timestamp};
use fosix_policy::{Reached, Topic};
use fosix_wire::v6::{OptionCode, Packet};

use crate::Drop6;
use crate::client;
use crate::plan::{PlannedLease, Step};
use crate::process::{Exchange, Work};
use crate::query::Datagram;
use crate::server::{Description, Server6};

/// Leases that are looked at for ended ones when a limit is reached.
const RECLAIM_AT_ONCE: usize = 64;

impl Server6 {
    /// Whether a message is within the limits of its client, of where it comes from, and of its classes. A client without a
    /// DUID, as that of a DHCPV4-QUERY may be, is known by its address.
    pub(crate) fn check_rates(
        &self,
        now: Timestamp,
        packet: &Packet<'_>,
        datagram: &Datagram<'_>,
        classes: &Classes,
    ) -> Result<(), Drop6> {
        if !self.rules.limiter().limits_packets() {
            return Ok(());
        }
        let address = client::address(packet, *datagram.origin.source.ip()).octets();
        let client = packet.message().options().find(OptionCode::CLIENT_ID).unwrap_or(&address);
        let checked = self.rules.limiter().packet(now, client, Relay::path(packet), classes);
        checked.map_err(|reached| self.too_many_packets(now, reached, datagram))
    }

    /// Whether it is within those of its subnet.
    pub(crate) fn check_rate_of(
        &self,
        now: Timestamp,
        subnet: u32,
        datagram: &Datagram<'_>,
    ) -> Result<(), Drop6> {
        let checked = self.rules.limiter().packet_of_subnet(now, subnet);
        checked.map_err(|reached| self.too_many_packets(now, reached, datagram))
    }

    fn too_many_packets(&self, now: Timestamp, reached: Reached, datagram: &Datagram<'_>) -> Drop6 {
        self.rules.limiter().complain(now, reached, "packets", || {
            format!(
                "{} from {} on {}",
                Description(datagram.bytes),
                datagram.origin.source.ip(),
                datagram.interface
            )
        });
        Drop6::of_rate(reached.by)
    }
}

impl Exchange<'_> {
    /// Whether limits let the client have `key` of the subnet at `at`, beside what it has and what is planned for it.
    pub(crate) fn check_limits(&self, key: Key6, at: usize, work: &mut Work<'_>) -> Result<(), Reached> {
        let limiter = self.server.rules.limiter();
        let Some(subnet) = self.server.subnet(at).filter(|_| limiter.limits_leases()) else { return Ok(()) };
        let is_new = |lease: &&PlannedLease| {
            let held = work.leases.get(lease.key);
            lease.key.kind == key.kind
                && matches!(lease.step, Step::Offer | Step::Grant)
                && !held.is_some_and(|held| held.is_held_by(self.duid, lease.iaid, work.now))
        };
        let planned = work.plan.leases.iter().filter(is_new).count();
        let given_up = work.plan.ends.iter().filter(|(_, ended, _)| ended.kind == key.kind).count();
        let more = u32::try_from((planned + 1).saturating_sub(given_up)).unwrap_or(u32::MAX);
        let check = |leases: &Leases6| {
            let shares = leases.shares(key.kind, self.duid, Relay::path(self.packet).collect(), subnet.id());
            let of_class = |name: &str| leases.of_class(key.kind, name);
            let are_prefixes = key.kind == fosix_lease::LeaseKind6::Prefix;
            limiter.leases(are_prefixes, subnet.id(), more, &shares, &self.classes, of_class)
        };
        let mut checked = check(work.leases);
        if checked.is_err() && work.leases.reclaim(work.now, RECLAIM_AT_ONCE) > 0 {
            checked = check(work.leases);
        }
        checked.inspect_err(|reached| {
            work.why.add(Topic::Lease, || format!("not {key}: the limit of {reached} is reached"));
            limiter.complain(work.now, *reached, "leases", || {
                let (source, interface) = (self.arrival.source, self.arrival.interface);
                format!("{} from {source} on {interface}", Description(self.packet.as_bytes()))
            });
            work.limited.push(reached.by);
        })
    }
}
