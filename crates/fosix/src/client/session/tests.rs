//! A client's exchanges with a server that is made of its answers.

use super::*;
use crate::client::testing::{FROM, SERVER, grant, plan, reply};

const OFFERED: Ipv4Addr = Ipv4Addr::new(10, 0, 0, 7);
const BOTH: [Step; 2] = [Step::Discover, Step::Request];

struct Client {
    session: Session,
    plan: Plan,
    random: Random,
    now: Duration,
}

impl Client {
    fn new(plan: Plan) -> Self {
        let mut random = Random::from_seed(5);
        let identity = Identity::nth([2, 0, 0, 0, 0, 1], 1, 0);
        Self { session: Session::new(identity, &plan, &mut random), plan, random, now: Duration::ZERO }
    }

    /// The message that is due, and the U flag with it.
    fn poll(&mut self) -> Option<(Vec<u8>, bool)> {
        let mut out = Vec::new();
        let unicast = self.session.poll(self.now, &self.plan, &mut self.random, &mut out)?;
        Some((out, unicast))
    }

    fn receive(&mut self, message: &[u8]) -> Verdict {
        self.session.receive(self.now, FROM, &Message::new_checked(message).unwrap(), message)
    }

    /// Runs to the end against a server that grants all.
    fn run(&mut self) -> Vec<(Vec<u8>, bool)> {
        let mut sent = Vec::new();
        while let Some((query, unicast)) = self.poll() {
            let message_type = Message::new_checked(&query).unwrap().message_type().unwrap();
            let (answer, address) = match message_type {
                MessageType::DISCOVER => (MessageType::OFFER, OFFERED),
                MessageType::INFORM => (MessageType::ACK, Ipv4Addr::UNSPECIFIED),
                _ => (MessageType::ACK, OFFERED),
            };
            if !matches!(message_type, MessageType::DECLINE | MessageType::RELEASE) {
                self.receive(&grant(&query, answer, address));
            }
            sent.push((query, unicast));
            self.now += Duration::from_millis(100);
        }
        sent
    }
}

#[test]
fn each_message_has_the_fields_of_rfc_2131_table_5() {
    let steps = [Step::Discover, Step::Request, Step::Renew, Step::Rebind, Step::Inform, Step::Decline];
    let mut client = Client::new(plan(&steps));
    let sent = client.run();
    assert_eq!(client.session.outcome(), Some(&Ok(())));
    let none = Ipv4Addr::UNSPECIFIED;
    // ciaddr, requested address, server identifier, parameter request list, the U flag of RFC 7341.
    let expected = [
        (none, None, None, true, false),
        (none, Some(OFFERED), Some(SERVER), true, false),
        (OFFERED, None, None, true, true),
        (OFFERED, None, None, true, false),
        (OFFERED, None, None, true, true),
        (none, Some(OFFERED), Some(SERVER), false, false),
    ];
    assert_eq!(sent.len(), steps.len());
    for ((step, (query, unicast)), (ciaddr, requested, server, list, u)) in
        steps.iter().zip(&sent).zip(expected)
    {
        let message = Message::new_checked(query).unwrap();
        let address = |code| message.option(code).and_then(|option| option.to_ipv4());
        assert_eq!(message.op(), 1, "{step}");
        assert_eq!(message.message_type(), Some(step.sends()), "{step}");
        assert_eq!(message.ciaddr(), ciaddr, "{step}");
        assert_eq!(address(OptionCode::REQUESTED_IP_ADDRESS), requested, "{step}");
        assert_eq!(address(OptionCode::SERVER_IDENTIFIER), server, "{step}");
        assert_eq!(message.has_option(OptionCode::PARAMETER_REQUEST_LIST), list, "{step}");
        assert_eq!(message.has_option(OptionCode::MAXIMUM_MESSAGE_SIZE), list, "{step}");
        assert_eq!(*unicast, u, "{step}");
        // RFC 7341 §9: always the client identifier of RFC 4361.
        let id = message.option(OptionCode::CLIENT_IDENTIFIER).unwrap();
        assert!(id.bytes().eq(client.session.identity().client_identifier()), "{step}");
        assert_eq!(message.chaddr(), [2, 0, 0, 0, 0, 1], "{step}");
    }
}

#[test]
fn a_release_names_address_and_server_and_needs_no_answer() {
    let mut client = Client::new(plan(&[Step::Discover, Step::Request, Step::Release]));
    let sent = client.run();
    let (query, unicast) = sent.last().unwrap();
    let message = Message::new_checked(query).unwrap();
    assert_eq!(message.ciaddr(), OFFERED);
    assert_eq!(message.option(OptionCode::SERVER_IDENTIFIER).unwrap().to_ipv4(), Some(SERVER));
    assert!(!message.has_option(OptionCode::REQUESTED_IP_ADDRESS));
    assert!(*unicast);
    assert_eq!(client.session.outcome(), Some(&Ok(())));
    assert_eq!(client.session.holding(), None);
}

#[test]
fn a_request_for_an_offer_has_its_transaction_id_and_its_seconds() {
    let mut client = Client::new(plan(&[Step::Discover, Step::Request, Step::Renew]));
    let (first, _) = client.poll().unwrap();
    client.now = Duration::from_secs(5);
    let (discover, _) = client.poll().unwrap();
    client.now = Duration::from_secs(9);
    client.receive(&grant(&discover, MessageType::OFFER, OFFERED));
    let (request, _) = client.poll().unwrap();
    client.receive(&grant(&request, MessageType::ACK, OFFERED));
    let (renewal, _) = client.poll().unwrap();
    let fields = |query: &[u8]| {
        let message = Message::new_checked(query).unwrap();
        (message.xid(), message.secs())
    };
    let (xid, _) = fields(&first);
    assert_eq!(fields(&discover), (xid, 5));
    assert_eq!(fields(&request), (xid, 5));
    assert_ne!(fields(&renewal).0, xid);
}

#[test]
fn a_query_is_sent_again_as_rfc_2131_has_it_and_then_given_up() {
    let mut client = Client::new(Plan { timeout: Duration::from_secs(100), ..plan(&BOTH) });
    let mut times = Vec::new();
    while let Some(deadline) = client.session.deadline() {
        client.now = deadline;
        if client.poll().is_some() {
            times.push(client.now.as_secs_f64());
        }
    }
    let delays: Vec<f64> = times.windows(2).map(|pair| pair[1] - pair[0]).collect();
    assert_eq!(delays.len(), 4, "{times:?}");
    for (delay, expected) in delays.iter().zip([4.0, 8.0, 16.0, 32.0]) {
        assert!((delay - expected).abs() <= 1.0, "{delays:?}");
    }
    let failure = Failure::NoAnswer { step: Step::Discover, transmissions: 5 };
    assert_eq!(failure.to_string(), "no answer to DHCPDISCOVER, sent 5 times");
    assert_eq!(client.session.outcome(), Some(&Err(failure)));
}

#[test]
fn nothing_is_sent_before_its_time() {
    let mut client = Client::new(plan(&BOTH));
    assert!(client.poll().is_some());
    client.now = Duration::from_secs(2);
    assert!(client.poll().is_none());
    assert!(client.session.deadline().unwrap() >= Duration::from_secs(3));
}

#[test]
fn a_nak_ends_it_with_the_servers_words() {
    let mut client = Client::new(Plan { address: OFFERED, ..plan(&[Step::Reboot, Step::Renew]) });
    let (query, _) = client.poll().unwrap();
    let nak = reply(&query, MessageType::NAK, Ipv4Addr::UNSPECIFIED, |writer| {
        writer.option(OptionCode::MESSAGE, b"wrong network");
    });
    assert_eq!(client.receive(&nak), Verdict::Taken);
    let Some(Err(failure)) = client.session.outcome() else { panic!("{:?}", client.session) };
    assert_eq!(failure.to_string(), "DHCPREQUEST (init-reboot) was refused: DHCPNAK \"wrong network\"");
    assert!(client.poll().is_none());
    assert_eq!(client.session.holding(), None);
}

#[test]
fn an_init_reboot_names_the_address_and_no_server() {
    let mut client = Client::new(Plan { address: OFFERED, server: Some(SERVER), ..plan(&[Step::Reboot]) });
    let (query, unicast) = client.poll().unwrap();
    let message = Message::new_checked(&query).unwrap();
    assert_eq!(message.option(OptionCode::REQUESTED_IP_ADDRESS).unwrap().to_ipv4(), Some(OFFERED));
    assert!(!message.has_option(OptionCode::SERVER_IDENTIFIER));
    assert!(message.ciaddr().is_unspecified());
    assert!(!unicast);
}

#[test]
fn what_is_for_somebody_else_is_ignored() {
    let mut client = Client::new(plan(&BOTH));
    let (query, _) = client.poll().unwrap();
    let offer = grant(&query, MessageType::OFFER, OFFERED);
    let changed = |index: usize, value: u8| {
        let mut message = offer.clone();
        message[index] = value;
        message
    };
    let other_id = reply(&query, MessageType::OFFER, OFFERED, |writer| {
        writer.option(OptionCode::CLIENT_IDENTIFIER, b"\0other");
    });
    let ack = grant(&query, MessageType::ACK, OFFERED);
    for (message, reason) in [
        (changed(0, 1), "not a BOOTREPLY"),
        (changed(4, offer[4] ^ 1), "another transaction id"),
        (changed(28, 4), "another client's hardware address"),
        (other_id, "another client's identifier"),
        (ack, "no answer to what was asked"),
    ] {
        assert_eq!(client.receive(&message), Verdict::Ignored(reason));
    }
    assert_eq!(client.receive(&offer), Verdict::Taken);
    // A further server's offer, or the same again over another address of option 88.
    assert_eq!(client.receive(&offer), Verdict::Ignored("no exchange is under way"));
}

#[test]
fn a_grant_that_lacks_what_it_must_have_is_not_used() {
    for (lacking, reason) in
        [(0, "yiaddr is 0.0.0.0"), (1, "no server identifier (option 54)"), (2, "no lease time (option 51)")]
    {
        let mut client = Client::new(plan(&BOTH));
        let (query, _) = client.poll().unwrap();
        let address = if lacking == 0 { Ipv4Addr::UNSPECIFIED } else { OFFERED };
        let offer = reply(&query, MessageType::OFFER, address, |writer| {
            if lacking != 1 {
                writer.option_ipv4(OptionCode::SERVER_IDENTIFIER, SERVER);
            }
            if lacking != 2 {
                writer.option_u32(OptionCode::LEASE_TIME, 4000);
            }
        });
        client.receive(&offer);
        let failure = Failure::Unusable { step: Step::Discover, reason };
        assert_eq!(client.session.outcome(), Some(&Err(failure)));
    }
}

#[test]
fn each_exchange_is_on_record() {
    let mut client = Client::new(plan(&BOTH));
    client.run();
    let steps: Vec<_> = client.session.exchanges().iter().map(|exchange| exchange.step).collect();
    assert_eq!(steps, BOTH);
    assert!(
        client
            .session
            .exchanges()
            .iter()
            .all(|exchange| exchange.transmissions == 1 && exchange.answer.is_some())
    );
    assert_eq!(client.session.holding(), Some((OFFERED, None)));
}
