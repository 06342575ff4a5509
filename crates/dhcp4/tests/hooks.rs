//! The hook points of the DHCPv4 half: their order, and what each status means at each, as docs/hooks.md has it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

#[allow(dead_code, reason = "the other tests need more of it")]
mod world;

use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex};

use fosix_dhcp4::{Drop4, Outcome4, Query, Sent4, Silence4};
use fosix_hooks::{
    Arrival, Hook, Hooks, Message4, Point, Points, Proposal4, Query4, State, Status, SubnetChoice,
};
use fosix_lease::{Change4, ChangeKind, Lease4, LeaseEvent4, Timestamp};
use fosix_wire::v4::{MessageType, OptionCode};
use fosix_wire::v6::{self, Packet};

use world::{Ask, SOURCE, World};

/// Writes down where it is asked, does as it is told at one point, and counts in each packet's state.
#[derive(Debug)]
struct Probe {
    at: Option<(Point, Deed)>,
    seen: Seen,
}

type Seen = Arc<Mutex<Vec<(Point, u32)>>>;

#[derive(Debug, Clone, Copy)]
enum Deed {
    Answer(Status),
    Garble,
    /// Makes it a message of another type.
    Retype(MessageType),
    SetName,
    ChooseSubnet(Option<u32>),
    SetLifetime(u32),
}

impl Probe {
    fn come_by(&self, point: Point, state: &mut State) -> Option<Deed> {
        let count = state.get::<u32>().copied().unwrap_or(0) + 1;
        state.set(count);
        self.seen.lock().unwrap().push((point, count));
        self.at.filter(|(at, _)| *at == point).map(|(_, deed)| deed)
    }

    fn status(&self, point: Point, state: &mut State) -> Status {
        match self.come_by(point, state) {
            Some(Deed::Answer(status)) => status,
            _ => Status::Continue,
        }
    }

    fn edit(&self, point: Point, state: &mut State, message: &mut Message4<'_>) -> Status {
        match self.come_by(point, state) {
            Some(Deed::Answer(status)) => return status,
            Some(Deed::Garble) => message.replace(vec![1, 2]).unwrap(),
            Some(Deed::Retype(to)) => message.set_option(OptionCode::MESSAGE_TYPE, &[to.0]).unwrap(),
            Some(Deed::SetName) => message.set_option(OptionCode::HOST_NAME, b"hooked").unwrap(),
            _ => {}
        }
        Status::Continue
    }

    fn propose(&self, point: Point, state: &mut State, proposal: &mut Proposal4) -> Status {
        match self.come_by(point, state) {
            Some(Deed::Answer(status)) => return status,
            Some(Deed::SetLifetime(seconds)) => proposal.valid_lifetime = seconds,
            _ => {}
        }
        Status::Continue
    }
}

impl Hook for Probe {
    fn name(&self) -> &'static str {
        "probe"
    }

    fn points(&self) -> Points {
        Points::of(Point::ALL)
    }

    fn buffer4_receive(
        &self,
        state: &mut State,
        message: &mut Message4<'_>,
        arrival: &Arrival<'_>,
    ) -> Status {
        assert_eq!((arrival.source, arrival.interface), (SOURCE, "vs"));
        self.edit(Point::Buffer4Receive, state, message)
    }

    fn pkt4_receive(&self, state: &mut State, message: &mut Message4<'_>, _: &Arrival<'_>) -> Status {
        assert!(message.message().is_ok());
        self.edit(Point::Pkt4Receive, state, message)
    }

    fn subnet4_select(&self, state: &mut State, query: &Query4<'_>, subnet: &mut SubnetChoice<'_>) -> Status {
        assert_eq!((query.client, subnet.id()), (None, Some(1)));
        match self.come_by(Point::Subnet4Select, state) {
            Some(Deed::Answer(status)) => return status,
            Some(Deed::ChooseSubnet(id)) => assert!(subnet.choose(id)),
            _ => {}
        }
        Status::Continue
    }

    fn lease4_select(&self, state: &mut State, query: &Query4<'_>, proposal: &mut Proposal4) -> Status {
        assert_eq!(proposal.is_offer(), query.message_type == MessageType::DISCOVER);
        self.propose(Point::Lease4Select, state, proposal)
    }

    fn lease4_renew(
        &self,
        state: &mut State,
        query: &Query4<'_>,
        lease: &Lease4,
        proposal: &mut Proposal4,
    ) -> Status {
        assert_eq!((Some(&lease.client), lease.address), (query.client, proposal.address()));
        self.propose(Point::Lease4Renew, state, proposal)
    }

    fn lease4_release(&self, state: &mut State, query: &Query4<'_>, lease: &Lease4) -> Status {
        assert_eq!(query.client, Some(&lease.client));
        self.status(Point::Lease4Release, state)
    }

    fn lease4_decline(&self, state: &mut State, query: &Query4<'_>, lease: &Lease4) -> Status {
        assert_eq!(query.client, Some(&lease.client));
        self.status(Point::Lease4Decline, state)
    }

    fn lease4_offer(&self, state: &mut State, _: &Query4<'_>, proposal: &Proposal4) -> Status {
        assert!(proposal.is_offer());
        self.status(Point::Lease4Offer, state)
    }

    fn leases4_committed(&self, state: &mut State, _: &Query4<'_>, changes: &[Arc<Change4>]) -> Status {
        assert!(!changes.is_empty());
        self.status(Point::Leases4Committed, state)
    }

    fn pkt4_send(&self, state: &mut State, _: &Query4<'_>, answer: &mut Message4<'_>) -> Status {
        self.edit(Point::Pkt4Send, state, answer)
    }

    fn buffer4_send(&self, state: &mut State, _: &Query4<'_>, answer: &mut Message4<'_>) -> Status {
        self.edit(Point::Buffer4Send, state, answer)
    }

    fn lease4_expire(&self, change: &Arc<Change4>) {
        assert_eq!(change.kind, ChangeKind::Expired);
        self.seen.lock().unwrap().push((Point::Lease4Expire, 0));
    }

    fn lease4_recover(&self, change: &Arc<Change4>) {
        assert_eq!(change.kind, ChangeKind::Recovered);
        self.seen.lock().unwrap().push((Point::Lease4Recover, 0));
    }
}

/// A world in which client 1 is bound, with a probe attached afterwards.
struct Hooked {
    world: World,
    seen: Seen,
    /// The address of client 1.
    bound: Ipv4Addr,
    queries: u64,
}

impl Hooked {
    fn new(at: Option<(Point, Deed)>) -> Self {
        let mut world = World::new();
        let bound = world.bind(1);
        let seen = Seen::default();
        let probe: Arc<dyn Hook> = Arc::new(Probe { at, seen: Arc::clone(&seen) });
        let server = world.server.with_hooks(Hooks::new(vec![probe]));
        world.leases.follow_changes();
        Self { world: World { server, ..world }, seen, bound, queries: 2 }
    }

    /// What becomes of a message through two relays; the answer is left in `world.out`.
    fn ask(&mut self, ask: &Ask) -> Outcome4 {
        let query = World::query(ask, &[("2001:db8::1", "vlan7"), ("2001:db8::2", "")]);
        let query = Query { message: &query, source: SOURCE, interface: "vs" };
        let world = &mut self.world;
        world.out.clear();
        let outcome = world.serve_query(&query);
        self.queries += 1;
        // The sum of docs/statistics.md.
        let counted = &world.statistics;
        let sum = counted.sent.total() + counted.silence.total() + counted.dropped.total();
        assert_eq!(sum, self.queries);
        assert_eq!(matches!(outcome, Outcome4::Answered(_)), !world.out.is_empty());
        outcome
    }

    /// The option of the answer, which came through both relays.
    fn option(&self, code: OptionCode) -> Option<Vec<u8>> {
        let packet = Packet::new_checked(&self.world.out, 9).unwrap();
        assert_eq!(packet.relays().len(), 2);
        let inner = packet.message().options().find(v6::OptionCode::DHCPV4_MSG).unwrap();
        let message = fosix_wire::v4::Message::new_checked(inner).unwrap();
        message.option(code).map(|data| data.bytes().collect())
    }

    fn lifetime(&self) -> u32 {
        let data = self.option(OptionCode::LEASE_TIME).unwrap();
        u32::from_be_bytes(data.try_into().unwrap())
    }

    fn seen(&self) -> Vec<(Point, u32)> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    fn is_bound(&self, client: u8) -> bool {
        let leases = &self.world.leases;
        let now = Timestamp(self.world.now);
        leases.iter().any(|l| l.client().identifier() == Some(&[0, client]) && l.is_held_by(&l.client(), now))
    }
}

fn numbered(points: &[Point]) -> Vec<(Point, u32)> {
    points.iter().copied().zip(1..).collect()
}

/// Before and after what is done for a message of a client that gets an answer.
const RECEIVE: [Point; 3] = [Point::Buffer4Receive, Point::Pkt4Receive, Point::Subnet4Select];
const SEND: [Point; 2] = [Point::Pkt4Send, Point::Buffer4Send];

#[test]
fn each_message_passes_its_points_once_in_kea_s_order_with_its_state() {
    let mut hooked = Hooked::new(None);
    let bound = hooked.bound;
    let points = |between: &[Point]| numbered(&[&RECEIVE, between, &SEND].concat());
    hooked.ask(&Ask::discover(2));
    assert_eq!(hooked.seen(), points(&[Point::Lease4Select, Point::Lease4Offer]));
    let free = "10.0.0.90".parse().unwrap();
    hooked.ask(&Ask::selecting(3, free));
    assert_eq!(hooked.seen(), points(&[Point::Lease4Select, Point::Leases4Committed]));
    hooked.ask(&Ask::renewing(1, bound));
    assert_eq!(hooked.seen(), points(&[Point::Lease4Renew, Point::Leases4Committed]));
    hooked.ask(&Ask::inform(4, free));
    assert_eq!(hooked.seen(), points(&[]));
    hooked.ask(&Ask::selecting(4, bound));
    assert_eq!(hooked.seen(), points(&[]), "a DHCPNAK changes no lease");

    let ends = |point| numbered(&[RECEIVE[0], RECEIVE[1], point, Point::Leases4Committed]);
    hooked.ask(&Ask::release(1, bound));
    assert_eq!(hooked.seen(), ends(Point::Lease4Release));
    hooked.ask(&Ask::decline(3, free));
    assert_eq!(hooked.seen(), ends(Point::Lease4Decline));
    hooked.ask(&Ask::release(9, free));
    assert_eq!(hooked.seen(), numbered(&RECEIVE[..2]), "it does not hold the address");
}

/// The messages that the table is tried with.
#[derive(Debug, Clone, Copy)]
enum Try {
    Discover,
    /// A DHCPREQUEST of client 2 for a free address.
    Request,
    /// A DHCPREQUEST of client 1 for the address that it holds.
    Renew,
    Release,
    Decline,
}

impl Try {
    fn ask(self, bound: Ipv4Addr) -> Ask {
        match self {
            Self::Discover => Ask::discover(2),
            Self::Request => Ask::selecting(2, "10.0.0.90".parse().unwrap()),
            Self::Renew => Ask::renewing(1, bound),
            Self::Release => Ask::release(1, bound),
            Self::Decline => Ask::decline(1, bound),
        }
    }

    /// The client that it is about.
    fn client(self) -> u8 {
        match self {
            Self::Discover | Self::Request => 2,
            Self::Renew | Self::Release | Self::Decline => 1,
        }
    }
}

#[test]
fn each_status_means_at_each_point_what_the_table_says() {
    use Outcome4::{Answered, Dropped, Silent};
    use Status::{Continue, Drop, Skip};
    use Try::{Decline, Discover, Release, Renew, Request};
    let ack = Answered(Sent4::Ack);
    let nak = Answered(Sent4::Nak);
    let offer = Answered(Sent4::Offer);
    let dropped = Dropped(Drop4::Hook);
    let held_back = Dropped(Drop4::HookAnswer);
    // The message, what becomes of it, and whether its client holds an address afterwards.
    let table = [
        (Point::Buffer4Receive, Continue, Request, ack, true),
        (Point::Buffer4Receive, Skip, Request, ack, true),
        (Point::Buffer4Receive, Drop, Request, dropped, false),
        (Point::Pkt4Receive, Continue, Request, ack, true),
        (Point::Pkt4Receive, Skip, Request, dropped, false),
        (Point::Pkt4Receive, Drop, Request, dropped, false),
        (Point::Subnet4Select, Continue, Request, ack, true),
        (Point::Subnet4Select, Skip, Request, nak, false),
        (Point::Subnet4Select, Skip, Discover, Dropped(Drop4::NoSubnet), false),
        (Point::Subnet4Select, Drop, Request, dropped, false),
        (Point::Lease4Select, Continue, Request, ack, true),
        (Point::Lease4Select, Skip, Request, nak, false),
        (Point::Lease4Select, Drop, Request, dropped, false),
        (Point::Lease4Select, Continue, Discover, offer, false),
        (Point::Lease4Select, Skip, Discover, dropped, false),
        (Point::Lease4Select, Drop, Discover, dropped, false),
        (Point::Lease4Renew, Continue, Renew, ack, true),
        (Point::Lease4Renew, Skip, Renew, ack, true),
        (Point::Lease4Renew, Drop, Renew, dropped, true),
        (Point::Lease4Release, Continue, Release, Silent(Silence4::Release), false),
        (Point::Lease4Release, Skip, Release, Silent(Silence4::Release), true),
        (Point::Lease4Release, Drop, Release, dropped, true),
        (Point::Lease4Decline, Continue, Decline, Silent(Silence4::Decline), false),
        (Point::Lease4Decline, Skip, Decline, Silent(Silence4::Decline), true),
        (Point::Lease4Decline, Drop, Decline, dropped, true),
        (Point::Lease4Offer, Continue, Discover, offer, false),
        (Point::Lease4Offer, Skip, Discover, offer, false),
        (Point::Lease4Offer, Drop, Discover, held_back, false),
        (Point::Leases4Committed, Continue, Request, ack, true),
        (Point::Leases4Committed, Skip, Request, ack, true),
        (Point::Leases4Committed, Drop, Request, held_back, true),
        (Point::Leases4Committed, Drop, Release, Silent(Silence4::Release), false),
        (Point::Pkt4Send, Continue, Request, ack, true),
        (Point::Pkt4Send, Skip, Request, ack, true),
        (Point::Pkt4Send, Drop, Request, held_back, true),
        (Point::Buffer4Send, Continue, Request, ack, true),
        (Point::Buffer4Send, Skip, Request, held_back, true),
        (Point::Buffer4Send, Drop, Request, held_back, true),
    ];
    for (point, status, message, expected, bound) in table {
        let mut hooked = Hooked::new(Some((point, Deed::Answer(status))));
        let ask = message.ask(hooked.bound);
        assert_eq!(hooked.ask(&ask), expected, "{point} {status:?} {message:?}");
        assert_eq!(hooked.is_bound(message.client()), bound, "{point} {status:?} {message:?}");
        assert!(hooked.seen().iter().any(|(seen, _)| *seen == point), "{point} {message:?}");
    }
}

#[test]
fn a_renewal_that_a_hook_skips_is_answered_with_what_is_left_of_the_lease() {
    let mut hooked = Hooked::new(Some((Point::Lease4Renew, Deed::Answer(Status::Skip))));
    hooked.world.now += 1500;
    let renew = Ask::renewing(1, hooked.bound);
    assert_eq!(hooked.ask(&renew), Outcome4::Answered(Sent4::Ack));
    assert_eq!(hooked.lifetime(), 2500);
    hooked.world.now += 2499;
    assert!(hooked.is_bound(1));
    hooked.world.now += 1;
    assert!(!hooked.is_bound(1));
}

#[test]
fn an_offer_that_a_hook_holds_back_keeps_no_address() {
    for point in [Point::Lease4Offer, Point::Lease4Select] {
        let mut hooked = Hooked::new(Some((point, Deed::Answer(Status::Drop))));
        for client in 2..250 {
            hooked.ask(&Ask::discover(client));
        }
        assert_eq!(hooked.world.statistics.dropped.get(Drop4::NoFreeAddress), 0, "{point}");
    }
}

#[test]
fn what_a_hook_changes_is_what_is_served_and_sent() {
    let request = |hooked: &mut Hooked| hooked.ask(&Try::Request.ask(hooked.bound));
    for point in [Point::Buffer4Receive, Point::Pkt4Receive] {
        let mut hooked = Hooked::new(Some((point, Deed::SetName)));
        request(&mut hooked);
        assert!(hooked.world.leases.iter().any(|lease| lease.hostname() == "hooked"), "{point}");
    }
    for point in SEND {
        let mut hooked = Hooked::new(Some((point, Deed::SetName)));
        request(&mut hooked);
        assert_eq!(hooked.option(OptionCode::HOST_NAME).as_deref(), Some(&b"hooked"[..]), "{point}");
        assert_eq!(hooked.lifetime(), 4000, "the rest is as it was");
    }
    let mut hooked = Hooked::new(Some((Point::Subnet4Select, Deed::ChooseSubnet(None))));
    assert_eq!(request(&mut hooked), Outcome4::Answered(Sent4::Nak));
    for (point, message) in [(Point::Lease4Select, Try::Request), (Point::Lease4Renew, Try::Renew)] {
        let mut hooked = Hooked::new(Some((point, Deed::SetLifetime(77))));
        let ask = message.ask(hooked.bound);
        hooked.ask(&ask);
        assert_eq!(hooked.lifetime(), 77, "{point}");
        hooked.world.now += 77;
        assert!(!hooked.is_bound(message.client()), "{point}");
    }
    let mut hooked = Hooked::new(Some((Point::Lease4Select, Deed::SetLifetime(0))));
    request(&mut hooked);
    assert_eq!(hooked.lifetime(), 1, "a lease of no time would be none");
}

#[test]
fn what_a_hook_makes_no_answer_is_not_sent() {
    for deed in [Deed::Garble, Deed::Retype(MessageType::NAK)] {
        for point in SEND {
            let mut hooked = Hooked::new(Some((point, deed)));
            let ask = Try::Request.ask(hooked.bound);
            assert_eq!(hooked.ask(&ask), Outcome4::Dropped(Drop4::HookAnswer), "{point} {deed:?}");
        }
    }
    for point in &RECEIVE[..2] {
        let mut hooked = Hooked::new(Some((*point, Deed::Garble)));
        let ask = Try::Request.ask(hooked.bound);
        assert_eq!(hooked.ask(&ask), Outcome4::Dropped(Drop4::Malformed), "{point}");
    }
}

#[test]
fn ends_that_time_brings_about_are_told_apart_from_what_a_packet_changed() {
    let mut hooked = Hooked::new(None);
    hooked.ask(&Ask::selecting(2, "10.0.0.90".parse().unwrap()));
    hooked.ask(&Ask::decline(2, "10.0.0.90".parse().unwrap()));
    hooked.seen();
    let world = &mut hooked.world;
    assert_eq!(world.leases.reclaim(Timestamp(world.now + 100_000), 64), 2);
    let changes = world.leases.take_changes();
    let followers: Vec<_> = world.server.hooks().followers().collect();
    assert_eq!(followers.len(), 1);
    followers[0].leases4_changed(&LeaseEvent4 { sequence: 1, changes });
    assert_eq!(hooked.seen(), [(Point::Lease4Expire, 0), (Point::Lease4Recover, 0)]);
}
