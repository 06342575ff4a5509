//! Decoding DHCPv4 does not allocate, and writing does not once the buffer is large enough.

#![allow(clippy::unwrap_used, reason = "a panic is how a test fails")]

#[path = "packets/v4.rs"]
mod packets;

use std::hint::black_box;

use fosix_wire::v4::{
    ClasslessRoutes, ClientFqdn, ClientIdentifier, DomainSearch, EncryptedDns, Header, Message, OptionCode,
    RelayAgentInformation, SubOptions, UserClass, VendorIdentifying, Writer,
};

/// Fails when `work` allocates.
fn without_allocation<T>(what: &str, work: impl FnOnce() -> T) -> T {
    let mut result = None;
    let info = allocation_counter::measure(|| result = Some(black_box(work())));
    assert_eq!(info.count_total, 0, "{what} allocates {} octets", info.bytes_total);
    result.unwrap()
}

fn messages() -> impl Iterator<Item = (&'static str, Vec<u8>)> {
    let seeds = packets::seeds().into_iter();
    seeds.filter(|(target, _, _)| *target == "v4_message").map(|(_, name, bytes)| (name, bytes))
}

/// Looks at every option of the message, those for which there is a view through that view.
fn look_at(message: &Message<'_>, scratch: &mut [u8]) -> usize {
    let mut count = usize::from(message.message_type().is_some());
    count += message.parameter_request_list().iter().count();
    count += usize::from(message.port_params().is_some() && message.softwire_source_address().is_some());
    for code in (0..=u8::MAX).map(OptionCode) {
        let Some(data) = message.option(code) else { continue };
        count += data.bytes().count() + usize::from(data.to_u32().is_some());
        let data = data.join(scratch).unwrap();
        count += match code {
            OptionCode::CLIENT_IDENTIFIER => {
                usize::from(ClientIdentifier::new_checked(data).unwrap().node_specific().is_some())
            }
            OptionCode::USER_CLASS => UserClass::new_checked(data).unwrap().iter().count(),
            OptionCode::CLIENT_FQDN => ClientFqdn::new_checked(data).unwrap().name.as_bytes().len(),
            OptionCode::RELAY_AGENT_INFORMATION => {
                let information = RelayAgentInformation::new_checked(data).unwrap();
                black_box((information.circuit_id(), information.link_selection()));
                information.iter().count()
            }
            OptionCode::DOMAIN_SEARCH => {
                let mut labels = 0;
                let names = DomainSearch::new_checked(data).unwrap();
                names.iter().for_each(|name| name.for_each_label(|_| labels += 1));
                labels
            }
            OptionCode::CLASSLESS_STATIC_ROUTE => ClasslessRoutes::new_checked(data).unwrap().iter().count(),
            OptionCode::VENDOR_IDENTIFYING_VENDOR_CLASS => {
                let vendors = VendorIdentifying::new_checked(data).unwrap();
                vendors.iter().map(|vendor| vendor.classes().unwrap().count()).sum()
            }
            OptionCode::VENDOR_IDENTIFYING_VENDOR_INFORMATION => {
                let vendors = VendorIdentifying::new_checked(data).unwrap();
                vendors.iter().map(|vendor| vendor.options().iter().flat_map(SubOptions::iter).count()).sum()
            }
            OptionCode::V4_DNR => {
                let resolvers = EncryptedDns::new_checked(data).unwrap();
                resolvers.iter().flat_map(|resolver| resolver.addresses()).count()
            }
            _ => 0,
        };
    }
    count
}

#[test]
fn decoding_does_not_allocate() {
    let mut scratch = [0; 1024];
    for (name, bytes) in messages() {
        let looked = without_allocation(name, || {
            Message::new_checked(&bytes).is_ok_and(|message| look_at(&message, &mut scratch) > 0)
        });
        assert!(looked || matches!(name, "bootp" | "overloaded-wrongly"), "{name}");
    }
}

#[test]
fn refusing_does_not_allocate() {
    for (name, bytes) in messages() {
        for end in 0..bytes.len() {
            without_allocation(name, || Message::new_checked(&bytes[..end]).is_ok());
        }
    }
}

#[test]
fn writing_into_a_kept_buffer_does_not_allocate() {
    let request = packets::discover_relayed();
    let request = Message::new_checked(&request).unwrap();
    let long = [7; 600];
    let mut out = Vec::with_capacity(2000);
    without_allocation("writing", || {
        let mut w = Writer::new(&mut out, &Header::reply_to(&request));
        w.option_u8(OptionCode::MESSAGE_TYPE, 2);
        w.option(OptionCode(224), &long);
        w.option_with(OptionCode(225), |buffer| buffer.extend_from_slice(&long));
        w.option_addresses(OptionCode::ROUTER, [packets::SERVER]);
        let information = request.option(OptionCode::RELAY_AGENT_INFORMATION).unwrap();
        w.option_with(information.code(), |buffer| information.write_to(buffer));
        w.pad_to(1800);
        w.finish().unwrap();
    });
    assert_eq!(out.len(), 1800);
}
