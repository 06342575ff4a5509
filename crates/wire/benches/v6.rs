//! What decoding and writing a DHCPv6 message costs: a Solicit with eight options, direct and relayed twice.

#[path = "../tests/packets/mod.rs"]
mod packets;

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use fosix_wire::Error;
use fosix_wire::v6::{
    DEFAULT_RELAY_LEVELS, Duid, ElapsedTime, IaNa, IaPd, IaPrefix, Message, MessageType, OptionCode,
    OptionRequest, Packet, Writer, write_relay_reply,
};

/// What a server looks at: every option, those for which it has a view through that view.
fn look_at(message: &Message<'_>) -> Result<u32, Error> {
    let mut sum = u32::from(message.message_type().0);
    for option in message.options() {
        match option.code {
            OptionCode::CLIENT_ID => sum ^= u32::from(Duid::new_checked(option.data)?.as_bytes().len() > 4),
            OptionCode::ORO => {
                let request = OptionRequest::new_checked(option.data)?;
                sum ^= u32::from(request.contains(OptionCode::DHCP4_O_DHCP6_SERVER));
            }
            OptionCode::ELAPSED_TIME => sum ^= u32::from(ElapsedTime::new_checked(option.data)?.centiseconds),
            OptionCode::IA_NA => sum ^= IaNa::new_checked(option.data)?.iaid,
            OptionCode::IA_PD => {
                let ia = IaPd::new_checked(option.data)?;
                sum ^= ia.iaid;
                for option in ia.options {
                    sum ^= u32::from(IaPrefix::new_checked(option.data)?.prefix_len);
                }
            }
            _ => sum ^= u32::from(!option.data.is_empty()),
        }
    }
    Ok(sum)
}

fn decode(c: &mut Criterion) {
    let solicit = packets::bytes(packets::write_solicit);
    c.bench_function("v6/decode/solicit", |b| {
        b.iter(|| {
            let message = Message::new_checked(black_box(&solicit));
            black_box(message.and_then(|message| look_at(&message)))
        });
    });
    c.bench_function("v6/decode/solicit as a packet", |b| {
        b.iter(|| {
            let packet = Packet::new_checked(black_box(&solicit), DEFAULT_RELAY_LEVELS);
            black_box(packet.is_ok_and(|packet| look_at(&packet.message()).is_ok()))
        });
    });
    c.bench_function("v6/decode/solicit, all formats checked", |b| {
        b.iter(|| {
            let message = Message::new_checked(black_box(&solicit));
            black_box(message.and_then(|message| message.options().check_formats()))
        });
    });
    let relayed = packets::bytes(|w| packets::write_relayed_twice(w, packets::write_solicit));
    c.bench_function("v6/decode/solicit relayed twice", |b| {
        b.iter(|| {
            let packet = Packet::new_checked(black_box(&relayed), DEFAULT_RELAY_LEVELS);
            black_box(packet.is_ok_and(|packet| look_at(&packet.message()).is_ok()))
        });
    });
}

fn write(c: &mut Criterion) {
    let mut out = Vec::with_capacity(1500);
    c.bench_function("v6/write/solicit", |b| {
        b.iter(|| {
            out.clear();
            let mut w = Writer::new(black_box(&mut out));
            packets::write_solicit(&mut w);
            black_box(w.finish())
        });
    });
    let relayed = packets::bytes(|w| packets::write_relayed_twice(w, packets::write_solicit));
    let packet = Packet::new_checked(&relayed, DEFAULT_RELAY_LEVELS);
    let relays = packet.as_ref().map_or(&[][..], Packet::relays);
    c.bench_function("v6/write/relay reply, two levels", |b| {
        b.iter(|| {
            out.clear();
            let mut w = Writer::new(black_box(&mut out));
            write_relay_reply(relays, &mut w, |w| w.message(MessageType::REPLY, [1, 2, 3]));
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
