//! What is written as DHCPv4 decodes to the same, however it is split; and no octets make a view panic.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a panic is how a test fails")]

mod exercise;
mod packets;

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use fosix_wire::v4::{COOKIE, Header, Item, Message, OptionCode, RawOption, Writer};
use packets::v4::raw;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

/// Codes of options; few of them, so that some occur twice. Overload is not among them: it changes what is read.
fn code() -> impl Strategy<Value = u8> {
    prop_oneof![Just(61), Just(55), Just(43), 1..=254_u8].prop_filter("not option 52", |code| *code != 52)
}

fn options(longest: usize) -> impl Strategy<Value = Vec<(u8, Vec<u8>)>> {
    vec((code(), vec(any::<u8>(), 0..=longest)), 0..12)
}

fn address() -> impl Strategy<Value = Ipv4Addr> {
    any::<u32>().prop_map(Ipv4Addr::from_bits)
}

prop_compose! {
    fn header()(
        (op, hardware_type, hops, secs, flags) in any::<(u8, u8, u8, u16, u16)>(),
        hardware_len in 0..=16_u8,
        xid in any::<u32>(),
        (ciaddr, yiaddr, siaddr, giaddr) in (address(), address(), address(), address()),
        chaddr in any::<[u8; 16]>(),
    ) -> Header<'static> {
        Header {
            op, hardware_type, hardware_len, hops, xid, secs, flags, ciaddr, yiaddr, siaddr, giaddr, chaddr,
            ..Header::default()
        }
    }
}

/// Items as a sender could put them in an area of at most `room` octets: options, PAD octets, perhaps END and more.
fn area(options: &[(u8, Vec<u8>)], padding: usize, trailing: Option<&[u8]>, room: usize) -> Vec<u8> {
    let mut area = Vec::new();
    for (code, data) in options {
        let before = area.len();
        Item::Padding(padding).write_to(&mut area);
        Item::Option(RawOption { code: OptionCode(*code), data }).write_to(&mut area);
        if area.len() > room {
            area.truncate(before);
        }
    }
    if let Some(trailing) = trailing.filter(|_| area.len() < room) {
        Item::End.write_to(&mut area);
        area.extend_from_slice(&trailing[..trailing.len().min(room - area.len())]);
    }
    area
}

proptest! {
    #[test]
    fn a_message_decodes_to_what_was_written(header in header(), options in options(600)) {
        let bytes = packets::v4::message(&header, |w| {
            for (code, data) in &options {
                w.option(OptionCode(*code), data);
            }
        });
        let message = Message::new_checked(&bytes).unwrap();
        let read = Header::of(&message);
        prop_assert_eq!(Header { sname: &[], file: &[], ..read }, header);
        let mut joined: BTreeMap<u8, Vec<u8>> = BTreeMap::new();
        for (code, data) in &options {
            joined.entry(*code).or_default().extend_from_slice(data);
        }
        for code in 1..=254 {
            let data = message.option(OptionCode(code)).map(|data| data.bytes().collect::<Vec<_>>());
            prop_assert_eq!(data, joined.remove(&code));
        }
        prop_assert!(message.options().all(|option| option.data.len() <= 255));
    }

    #[test]
    fn wherever_an_option_is_split_it_reads_the_same(
        data in vec(any::<u8>(), 0..=700),
        cuts in vec(any::<Index>(), 0..6),
        others in options(20),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(data.len() + 1)).collect();
        cuts.extend([0, 255.min(data.len()), 510.min(data.len()), data.len()]);
        cuts.sort_unstable();
        let mut items = Vec::new();
        for (index, pair) in cuts.windows(2).enumerate() {
            items.push(Item::Option(RawOption { code: OptionCode(250), data: &data[pair[0]..pair[1]] }));
            let other = others.get(index).filter(|(code, _)| *code != 250);
            items.extend(other.map(|(code, data)| Item::Option(RawOption { code: OptionCode(*code), data })));
        }
        let bytes = raw(&packets::v4::request(), &items);
        let message = Message::new_checked(&bytes).unwrap();
        let option = message.option(OptionCode(250)).unwrap();
        prop_assert!(option.bytes().eq(data.iter().copied()));
        let mut scratch = [0; 700];
        prop_assert_eq!(option.join(&mut scratch), Some(data.as_slice()));
        exercise::v4_message::run(&bytes);
    }

    #[test]
    fn overloaded_messages_read_as_one_run_of_options(
        options in options(40),
        file in options(30),
        sname in options(15),
        (padding, overload) in (0..3_usize, 0..=3_u8),
        trailing in proptest::option::of(vec(any::<u8>(), 0..40)),
    ) {
        let file = area(&file, padding, trailing.as_deref(), 128);
        let sname = area(&sname, padding, trailing.as_deref(), 64);
        let mut all = area(&options, padding, None, 1000);
        if overload > 0 {
            all.splice(0..0, [52, 1, overload]);
        }
        let header = Header { file: &file, sname: &sname, ..packets::v4::request() };
        let mut bytes = raw(&header, &[]);
        bytes.extend_from_slice(&area(&[], 0, trailing.as_deref(), 100));
        bytes.splice(240..240, all);
        prop_assert!(Message::new_checked(&bytes).is_ok());
        exercise::v4_message::run(&bytes);
    }

    #[test]
    fn any_octets_behind_a_cookie_go_through_every_view(
        mut head in vec(any::<u8>(), 236),
        hlen in 0..=17_u8,
        tail in vec(any::<u8>(), 0..300),
    ) {
        head[2] = hlen;
        exercise::v4_message::run(&[head.as_slice(), &COOKIE, tail.as_slice()].concat());
    }

    #[test]
    fn any_octets_go_through_every_view(data in vec(any::<u8>(), 0..400)) {
        exercise::v4_message::run(&data);
        exercise::v4_options::run(&data);
    }

    #[test]
    fn changed_seeds_go_through_every_view(which in any::<Index>(), changes in vec(any::<(Index, u8)>(), 0..8)) {
        let seeds = packets::v4::seeds();
        let mut bytes = seeds[which.index(seeds.len())].2.clone();
        for (at, value) in changes {
            let at = at.index(bytes.len());
            bytes[at] = value;
        }
        exercise::v4_message::run(&bytes);
        exercise::v4_options::run(&bytes);
    }

    #[test]
    fn a_writer_never_leaves_half_a_message(sname in vec(any::<u8>(), 0..80), code in any::<u8>()) {
        let mut buffer = vec![1, 2, 3];
        let header = Header { sname: &sname, ..Header::request(1) };
        let mut w = Writer::new(&mut buffer, &header);
        w.option(OptionCode(code), b"data");
        let good = w.finish().is_ok();
        prop_assert_eq!(good, sname.len() <= 64 && !matches!(code, 0 | 255));
        prop_assert_eq!(buffer.len() > 3, good);
    }
}
