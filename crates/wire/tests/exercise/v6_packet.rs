//! A whole datagram: relay levels, message, options; written again it is the same, and its answer can be read.

use fosix_wire::v6::{
    MAX_RELAY_LEVELS, Message, MessageType, OptionCode, Options, Packet, RelayMessage, Writer,
    peek_message_type, write_relay_reply,
};

use super::{drain, show, shown, v6_options};

pub fn run(data: &[u8]) {
    if let Some(message_type) = peek_message_type(data) {
        show(message_type);
    }
    shown(Packet::new_checked(data, 0));
    // The levels are checked one by one as well as together.
    shown(RelayMessage::new_checked(data)).iter().for_each(look_at_level);
    shown(Message::new_checked(data)).iter().for_each(look_at_message);
    let Some(packet) = shown(Packet::new_checked(data, MAX_RELAY_LEVELS)) else { return };
    packet.relays().iter().for_each(look_at_level);
    look_at_message(&packet.message());
    assert_eq!(packet.as_bytes(), data);
    assert_eq!(write_again(&packet), data);
    answer(&packet);
}

fn look_at_message(message: &Message<'_>) {
    show(message.message_type());
    show(message.query_flags().unicast());
    drain(message.transaction_id());
    drain(message.query_flags().to_octets());
    look_at_options(message.options());
}

fn look_at_level(level: &RelayMessage<'_>) {
    assert!(level.message_type().is_relay());
    show(level.hop_count());
    show(level.link_address());
    show(level.peer_address());
    drain(level.interface_id());
    drain(level.relay_source_port());
    drain(peek_message_type(level.relay_message()));
    look_at_options(level.options());
}

fn look_at_options(options: Options<'_>) {
    shown(options.check_formats());
    for option in options {
        show(option.code);
        assert!(options.count(option.code) > 0);
        assert!(options.find(option.code).is_some());
        v6_options::look_at(option.data);
    }
    drain(options.find_all(OptionCode::VENDOR_OPTS));
    assert_eq!(Options::new_checked(options.as_bytes()), Ok(options));
}

/// The packet, written option by option.
fn write_again(packet: &Packet<'_>) -> Vec<u8> {
    let mut out = Vec::new();
    let mut w = Writer::new(&mut out);
    write_level(packet, 0, &mut w);
    assert_eq!(w.finish(), Ok(()));
    out
}

fn write_level(packet: &Packet<'_>, at: usize, w: &mut Writer<'_>) {
    let Some(level) = packet.relays().get(at) else {
        let message = packet.message();
        w.message(message.message_type(), message.transaction_id());
        message.options().iter().for_each(|option| w.option(option.code, option.data));
        return;
    };
    w.relay(level.message_type(), level.hop_count(), level.link_address(), level.peer_address());
    for option in level.options() {
        if option.code == OptionCode::RELAY_MESSAGE {
            w.nested(option.code, |w| write_level(packet, at + 1, w));
        } else {
            w.option(option.code, option.data);
        }
    }
}

/// Answers, and reads the answer.
fn answer(packet: &Packet<'_>) {
    let mut out = Vec::new();
    let mut w = Writer::new(&mut out);
    write_relay_reply(packet.relays(), &mut w, |w| w.message(MessageType::REPLY, [1, 2, 3]));
    assert_eq!(w.finish(), Ok(()));
    let reply = Packet::new_checked(&out, MAX_RELAY_LEVELS);
    assert!(reply.is_ok());
    let Ok(reply) = reply else { return };
    assert_eq!(reply.message().as_bytes(), [7, 1, 2, 3]);
    assert_eq!(reply.relays().len(), packet.relays().len());
    for (sent, received) in reply.relays().iter().zip(packet.relays()) {
        assert_eq!(sent.message_type(), MessageType::RELAY_REPL);
        assert_eq!(sent.hop_count(), received.hop_count());
        assert_eq!(sent.link_address(), received.link_address());
        assert_eq!(sent.peer_address(), received.peer_address());
        assert_eq!(sent.interface_id(), received.interface_id());
        assert_eq!(
            sent.options().find(OptionCode::RELAY_PORT),
            received.options().find(OptionCode::RELAY_PORT)
        );
    }
}
