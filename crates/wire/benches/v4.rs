//! What decoding and writing a DHCPv4 message costs: a DHCPDISCOVER of 300 octets, and the usual DHCPOFFER.

#[path = "../tests/packets/v4.rs"]
mod packets;

use std::hint::black_box;
use std::net::Ipv4Addr;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use fosix_wire::Error;
use fosix_wire::v4::{ClientIdentifier, Header, Message, MessageType, OptionCode, RelayAgentInformation};

/// What every server looks at: message type, client identifier, requested address, and what is asked for.
fn look_at(bytes: &[u8]) -> Result<u32, Error> {
    let message = Message::new_checked(bytes)?;
    let mut sum = message.xid() ^ u32::from(message.message_type().map_or(0, |message_type| message_type.0));
    if let Some(identifier) = message.option(OptionCode::CLIENT_IDENTIFIER).and_then(|data| data.contiguous())
    {
        sum ^= u32::from(ClientIdentifier::new_checked(identifier)?.as_bytes().len() > 6);
    }
    let requested = message.option(OptionCode::REQUESTED_IP_ADDRESS).and_then(|data| data.to_ipv4());
    sum ^= requested.map_or(0, Ipv4Addr::to_bits);
    sum ^=
        message.parameter_request_list().iter().fold(0, |sum: u32, code| sum.wrapping_add(u32::from(code.0)));
    Ok(sum)
}

/// The same, and what most messages do not have.
fn look_for_more(bytes: &[u8]) -> Result<u32, Error> {
    let message = Message::new_checked(bytes)?;
    let mut sum = look_at(bytes)?;
    let absent = [
        OptionCode::RELAY_AGENT_INFORMATION,
        OptionCode::SERVER_IDENTIFIER,
        OptionCode::DHCP4O6_S46_SADDR,
        OptionCode::V4_PORTPARAMS,
        OptionCode::RAPID_COMMIT,
        OptionCode::SUBNET_SELECTION,
        OptionCode::MAXIMUM_MESSAGE_SIZE,
        OptionCode::USER_CLASS,
    ];
    for code in absent {
        if let Some(data) = message.option(code) {
            sum ^= u32::try_from(data.len()).unwrap_or(0);
        }
    }
    Ok(sum)
}

fn decode(c: &mut Criterion) {
    let discover = packets::discover_dhclient();
    assert_eq!(discover.len(), 300);
    c.bench_function("v4/decode/discover of 300 octets, checked only", |b| {
        b.iter(|| black_box(Message::new_checked(black_box(&discover)).is_ok()));
    });
    c.bench_function("v4/decode/discover of 300 octets", |b| {
        b.iter(|| black_box(look_at(black_box(&discover))));
    });
    c.bench_function("v4/decode/discover of 300 octets, twice and eight absent options", |b| {
        b.iter(|| black_box(look_for_more(black_box(&discover))));
    });
    let split = packets::discover_split();
    c.bench_function("v4/decode/discover in parts", |b| b.iter(|| black_box(look_at(black_box(&split)))));
    let relayed = packets::discover_relayed();
    c.bench_function("v4/decode/relay agent information", |b| {
        b.iter(|| {
            let message = Message::new_checked(black_box(&relayed)).ok()?;
            let data = message.option(OptionCode::RELAY_AGENT_INFORMATION)?.contiguous()?;
            let information = RelayAgentInformation::new_checked(data).ok()?;
            Some(black_box((information.circuit_id(), information.remote_id(), information.link_selection())))
        });
    });
}

fn write(c: &mut Criterion) {
    let discover = packets::discover_dhclient();
    let Ok(discover) = Message::new_checked(&discover) else { return };
    let identifier = packets::client_identifier();
    let mut out = Vec::with_capacity(1500);
    c.bench_function("v4/write/offer", |b| {
        b.iter(|| {
            out.clear();
            let header = Header {
                yiaddr: packets::ADDRESS,
                siaddr: packets::SERVER,
                ..Header::reply_to(black_box(&discover))
            };
            black_box(packets::write_offer(black_box(&mut out), &header, &identifier))
        });
    });
    c.bench_function("v4/write/discover of 300 octets", |b| {
        b.iter(|| {
            out.clear();
            let mut w = fosix_wire::v4::Writer::new(black_box(&mut out), &packets::request());
            w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::DISCOVER.0);
            w.option_ipv4(OptionCode::REQUESTED_IP_ADDRESS, packets::ADDRESS);
            w.option(OptionCode::HOST_NAME, b"host");
            w.option(OptionCode::PARAMETER_REQUEST_LIST, &[1, 28, 2, 3, 15, 6, 119, 12, 44, 47, 26, 121, 42]);
            w.option(OptionCode::CLIENT_IDENTIFIER, &identifier);
            w.pad_to(300);
            black_box(w.finish())
        });
    });
}

criterion_group! {
    name = benches;
    config = Criterion::default().warm_up_time(Duration::from_secs(1)).measurement_time(Duration::from_secs(2));
    targets = decode, write
}
criterion_main!(benches);
