//! The hook points of the DHCPv6 half: their order, and what each status means at each, as docs/hooks.md has it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

use std::net::SocketAddrV6;
use std::sync::{Arc, Mutex};

use fosix_config::{
    Dhcp6, DuidSpec, LeaseChecks, Lifetime, OptionValue, ServerIdSpec, Subnet6, SubnetId, Timers,
};
use fosix_dhcp6::{Datagram, Drop6, Effects6, Event6, Origin, Outcome6, Sent6, Server6, Settings6};
use fosix_hooks::{Arrival, Hook, Hooks, Message6, Point, Points, Query6, State, Status, SubnetChoice};
use fosix_lease::{Leases6, Timestamp};
use fosix_policy::CounterName;
use fosix_wire::v6::{MessageType, OptionCode, Packet, Writer};

const POINTS: [Point; 5] =
    [Point::Buffer6Receive, Point::Pkt6Receive, Point::Subnet6Select, Point::Pkt6Send, Point::Buffer6Send];

/// Writes down where it is asked, does as it is told at one point, and counts in each packet's state.
#[derive(Debug)]
struct Probe {
    points: Points,
    at: Option<(Point, Deed)>,
    seen: Arc<Mutex<Vec<(Point, u32)>>>,
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Answer(Status),
    Garble,
    /// Sets an option: in a message from a client its Option Request, in an answer the DNS servers.
    SetOption,
    ChooseSubnet(Option<u32>),
}

impl Probe {
    fn come_by(&self, point: Point, state: &mut State) -> Option<Deed> {
        let count = state.get::<u32>().copied().unwrap_or(0) + 1;
        state.set(count);
        self.seen.lock().unwrap().push((point, count));
        self.at.filter(|(at, _)| *at == point).map(|(_, deed)| deed)
    }

    fn edit(
        &self,
        point: Point,
        state: &mut State,
        message: &mut Message6<'_>,
        option: (u16, &[u8]),
    ) -> Status {
        match self.come_by(point, state) {
            Some(Deed::Answer(status)) => return status,
            Some(Deed::Garble) => message.replace(vec![1, 2]).unwrap(),
            Some(Deed::SetOption) => message.set_option(OptionCode(option.0), option.1).unwrap(),
            _ => {}
        }
        Status::Continue
    }
}

/// An Option Request for option 23.
const ASK_FOR_DNS: (u16, &[u8]) = (6, &[0, 23]);
const OTHER_DNS: (u16, &[u8]) = (23, &[9; 16]);

impl Hook for Probe {
    fn name(&self) -> &'static str {
        "probe"
    }

    fn points(&self) -> Points {
        self.points
    }

    fn buffer6_receive(
        &self,
        state: &mut State,
        message: &mut Message6<'_>,
        arrival: &Arrival<'_>,
    ) -> Status {
        assert_eq!((arrival.source, arrival.interface), (origin().source.ip().to_owned(), "vs"));
        self.edit(Point::Buffer6Receive, state, message, ASK_FOR_DNS)
    }

    fn pkt6_receive(&self, state: &mut State, message: &mut Message6<'_>, _: &Arrival<'_>) -> Status {
        assert!(message.packet().is_ok());
        self.edit(Point::Pkt6Receive, state, message, ASK_FOR_DNS)
    }

    fn subnet6_select(&self, state: &mut State, query: &Query6<'_>, subnet: &mut SubnetChoice<'_>) -> Status {
        assert_eq!(query.packet.message().message_type(), MessageType::INFORMATION_REQUEST);
        match self.come_by(Point::Subnet6Select, state) {
            Some(Deed::Answer(status)) => return status,
            Some(Deed::ChooseSubnet(id)) => assert!(subnet.choose(id)),
            _ => assert_eq!(subnet.id(), Some(1)),
        }
        Status::Continue
    }

    fn pkt6_send(&self, state: &mut State, _: &Query6<'_>, answer: &mut Message6<'_>) -> Status {
        self.edit(Point::Pkt6Send, state, answer, OTHER_DNS)
    }

    fn buffer6_send(&self, state: &mut State, answer: &mut Message6<'_>, to: &SocketAddrV6) -> Status {
        assert_eq!(to.port(), 546);
        self.edit(Point::Buffer6Send, state, answer, OTHER_DNS)
    }
}

/// A half with probes, and what became of what they saw.
struct World {
    server: Server6,
    effects: Effects6,
    seen: Arc<Mutex<Vec<(Point, u32)>>>,
}

impl World {
    fn new(at: Option<(Point, Deed)>) -> Self {
        let seen = Arc::default();
        let probe = Probe { points: Points::of(&POINTS), at, seen: Arc::clone(&seen) };
        Self::with(vec![Arc::new(probe)], seen)
    }

    fn with(hooks: Vec<Arc<dyn Hook>>, seen: Arc<Mutex<Vec<(Point, u32)>>>) -> Self {
        Self { server: server().with_hooks(Hooks::new(hooks)), effects: Effects6::default(), seen }
    }

    fn handle<'a>(&mut self, bytes: &'a [u8]) -> Outcome6<'a> {
        let datagram = Datagram { bytes, origin: origin(), interface: "vs" };
        let outcome =
            self.server.handle(Timestamp(1000), &mut Leases6::new(&[], 10), &datagram, &mut self.effects);
        self.check_sums();
        outcome
    }

    fn respond(&mut self, response: &[u8]) {
        let start = self.effects.bytes.len();
        self.effects.bytes.extend_from_slice(response);
        self.server.respond(&origin(), start..self.effects.bytes.len(), &mut self.effects);
        self.check_sums();
    }

    /// The sums of docs/statistics.md.
    fn check_sums(&self) {
        let counted = &self.effects.statistics;
        let event = |event| counted.events.get(event);
        let replies = counted.sent.total() - counted.sent.get(Sent6::Dhcpv4Response);
        assert_eq!(counted.datagrams, replies + event(Event6::HandedOver) + counted.dropped.total());
        assert_eq!(
            event(Event6::ResponseFromLink),
            counted.sent.get(Sent6::Dhcpv4Response)
                + event(Event6::BadResponseFromLink)
                + event(Event6::ResponseHeldByHook)
        );
        assert_eq!(usize::try_from(counted.sent.total()).unwrap(), self.effects.answers.len());
    }

    fn seen(&self) -> Vec<(Point, u32)> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    /// The DNS servers (option 23) in the only answer.
    fn dns(&self) -> Option<u8> {
        let [answer] = self.effects.answers.as_slice() else { panic!("{:?}", self.effects.answers) };
        let packet = Packet::new_checked(&self.effects.bytes[answer.bytes.clone()], 9).unwrap();
        packet.message().options().find(OptionCode::DNS_SERVERS).map(|data| data[15])
    }
}

fn server() -> Server6 {
    let timers = Timers {
        valid_lifetime: Lifetime::fixed(4000),
        renew: None,
        rebind: None,
        calculate_tee_times: true,
        t1_percent: 0.5,
        t2_percent: 0.8,
        cache: fosix_config::Cache::default(),
    };
    let dns = |last| OptionValue {
        code: 23,
        data: [[0; 15].as_slice(), &[last]].concat(),
        ..OptionValue::default()
    };
    let subnet = |id: u32, interface: Option<&str>, last| Subnet6 {
        id: SubnetId(id),
        prefix: format!("2001:db8:{id}::/48").parse().unwrap(),
        interface: interface.map(str::to_owned),
        interface_id: None,
        relay_addresses: Vec::new(),
        options: vec![dns(last)],
        pools: Vec::new(),
        pd_pools: Vec::new(),
        timers,
        preferred_lifetime: Lifetime::fixed(3000),
        rapid_commit: false,
        allocator: fosix_config::Allocator::Iterative,
        pd_allocator: fosix_config::Allocator::Iterative,
        fqdn: fosix_config::FqdnPolicy::default(),
        shared_network: None,
        guard: fosix_config::Guard::default(),
        network_guard: fosix_config::Guard::default(),
        additional_classes: Vec::new(),
        reservation_modes: fosix_config::ReservationModes::default(),
    };
    let config = Dhcp6 {
        interfaces: Vec::new(),
        options: vec![dns(100)],
        subnets: vec![subnet(1, Some("vs"), 1), subnet(2, None, 2)],
        server_id: ServerIdSpec {
            duid: DuidSpec::LinkLayer { hardware_type: None, identifier: None },
            persist: false,
        },
        timers,
        preferred_lifetime: Lifetime::fixed(3000),
        decline_probation_period: 86_400,
        lease_checks: LeaseChecks::Warn,
        expired_leases: fosix_config::ExpiredLeases::default(),
        persist: true,
        dhcp4o6_port: 0,
        hooks: Vec::new(),
        mac_sources: fosix_config::MacSource::ANY.to_vec(),
        relay_supplied_options: vec![65],
        allow_address_registration: true,
        fqdn: fosix_config::FqdnPolicy::default(),
        rules: fosix_config::ClientRules::default(),
    };
    let settings = Settings6 {
        server_id: vec![0, 3, 0, 1, 2, 0, 0, 0, 0, 9],
        max_relay_levels: 9,
        server_port: 547,
        client_port: 546,
        reply_to_source_port: false,
        has_dhcpv4_half: true,
        offer_lifetime: 60,
    };
    Server6::new(&config, settings)
}

fn origin() -> Origin {
    Origin {
        source: SocketAddrV6::new("fe80::99".parse().unwrap(), 546, 0, 0),
        destination: "ff02::1:2".parse().unwrap(),
        interface_index: 7,
        link_local: None,
    }
}

fn message(message_type: MessageType, options: &[(u16, &[u8])]) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut w = Writer::new(&mut bytes);
    w.message(message_type, [1, 2, 3]);
    for (code, data) in options {
        w.option(OptionCode(*code), data);
    }
    w.finish().unwrap();
    bytes
}

fn inform() -> Vec<u8> {
    message(MessageType::INFORMATION_REQUEST, &[ASK_FOR_DNS])
}

fn query() -> Vec<u8> {
    message(MessageType::DHCPV4_QUERY, &[(87, &[1; 300])])
}

fn response() -> Vec<u8> {
    message(MessageType::DHCPV4_RESPONSE, &[(87, &[2; 300])])
}

#[test]
fn a_message_passes_every_point_once_in_kea_s_order_with_its_state() {
    let mut world = World::new(None);
    for _ in 0..2 {
        assert!(matches!(world.handle(&inform()), Outcome6::Answered(Sent6::Reply)));
        assert_eq!(world.seen(), POINTS.into_iter().zip(1..).collect::<Vec<_>>(), "a new packet begins anew");
    }
}

#[test]
fn a_query_and_its_response_pass_those_points_that_kea_has_for_them() {
    let mut world = World::new(None);
    assert!(matches!(world.handle(&query()), Outcome6::HandedOver(_)));
    assert_eq!(world.seen(), [(Point::Buffer6Receive, 1), (Point::Pkt6Receive, 2)]);
    world.respond(&response());
    assert_eq!(world.seen(), [(Point::Buffer6Send, 1)], "nothing of the query is at hand");
    assert_eq!(world.effects.answers.len(), 1);
}

#[test]
fn each_status_means_at_each_point_what_the_table_says() {
    use Status::{Continue, Drop, Skip};
    // What becomes of an Information-request: the DNS servers in the answer, or why there is none.
    let table: [(Point, Status, Result<u8, Drop6>); 15] = [
        (Point::Buffer6Receive, Continue, Ok(1)),
        (Point::Buffer6Receive, Skip, Ok(1)),
        (Point::Buffer6Receive, Drop, Err(Drop6::Hook)),
        (Point::Pkt6Receive, Continue, Ok(1)),
        (Point::Pkt6Receive, Skip, Err(Drop6::Hook)),
        (Point::Pkt6Receive, Drop, Err(Drop6::Hook)),
        (Point::Subnet6Select, Continue, Ok(1)),
        (Point::Subnet6Select, Skip, Ok(100)),
        (Point::Subnet6Select, Drop, Err(Drop6::Hook)),
        (Point::Pkt6Send, Continue, Ok(1)),
        (Point::Pkt6Send, Skip, Ok(1)),
        (Point::Pkt6Send, Drop, Err(Drop6::HookAnswer)),
        (Point::Buffer6Send, Continue, Ok(1)),
        (Point::Buffer6Send, Skip, Err(Drop6::HookAnswer)),
        (Point::Buffer6Send, Drop, Err(Drop6::HookAnswer)),
    ];
    for (point, status, expected) in table {
        let mut world = World::new(Some((point, Deed::Answer(status))));
        let inform = inform();
        let outcome = world.handle(&inform);
        match expected {
            Ok(dns) => assert_eq!(world.dns(), Some(dns), "{point} {status:?}"),
            Err(reason) => {
                assert!(matches!(outcome, Outcome6::Dropped(found) if found == reason), "{point} {status:?}");
                assert_eq!(world.effects.statistics.dropped.get(reason), 1, "{}", reason.name());
            }
        }
        let last = if expected.is_ok() { Point::Buffer6Send } else { point };
        assert_eq!(world.seen().last().map(|(point, _)| *point), Some(last), "{point} {status:?}");
    }
}

#[test]
fn a_response_that_a_hook_skips_or_drops_is_not_sent() {
    for status in [Status::Skip, Status::Drop] {
        let mut world = World::new(Some((Point::Buffer6Send, Deed::Answer(status))));
        world.respond(&response());
        assert!(world.effects.answers.is_empty());
        assert_eq!(world.effects.statistics.events.get(Event6::ResponseHeldByHook), 1);
    }
}

#[test]
fn what_a_hook_changes_is_what_is_served_and_sent() {
    let unasked = message(MessageType::INFORMATION_REQUEST, &[]);
    let table = [
        (Point::Buffer6Receive, Some(1)),
        (Point::Pkt6Receive, Some(1)),
        (Point::Pkt6Send, Some(9)),
        (Point::Buffer6Send, Some(9)),
    ];
    for (point, expected) in table {
        let mut world = World::new(Some((point, Deed::SetOption)));
        assert!(matches!(world.handle(&unasked), Outcome6::Answered(Sent6::Reply)), "{point}");
        assert_eq!(world.dns(), expected, "{point}");
    }
    let mut world = World::new(Some((Point::Buffer6Send, Deed::SetOption)));
    world.respond(&response());
    assert_eq!(world.dns(), Some(9));
    for (id, dns) in [(Some(2), 2), (None, 100)] {
        let mut world = World::new(Some((Point::Subnet6Select, Deed::ChooseSubnet(id))));
        world.handle(&inform());
        assert_eq!(world.dns(), Some(dns));
    }
}

#[test]
fn a_query_that_a_hook_changed_is_handed_over_as_the_hook_left_it() {
    for point in [Point::Buffer6Receive, Point::Pkt6Receive] {
        let mut world = World::new(Some((point, Deed::SetOption)));
        let query = query();
        let Outcome6::HandedOver(hand_over) = world.handle(&query) else { panic!("{point}") };
        assert_eq!(*hand_over.message, message(MessageType::DHCPV4_QUERY, &[(87, &[1; 300]), ASK_FOR_DNS]));
        assert_eq!(hand_over.interface, "vs");
    }
}

#[test]
fn what_a_hook_makes_undecodable_is_dropped_by_name() {
    let table = [
        (Point::Buffer6Receive, Drop6::Malformed),
        (Point::Pkt6Receive, Drop6::Malformed),
        (Point::Pkt6Send, Drop6::HookAnswer),
        (Point::Buffer6Send, Drop6::HookAnswer),
    ];
    for (point, reason) in table {
        let mut world = World::new(Some((point, Deed::Garble)));
        let inform = inform();
        assert!(matches!(world.handle(&inform), Outcome6::Dropped(found) if found == reason), "{point}");
    }
    let mut world = World::new(Some((Point::Buffer6Send, Deed::Garble)));
    world.respond(&response());
    assert_eq!(world.effects.statistics.events.get(Event6::ResponseHeldByHook), 1);
}

#[test]
fn several_hooks_are_asked_in_order_until_one_drops_and_keep_their_states_apart() {
    let seen: Arc<Mutex<Vec<(Point, u32)>>> = Arc::default();
    let probe = |points: &[Point], at| -> Arc<dyn Hook> {
        Arc::new(Probe { points: Points::of(points), at, seen: Arc::clone(&seen) })
    };
    let first = [Point::Buffer6Receive, Point::Pkt6Receive];
    let skip = Some((Point::Pkt6Receive, Deed::Answer(Status::Skip)));
    let drop = Some((Point::Pkt6Receive, Deed::Answer(Status::Drop)));
    let hooks = vec![probe(&first, skip), probe(&first[1..], drop), probe(&first[1..], None)];
    let mut world = World::with(hooks, Arc::clone(&seen));
    assert!(matches!(world.handle(&inform()), Outcome6::Dropped(Drop6::Hook)));
    let expected = [(Point::Buffer6Receive, 1), (Point::Pkt6Receive, 2), (Point::Pkt6Receive, 1)];
    assert_eq!(world.seen(), expected, "after a skip the next is asked, after a drop nobody");
}

#[test]
fn a_hook_is_asked_only_where_it_wants_to_be() {
    let seen: Arc<Mutex<Vec<(Point, u32)>>> = Arc::default();
    let probe = Probe { points: Points::of(&[Point::Subnet6Select]), at: None, seen: Arc::clone(&seen) };
    let mut world = World::with(vec![Arc::new(probe)], seen);
    world.handle(&inform());
    world.handle(&query());
    world.respond(&response());
    assert_eq!(world.seen(), [(Point::Subnet6Select, 1)]);
}
