//! The hook points of leases in the DHCPv6 half: which message comes by which of them, in which order, and what each status
//! means there, as docs/hooks.md has it.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

use std::net::{Ipv6Addr, SocketAddrV6};
use std::sync::{Arc, Mutex};

use fosix_dhcp6::{Datagram, Drop6, Effects6, Origin, Outcome6, Server6, Settings6};
use fosix_hooks::{Hook, Hooks, Message6, Point, Points, Proposal6, Query6, State, Status, SubnetChoice};
use fosix_lease::{Change6, ChangeKind, Key6, Lease6, LeaseRef6, Leases6, Timestamp};
use fosix_wire::v6::{
    IaAddress, IaNa, IaPd, IaPrefix, MessageType, OptionCode, Packet, StatusCode, StatusCodeOption, Writer,
};

const SERVER: &[u8] = &[0, 3, 0, 1, 2, 0, 0, 0, 0, 9];
const CLIENT: &[u8] = &[0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
const START: u64 = 1_000_000;

/// Writes down where it is asked, and does as it is told at one point.
#[derive(Debug)]
struct Probe {
    at: Option<(Point, Deed)>,
    seen: Arc<Mutex<Vec<Point>>>,
}

#[derive(Debug, Clone, Copy)]
enum Deed {
    Answer(Status),
    /// Preferred and valid lifetime.
    Lifetimes(u32, u32),
}

impl Probe {
    fn come_by(&self, point: Point) -> Option<Deed> {
        self.seen.lock().unwrap().push(point);
        self.at.filter(|(at, _)| *at == point).map(|(_, deed)| deed)
    }

    fn status(&self, point: Point) -> Status {
        match self.come_by(point) {
            Some(Deed::Answer(status)) => status,
            _ => Status::Continue,
        }
    }

    fn propose(&self, point: Point, proposal: &mut Proposal6) -> Status {
        match self.come_by(point) {
            Some(Deed::Answer(status)) => return status,
            Some(Deed::Lifetimes(preferred, valid)) => {
                (proposal.preferred_lifetime, proposal.valid_lifetime) = (preferred, valid);
            }
            None => {}
        }
        Status::Continue
    }
}

impl Hook for Probe {
    fn name(&self) -> &'static str {
        "probe"
    }

    fn points(&self) -> Points {
        Points::of(&[
            Point::Subnet6Select,
            Point::Lease6Select,
            Point::Lease6Renew,
            Point::Lease6Rebind,
            Point::Lease6Release,
            Point::Lease6Decline,
            Point::Addr6Register,
            Point::Leases6Committed,
            Point::Pkt6Send,
        ])
    }

    fn subnet6_select(&self, _: &mut State, _: &Query6<'_>, _: &mut SubnetChoice<'_>) -> Status {
        self.status(Point::Subnet6Select)
    }

    fn lease6_select(&self, _: &mut State, query: &Query6<'_>, proposal: &mut Proposal6) -> Status {
        let message = query.packet.message();
        let is_rapid = message.options().find(OptionCode::RAPID_COMMIT).is_some();
        let is_offer = message.message_type() == MessageType::SOLICIT && !is_rapid;
        assert_eq!((proposal.is_offer(), proposal.subnet()), (is_offer, 1));
        self.propose(Point::Lease6Select, proposal)
    }

    fn lease6_renew(
        &self,
        _: &mut State,
        _: &Query6<'_>,
        lease: &Lease6,
        proposal: &mut Proposal6,
    ) -> Status {
        assert_eq!((Key6::of(lease), lease.iaid), (proposal.key(), proposal.iaid()));
        self.propose(Point::Lease6Renew, proposal)
    }

    fn lease6_rebind(&self, _: &mut State, _: &Query6<'_>, _: &Lease6, proposal: &mut Proposal6) -> Status {
        self.propose(Point::Lease6Rebind, proposal)
    }

    fn lease6_release(&self, _: &mut State, _: &Query6<'_>, lease: &Lease6) -> Status {
        assert_eq!(&*lease.duid, CLIENT);
        self.status(Point::Lease6Release)
    }

    fn lease6_decline(&self, _: &mut State, _: &Query6<'_>, _: &Lease6) -> Status {
        self.status(Point::Lease6Decline)
    }

    fn addr6_register(&self, _: &mut State, _: &Query6<'_>, proposal: &mut Proposal6) -> Status {
        self.propose(Point::Addr6Register, proposal)
    }

    fn leases6_committed(&self, _: &mut State, _: &Query6<'_>, changes: &[Arc<Change6>]) -> Status {
        assert!(!changes.is_empty());
        assert!(changes.iter().all(|change| change.kind != ChangeKind::Expired));
        self.status(Point::Leases6Committed)
    }

    fn pkt6_send(&self, _: &mut State, _: &Query6<'_>, _: &mut Message6<'_>) -> Status {
        self.status(Point::Pkt6Send)
    }
}

/// A half with a probe, and the leases that it works on.
struct World {
    server: Server6,
    leases: Leases6,
    seen: Arc<Mutex<Vec<Point>>>,
    now: u64,
}

impl World {
    fn new() -> Self {
        let text = r#"{ "Dhcp6": { "valid-lifetime": 4000, "preferred-lifetime": 3000, "subnet6": [ {
            "id": 1, "subnet": "2001:db8:1::/64", "interface": "vs", "rapid-commit": true,
            "pools": [ { "pool": "2001:db8:1::10 - 2001:db8:1::1f" } ],
            "pd-pools": [ { "prefix": "2001:db8:8000::", "prefix-len": 48, "delegated-len": 56 } ] } ] } }"#;
        let config = fosix_config::load_text("fosix.json", text).config.unwrap().dhcp6.unwrap();
        let settings = Settings6 {
            server_id: SERVER.to_vec(),
            max_relay_levels: 9,
            server_port: 547,
            client_port: 546,
            reply_to_source_port: false,
            has_dhcpv4_half: false,
            offer_lifetime: 60,
        };
        let mut leases = Leases6::new(&fosix_dhcp6::pools(&config), 100);
        leases.follow_changes();
        Self { server: Server6::new(&config, settings), leases, seen: Arc::default(), now: START }
    }

    /// From now on a hook does that at one point, and writes down every point.
    fn with(mut self, at: Option<(Point, Deed)>) -> Self {
        let probe = Probe { at, seen: Arc::clone(&self.seen) };
        self.server = self.server.with_hooks(Hooks::new(vec![Arc::new(probe)]));
        self
    }

    /// What is answered to a message, once the leases that it rests on are durable.
    fn ask(&mut self, message_type: MessageType, options: &[(OptionCode, &[u8])]) -> Result<Vec<u8>, Drop6> {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.message(message_type, [1, 2, 3]);
        w.option(OptionCode::CLIENT_ID, CLIENT);
        let names_server =
            [MessageType::REQUEST, MessageType::RENEW, MessageType::RELEASE, MessageType::DECLINE];
        if names_server.contains(&message_type) {
            w.option(OptionCode::SERVER_ID, SERVER);
        }
        for (code, data) in options {
            w.option(*code, data);
        }
        w.finish().unwrap();
        let registers = message_type == MessageType::ADDR_REG_INFORM;
        let source = if registers { "2001:db8:1::99" } else { "fe80::99" };
        let origin = Origin {
            source: SocketAddrV6::new(source.parse().unwrap(), 546, 0, 0),
            destination: "ff02::1:2".parse().unwrap(),
            interface_index: 7,
            link_local: None,
        };
        let mut effects = Effects6::default();
        let datagram = Datagram { bytes: &bytes, origin, interface: "vs" };
        let outcome = self.server.handle(Timestamp(self.now), &mut self.leases, &datagram, &mut effects);
        self.leases.take_changes();
        let outcome = match outcome {
            Outcome6::Committing(commit) => {
                let answer = effects.answers.pop().unwrap();
                self.server.commit(*commit, answer, &mut effects)
            }
            outcome => outcome,
        };
        match outcome {
            Outcome6::Dropped(reason) => {
                assert!(effects.answers.is_empty());
                assert_eq!(effects.statistics.dropped.get(reason), 1);
                Err(reason)
            }
            Outcome6::Answered(_) | Outcome6::Promised(_) => {
                Ok(effects.bytes[effects.answers[0].bytes.clone()].to_vec())
            }
            outcome => panic!("{outcome:?}"),
        }
    }

    fn seen(&self) -> Vec<Point> {
        std::mem::take(&mut self.seen.lock().unwrap())
    }

    fn held(&self) -> Vec<Key6> {
        let now = Timestamp(self.now);
        let mut held: Vec<_> =
            self.leases.iter().filter(|lease| lease.is_held_by(CLIENT, 5, now)).map(LeaseRef6::key).collect();
        held.sort_unstable();
        held
    }

    /// The same, with both kinds of leases held by the client for half an hour.
    fn bound() -> Self {
        let mut world = Self::new();
        world.ask(MessageType::REQUEST, &[na(&[]), pd(&[])].map(|(code, data)| (code, leak(data)))).unwrap();
        world.now += 1800;
        assert_eq!(world.held().len(), 2);
        world
    }
}

fn leak(data: Vec<u8>) -> &'static [u8] {
    Box::leak(data.into())
}

fn address(last: u16) -> Ipv6Addr {
    Ipv6Addr::new(0x2001, 0xdb8, 1, 0, 0, 0, 0, last)
}

/// An IA_NA with IAID 5 and these addresses.
fn na(addresses: &[Ipv6Addr]) -> (OptionCode, Vec<u8>) {
    let mut data = vec![0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
    for address in addresses {
        data.extend([0, 5, 0, 24]);
        data.extend(address.octets());
        data.extend([0; 8]);
    }
    (OptionCode::IA_NA, data)
}

/// An IA_PD with IAID 5 and these prefixes of 56 bits.
fn pd(prefixes: &[Ipv6Addr]) -> (OptionCode, Vec<u8>) {
    let mut data = vec![0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 0];
    for prefix in prefixes {
        data.extend([0, 26, 0, 25, 0, 0, 0, 0, 0, 0, 0, 0, 56]);
        data.extend(prefix.octets());
    }
    (OptionCode::IA_PD, data)
}

/// Preferred and valid lifetime of the address, then of the prefix, and the statuses of their associations.
type Told = ([Option<(u32, u32)>; 2], [Option<StatusCode>; 2]);

fn told(answer: &[u8]) -> Told {
    let packet = Packet::new_checked(answer, 1).unwrap();
    let options = packet.message().options();
    let na = options.find(OptionCode::IA_NA).map(|data| IaNa::new_checked(data).unwrap().options);
    let pd = options.find(OptionCode::IA_PD).map(|data| IaPd::new_checked(data).unwrap().options);
    let status = |options: Option<fosix_wire::v6::Options<'_>>| {
        let data = options?.find(OptionCode::STATUS_CODE)?;
        Some(StatusCodeOption::new_checked(data).unwrap().code)
    };
    let of_address = na.and_then(|options| {
        let lease = IaAddress::new_checked(options.find(OptionCode::IA_ADDR)?).unwrap();
        Some((lease.preferred_lifetime, lease.valid_lifetime))
    });
    let of_prefix = pd.and_then(|options| {
        let lease = IaPrefix::new_checked(options.find(OptionCode::IA_PREFIX)?).unwrap();
        Some((lease.preferred_lifetime, lease.valid_lifetime))
    });
    ([of_address, of_prefix], [status(na), status(pd)])
}

const NEW: Option<(u32, u32)> = Some((3000, 4000));

/// What a bound client sends, with both its leases named.
fn names_both() -> [(OptionCode, &'static [u8]); 2] {
    [na(&[address(0x10)]), pd(&["2001:db8:8000::".parse().unwrap()])].map(|(code, data)| (code, leak(data)))
}

#[test]
fn each_message_comes_by_its_points_in_order() {
    use Point::{
        Addr6Register, Lease6Decline, Lease6Rebind, Lease6Release, Lease6Renew, Lease6Select,
        Leases6Committed, Pkt6Send, Subnet6Select,
    };
    let both = [na(&[]), pd(&[])].map(|(code, data)| (code, leak(data)));
    let mut world = World::new().with(None);
    let mut seen = |message_type, options: &[(OptionCode, &[u8])]| {
        world.ask(message_type, options).unwrap();
        world.seen()
    };
    assert_eq!(seen(MessageType::SOLICIT, &both), [Subnet6Select, Lease6Select, Lease6Select, Pkt6Send]);
    let granted = [Subnet6Select, Lease6Select, Lease6Select, Leases6Committed, Pkt6Send];
    assert_eq!(seen(MessageType::REQUEST, &both), granted);
    let again = [Subnet6Select, Lease6Renew, Lease6Renew, Leases6Committed, Pkt6Send];
    assert_eq!(seen(MessageType::REQUEST, &both), again);
    assert_eq!(seen(MessageType::RENEW, &names_both()), again);
    let rebound = [Subnet6Select, Lease6Rebind, Lease6Rebind, Leases6Committed, Pkt6Send];
    assert_eq!(seen(MessageType::REBIND, &names_both()), rebound);
    assert_eq!(seen(MessageType::CONFIRM, &names_both()[..1]), [Subnet6Select, Pkt6Send]);
    let declined = [Subnet6Select, Lease6Decline, Leases6Committed, Pkt6Send];
    assert_eq!(seen(MessageType::DECLINE, &names_both()), declined, "prefixes are not declined");
    let released = [Subnet6Select, Lease6Release, Leases6Committed, Pkt6Send];
    assert_eq!(seen(MessageType::RELEASE, &names_both()), released, "the address is not held any more");
    assert_eq!(seen(MessageType::RELEASE, &names_both()), [Subnet6Select, Pkt6Send], "nothing is left");
    let mut rapid = both.to_vec();
    rapid.push((OptionCode::RAPID_COMMIT, &[]));
    assert_eq!(world.ask(MessageType::SOLICIT, &rapid).map(|answer| answer[0]), Ok(MessageType::REPLY.0));
    world.seen();
    let registration = [address(0x99).octets().as_slice(), &[0, 0, 1, 0, 0, 0, 2, 0]].concat();
    world.ask(MessageType::ADDR_REG_INFORM, &[(OptionCode::IA_ADDR, &registration)]).unwrap();
    assert_eq!(world.seen(), [Subnet6Select, Addr6Register, Leases6Committed, Pkt6Send]);
}

#[test]
fn what_is_skipped_at_lease6_select_is_not_given() {
    for message_type in [MessageType::SOLICIT, MessageType::REQUEST, MessageType::RENEW] {
        let mut world = World::new().with(Some((Point::Lease6Select, Deed::Answer(Status::Skip))));
        let answer = world.ask(message_type, &names_both()).unwrap();
        let (_, statuses) = told(&answer);
        let nothing = [Some(StatusCode::NO_ADDRS_AVAIL), Some(StatusCode::NO_PREFIX_AVAIL)];
        assert_eq!(statuses, nothing, "{message_type}");
        assert_eq!(world.held(), []);
    }
}

#[test]
fn what_is_skipped_on_renewal_stays_as_it_is_and_the_rest_of_it_is_told() {
    let table = [
        (Point::Lease6Renew, MessageType::RENEW),
        (Point::Lease6Renew, MessageType::REQUEST),
        (Point::Lease6Rebind, MessageType::REBIND),
    ];
    for (point, message_type) in table {
        let mut world = World::bound().with(Some((point, Deed::Answer(Status::Skip))));
        let answer = world.ask(message_type, &names_both()).unwrap();
        assert_eq!(told(&answer), ([Some((1200, 2200)); 2], [None; 2]), "{message_type}");
        let ends = world.leases.iter().map(LeaseRef6::expires);
        assert!(ends.into_iter().all(|end| end == Some(Timestamp(START + 4000))));
    }
}

#[test]
fn hooks_change_lifetimes_within_reason() {
    let table = [
        (Point::Lease6Select, World::new as fn() -> World, MessageType::REQUEST, (100, 200), (100, 200)),
        (Point::Lease6Renew, World::bound, MessageType::RENEW, (100, 200), (100, 200)),
        (Point::Lease6Rebind, World::bound, MessageType::REBIND, (300, 200), (200, 200)),
        (Point::Lease6Renew, World::bound, MessageType::RENEW, (0, 0), (0, 1)),
    ];
    for (point, world, message_type, (preferred, valid), expected) in table {
        let mut world = world().with(Some((point, Deed::Lifetimes(preferred, valid))));
        let answer = world.ask(message_type, &names_both()).unwrap();
        assert_eq!(told(&answer).0, [Some(expected); 2], "{message_type} {preferred} {valid}");
        let now = Timestamp(world.now);
        let ends = world.leases.iter().map(LeaseRef6::expires).collect::<Vec<_>>();
        assert_eq!(ends, [Some(now.plus(expected.1)); 2]);
    }
}

#[test]
fn a_lease_stays_where_hooks_do_not_let_it_go() {
    for status in [Status::Skip, Status::Drop] {
        let mut world = World::bound().with(Some((Point::Lease6Release, Deed::Answer(status))));
        let answer = world.ask(MessageType::RELEASE, &names_both()).unwrap();
        assert_eq!(told(&answer), ([None; 2], [None; 2]), "the client is told that all went well");
        assert_eq!(world.held().len(), 2);
    }
    let mut world = World::bound().with(Some((Point::Lease6Decline, Deed::Answer(Status::Skip))));
    world.ask(MessageType::DECLINE, &names_both()).unwrap();
    assert_eq!(world.held().len(), 2);
    let mut world = World::bound().with(Some((Point::Lease6Decline, Deed::Answer(Status::Drop))));
    assert_eq!(world.ask(MessageType::DECLINE, &names_both()), Err(Drop6::Hook));
    assert_eq!(world.held().len(), 2);
}

#[test]
fn a_message_that_is_dropped_before_leases_change_changes_none() {
    let table = [
        (Point::Subnet6Select, MessageType::REQUEST),
        (Point::Lease6Select, MessageType::REQUEST),
        (Point::Lease6Select, MessageType::SOLICIT),
    ];
    for (point, message_type) in table {
        let mut world = World::new().with(Some((point, Deed::Answer(Status::Drop))));
        assert_eq!(world.ask(message_type, &names_both()), Err(Drop6::Hook), "{point}");
        assert_eq!(world.held(), []);
    }
    let mut world = World::bound().with(Some((Point::Lease6Renew, Deed::Answer(Status::Drop))));
    assert_eq!(world.ask(MessageType::RENEW, &names_both()), Err(Drop6::Hook));
    let ends: Vec<_> = world.leases.iter().map(LeaseRef6::expires).collect();
    assert_eq!(ends, [Some(Timestamp(START + 4000)); 2]);
}

#[test]
fn an_answer_that_is_kept_back_leaves_the_leases_changed() {
    for point in [Point::Leases6Committed, Point::Pkt6Send] {
        let mut world = World::new().with(Some((point, Deed::Answer(Status::Drop))));
        assert_eq!(world.ask(MessageType::REQUEST, &names_both()), Err(Drop6::HookAnswer), "{point}");
        assert_eq!(world.held().len(), 2, "what the client asks for again it gets");
    }
    let mut world = World::new().with(Some((Point::Leases6Committed, Deed::Answer(Status::Skip))));
    let answer = world.ask(MessageType::REQUEST, &names_both()).unwrap();
    assert_eq!(told(&answer), ([NEW; 2], [None; 2]));
}

#[test]
fn an_address_that_hooks_do_not_let_be_registered_is_acknowledged_all_the_same() {
    let registration = [address(0x99).octets().as_slice(), &[0, 0, 1, 0, 0, 0, 2, 0]].concat();
    let options: [(OptionCode, &[u8]); 1] = [(OptionCode::IA_ADDR, &registration)];
    let mut world = World::new().with(Some((Point::Addr6Register, Deed::Answer(Status::Skip))));
    let answer = world.ask(MessageType::ADDR_REG_INFORM, &options).unwrap();
    assert_eq!(answer[0], MessageType::ADDR_REG_REPLY.0);
    assert_eq!(world.leases.iter().count(), 0);
    let mut world = World::new().with(Some((Point::Addr6Register, Deed::Answer(Status::Drop))));
    assert_eq!(world.ask(MessageType::ADDR_REG_INFORM, &options), Err(Drop6::Hook));
    assert_eq!(world.leases.iter().count(), 0);
}

#[test]
fn the_answer_to_a_rapid_solicit_is_a_reply_that_is_committed() {
    let mut world = World::new().with(None);
    let mut options = names_both().to_vec();
    options.push((OptionCode::RAPID_COMMIT, &[]));
    let answer = world.ask(MessageType::SOLICIT, &options).unwrap();
    assert_eq!(answer[0], MessageType::REPLY.0);
    assert!(world.seen().contains(&Point::Leases6Committed));
    let packet = Packet::new_checked(&answer, 1).unwrap();
    assert_eq!(packet.message().options().find(OptionCode::RAPID_COMMIT), Some(&[][..]));
    assert_eq!(world.held().len(), 2);
}
