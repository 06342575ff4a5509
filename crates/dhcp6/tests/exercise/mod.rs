//! Any sequence of datagrams at the whole half: each has one outcome, no answer is wrong in itself, and the leases never
//! contradict each other or what was answered.
//!
//! The bytes are a small program: steps of the clock, messages of a few clients about what they were given and about other
//! things, through relays or not, changed here and there, and datagrams of any content. So the fuzzer gets past a Solicit.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use fosix_config::Dhcp6;
use fosix_dhcp6::{Drop6, Effects6, Event6, Server6};
use fosix_lease::{Association, Key6, Lease6, LeaseKind6, LeaseState, Leases6, Timestamp};
use fosix_wire::v6::{MessageType, OptionCode, Packet};

use crate::world::{Ask, Outcome, Reply, SALT, SERVER, START, address, configuration, leases, serve};

/// Small pools, so that they are soon full; every kind of pool, and whatever changes what clients get.
const CONFIGURATION: &str = r#"{ "Dhcp6": {
    "interfaces-config": { "interfaces": [ "vs" ] },
    "preferred-lifetime": 300, "valid-lifetime": 400, "decline-probation-period": 500,
    "relay-supplied-options": [ "110" ],
    "ddns-replace-client-name": "when-not-present", "ddns-qualifying-suffix": "example.org",
    "option-data": [
        { "name": "dns-servers", "data": "2001:db8::53", "always-send": true },
        { "name": "dhcp4o6-server-addr", "data": "2001:db8::1" },
        { "name": "information-refresh-time", "data": "700" },
        { "space": "vendor-9", "code": 1, "csv-format": false, "data": "01" }
    ],
    "shared-networks": [ { "name": "town", "interface": "vs", "subnet6": [
        { "id": 1, "subnet": "2001:db8:1::/64", "rapid-commit": true,
          "pools": [ { "pool": "2001:db8:1::10 - 2001:db8:1::12",
                       "option-data": [ { "name": "domain-search", "data": "pool.example.org" } ] } ],
          "pd-pools": [ { "prefix": "2001:db8:1000::", "prefix-len": 54, "delegated-len": 56,
                          "excluded-prefix": "2001:db8:1000::", "excluded-prefix-len": 64 } ] },
        { "id": 2, "subnet": "2001:db8:2::/64", "renew-timer": 50, "rebind-timer": 60,
          "pools": [ { "pool": "2001:db8:2::10 - 2001:db8:2::11" } ],
          "pd-pools": [ { "prefix": "2001:db8:2000::", "prefix-len": 46, "delegated-len": 48 } ] }
    ] } ],
    "subnet6": [
        { "id": 3, "subnet": "2001:db8:3::/64", "interface-id": "port", "allocator": "random", "pd-allocator": "random",
          "pools": [ { "pool": "2001:db8:3::/124" }, { "pool": "2001:db8:3::1:0/126" } ],
          "pd-pools": [ { "prefix": "2001:db8:3000::", "prefix-len": 60, "delegated-len": 64 },
                        { "prefix": "2001:db8:3100::", "prefix-len": 54, "delegated-len": 56 } ] },
        { "id": 4, "subnet": "2001:db8:4::/64", "relay": { "ip-addresses": [ "2001:db8:44::1" ] },
          "preferred-lifetime": 4294967295, "valid-lifetime": 4294967295,
          "pools": [ { "pool": "2001:db8:4::10 - 2001:db8:4::10" } ] }
    ]
} }"#;

/// Datagrams of one program.
const MOST_DATAGRAMS: usize = 64;

fn half() -> &'static (Dhcp6, Server6) {
    static HALF: OnceLock<(Dhcp6, Server6)> = OnceLock::new();
    HALF.get_or_init(|| {
        let config = configuration(CONFIGURATION);
        let server = crate::world::server(&config);
        (config, server)
    })
}

/// Runs the program in `data`; says how many datagrams were served.
pub(crate) fn run(data: &[u8]) -> usize {
    let mut run = Run::new();
    let mut program = Program(data);
    while let Some(step) = program.byte() {
        if run.datagrams >= MOST_DATAGRAMS {
            break;
        }
        run.step(step, &mut program);
    }
    run.check_records();
    run.datagrams
}

/// Has one datagram served, twice, as the first of a world, and says what becomes of it.
#[allow(dead_code, reason = "for the tests, not for the fuzzer")]
pub(crate) fn receive(bytes: &[u8]) -> Result<MessageType, Option<Drop6>> {
    let mut run = Run::new();
    let outcome = run.receive(bytes.to_vec(), None);
    run.check_records();
    match outcome {
        Outcome::Answered(reply, _) => Ok(reply.kind()),
        Outcome::HandedOver => Err(None),
        Outcome::Dropped(reason) => Err(Some(reason)),
    }
}

/// Bytes that are taken one after the other; there are zeros behind them.
struct Program<'a>(&'a [u8]);

impl<'a> Program<'a> {
    fn byte(&mut self) -> Option<u8> {
        let (first, rest) = self.0.split_first()?;
        self.0 = rest;
        Some(*first)
    }

    fn next(&mut self) -> u8 {
        self.byte().unwrap_or(0)
    }

    fn bytes(&mut self, most: usize) -> &'a [u8] {
        let len = (usize::from(self.next()) << 8 | usize::from(self.next())).min(most).min(self.0.len());
        let (taken, rest) = self.0.split_at(len);
        self.0 = rest;
        taken
    }
}

struct Run {
    config: &'static Dhcp6,
    server: &'static Server6,
    leases: Leases6,
    effects: Effects6,
    records: Vec<u8>,
    now: u64,
    datagrams: usize,
    /// The last change, and the time, at which the leases were looked at.
    checked: (u64, u64),
    /// What was sent last.
    last: Vec<u8>,
    /// Everything that was named in an answer.
    named: Vec<Key6>,
}

/// Whether `again` is the answer `first`, but for associations for which there was nothing: serving the others can have set
/// something free.
fn has_more(again: &Outcome, first: &Outcome) -> bool {
    let (Outcome::Answered(again, to), Outcome::Answered(first, first_to)) = (again, first) else {
        return false;
    };
    let (now, before) = (again.associations(), first.associations());
    to == first_to
        && again.kind() == first.kind()
        && now.len() == before.len()
        && before.iter().any(|ia| ia.status.is_some())
        && now.iter().zip(&before).all(|(now, before)| {
            (now.is_prefixes, now.iaid) == (before.is_prefixes, before.iaid)
                && (before.status.is_some() || now.leases == before.leases)
        })
}

const KINDS: [MessageType; 8] = [
    MessageType::SOLICIT,
    MessageType::REQUEST,
    MessageType::RENEW,
    MessageType::REBIND,
    MessageType::RELEASE,
    MessageType::DECLINE,
    MessageType::CONFIRM,
    MessageType::INFORMATION_REQUEST,
];

impl Run {
    fn new() -> Self {
        let (config, server) = half();
        Self {
            config,
            server,
            leases: leases(config),
            effects: Effects6::default(),
            records: Vec::new(),
            now: START,
            datagrams: 0,
            checked: (0, START),
            last: Vec::new(),
            named: vec![Key6::address(address("2001:db8:9::1"))],
        }
    }

    fn step(&mut self, step: u8, program: &mut Program<'_>) {
        match step >> 4 {
            0 => {
                self.now += u64::from(step & 15) * u64::from(program.next());
                self.leases.reclaim(Timestamp(self.now), 3);
                self.records.append(self.leases.staging_mut().bytes_mut());
            }
            1 => {
                let room = if step & 1 == 0 { usize::MAX } else { usize::from(program.next()) * 64 };
                self.leases.staging_mut().set_room(room);
            }
            2 => {
                let bytes = program.bytes(1500).to_vec();
                self.receive(bytes, None);
            }
            3 => {
                // What came before, with a few octets changed.
                let mut bytes = std::mem::take(&mut self.last);
                for _ in 0..=(step & 3) {
                    let (at, octet) = (usize::from(program.next()), program.next());
                    let len = bytes.len().max(1);
                    if let Some(place) = bytes.get_mut(at % len) {
                        *place = octet;
                    }
                }
                if step & 4 != 0 {
                    bytes.truncate(usize::from(program.next()));
                }
                self.receive(bytes, None);
            }
            _ => {
                let ask = self.ask(step, program);
                self.receive(ask.bytes(), Some(&ask));
            }
        }
    }

    /// A message of one of three clients.
    fn ask(&self, step: u8, program: &mut Program<'_>) -> Ask {
        let kind = KINDS[usize::from(step & 7)];
        let (client, what) = (1 + program.next() % 3, program.next());
        let mut ask = Ask::new(kind, client);
        let names_server = matches!(
            kind,
            MessageType::REQUEST | MessageType::RENEW | MessageType::RELEASE | MessageType::DECLINE
        );
        // As it has to be, but for once in a while.
        if names_server != (what & 0x3f == 0x3f) {
            ask = ask.for_server();
        }
        for _ in 0..what & 3 {
            let (iaid, which) = (u32::from(program.next() % 3), program.next());
            let keys: Vec<Key6> =
                (0..which & 3).map(|_| self.named[usize::from(program.next()) % self.named.len()]).collect();
            ask = if which & 4 == 0 { ask.na(iaid, &keys) } else { ask.pd(iaid, &keys) };
        }
        if what & 4 != 0 {
            ask = ask.oro(&[23, 17, 67, 88, 24, 32, 39, 148]);
        }
        if what & 8 != 0 {
            ask = ask.with(OptionCode::RAPID_COMMIT, &[]);
        }
        if what & 16 != 0 {
            let code = OptionCode(program.next().into());
            ask = ask.with(code, program.bytes(40));
        }
        match step >> 6 {
            1 => ask,
            2 => ask.relayed("2001:db8:3::1", &[(OptionCode::INTERFACE_ID, b"port")]),
            3 if what & 32 == 0 => {
                ask.relayed("::", &[]).relayed("2001:db8:44::1", &[(OptionCode::RELAY_PORT, &[0, 9])])
            }
            _ => ask.relayed("2001:db8:2::9", &[(OptionCode::RSOO, program.bytes(40))]),
        }
    }

    /// Has a datagram served, and once more, and checks everything.
    fn receive(&mut self, bytes: Vec<u8>, ask: Option<&Ask>) -> Outcome {
        let outcome = self.serve(&bytes, ask);
        let kind = Packet::new_checked(&bytes, 9).ok().map(|packet| packet.message().message_type());
        // What ends a lease is over then. Whatever else comes twice is answered alike.
        if !matches!(kind, Some(MessageType::RELEASE | MessageType::DECLINE)) {
            let again = self.serve(&bytes, ask);
            assert!(
                again == outcome || has_more(&again, &outcome),
                "the same datagram at the same time: {bytes:02x?}\n{outcome:?}\n{again:?}"
            );
        }
        self.last = bytes;
        outcome
    }

    fn serve(&mut self, bytes: &[u8], ask: Option<&Ask>) -> Outcome {
        self.datagrams += 1;
        let origin = ask.map_or_else(|| crate::world::direct(1), |ask| ask.origin);
        let before = self.leases.staging().sequence();
        let counted = self.effects.statistics.clone();
        let outcome = serve(
            self.server,
            &mut self.leases,
            self.now,
            (bytes, origin),
            &mut self.effects,
            &mut self.records,
        );
        self.check_counters(&counted, &outcome);
        // What has not changed is as right as it was.
        let state = (self.leases.staging().sequence(), self.now);
        if self.checked != state {
            self.checked = state;
            self.check_leases();
        }
        match &outcome {
            Outcome::Answered(reply, _) => {
                self.check_answer(bytes, reply);
                let keys = reply.associations().into_iter().flat_map(|ia| ia.leases).map(|(key, ..)| key);
                self.named.extend(keys.take(8));
                self.named.dedup();
                let surplus = self.named.len().saturating_sub(24);
                self.named.drain(..surplus);
            }
            Outcome::Dropped(_) | Outcome::HandedOver => {
                assert_eq!(self.leases.staging().sequence(), before, "what gets no answer changes nothing");
            }
        }
        outcome
    }

    /// docs/statistics.md: each datagram is counted once by what became of it.
    fn check_counters(&self, before: &fosix_dhcp6::Statistics6, outcome: &Outcome) {
        let now = &self.effects.statistics;
        assert_eq!(now.datagrams, before.datagrams + 1);
        let grown = |now: u64, before: u64| now - before;
        let sent = grown(now.sent.total(), before.sent.total());
        let dropped = grown(now.dropped.total(), before.dropped.total());
        let handed = grown(now.events.get(Event6::HandedOver), before.events.get(Event6::HandedOver));
        let expected = match outcome {
            Outcome::Answered(..) => (1, 0, 0),
            Outcome::Dropped(reason) => {
                assert_eq!(now.dropped.get(*reason), before.dropped.get(*reason) + 1);
                (0, 1, 0)
            }
            Outcome::HandedOver => (0, 0, 1),
        };
        assert_eq!((sent, dropped, handed), expected);
    }

    /// One holder of each; what is given out is of a pool of its subnet.
    fn check_leases(&self) {
        let now = Timestamp(self.now);
        let mut active: Vec<Key6> = Vec::new();
        for lease in self.leases.iter() {
            assert!(self.leases.get(lease.key()).is_some());
            assert!(self.leases.by_duid(lease.duid()).any(|found| found.key() == lease.key()));
            if !lease.is_active(now) {
                continue;
            }
            let overlapped = active.iter().find(|other| other.overlaps(lease.key()));
            assert_eq!(overlapped, None, "two hold {}", lease.key());
            active.push(lease.key());
            assert!(
                lease.preferred_lifetime() <= lease.valid_lifetime() || lease.state() == LeaseState::Declined
            );
            if lease.state() == LeaseState::Registered {
                continue;
            }
            let of_association = Association { duid: lease.duid(), iaid: lease.iaid(), kind: lease.kind() };
            assert!(self.leases.of_association(of_association).any(|found| found.key() == lease.key()));
            let subnet = self.config.subnets.iter().find(|subnet| subnet.id.0 == lease.subnet()).unwrap();
            let is_of_a_pool = match lease.kind() {
                LeaseKind6::Address => {
                    subnet.pools.iter().any(|pool| (pool.first..=pool.last).contains(&lease.address()))
                }
                LeaseKind6::Prefix => subnet.pd_pools.iter().any(|pool| {
                    pool.delegated_len == lease.prefix_len() && pool.prefix.contains(&lease.address())
                }),
            };
            assert!(is_of_a_pool, "{} is not of subnet {}", lease.key(), lease.subnet());
        }
    }

    fn check_answer(&self, query: &[u8], reply: &Reply) {
        let (asked, answer) = (Packet::new_checked(query, 9).unwrap(), reply.packet());
        let (question, message) = (asked.message(), answer.message());
        assert_eq!(message.transaction_id(), question.transaction_id());
        assert_eq!(reply.option(OptionCode::SERVER_ID).as_deref(), Some(&SERVER[..]));
        let client = question.options().find(OptionCode::CLIENT_ID);
        assert_eq!(reply.option(OptionCode::CLIENT_ID).as_deref(), client);
        let levels = |packet: &Packet<'_>, kind: MessageType| -> Vec<_> {
            let relays = packet.relays().iter();
            relays
                .map(|level| {
                    assert_eq!(level.message_type(), kind);
                    let options = [OptionCode::INTERFACE_ID, OptionCode::RELAY_PORT]
                        .map(|code| level.options().find(code).map(<[u8]>::to_vec));
                    (level.hop_count(), level.link_address(), level.peer_address(), options)
                })
                .collect()
        };
        assert_eq!(
            levels(&answer, MessageType::RELAY_REPL),
            levels(&asked, MessageType::RELAY_FORW),
            "every level goes back"
        );
        let mut seen: Vec<Key6> = Vec::new();
        for ia in reply.associations() {
            assert!(ia.t1 == 0 || ia.t2 == 0 || ia.t1 <= ia.t2, "{ia:?}");
            assert!(ia.t1 > 0 || ia.t2 == 0, "T2 without T1: {ia:?}");
            for (key, preferred, valid) in ia.leases {
                assert!(preferred <= valid, "{key}");
                if valid == 0 {
                    continue;
                }
                assert!(!seen.iter().any(|other| other.overlaps(key)), "{key} twice in one answer");
                seen.push(key);
                let lease = self.leases.get(key);
                let holds = lease.is_some_and(|lease| {
                    lease.is_held_by(client.unwrap_or_default(), ia.iaid, Timestamp(self.now))
                });
                assert!(
                    holds || message.message_type() == MessageType::ADVERTISE,
                    "{key} is not the client's"
                );
            }
        }
    }

    /// What was staged for the log gives the leases that there are.
    fn check_records(&mut self) {
        let mut replayed = leases(self.config);
        let mut rest = self.records.as_slice();
        while !rest.is_empty() {
            let (frame, taken) = fosix_journal::decode(rest, SALT).unwrap();
            match frame.kind {
                fosix_journal::Kind::Put => replayed.replay_put(frame.body, frame.sequence).unwrap(),
                _ => replayed.replay_delete(frame.body, frame.sequence).unwrap(),
            }
            rest = rest.get(taken..).unwrap_or_default();
        }
        assert_eq!(replayed.finish_replay(Timestamp(self.now)), []);
        let all = |leases: &Leases6| -> BTreeMap<Key6, Lease6> {
            leases.iter().map(|lease| (lease.key(), lease.to_lease())).collect()
        };
        assert_eq!(all(&replayed), all(&self.leases));
    }
}
