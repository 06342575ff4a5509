//! What a DHCPv4 message is taken for: complete or cut, with or without END, overloaded, in parts; and how it is
//! written.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

#[path = "packets/v4.rs"]
mod packets;

use std::net::Ipv4Addr;

use fosix_wire::Error;
use fosix_wire::softwire::PortParams;
use fosix_wire::v4::{
    Area, BOOTREPLY, BOOTREQUEST, BROADCAST_FLAG, COOKIE, HEADER_LEN, Header, Item, Message, MessageType,
    OptionCode, Writer,
};
use packets::{part, raw, reply, request};

fn joined(message: &Message<'_>, code: OptionCode) -> Option<Vec<u8>> {
    message.option(code).map(|data| data.bytes().collect())
}

#[test]
fn the_fixed_fields_are_where_rfc_2131_puts_them() {
    let header = Header {
        op: BOOTREQUEST,
        hardware_type: 1,
        hardware_len: 6,
        hops: 3,
        xid: 0x0102_0304,
        secs: 0x0506,
        flags: BROADCAST_FLAG,
        ciaddr: Ipv4Addr::new(10, 0, 0, 1),
        yiaddr: Ipv4Addr::new(10, 0, 0, 2),
        siaddr: Ipv4Addr::new(10, 0, 0, 3),
        giaddr: Ipv4Addr::new(10, 0, 0, 4),
        chaddr: *b"\x02\0\0\0\0\x01behind it.",
        sname: b"server",
        file: b"file",
    };
    let bytes = raw(&header, &[]);
    let mut expected = vec![1, 1, 6, 3, 1, 2, 3, 4, 5, 6, 0x80, 0];
    expected.extend([10, 0, 0, 1, 10, 0, 0, 2, 10, 0, 0, 3, 10, 0, 0, 4]);
    expected.extend(b"\x02\0\0\0\0\x01behind it.server");
    expected.resize(108, 0);
    expected.extend(b"file");
    expected.resize(236, 0);
    expected.extend(COOKIE);
    assert_eq!(bytes, expected);

    let message = Message::new_checked(&bytes).unwrap();
    assert_eq!((message.op(), message.hardware_type(), message.hops()), (BOOTREQUEST, 1, 3));
    assert_eq!((message.xid(), message.secs(), message.flags()), (0x0102_0304, 0x0506, 0x8000));
    assert!(message.broadcast());
    assert_eq!((message.ciaddr(), message.yiaddr()), (header.ciaddr, header.yiaddr));
    assert_eq!((message.siaddr(), message.giaddr()), (header.siaddr, header.giaddr));
    assert_eq!(message.chaddr(), [2, 0, 0, 0, 0, 1]);
    assert_eq!((message.sname(), message.file()), (&b"server"[..], &b"file"[..]));
    assert_eq!(message.message_type(), None);
    let again = Header::of(&message);
    assert_eq!((again.sname.len(), again.file.len()), (64, 128));
    assert_eq!(raw(&again, &[]), bytes);
}

#[test]
fn names_that_fill_their_fields_need_no_nul() {
    let header = Header { sname: &[b's'; 64], file: &[b'f'; 128], ..request() };
    let bytes = raw(&header, &[Item::End]);
    let message = Message::new_checked(&bytes).unwrap();
    assert_eq!((message.sname(), message.file()), (&[b's'; 64][..], &[b'f'; 128][..]));
}

#[test]
fn every_length_up_to_300_is_told_apart() {
    let whole = packets::discover_dhclient();
    assert_eq!(whole.len(), 300);
    let end = 279;
    assert_eq!(whole[end - 9..=end], [61, 7, 1, 2, 0, 0, 0, 0, 1, 255][..]);
    for length in 0..=300 {
        let result = Message::new_checked(&whole[..length]);
        match length {
            0..236 => assert_eq!(result.unwrap_err(), Error::Truncated { what: "BOOTP header", offset: 0 }),
            // All of BOOTP is there, and no room for the cookie.
            236..240 => assert_eq!(result.unwrap_err(), Error::NotDhcp),
            // No options; then whole ones, END missing or not.
            240 | 243 | 249 | 255 | 270 | 279..=300 => assert!(result.is_ok(), "{length}"),
            _ => assert!(
                matches!(result, Err(Error::Truncated { .. } | Error::OptionOverrun { .. })),
                "{length}"
            ),
        }
    }
}

#[test]
fn without_the_cookie_it_is_bootp() {
    assert_eq!(Message::new_checked(&packets::bootp()).unwrap_err(), Error::NotDhcp);
    let mut wrong = packets::offer();
    wrong[239] ^= 1;
    assert_eq!(Message::new_checked(&wrong).unwrap_err(), Error::NotDhcp);
}

#[test]
fn a_hardware_address_longer_than_its_field_is_refused() {
    for hlen in 0..=255 {
        let mut bytes = packets::offer();
        bytes[2] = hlen;
        match Message::new_checked(&bytes) {
            Ok(message) => assert_eq!(message.chaddr().len(), usize::from(hlen)),
            Err(error) => {
                assert!(hlen > 16);
                let got = u32::from(hlen);
                assert_eq!(error, Error::BadValue { what: "hlen", expected: "at most 16", got });
            }
        }
    }
}

#[test]
fn a_message_may_end_without_end() {
    // RFC 2131 §4.1 demands it, and some clients forget it.
    let bytes = packets::without_end();
    let message = Message::new_checked(&bytes).unwrap();
    assert_eq!(message.message_type(), Some(MessageType::DISCOVER));
    assert_eq!(joined(&message, OptionCode::HOST_NAME).unwrap(), b"host");
    assert!(message.items(Area::Options).all(|item| item != Item::End));
}

#[test]
fn an_option_longer_than_its_area_is_refused_where_it_stands() {
    let mut bytes = packets::without_end();
    bytes.pop();
    let expected = Error::OptionOverrun { code: 12, offset: 243, claimed: 4, available: 3 };
    assert_eq!(Message::new_checked(&bytes).unwrap_err(), expected);
    bytes.truncate(244);
    assert_eq!(Message::new_checked(&bytes).unwrap_err(), Error::Truncated { what: "option", offset: 243 });
}

#[test]
fn what_follows_end_means_nothing() {
    let trailing = [12, 200, 1];
    let bytes =
        raw(&request(), &[part(OptionCode::MESSAGE_TYPE, &[1]), Item::End, Item::Trailing(&trailing)]);
    let message = Message::new_checked(&bytes).unwrap();
    assert_eq!(message.options().count(), 1);
    assert!(!message.has_option(OptionCode::HOST_NAME));
    assert_eq!(
        message.items(Area::Options).collect::<Vec<_>>(),
        [part(OptionCode::MESSAGE_TYPE, &[1]), Item::End, Item::Trailing(&trailing)]
    );
}

#[test]
fn padding_may_stand_anywhere() {
    let mut bytes = raw(
        &request(),
        &[
            Item::Padding(1),
            part(OptionCode::MESSAGE_TYPE, &[3]),
            Item::Padding(1000),
            part(OptionCode::HOST_NAME, b"host"),
            Item::Padding(2),
        ],
    );
    for end in [false, true] {
        let message = Message::new_checked(&bytes).unwrap();
        assert_eq!(message.message_type(), Some(MessageType::REQUEST));
        assert_eq!(joined(&message, OptionCode::HOST_NAME).unwrap(), b"host");
        assert_eq!(message.options().count(), 2);
        assert_eq!(message.items(Area::Options).last(), Some(if end { Item::End } else { Item::Padding(2) }));
        bytes.push(255);
    }
}

#[test]
fn pad_and_end_are_no_options() {
    let bytes = packets::discover_split();
    let message = Message::new_checked(&bytes).unwrap();
    for code in [OptionCode::PAD, OptionCode::END] {
        assert!(message.option(code).is_none() && !message.has_option(code));
    }
}

#[test]
fn long_option_in_two_places_is_joined() {
    let bytes = packets::discover_split();
    let message = Message::new_checked(&bytes).unwrap();
    let identifier = message.option(OptionCode::CLIENT_IDENTIFIER).unwrap();
    assert_eq!(identifier.fragments().map(<[u8]>::len).collect::<Vec<_>>(), [7, 12]);
    assert_eq!(identifier.contiguous(), None);
    assert_eq!(identifier.len(), 19);
    let mut scratch = [0; 32];
    assert_eq!(identifier.join(&mut scratch), Some(&packets::client_identifier()[..]));
    assert_eq!(identifier.join(&mut scratch[..18]), None);
    // Numbers and lists are read across the gap.
    assert_eq!(message.option(OptionCode::REQUESTED_IP_ADDRESS).unwrap().to_ipv4(), Some(packets::ADDRESS));
    let list: Vec<u8> = message.parameter_request_list().iter().map(|code| code.0).collect();
    assert_eq!(list, [1, 3, 6, 159]);
    assert!(message.parameter_request_list().contains(OptionCode::V4_PORTPARAMS));
    assert!(!message.parameter_request_list().contains(OptionCode::HOST_NAME));
    assert_eq!(message.message_type(), Some(MessageType::DISCOVER));
}

#[test]
fn parts_without_data_do_not_matter() {
    let items = [
        part(OptionCode::HOST_NAME, b""),
        part(OptionCode::HOST_NAME, b"host"),
        part(OptionCode::DOMAIN_NAME, b"org"),
        part(OptionCode::DOMAIN_NAME, b""),
    ];
    let bytes = raw(&request(), &items);
    let message = Message::new_checked(&bytes).unwrap();
    let mut scratch = [0; 4];
    let name = message.option(OptionCode::HOST_NAME).unwrap();
    assert_eq!(name.join(&mut scratch), Some(&b"host"[..]));
    let domain = message.option(OptionCode::DOMAIN_NAME).unwrap();
    assert_eq!(domain.contiguous(), Some(&b"org"[..]));
    assert_eq!(domain.fragments().count(), 2);
}

#[test]
fn a_message_type_given_twice_is_none() {
    let bytes =
        raw(&request(), &[part(OptionCode::MESSAGE_TYPE, &[1]), part(OptionCode::MESSAGE_TYPE, &[1])]);
    let message = Message::new_checked(&bytes).unwrap();
    assert_eq!(message.message_type(), None);
    assert_eq!(joined(&message, OptionCode::MESSAGE_TYPE).unwrap(), [1, 1]);
}

#[test]
fn overloaded_fields_are_read_after_the_options_in_the_order_of_rfc_3396() {
    let table: [(u8, &[u8], bool, bool); 3] = [
        (1, b"options-file", true, false),
        (2, b"options-sname", false, true),
        (3, b"options-file-sname", true, true),
    ];
    for (value, name, in_file, in_sname) in table {
        let bytes = packets::overloaded(value);
        let message = Message::new_checked(&bytes).unwrap();
        assert_eq!(joined(&message, OptionCode::HOST_NAME).unwrap(), name);
        assert_eq!(message.file().is_empty(), in_file);
        assert_eq!(message.sname().is_empty(), in_sname || message.sname_field()[0] == 0);
        assert_eq!(message.items(Area::File).count() > 0, in_file);
        assert_eq!(message.items(Area::Sname).count() > 0, in_sname);
    }
}

#[test]
fn option_overload_inside_an_overloaded_field_changes_nothing() {
    // packets::overloaded has one in `file`, with a value that means nothing.
    let bytes = packets::overloaded(1);
    let message = Message::new_checked(&bytes).unwrap();
    assert_eq!(joined(&message, OptionCode::OPTION_OVERLOAD).unwrap(), [1, 0]);
    assert!(message.items(Area::Sname).next().is_none());
}

#[test]
fn an_overload_that_means_nothing_is_refused() {
    const WHAT: &str = "Option Overload option";
    let table: [(&[u8], Error); 4] = [
        (&[0], Error::BadValue { what: WHAT, expected: "1 to 3", got: 0 }),
        (&[4], Error::BadValue { what: WHAT, expected: "1 to 3", got: 4 }),
        (&[], Error::LengthMismatch { what: WHAT, expected: 1, got: 0 }),
        (&[1, 1], Error::LengthMismatch { what: WHAT, expected: 1, got: 2 }),
    ];
    for (data, error) in table {
        let bytes = raw(&request(), &[part(OptionCode::OPTION_OVERLOAD, data)]);
        assert_eq!(Message::new_checked(&bytes).unwrap_err(), error);
    }
    let twice = [part(OptionCode::OPTION_OVERLOAD, &[1]), part(OptionCode::OPTION_OVERLOAD, &[1])];
    assert!(Message::new_checked(&raw(&request(), &twice)).is_err());
}

#[test]
fn options_in_overloaded_fields_must_fit_them() {
    let overload = [part(OptionCode::OPTION_OVERLOAD, &[3])];
    let in_file = raw(&Header { file: &[12, 127], ..request() }, &overload);
    assert_eq!(
        Message::new_checked(&in_file).unwrap_err(),
        Error::OptionOverrun { code: 12, offset: 108, claimed: 127, available: 126 }
    );
    let in_sname = raw(&Header { sname: &[0, 12, 62], ..request() }, &overload);
    assert_eq!(
        Message::new_checked(&in_sname).unwrap_err(),
        Error::OptionOverrun { code: 12, offset: 45, claimed: 62, available: 61 }
    );
    // Filled to the last octet, without END.
    let file: Vec<u8> = [12, 126].into_iter().chain([b'x'; 126]).collect();
    let full = raw(&Header { file: &file, ..request() }, &overload);
    let message = Message::new_checked(&full).unwrap();
    assert_eq!(message.option(OptionCode::HOST_NAME).unwrap().len(), 126);
}

#[test]
fn fields_that_are_not_overloaded_are_text() {
    let file = [b'/', 12, 200];
    let bytes = raw(&Header { file: &file, ..request() }, &[part(OptionCode::MESSAGE_TYPE, &[1])]);
    let message = Message::new_checked(&bytes).unwrap();
    assert_eq!(message.file(), file);
    assert!(!message.has_option(OptionCode::HOST_NAME));
}

#[test]
fn the_softwire_options_of_a_request_are_typed() {
    let bytes = packets::request_softwire();
    let message = Message::new_checked(&bytes).unwrap();
    assert_eq!(message.softwire_source_address(), Some(packets::SOFTWIRE_SOURCE));
    assert_eq!(message.port_params(), Some(PortParams::new(0, 8, 0x34)));

    let items =
        [part(OptionCode::DHCP4O6_S46_SADDR, &[1; 15]), part(OptionCode::V4_PORTPARAMS, &[0, 8, 0x34])];
    let bytes = raw(&request(), &items);
    let message = Message::new_checked(&bytes).unwrap();
    assert_eq!(message.softwire_source_address(), None);
    let error = Error::LengthMismatch { what: "port parameters", expected: 4, got: 3 };
    assert_eq!(message.port_params(), Some(Err(error)));
}

#[test]
fn numbers_need_their_exact_length() {
    for length in 0..=20_usize {
        let data = vec![1; length];
        let bytes = raw(&request(), &[part(OptionCode(224), &data)]);
        let message = Message::new_checked(&bytes).unwrap();
        let option = message.option(OptionCode(224)).unwrap();
        assert_eq!(option.to_u8().is_some(), length == 1);
        assert_eq!(option.to_u16().is_some(), length == 2);
        assert_eq!(option.to_u32().is_some(), length == 4);
        assert_eq!(option.to_ipv4().is_some(), length == 4);
        assert_eq!(option.to_ipv6().is_some(), length == 16);
    }
}

#[test]
fn a_reply_copies_what_rfc_2131_table_3_says() {
    let bytes = packets::discover_relayed();
    let message = Message::new_checked(&bytes).unwrap();
    let header = Header::reply_to(&message);
    let expected = Header {
        op: BOOTREPLY,
        hardware_type: 1,
        hardware_len: 6,
        xid: message.xid(),
        flags: message.flags(),
        giaddr: message.giaddr(),
        chaddr: *message.chaddr_field(),
        ..Header::default()
    };
    assert_eq!(header, expected);
    assert_eq!((header.hops, header.secs, header.siaddr), (0, 0, Ipv4Addr::UNSPECIFIED));
}

#[test]
fn options_longer_than_255_octets_are_written_in_parts() {
    for (length, parts) in [(0, vec![0]), (255, vec![255]), (256, vec![255, 1]), (600, vec![255, 255, 90])] {
        let data: Vec<u8> = (0..length).map(|number: u16| number.to_be_bytes()[1]).collect();
        let plain = packets::message(&reply(), |w| w.option(OptionCode(43), &data));
        let appended =
            packets::message(&reply(), |w| w.option_with(OptionCode(43), |out| out.extend_from_slice(&data)));
        assert_eq!(plain, appended, "{length}");
        let message = Message::new_checked(&plain).unwrap();
        let lengths: Vec<usize> = message.options().map(|option| option.data.len()).collect();
        assert_eq!(lengths, parts);
        assert_eq!(joined(&message, OptionCode(43)).unwrap(), data);
    }
}

#[test]
fn a_message_is_padded_only_when_asked_for() {
    let unpadded = packets::message(&reply(), |w| w.option_u8(OptionCode::MESSAGE_TYPE, 2));
    assert_eq!(unpadded.len(), HEADER_LEN + 4);
    let padded = packets::message(&reply(), |w| {
        w.pad_to(300);
        w.option_u8(OptionCode::MESSAGE_TYPE, 2);
        assert_eq!(w.len(), HEADER_LEN + 3);
        assert!(!w.is_empty());
    });
    assert_eq!(padded.len(), 300);
    assert_eq!(padded[..unpadded.len()], unpadded);
    assert!(padded[unpadded.len()..].iter().all(|octet| *octet == 0));
    let longer = packets::message(&reply(), |w| {
        w.pad_to(240);
        w.option_u8(OptionCode::MESSAGE_TYPE, 2);
    });
    assert_eq!(longer, unpadded);
}

#[test]
fn a_message_is_appended_to_what_the_buffer_holds() {
    let mut buffer = b"in front".to_vec();
    let mut w = Writer::new(&mut buffer, &reply());
    w.pad_to(300);
    w.option_addresses(OptionCode::ROUTER, [packets::SERVER, packets::ADDRESS]);
    assert_eq!(w.finish(), Ok(()));
    assert_eq!(buffer.len(), 308);
    let (front, message) = buffer.split_at(8);
    assert_eq!(front, b"in front");
    let message = Message::new_checked(message).unwrap();
    assert_eq!(joined(&message, OptionCode::ROUTER).unwrap(), [192, 0, 2, 1, 192, 0, 2, 100]);
}

#[test]
fn what_cannot_be_written_leaves_nothing_behind() {
    let long = [b'x'; 129];
    let table: [(Header<'_>, OptionCode, Error); 5] = [
        (
            Header { sname: &long[..65], ..reply() },
            OptionCode::ROUTER,
            Error::BadLength { what: "sname", expected: "at most 64", got: 65 },
        ),
        (
            Header { file: &long, ..reply() },
            OptionCode::ROUTER,
            Error::BadLength { what: "file", expected: "at most 128", got: 129 },
        ),
        (
            Header { hardware_len: 17, ..reply() },
            OptionCode::ROUTER,
            Error::BadValue { what: "hlen", expected: "at most 16", got: 17 },
        ),
        (reply(), OptionCode::PAD, Error::ForbiddenOption { what: "options with data", code: 0 }),
        (reply(), OptionCode::END, Error::ForbiddenOption { what: "options with data", code: 255 }),
    ];
    for (header, code, error) in table {
        let mut buffer = b"in front".to_vec();
        let mut w = Writer::new(&mut buffer, &header);
        w.option_u8(OptionCode::MESSAGE_TYPE, 2);
        w.option_u8(code, 1);
        assert_eq!(w.finish(), Err(error));
        assert_eq!(buffer, b"in front");
    }
}

#[test]
fn unknown_options_keep_their_octets_and_order() {
    let items = [
        part(OptionCode(254), b"last named first"),
        part(OptionCode(84), b""),
        part(OptionCode(96), &[0, 255, 0]),
        part(OptionCode(254), b"again"),
    ];
    let bytes = raw(&request(), &items);
    let message = Message::new_checked(&bytes).unwrap();
    let read: Vec<Item<'_>> = message.options().map(Item::Option).collect();
    assert_eq!(read, items);
}
