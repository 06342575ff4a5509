//! Decoding does not allocate, and writing does not once the buffer is large enough.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

mod packets;

use std::hint::black_box;

use fosix_wire::name::{CompressedNames, Names};
use fosix_wire::softwire::{Container, Mechanism};
use fosix_wire::v6::{
    AddressList, ClientFqdn, Duid, IaAddress, IaNa, IaPd, IaPrefix, MAX_RELAY_LEVELS, MessageType,
    OptionCode, OptionRequest, Options, Packet, QueryFlags, StatusCodeOption, UserClass, VendorClass, Writer,
    write_relay_reply,
};

/// Fails when `work` allocates.
fn without_allocation<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let mut result = None;
    let info = allocation_counter::measure(|| result = Some(black_box(work())));
    assert_eq!(info.count_total, 0, "{what} allocates {} octets", info.bytes_total);
    result.unwrap()
}

fn look_at(options: Options<'_>) {
    for option in options {
        let data = option.data;
        match option.code {
            OptionCode::CLIENT_ID | OptionCode::SERVER_ID => drop(black_box(Duid::new_checked(data))),
            OptionCode::IA_NA => look_at(IaNa::new_checked(data).unwrap().options),
            OptionCode::IA_PD => look_at(IaPd::new_checked(data).unwrap().options),
            OptionCode::IA_ADDR => drop(black_box(IaAddress::new_checked(data))),
            OptionCode::IA_PREFIX => drop(black_box(IaPrefix::new_checked(data))),
            OptionCode::ORO => assert!(OptionRequest::new_checked(data).unwrap().iter().count() > 0),
            OptionCode::STATUS_CODE => drop(black_box(StatusCodeOption::new_checked(data))),
            OptionCode::USER_CLASS => assert!(UserClass::new_checked(data).unwrap().iter().count() > 0),
            OptionCode::VENDOR_CLASS => assert!(VendorClass::new_checked(data).unwrap().iter().count() > 0),
            OptionCode::CLIENT_FQDN => drop(black_box(ClientFqdn::new_checked(data))),
            OptionCode::DNS_SERVERS => assert!(AddressList::new_checked(data).unwrap().iter().count() > 0),
            OptionCode::DOMAIN_LIST => {
                assert_eq!(
                    Names::new_checked(data).unwrap().iter().flat_map(|name| name.labels()).count(),
                    3
                );
            }
            code => {
                if let Some(mechanism) = Mechanism::from_container_code(code) {
                    let container = Container::new_checked(mechanism, data).unwrap();
                    container.check_encapsulation().unwrap();
                    black_box((container.rules().count(), container.border_relays().count()));
                }
            }
        }
    }
}

#[test]
fn decoding_does_not_allocate() {
    for (target, name, bytes) in packets::seeds() {
        if target != "v6_packet" {
            continue;
        }
        without_allocation(name, || {
            let packet = Packet::new_checked(&bytes, MAX_RELAY_LEVELS).unwrap();
            for level in packet.relays() {
                black_box((level.hop_count(), level.link_address(), level.interface_id()));
                level.options().check_formats().unwrap();
            }
            packet.message().options().check_formats().unwrap();
            look_at(packet.message().options());
        });
    }
}

#[test]
fn refusing_does_not_allocate() {
    for (_, name, bytes) in packets::seeds() {
        for end in 0..bytes.len() {
            without_allocation(name, || {
                black_box(Packet::new_checked(&bytes[..end], MAX_RELAY_LEVELS))
                    .is_ok_and(|packet| packet.message().options().check_formats().is_ok())
            });
        }
    }
}

#[test]
fn following_pointers_in_names_does_not_allocate() {
    let data = b"\x03eng\x05apple\x03com\0\x09marketing\xc0\x04";
    let labels = without_allocation("names", || {
        let mut labels = 0;
        for name in CompressedNames::new_checked(data).unwrap().iter() {
            name.for_each_label(|_| labels += 1);
        }
        labels
    });
    assert_eq!(labels, 6);
}

#[test]
fn writing_into_a_kept_buffer_does_not_allocate() {
    let query = packets::bytes(|w| {
        packets::write_relayed_twice(w, |w| packets::write_query(w, QueryFlags::default()));
    });
    let query = Packet::new_checked(&query, MAX_RELAY_LEVELS).unwrap();
    let mut out = Vec::with_capacity(1500);
    without_allocation("writing", || {
        let mut w = Writer::new(&mut out);
        packets::write_solicit(&mut w);
        write_relay_reply(query.relays(), &mut w, |w| w.message(MessageType::DHCPV4_RESPONSE, [0; 3]));
        w.finish().unwrap();
    });
    assert!(out.len() > 200);
}
