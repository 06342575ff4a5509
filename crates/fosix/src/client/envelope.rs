//! The DHCPv6 around a client's messages: DHCPV4-QUERY, Information-request, and a relay agent's Relay-forward.

use std::net::Ipv6Addr;

use fosix_wire::v6::{self, MessageType, OptionCode, Packet, QueryFlags, Writer};

/// What relay agents, when the client plays them too, put around its messages.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Envelope {
    /// From the client outward; none when the client speaks for itself.
    pub(super) levels: Vec<Level>,
    /// RFC 8357 §4.1: the outermost relay agent sends from another port than 547.
    pub(super) own_port: bool,
}

/// One relay agent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Level {
    pub(super) link: Ipv6Addr,
    /// Whom the relay agent got the message from; `None` is the client's own link-local address.
    pub(super) peer: Option<Ipv6Addr>,
    pub(super) interface_id: Option<Vec<u8>>,
}

impl Envelope {
    /// Writes the message, with the relay levels around it, in place of what `out` holds.
    pub(super) fn wrap(
        &self,
        client: Ipv6Addr,
        out: &mut Vec<u8>,
        message: impl FnOnce(&mut Writer<'_>),
    ) -> Result<(), fosix_wire::Error> {
        out.clear();
        let mut writer = Writer::new(out);
        let mut message = Some(message);
        self.level(self.levels.len(), client, &mut writer, &mut |writer| {
            if let Some(message) = message.take() {
                message(writer);
            }
        });
        writer.finish()
    }

    fn level(
        &self,
        depth: usize,
        client: Ipv6Addr,
        writer: &mut Writer<'_>,
        message: &mut dyn FnMut(&mut Writer<'_>),
    ) {
        let Some(inner) = depth.checked_sub(1) else { return message(writer) };
        let Some(level) = self.levels.get(inner) else { return };
        // RFC 9915 §19.1.2: the hop count says how many relay agents the message went through before.
        let hop_count = u8::try_from(inner).unwrap_or(u8::MAX);
        writer.relay(MessageType::RELAY_FORW, hop_count, level.link, level.peer.unwrap_or(client));
        if let Some(interface_id) = &level.interface_id {
            writer.option(OptionCode::INTERFACE_ID, interface_id);
        }
        if self.own_port && depth == self.levels.len() {
            // RFC 8357 §5.2: zero, as no relay agent further down uses a port of its own.
            writer.option_u16(OptionCode::RELAY_PORT, 0);
        }
        writer.nested(OptionCode::RELAY_MESSAGE, |writer| self.level(inner, client, writer, message));
    }

    /// The server's message in a datagram; an error says why the datagram is not an answer to what `wrap` made.
    pub(super) fn unwrap<'a>(&self, datagram: &'a [u8]) -> Result<v6::Message<'a>, String> {
        let packet =
            Packet::new_checked(datagram, v6::MAX_RELAY_LEVELS).map_err(|error| error.to_string())?;
        let relays = packet.relays();
        if relays.len() != self.levels.len() {
            return Err(format!("{} relay levels where {} are expected", relays.len(), self.levels.len()));
        }
        // RFC 9915 §19.3: the server puts back what each relay agent sent.
        for (relay, (index, level)) in relays.iter().zip(self.levels.iter().enumerate().rev()) {
            if relay.message_type() != MessageType::RELAY_REPL {
                return Err(format!("{} where RELAY-REPL is expected", relay.message_type()));
            }
            if usize::from(relay.hop_count()) != index {
                return Err(format!("hop count {} where {index} is expected", relay.hop_count()));
            }
            if relay.link_address() != level.link {
                return Err(format!(
                    "link-address {} where {} is expected",
                    relay.link_address(),
                    level.link
                ));
            }
            if relay.interface_id() != level.interface_id.as_deref() {
                return Err(format!("another Interface-ID than the one sent at hop count {index}"));
            }
        }
        Ok(packet.message())
    }
}

/// Writes a DHCPV4-QUERY (RFC 7341 §6.2) around a DHCPv4 message.
pub(super) fn query(unicast: bool, message: &[u8], writer: &mut Writer<'_>) {
    let flags = if unicast { QueryFlags::UNICAST } else { QueryFlags(0) };
    writer.message(MessageType::DHCPV4_QUERY, flags.to_octets());
    // RFC 7341 §9: exactly one.
    writer.option(OptionCode::DHCPV4_MSG, message);
}

/// Writes an Information-request (RFC 9915 §18.2.6); `elapsed` is in hundredths of a second.
pub(super) fn information_request(
    transaction_id: [u8; 3],
    duid: &[u8],
    request: &[u16],
    elapsed: u16,
    writer: &mut Writer<'_>,
) {
    writer.message(MessageType::INFORMATION_REQUEST, transaction_id);
    writer.option(OptionCode::CLIENT_ID, duid);
    let codes: Vec<u8> = request.iter().flat_map(|code| code.to_be_bytes()).collect();
    writer.option(OptionCode::ORO, &codes);
    writer.option_u16(OptionCode::ELAPSED_TIME, elapsed);
}

#[cfg(test)]
mod tests {
    use super::*;

    const CLIENT: Ipv6Addr = Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1);

    fn address(text: &str) -> Ipv6Addr {
        text.parse().unwrap()
    }

    fn two_levels() -> Envelope {
        let inner =
            Level { link: address("2001:db8::1"), peer: None, interface_id: Some(b"port 7".to_vec()) };
        let outer = Level { link: Ipv6Addr::UNSPECIFIED, peer: Some(inner.link), interface_id: None };
        Envelope { levels: vec![inner, outer], own_port: true }
    }

    fn wrapped(envelope: &Envelope) -> Vec<u8> {
        let mut out = vec![1, 2, 3];
        envelope.wrap(CLIENT, &mut out, |writer| query(true, &[7; 5], writer)).unwrap();
        out
    }

    /// What a server makes of it: Relay-reply in place of Relay-forward, DHCPV4-RESPONSE inside.
    fn answered(envelope: &Envelope) -> Vec<u8> {
        let datagram = wrapped(envelope);
        let packet = Packet::new_checked(&datagram, v6::MAX_RELAY_LEVELS).unwrap();
        let mut out = Vec::new();
        let mut writer = Writer::new(&mut out);
        v6::write_relay_reply(packet.relays(), &mut writer, |writer| {
            writer.message(MessageType::DHCPV4_RESPONSE, [0; 3]);
        });
        writer.finish().unwrap();
        out
    }

    #[test]
    fn a_query_holds_the_flag_and_one_dhcpv4_message() {
        let datagram = wrapped(&Envelope::default());
        let message = v6::Message::new_checked(&datagram).unwrap();
        assert_eq!(message.message_type(), MessageType::DHCPV4_QUERY);
        assert!(message.query_flags().unicast());
        assert_eq!(message.options().as_bytes(), [0, 87, 0, 5, 7, 7, 7, 7, 7]);
    }

    #[test]
    fn relay_levels_stand_around_it_from_the_client_outward() {
        let datagram = wrapped(&two_levels());
        let packet = Packet::new_checked(&datagram, v6::MAX_RELAY_LEVELS).unwrap();
        let [outer, inner] = packet.relays() else { panic!("{:?}", packet.relays()) };
        assert_eq!((outer.hop_count(), inner.hop_count()), (1, 0));
        assert_eq!((outer.link_address(), outer.peer_address()), (address("::"), address("2001:db8::1")));
        assert_eq!((inner.link_address(), inner.peer_address()), (address("2001:db8::1"), CLIENT));
        assert_eq!((outer.interface_id(), inner.interface_id()), (None, Some(&b"port 7"[..])));
        // RFC 8357 §5.2: only the relay agent that has its own port says so.
        assert_eq!((outer.relay_source_port(), inner.relay_source_port()), (Some(0), None));
        assert_eq!(packet.message().message_type(), MessageType::DHCPV4_QUERY);
    }

    #[test]
    fn an_answer_must_bring_every_level_back_as_it_was() {
        let envelope = two_levels();
        let datagram = answered(&envelope);
        assert_eq!(envelope.unwrap(&datagram).unwrap().message_type(), MessageType::DHCPV4_RESPONSE);

        let reason = |change: &dyn Fn(&mut Envelope)| {
            let mut other = two_levels();
            change(&mut other);
            other.unwrap(&datagram).unwrap_err()
        };
        assert_eq!(reason(&|envelope| envelope.levels.truncate(1)), "2 relay levels where 1 are expected");
        assert_eq!(
            reason(&|envelope| envelope.levels[0].link = CLIENT),
            "link-address 2001:db8::1 where fe80::1 is expected"
        );
        assert_eq!(
            reason(&|envelope| envelope.levels[1].interface_id = Some(vec![1])),
            "another Interface-ID than the one sent at hop count 1"
        );
        let query = wrapped(&envelope);
        assert_eq!(envelope.unwrap(&query).unwrap_err(), "RELAY-FORW where RELAY-REPL is expected");
    }
}
