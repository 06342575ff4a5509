//! What the fuzz target and the replay of its corpus do: a text as an expression of either half, over octets as a message.

use std::net::Ipv6Addr;

use fosix_expression::{
    Bundle, Classes, Condition, Half, Language, Memo, Scratch, SyntaxError, Template, View,
};
use fosix_wire::v4::Message;
use fosix_wire::v6::{MAX_RELAY_LEVELS, OptionCode, Packet};

/// The first line is the expression, what follows the DHCPv6 message.
pub(crate) fn run(data: &[u8]) {
    let end = data.iter().position(|octet| *octet == b'\n').unwrap_or(data.len());
    let (text, message) = data.split_at(end);
    let Ok(text) = std::str::from_utf8(text) else { return };
    let packet = Packet::new_checked(message.get(1..).unwrap_or_default(), MAX_RELAY_LEVELS);
    let Ok(packet) = packet.or_else(|_| Packet::new_checked(&[20, 0, 0, 0], 1)) else { return };
    let inner = packet.message().options().find(OptionCode::DHCPV4_MSG);
    let inner = inner.and_then(|inner| Message::new_checked(inner).ok());
    let mut classes = Classes::default();
    classes.insert(1);
    for half in [Half::V4, Half::V6] {
        let language = Language {
            half,
            option_code: &|_, name| u16::try_from(name.len()).ok(),
            class: &|name| u16::try_from(name.len() % 3).ok(),
        };
        let view = View {
            packet: &packet,
            message4: inner.as_ref().filter(|_| half == Half::V4),
            interface: "eth0",
            source: Ipv6Addr::LOCALHOST,
            destination: Ipv6Addr::UNSPECIFIED,
            classes: &classes,
        };
        let mut scratch = Scratch::default();
        match Condition::parse(text, language) {
            Ok(condition) => {
                let alone = condition.holds(&view, &mut scratch);
                let mut bundle = Bundle::default();
                let number = bundle.add(&condition);
                let mut memo = Memo::default();
                let is_candidate = bundle
                    .candidates(&view, &mut memo, &mut scratch)
                    .iter()
                    .any(|candidate| candidate == number);
                assert!(is_candidate || alone == Ok(false), "{text}");
                assert_eq!(bundle.holds(number, &view, &mut memo, &mut scratch), alone, "{text}");
            }
            Err(error) => points_into(&error, text),
        }
        match Template::parse(text, language) {
            // An error is as good as a value: that it ends is what counts.
            Ok(template) => _ = template.octets(&view, &mut scratch).map(<[u8]>::len),
            Err(error) => points_into(&error, text),
        }
    }
}

fn points_into(error: &SyntaxError, text: &str) {
    assert!(text.get(error.span.clone()).is_some(), "{text:?}: {error:?}");
    assert!(error.pointing_into(text).contains('^'), "{text:?}: {error:?}");
}
