//! What an expression costs over a message of a client.
#![allow(clippy::unwrap_used, missing_docs, reason = "a benchmark may fail")]

use std::hint::black_box;
use std::net::Ipv6Addr;

use criterion::{Criterion, criterion_group, criterion_main};
use fosix_expression::{Bundle, Classes, Condition, Half, Language, Memo, Scratch, View};
use fosix_wire::v4::{self, Header, Message, OptionCode};
use fosix_wire::v6::{MessageType, Packet, QueryFlags, Writer};

const LANGUAGE: Language<'static> =
    Language { half: Half::V4, option_code: &|_, _| None, class: &|_| Some(1) };

/// A DHCPDISCOVER as routers send it, with a vendor class.
fn discover() -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut w = v4::Writer::new(&mut bytes, &Header::request(1));
    w.option_u8(OptionCode::MESSAGE_TYPE, 1);
    w.option(OptionCode::CLIENT_IDENTIFIER, &[255, 0, 0, 0, 1, 0, 3, 0, 1, 2, 0, 0, 0, 0, 1]);
    w.option_u16(OptionCode::MAXIMUM_MESSAGE_SIZE, 1472);
    w.option(OptionCode::HOST_NAME, b"router");
    w.option(OptionCode::VENDOR_CLASS_IDENTIFIER, b"MSFT 5.0");
    w.option(OptionCode::PARAMETER_REQUEST_LIST, &[1, 121, 3, 6, 15, 26, 28, 42, 51, 58, 59, 119]);
    w.finish().unwrap();
    bytes
}

fn evaluate(c: &mut Criterion) {
    let message = discover();
    let mut query = Vec::new();
    let mut w = Writer::new(&mut query);
    w.message(MessageType::DHCPV4_QUERY, QueryFlags::default().to_octets());
    w.finish().unwrap();
    let packet = Packet::new_checked(&query, 1).unwrap();
    let message = Message::new_checked(&message).unwrap();
    let classes = Classes::default();
    let view = View {
        packet: &packet,
        message4: Some(&message),
        interface: "eth0",
        source: Ipv6Addr::LOCALHOST,
        destination: Ipv6Addr::LOCALHOST,
        classes: &classes,
    };
    let mut scratch = Scratch::default();
    for text in [
        "substring(option[60].hex,0,3) == 'MSF'",
        "option[82].exists",
        "member('x') and option[60].exists",
        "relay4[1].hex == 'port7'",
        "hexstring(pkt4.mac, ':') == '02:00:00:00:00:01'",
    ] {
        let condition = Condition::parse(text, LANGUAGE).unwrap();
        c.bench_function(text, |b| b.iter(|| condition.holds(black_box(&view), &mut scratch)));
    }
    let hundred: Vec<Condition> = (0..100)
        .map(|number| format!("substring(option[60].hex,0,5) == 'ISP{number:02}'"))
        .map(|text| Condition::parse(&text, LANGUAGE).unwrap())
        .collect();
    let mut bundle = Bundle::default();
    for condition in &hundred {
        bundle.add(condition);
    }
    c.bench_function("a hundred classes by vendor class, together", |b| {
        b.iter(|| {
            let mut memo = Memo::default();
            let view = black_box(&view);
            let candidates = bundle.candidates(view, &mut memo, &mut scratch);
            candidates.iter().any(|at| bundle.holds(at, view, &mut memo, &mut scratch) == Ok(true))
        });
    });
    c.bench_function("a hundred classes by vendor class", |b| {
        b.iter(|| {
            hundred.iter().filter(|test| test.holds(black_box(&view), &mut scratch) == Ok(true)).count()
        });
    });
}

criterion_group!(benches, evaluate);
criterion_main!(benches);
