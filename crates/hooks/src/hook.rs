//! What a hook is: one method for each point, all of which do nothing unless written.

use std::fmt;
use std::net::SocketAddrV6;
use std::sync::Arc;

use fosix_lease::{Change4, Change6, ChangeKind, Lease4, Lease6, LeaseEvent4, LeaseEvent6};

use crate::{
    Arrival, Message4, Message6, Point, Points, Proposal4, Proposal6, Query4, Query6, State, SubnetChoice,
};

/// What is to become of a packet after a hook; `docs/hooks.md` has what each means at each point.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Status {
    /// It goes on as it would without the hook.
    Continue,
    /// The step that comes next is left out.
    Skip,
    /// It is dropped.
    Drop,
}

/// A hook: it is asked at the points that it names, in the threads that serve packets.
///
/// It must not wait for anything at a point, such as a file or another program: packets wait as long as it does. What takes
/// time belongs in a thread of its own behind a bounded queue, as in [`LegalLog`](crate::LegalLog).
///
/// Several packets are served at a time, so what it keeps for all packets must be shared safely; what it keeps for one
/// packet goes into that packet's [`State`]. A panic in it ends the server.
#[expect(unused_variables, reason = "a point that a hook does not name does nothing")]
pub trait Hook: Send + Sync + fmt::Debug {
    /// What it is called in logs.
    fn name(&self) -> &'static str;

    /// The points at which it is asked; at others it is never called.
    fn points(&self) -> Points;

    /// `buffer6_receive`: a datagram of the DHCPv6 half, before it is decoded.
    fn buffer6_receive(
        &self,
        state: &mut State,
        message: &mut Message6<'_>,
        arrival: &Arrival<'_>,
    ) -> Status {
        Status::Continue
    }

    /// `pkt6_receive`: a message for this server. What is changed is decoded again.
    fn pkt6_receive(&self, state: &mut State, message: &mut Message6<'_>, arrival: &Arrival<'_>) -> Status {
        Status::Continue
    }

    /// `subnet6_select`: the subnet whose options the client gets.
    fn subnet6_select(&self, state: &mut State, query: &Query6<'_>, subnet: &mut SubnetChoice<'_>) -> Status {
        Status::Continue
    }

    /// `lease6_select`: an address or a prefix for a client that does not hold it, to be offered or given.
    fn lease6_select(&self, state: &mut State, query: &Query6<'_>, proposal: &mut Proposal6) -> Status {
        Status::Continue
    }

    /// `lease6_renew`: a lease that is about to be extended for a RENEW.
    fn lease6_renew(
        &self,
        state: &mut State,
        query: &Query6<'_>,
        lease: &Lease6,
        proposal: &mut Proposal6,
    ) -> Status {
        Status::Continue
    }

    /// `lease6_rebind`: a lease that is about to be extended for a REBIND.
    fn lease6_rebind(
        &self,
        state: &mut State,
        query: &Query6<'_>,
        lease: &Lease6,
        proposal: &mut Proposal6,
    ) -> Status {
        Status::Continue
    }

    /// `lease6_release`: a lease that its holder gives back.
    fn lease6_release(&self, state: &mut State, query: &Query6<'_>, lease: &Lease6) -> Status {
        Status::Continue
    }

    /// `lease6_decline`: a lease whose holder found the address in use by somebody else.
    fn lease6_decline(&self, state: &mut State, query: &Query6<'_>, lease: &Lease6) -> Status {
        Status::Continue
    }

    /// `addr6_register`: an address that a client chose itself and tells the server of (RFC 9686).
    fn addr6_register(&self, state: &mut State, query: &Query6<'_>, proposal: &mut Proposal6) -> Status {
        Status::Continue
    }

    /// `leases6_committed`: what the packet changed, once it is durable: at least one lease. The answer waits for it.
    fn leases6_committed(&self, state: &mut State, query: &Query6<'_>, changes: &[Arc<Change6>]) -> Status {
        Status::Continue
    }

    /// `pkt6_send`: the answer of the DHCPv6 half, relay levels included.
    fn pkt6_send(&self, state: &mut State, query: &Query6<'_>, answer: &mut Message6<'_>) -> Status {
        Status::Continue
    }

    /// `buffer6_send`: the bytes that are about to be sent; of a DHCPV4-RESPONSE too, and then the query is not at hand
    /// and nothing of it is in `state`.
    fn buffer6_send(
        &self,
        state: &mut State,
        answer: &mut Message6<'_>,
        destination: &SocketAddrV6,
    ) -> Status {
        Status::Continue
    }

    /// `buffer4_receive`: a DHCPv4 message, before it is decoded.
    fn buffer4_receive(
        &self,
        state: &mut State,
        message: &mut Message4<'_>,
        arrival: &Arrival<'_>,
    ) -> Status {
        Status::Continue
    }

    /// `pkt4_receive`: a DHCPv4 message. What is changed is decoded again.
    fn pkt4_receive(&self, state: &mut State, message: &mut Message4<'_>, arrival: &Arrival<'_>) -> Status {
        Status::Continue
    }

    /// `subnet4_select`: the subnet that the client gets an address and options from.
    fn subnet4_select(&self, state: &mut State, query: &Query4<'_>, subnet: &mut SubnetChoice<'_>) -> Status {
        Status::Continue
    }

    /// `lease4_select`: an address for a client that does not hold it, to be offered or given.
    fn lease4_select(&self, state: &mut State, query: &Query4<'_>, proposal: &mut Proposal4) -> Status {
        Status::Continue
    }

    /// `lease4_renew`: a lease that is about to be extended.
    fn lease4_renew(
        &self,
        state: &mut State,
        query: &Query4<'_>,
        lease: &Lease4,
        proposal: &mut Proposal4,
    ) -> Status {
        Status::Continue
    }

    /// `lease4_release`: a lease that its holder gives back.
    fn lease4_release(&self, state: &mut State, query: &Query4<'_>, lease: &Lease4) -> Status {
        Status::Continue
    }

    /// `lease4_decline`: a lease whose holder found the address in use by somebody else.
    fn lease4_decline(&self, state: &mut State, query: &Query4<'_>, lease: &Lease4) -> Status {
        Status::Continue
    }

    /// `lease4_offer`: what is about to be offered.
    fn lease4_offer(&self, state: &mut State, query: &Query4<'_>, proposal: &Proposal4) -> Status {
        Status::Continue
    }

    /// `leases4_committed`: what the packet changed, once it is durable: at least one lease. The answer waits for it.
    fn leases4_committed(&self, state: &mut State, query: &Query4<'_>, changes: &[Arc<Change4>]) -> Status {
        Status::Continue
    }

    /// `pkt4_send`: the DHCPv4 message of the answer.
    fn pkt4_send(&self, state: &mut State, query: &Query4<'_>, answer: &mut Message4<'_>) -> Status {
        Status::Continue
    }

    /// `buffer4_send`: its bytes, before they go into the DHCPV4-RESPONSE.
    fn buffer4_send(&self, state: &mut State, query: &Query4<'_>, answer: &mut Message4<'_>) -> Status {
        Status::Continue
    }

    /// Whether [`Hook::leases6_changed`] is called at all.
    fn follows_leases6(&self) -> bool {
        const ENDS: Points = Points::of(&[Point::Lease6Expire, Point::Lease6Recover]);
        self.points().intersects(ENDS)
    }

    /// What happened to leases of the DHCPv6 half, in order, once it is durable. After a crash the last of it is told
    /// again.
    ///
    /// It is called in a thread that the hook has for itself, and may wait.
    fn leases6_changed(&self, event: &LeaseEvent6) {
        for change in &event.changes {
            match change.kind {
                ChangeKind::Expired => self.lease6_expire(change),
                ChangeKind::Recovered => self.lease6_recover(change),
                _ => {}
            }
        }
    }

    /// `lease6_expire`: a lease of the DHCPv6 half that ended. No packet is the cause, so there is no status.
    fn lease6_expire(&self, change: &Arc<Change6>) {}

    /// `lease6_recover`: a declined IPv6 address whose probation ended.
    fn lease6_recover(&self, change: &Arc<Change6>) {}

    /// Whether [`Hook::leases4_changed`] is called at all.
    fn follows_leases(&self) -> bool {
        const ENDS: Points = Points::of(&[Point::Lease4Expire, Point::Lease4Recover]);
        self.points().intersects(ENDS)
    }

    /// What happened to leases of the DHCPv4 half, in order, once it is durable. After a crash the last of it is told again.
    ///
    /// It is called in a thread that the hook has for itself, and may wait.
    fn leases4_changed(&self, event: &LeaseEvent4) {
        for change in &event.changes {
            match change.kind {
                ChangeKind::Expired => self.lease4_expire(change),
                ChangeKind::Recovered => self.lease4_recover(change),
                _ => {}
            }
        }
    }

    /// Returns once it is done with everything that it was told of leases, and whether it is: then none of it is told again. False while it is being stopped.
    fn finish_events(&self) -> bool {
        true
    }

    /// `lease4_expire`: a lease of the DHCPv4 half that ended. No packet is the cause, so there is no status.
    fn lease4_expire(&self, change: &Arc<Change4>) {}

    /// `lease4_recover`: a declined IPv4 address whose probation ended.
    fn lease4_recover(&self, change: &Arc<Change4>) {}

    /// Finishes what is in hand; called once, when no packet comes any more.
    fn stop(&self) {}

    /// What it counted, by name.
    fn counters(&self) -> Vec<(&'static str, u64)> {
        Vec::new()
    }
}
