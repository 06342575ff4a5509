//! Asking for the addresses of DHCP 4o6 servers: an Information-request for option 88 (RFC 7341 §9), without sockets and
//! without a clock.

use std::fmt;
use std::net::Ipv6Addr;
use std::time::Duration;

use fosix_wire::v6::{AddressList, Message, MessageType, OptionCode, StatusCode, StatusCodeOption, Writer};

use super::envelope::information_request;
use super::random::Random;
use super::session::Verdict;

/// RFC 9915 §7.6: INF_TIMEOUT, the first delay before sending again.
pub(super) const FIRST_DELAY: Duration = Duration::from_secs(1);
/// RFC 9915 §7.6: INF_MAX_RT, the longest.
const LONGEST_DELAY: Duration = Duration::from_secs(3600);

/// The question and how it goes.
#[derive(Debug)]
pub(super) struct Inquiry {
    duid: Vec<u8>,
    request: Vec<u16>,
    transaction_id: [u8; 3],
    began: Duration,
    delay: Duration,
    resend_at: Duration,
    give_up_at: Duration,
    transmissions: u32,
    outcome: Option<Result<Found, Failure>>,
}

/// What the servers said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Found {
    /// Where to send queries: option 88, without repetitions (RFC 7341 §12). Empty where the option was empty.
    pub(super) servers: Vec<Ipv6Addr>,
    /// The Reply, with its relay levels.
    pub(super) datagram: Vec<u8>,
    /// From the first transmission to the answer.
    pub(super) after: Duration,
}

/// Why there is no address to send queries to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Failure {
    /// Nobody answered in time.
    NoAnswer { transmissions: u32 },
    /// The server reported an error.
    Status { code: StatusCode, message: String },
    /// The server offers no DHCPv4 over DHCPv6.
    NoServerAddress,
    /// Option 88 holds no list of addresses.
    Malformed(fosix_wire::Error),
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoAnswer { transmissions: 1 } => f.write_str("no answer to Information-request, sent once"),
            Self::NoAnswer { transmissions } => {
                write!(f, "no answer to Information-request, sent {transmissions} times")
            }
            Self::Status { code, message } if message.is_empty() => {
                write!(f, "the server refused the Information-request: {code}")
            }
            Self::Status { code, message } => {
                write!(f, "the server refused the Information-request: {code}, \"{message}\"")
            }
            Self::NoServerAddress => f.write_str(
                "the Reply has no dhcp4o6-server-addr (option 88): this server offers no DHCPv4 over DHCPv6 here \
                 (--direct sends queries nevertheless)",
            ),
            Self::Malformed(error) => write!(f, "dhcp4o6-server-addr (option 88) is malformed: {error}"),
        }
    }
}

impl Inquiry {
    /// Begins at `now`. `request` holds option codes for the Option Request option; 88 and what RFC 9915 wants there
    /// are added.
    pub(super) fn new(
        duid: Vec<u8>,
        request: &[u16],
        now: Duration,
        first_delay: Duration,
        timeout: Duration,
        random: &mut Random,
    ) -> Self {
        // RFC 9915 §18.2.6: an Information-request asks for INF_MAX_RT and the Information Refresh Time too.
        let wanted =
            [OptionCode::DHCP4_O_DHCP6_SERVER, OptionCode::INFORMATION_REFRESH_TIME, OptionCode::INF_MAX_RT];
        let mut codes: Vec<u16> = wanted.iter().map(|code| code.0).collect();
        for code in request {
            if !codes.contains(code) {
                codes.push(*code);
            }
        }
        Self {
            duid,
            request: codes,
            transaction_id: random.transaction_id(),
            began: now,
            delay: first_delay,
            resend_at: now,
            give_up_at: now.saturating_add(timeout),
            transmissions: 0,
            outcome: None,
        }
    }

    pub(super) const fn outcome(&self) -> Option<&Result<Found, Failure>> {
        self.outcome.as_ref()
    }

    pub(super) const fn transmissions(&self) -> u32 {
        self.transmissions
    }

    /// When to call `poll` next.
    pub(super) fn deadline(&self) -> Duration {
        self.resend_at.min(self.give_up_at)
    }

    /// Whether the message is due now; [`write`](Self::write) then gives it.
    pub(super) fn poll(&mut self, now: Duration, random: &mut Random) -> bool {
        if self.outcome.is_some() || now < self.deadline() {
            return false;
        }
        if now >= self.give_up_at {
            self.outcome = Some(Err(Failure::NoAnswer { transmissions: self.transmissions }));
            return false;
        }
        // RFC 9915 §15: each delay is twice the one before, varied by a tenth either way.
        let delay = random.around(self.delay, self.delay / 10);
        self.resend_at = now.saturating_add(delay);
        self.delay = delay.saturating_mul(2).min(LONGEST_DELAY);
        self.transmissions = self.transmissions.saturating_add(1);
        true
    }

    /// Writes the Information-request as it is at `now`.
    pub(super) fn write(&self, now: Duration, writer: &mut Writer<'_>) {
        // RFC 9915 §21.9: the time since the first transmission, in hundredths of a second; 0 in the first.
        let elapsed = now.saturating_sub(self.began).as_millis() / 10;
        let elapsed = if self.transmissions <= 1 { 0 } else { u16::try_from(elapsed).unwrap_or(u16::MAX) };
        information_request(self.transaction_id, &self.duid, &self.request, elapsed, writer);
    }

    /// Takes a message that came in `datagram`.
    pub(super) fn receive(&mut self, now: Duration, message: &Message<'_>, datagram: &[u8]) -> Verdict {
        if self.outcome.is_some() {
            return Verdict::Ignored("no exchange is under way");
        }
        if let Err(reason) = self.accept(message) {
            return Verdict::Ignored(reason);
        }
        self.outcome = Some(found(message, datagram, now.saturating_sub(self.began)));
        Verdict::Taken
    }

    /// RFC 9915 §16.10.
    fn accept(&self, message: &Message<'_>) -> Result<(), &'static str> {
        if message.message_type() != MessageType::REPLY {
            return Err("not a Reply");
        }
        if message.transaction_id() != self.transaction_id {
            return Err("another transaction id");
        }
        let options = message.options();
        if options.find(OptionCode::SERVER_ID).is_none() {
            return Err("a Reply without Server Identifier");
        }
        if options.find(OptionCode::CLIENT_ID).is_none_or(|duid| duid != self.duid) {
            return Err("a Reply without this client's Client Identifier");
        }
        Ok(())
    }
}

fn found(message: &Message<'_>, datagram: &[u8], after: Duration) -> Result<Found, Failure> {
    let options = message.options();
    if let Some(Ok(status)) = options.find(OptionCode::STATUS_CODE).map(StatusCodeOption::new_checked)
        && status.code != StatusCode::SUCCESS
    {
        let message = String::from_utf8_lossy(status.message).into_owned();
        return Err(Failure::Status { code: status.code, message });
    }
    let data = options.find(OptionCode::DHCP4_O_DHCP6_SERVER).ok_or(Failure::NoServerAddress)?;
    let mut servers = Vec::new();
    for address in AddressList::new_checked(data).map_err(Failure::Malformed)?.iter() {
        // RFC 7341 §12: a client uses each address once.
        if !servers.contains(&address) {
            servers.push(address);
        }
    }
    Ok(Found { servers, datagram: datagram.to_vec(), after })
}

#[cfg(test)]
mod tests {
    use super::*;

    const DUID: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 1];

    fn inquiry(random: &mut Random) -> Inquiry {
        Inquiry::new(DUID.to_vec(), &[23, 88], Duration::ZERO, FIRST_DELAY, Duration::from_secs(30), random)
    }

    fn reply(inquiry: &Inquiry, write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        writer.message(MessageType::REPLY, inquiry.transaction_id);
        writer.option(OptionCode::CLIENT_ID, &DUID);
        writer.option(OptionCode::SERVER_ID, &[0, 4, 1]);
        write(&mut writer);
        writer.finish().unwrap();
        out
    }

    fn receive(inquiry: &mut Inquiry, datagram: &[u8]) -> Verdict {
        inquiry.receive(Duration::from_millis(5), &Message::new_checked(datagram).unwrap(), datagram)
    }

    #[test]
    fn option_88_is_asked_for_once_and_the_elapsed_time_begins_at_zero() {
        let mut random = Random::from_seed(3);
        let mut inquiry = inquiry(&mut random);
        assert!(inquiry.poll(Duration::ZERO, &mut random));
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        inquiry.write(Duration::ZERO, &mut writer);
        writer.finish().unwrap();
        let message = Message::new_checked(&out).unwrap();
        assert_eq!(message.options().find(OptionCode::ORO), Some(&[0, 88, 0, 32, 0, 83, 0, 23][..]));
        assert_eq!(message.options().find(OptionCode::ELAPSED_TIME), Some(&[0, 0][..]));
    }

    #[test]
    fn it_is_sent_again_until_the_time_is_over() {
        let mut random = Random::from_seed(3);
        let mut inquiry = inquiry(&mut random);
        let mut sent = Vec::new();
        while inquiry.outcome().is_none() {
            let now = inquiry.deadline();
            if inquiry.poll(now, &mut random) {
                sent.push(now.as_secs_f64());
            }
        }
        // 0, 1, 3, 7, 15 and would be 31.
        assert_eq!(sent.len(), 5, "{sent:?}");
        assert_eq!(inquiry.outcome(), Some(&Err(Failure::NoAnswer { transmissions: 5 })));
    }

    #[test]
    fn the_addresses_of_option_88_are_used_once_each() {
        let mut random = Random::from_seed(3);
        let mut inquiry = inquiry(&mut random);
        let (one, two) = ("2001:db8::1".parse().unwrap(), "ff02::1:2".parse().unwrap());
        let datagram = reply(&inquiry, |w| w.addresses(OptionCode::DHCP4_O_DHCP6_SERVER, [one, two, one]));
        assert_eq!(receive(&mut inquiry, &datagram), Verdict::Taken);
        let Some(Ok(found)) = inquiry.outcome() else { panic!("{inquiry:?}") };
        assert_eq!(found.servers, [one, two]);
        assert_eq!(found.after, Duration::from_millis(5));
    }

    #[test]
    fn an_empty_option_88_is_not_a_missing_one() {
        let mut random = Random::from_seed(3);
        let mut with = inquiry(&mut random);
        let datagram = reply(&with, |w| w.option(OptionCode::DHCP4_O_DHCP6_SERVER, &[]));
        receive(&mut with, &datagram);
        assert!(with.outcome().unwrap().as_ref().is_ok_and(|found| found.servers.is_empty()));

        let mut without = inquiry(&mut random);
        let datagram = reply(&without, |_| ());
        receive(&mut without, &datagram);
        assert_eq!(without.outcome(), Some(&Err(Failure::NoServerAddress)));
    }

    #[test]
    fn what_answers_somebody_else_is_ignored() {
        let mut random = Random::from_seed(3);
        let mut one = inquiry(&mut random);
        let other = inquiry(&mut random);
        let datagram = reply(&other, |_| ());
        assert_eq!(receive(&mut one, &datagram), Verdict::Ignored("another transaction id"));
        let mut datagram = reply(&one, |_| ());
        datagram[0] = MessageType::ADVERTISE.0;
        assert_eq!(receive(&mut one, &datagram), Verdict::Ignored("not a Reply"));
        assert!(one.outcome().is_none());
    }

    #[test]
    fn an_error_status_is_told() {
        let mut random = Random::from_seed(3);
        let mut inquiry = inquiry(&mut random);
        let datagram = reply(&inquiry, |w| w.option(OptionCode::STATUS_CODE, b"\0\x01busy"));
        receive(&mut inquiry, &datagram);
        let Some(Err(failure)) = inquiry.outcome() else { panic!("{inquiry:?}") };
        assert_eq!(failure.to_string(), "the server refused the Information-request: UnspecFail, \"busy\"");
    }
}
