//! Limits of leases and of packets, as they apply to a DHCPv4 message.

use fosix_expression::Classes;
use fosix_hooks::Arrival;
use fosix_lease::{Leases4, Relay, Timestamp};
use fosix_policy::{Reached, Topic};
use fosix_wire::v4::OptionCode;

use crate::Drop4;
use crate::client::{identify, whole};
use crate::process::{Exchange, Work};
use crate::query::Decoded;
use crate::server::{RelayPath, Server4, Subnet};

/// Leases that are looked at for ended ones when a limit is reached.
const RECLAIM_AT_ONCE: usize = 64;

impl Server4 {
    /// Whether a message is within the limits of its client, of where it comes from, and of its classes.
    pub(crate) fn check_rates(
        &self,
        now: Timestamp,
        decoded: &Decoded<'_>,
        arrival: Arrival<'_>,
        classes: &Classes,
    ) -> Result<(), Drop4> {
        if !self.rules.limiter().limits_packets() {
            return Ok(());
        }
        let identifier = decoded.message.option(OptionCode::CLIENT_IDENTIFIER).map(whole);
        let client = identifier.as_deref().unwrap_or_else(|| decoded.message.chaddr());
        let path = Relay::path(decoded.packet);
        let checked = self.rules.limiter().packet(now, client, path, classes);
        checked.map_err(|reached| self.too_many_packets(now, reached, decoded, arrival))
    }

    /// Whether it is within those of its subnet.
    pub(crate) fn check_rate_of(
        &self,
        now: Timestamp,
        subnet: &Subnet<'_>,
        decoded: &Decoded<'_>,
        arrival: Arrival<'_>,
    ) -> Result<(), Drop4> {
        let checked = self.rules.limiter().packet_of_subnet(now, subnet.id());
        checked.map_err(|reached| self.too_many_packets(now, reached, decoded, arrival))
    }

    fn too_many_packets(
        &self,
        now: Timestamp,
        reached: Reached,
        decoded: &Decoded<'_>,
        arrival: Arrival<'_>,
    ) -> Drop4 {
        self.rules.limiter().complain(now, reached, "packets", || offender(decoded, arrival));
        Drop4::of_rate(reached.by)
    }
}

impl Exchange<'_> {
    /// Whether limits let the client have a lease in a subnet. One that takes the place of another one is no more than before.
    pub(crate) fn check_limits(&self, subnet: &Subnet<'_>, work: &mut Work<'_>) -> Result<(), Reached> {
        let limiter = self.server.rules.limiter();
        if !limiter.limits_leases() || work.leases.held_by(&self.client, subnet.id(), work.now).is_some() {
            return Ok(());
        }
        let check = |leases: &Leases4| {
            let path = Relay::path(self.decoded.packet).collect();
            let shares = leases.shares(&self.client, path, subnet.id());
            limiter.leases(false, subnet.id(), 1, &shares, &self.classes, |name| leases.of_class(name))
        };
        let mut checked = check(work.leases);
        if checked.is_err() && work.leases.reclaim(work.now, RECLAIM_AT_ONCE) > 0 {
            checked = check(work.leases);
        }
        checked.inspect_err(|reached| {
            work.why.add(Topic::Lease, || format!("nothing: the limit of {reached} is reached"));
            limiter.complain(work.now, *reached, "leases", || offender(self.decoded, self.arrival));
            work.limited = Some(reached.by);
        })
    }
}

/// Who sent a message, and from where.
fn offender(decoded: &Decoded<'_>, arrival: Arrival<'_>) -> String {
    let client =
        identify(decoded, true, None).map_or_else(|_| "nobody".to_owned(), |client| client.to_string());
    let relays = RelayPath(decoded.packet).to_string();
    let by = if relays.is_empty() { "" } else { " by " };
    format!("{client} from {} on {}{by}{relays}", arrival.source, arrival.interface)
}
