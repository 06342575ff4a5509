//! What is written decodes to the same, and no octets make a view panic.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod exercise;
mod packets;

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_wire::name::{Name, encode};
use fosix_wire::softwire::{Ipv6Prefix, PortParams, Rule, V4V6Bind};
use fosix_wire::v6::{
    IaAddress, IaNa, IaPd, IaPrefix, Message, MessageType, OptionCode, Options, Packet, RawOption, Writer,
    excluded_prefix, write_excluded_prefix,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// Options with any codes, but for Relay Message, which a relay level has once and at its end.
fn options() -> impl Strategy<Value = Vec<(u16, Vec<u8>)>> {
    vec((any::<u16>().prop_filter("not option 9", |code| *code != 9), vec(any::<u8>(), 0..40)), 0..12)
}

fn address() -> impl Strategy<Value = Ipv6Addr> {
    any::<u128>().prop_map(Ipv6Addr::from_bits)
}

fn prefix() -> impl Strategy<Value = Ipv6Prefix> {
    (address(), 0..=128_u8).prop_map(|(address, len)| Ipv6Prefix::new(address, len).unwrap())
}

fn port_params() -> impl Strategy<Value = PortParams> {
    (0..=15_u8)
        .prop_flat_map(|offset| (Just(offset), 0..=16 - offset))
        .prop_flat_map(|(offset, len)| (Just(offset), Just(len), 0..1_u32 << len))
        .prop_map(|(offset, len, psid)| PortParams::new(offset, len, u16::try_from(psid).unwrap()).unwrap())
}

fn put(w: &mut Writer<'_>, options: &[(u16, Vec<u8>)]) {
    for (code, data) in options {
        w.option(OptionCode(*code), data);
    }
}

fn same(read: Options<'_>, options: &[(u16, Vec<u8>)]) -> bool {
    read.iter().eq(options.iter().map(|(code, data)| RawOption { code: OptionCode(*code), data }))
}

proptest! {
    #[test]
    fn a_message_decodes_to_what_was_written(
        message_type in any::<u8>().prop_filter("no relay type", |number| !matches!(number, 12 | 13)),
        transaction_id in any::<[u8; 3]>(),
        options in options(),
    ) {
        let bytes = packets::bytes(|w| {
            w.message(MessageType(message_type), transaction_id);
            put(w, &options);
        });
        let message = Message::new_checked(&bytes).unwrap();
        prop_assert_eq!(message.message_type(), MessageType(message_type));
        prop_assert_eq!(message.transaction_id(), transaction_id);
        prop_assert!(same(message.options(), &options));
    }

    #[test]
    fn relay_levels_decode_to_what_was_written(
        levels in vec((any::<u8>(), address(), address(), options(), options()), 0..=32),
        forward in any::<bool>(),
    ) {
        let relay_type = if forward { MessageType::RELAY_FORW } else { MessageType::RELAY_REPL };
        let mut bytes = vec![1, 2, 3, 4];
        for (hop_count, link, peer, before, behind) in levels.iter().rev() {
            bytes = packets::bytes(|w| {
                w.relay(relay_type, *hop_count, *link, *peer);
                put(w, before);
                w.option(OptionCode::RELAY_MESSAGE, &bytes);
                put(w, behind);
            });
        }
        let packet = Packet::new_checked(&bytes, 32).unwrap();
        prop_assert_eq!(packet.relays().len(), levels.len());
        for (read, (hop_count, link, peer, before, behind)) in packet.relays().iter().zip(&levels) {
            prop_assert_eq!(read.message_type(), relay_type);
            prop_assert_eq!(read.hop_count(), *hop_count);
            prop_assert_eq!((read.link_address(), read.peer_address()), (*link, *peer));
            let inner = (9, read.relay_message().to_vec());
            let all: Vec<_> = before.iter().cloned().chain([inner]).chain(behind.iter().cloned()).collect();
            prop_assert!(same(read.options(), &all));
        }
        prop_assert_eq!(packet.message().as_bytes(), [1, 2, 3, 4]);
    }

    #[test]
    fn associations_decode_to_what_was_written(
        iaid in any::<u32>(),
        t1 in any::<u32>(),
        t2 in any::<u32>(),
        address in address(),
        lifetimes in any::<(u32, u32)>(),
        prefix in prefix(),
    ) {
        let bytes = packets::bytes(|w| {
            for number in [iaid, t1, t2] {
                w.raw(&number.to_be_bytes());
            }
            w.nested(OptionCode::IA_ADDR, |w| {
                w.raw(&address.octets());
                w.raw(&lifetimes.0.to_be_bytes());
                w.raw(&lifetimes.1.to_be_bytes());
            });
            w.nested(OptionCode::IA_PREFIX, |w| {
                w.raw(&lifetimes.0.to_be_bytes());
                w.raw(&lifetimes.1.to_be_bytes());
                w.raw(&[prefix.len()]);
                w.raw(&prefix.address().octets());
            });
        });
        let ia = IaNa::new_checked(&bytes).unwrap();
        prop_assert_eq!((ia.iaid, ia.t1, ia.t2), (iaid, t1, t2));
        let ia = IaPd::new_checked(&bytes).unwrap();
        prop_assert_eq!((ia.iaid, ia.t1, ia.t2), (iaid, t1, t2));
        let read = IaAddress::new_checked(ia.options.find(OptionCode::IA_ADDR).unwrap()).unwrap();
        prop_assert_eq!((read.address, (read.preferred_lifetime, read.valid_lifetime)), (address, lifetimes));
        let read = IaPrefix::new_checked(ia.options.find(OptionCode::IA_PREFIX).unwrap()).unwrap();
        prop_assert_eq!((read.preferred_lifetime, read.valid_lifetime), lifetimes);
        prop_assert_eq!((read.prefix, read.prefix_len), (prefix.address(), prefix.len()));
    }

    #[test]
    fn excluded_prefixes_decode_to_what_was_written(
        address in address(),
        (inner, outer) in (1..=128_u8).prop_flat_map(|inner| (Just(inner), 0..inner)),
    ) {
        let excluded = Ipv6Prefix::new(address, inner).unwrap();
        let delegated = Ipv6Prefix::new(address, outer).unwrap();
        let bytes = packets::bytes(|w| write_excluded_prefix(w, delegated, excluded));
        let option = Options::new_checked(&bytes).unwrap().find(OptionCode::PD_EXCLUDE).unwrap();
        let ia_prefix = IaPrefix {
            preferred_lifetime: 0,
            valid_lifetime: 0,
            prefix_len: outer,
            prefix: delegated.address(),
            options: Options::default(),
        };
        prop_assert_eq!(excluded_prefix(&ia_prefix, option), Ok(excluded));
    }

    #[test]
    fn softwire_options_decode_to_what_was_written(
        flags in any::<u8>(),
        ea_len in 0..=48_u8,
        ipv4 in any::<u32>(),
        ipv4_prefix_len in 0..=32_u8,
        ipv6_prefix in prefix(),
        port_params in proptest::option::of(port_params()),
    ) {
        let mask = u32::MAX.checked_shl(32 - u32::from(ipv4_prefix_len)).unwrap_or(0);
        let ipv4_prefix = Ipv4Addr::from_bits(ipv4 & mask);
        let rule = Rule { flags, ea_len, ipv4_prefix, ipv4_prefix_len, ipv6_prefix, port_params };
        let bytes = packets::bytes(|w| rule.write(w));
        prop_assert_eq!(Rule::new_checked(&bytes[4..]), Ok(rule));
        let binding = V4V6Bind { ipv4_address: Ipv4Addr::from_bits(ipv4), ipv6_prefix, port_params };
        let bytes = packets::bytes(|w| binding.write(w));
        prop_assert_eq!(V4V6Bind::new_checked(&bytes[4..]), Ok(binding));
    }

    #[test]
    fn a_port_is_in_the_set_when_its_bits_say_so(params in port_params(), port in any::<u16>()) {
        let set = params.port_set();
        let in_ranges = set.ranges().any(|range| range.contains(&port));
        prop_assert_eq!(set.contains(port), in_ranges);
    }

    #[test]
    fn sets_of_one_shape_share_no_port(params in port_params(), other in any::<u16>()) {
        let psid_mask = u16::try_from((1_u32 << params.psid_len()) - 1).unwrap();
        let other = PortParams::new(params.offset(), params.psid_len(), other & psid_mask).unwrap();
        let common = params.port_set().ranges().any(|range| other.port_set().contains(*range.start()));
        prop_assert_eq!(common, params == other);
        prop_assert_eq!(params.port_set().overlaps(other.port_set()), params == other);
    }

    #[test]
    fn names_go_to_text_and_back(labels in vec(vec(any::<u8>(), 1..=63), 1..4)) {
        let mut wire = Vec::new();
        for label in &labels {
            wire.push(u8::try_from(label.len()).unwrap());
            wire.extend_from_slice(label);
        }
        wire.push(0);
        let text = Name::new_checked(&wire).unwrap().to_string();
        let mut again = Vec::new();
        prop_assert_eq!(encode(&text, &mut again), Ok(true));
        prop_assert_eq!(again, wire);
    }

    #[test]
    fn text_never_makes_a_bad_name(text in ".{0,80}") {
        exercise::name::run(text.as_bytes());
    }

    #[test]
    fn no_octets_make_a_view_panic(bytes in vec(any::<u8>(), 0..300)) {
        exercise::run_all(&bytes);
    }

    #[test]
    fn no_damage_to_a_good_packet_makes_a_view_panic(
        seed in any::<prop::sample::Index>(),
        damage in vec((any::<prop::sample::Index>(), any::<u8>()), 1..8),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut seeds = packets::seeds();
        let (_, _, mut bytes) = seeds.swap_remove(seed.index(seeds.len()));
        for (at, value) in damage {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        bytes.truncate(cut.index(bytes.len() + 1).max(bytes.len() / 2));
        exercise::run_all(&bytes);
    }
}
