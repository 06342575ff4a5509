//! The same messages read by dhcproto, an independent decoder, on input where it is right.
//!
//! It is not on relay messages around other messages, on options whose length is not what their type has, and on
//! the order of options, which it sorts. Of what it writes, domain lists are compressed, which RFC 9915 §10 forbids,
//! and user and vendor classes have the number of items as their length. All that stays out.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a panic is how a test fails"
)]

mod packets;

use dhcproto::v6::{DhcpOption, DhcpOptions, Message as Theirs};
use dhcproto::{Decodable, Decoder, Encodable, Encoder};
use fosix_wire::name::Names;
use fosix_wire::v6::{
    AddressList, Authentication, ElapsedTime, IaAddress, IaNa, IaPd, IaPrefix, IaTa, Message, MessageType,
    OptionCode, OptionRequest, Options, RawOption, StatusCodeOption, UserClass, VendorClass, VendorOpts,
    Writer,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// What an option means, in a form that both decoders can be asked for.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Meaning {
    code: u16,
    numbers: Vec<u64>,
    parts: Vec<Vec<u8>>,
    inside: Vec<Self>,
}

fn meaning(code: OptionCode) -> Meaning {
    Meaning { code: code.0, numbers: Vec::new(), parts: Vec::new(), inside: Vec::new() }
}

fn ours(options: Options<'_>, known: bool) -> Vec<Meaning> {
    let mut meanings: Vec<_> = options.iter().map(|option| our_option(option, known)).collect();
    meanings.sort();
    meanings
}

fn our_option(option: RawOption<'_>, known: bool) -> Meaning {
    let RawOption { code, data } = option;
    let numbers = |list: &[u32]| list.iter().copied().map(u64::from).collect::<Vec<_>>();
    let mut it = meaning(code);
    if !known {
        it.parts.push(data.to_vec());
        return it;
    }
    match code {
        OptionCode::IA_NA => {
            let ia = IaNa::new_checked(data).unwrap();
            it.numbers = numbers(&[ia.iaid, ia.t1, ia.t2]);
            it.inside = ours(ia.options, true);
        }
        OptionCode::IA_PD => {
            let ia = IaPd::new_checked(data).unwrap();
            it.numbers = numbers(&[ia.iaid, ia.t1, ia.t2]);
            it.inside = ours(ia.options, true);
        }
        OptionCode::IA_TA => {
            let ia = IaTa::new_checked(data).unwrap();
            it.numbers = numbers(&[ia.iaid]);
            it.inside = ours(ia.options, true);
        }
        OptionCode::IA_ADDR => {
            let address = IaAddress::new_checked(data).unwrap();
            it.numbers = numbers(&[address.preferred_lifetime, address.valid_lifetime]);
            it.parts.push(address.address.octets().to_vec());
            it.inside = ours(address.options, true);
        }
        OptionCode::IA_PREFIX => {
            let prefix = IaPrefix::new_checked(data).unwrap();
            let len = u32::from(prefix.prefix_len);
            it.numbers = numbers(&[prefix.preferred_lifetime, prefix.valid_lifetime, len]);
            it.parts.push(prefix.prefix.octets().to_vec());
            it.inside = ours(prefix.options, true);
        }
        OptionCode::ORO => {
            it.numbers = OptionRequest::new_checked(data).unwrap().iter().map(|code| code.0.into()).collect();
        }
        OptionCode::PREFERENCE => it.numbers.push(data[0].into()),
        OptionCode::ELAPSED_TIME => {
            it.numbers.push(ElapsedTime::new_checked(data).unwrap().centiseconds.into());
        }
        OptionCode::AUTH => {
            let auth = Authentication::new_checked(data).unwrap();
            let Authentication { protocol, algorithm, replay_detection_method, .. } = auth;
            it.numbers = [protocol, algorithm, replay_detection_method].map(u64::from).to_vec();
            it.numbers.push(auth.replay_detection);
            it.parts.push(auth.information.to_vec());
        }
        OptionCode::STATUS_CODE => {
            let status = StatusCodeOption::new_checked(data).unwrap();
            it.numbers.push(status.code.0.into());
            it.parts.push(status.message.to_vec());
        }
        OptionCode::RAPID_COMMIT | OptionCode::RECONF_ACCEPT => assert!(data.is_empty()),
        OptionCode::USER_CLASS => {
            it.parts = UserClass::new_checked(data).unwrap().iter().map(<[u8]>::to_vec).collect();
        }
        OptionCode::VENDOR_CLASS => {
            let class = VendorClass::new_checked(data).unwrap();
            it.numbers.push(class.enterprise.into());
            it.parts = class.iter().map(<[u8]>::to_vec).collect();
        }
        OptionCode::VENDOR_OPTS => {
            let vendor = VendorOpts::new_checked(data).unwrap();
            it.numbers.push(vendor.enterprise.into());
            it.inside = ours(vendor.options(), false);
        }
        OptionCode::DNS_SERVERS => {
            let list = AddressList::new_checked(data).unwrap();
            it.parts = list.iter().map(|address| address.octets().to_vec()).collect();
        }
        OptionCode::DOMAIN_LIST => {
            let names = Names::new_checked(data).unwrap();
            it.parts = names.iter().map(|name| name.as_bytes().to_ascii_lowercase()).collect();
        }
        _ => it.parts.push(data.to_vec()),
    }
    it
}

fn theirs(options: &DhcpOptions) -> Vec<Meaning> {
    let mut meanings: Vec<_> = options.iter().map(their_option).collect();
    meanings.sort();
    meanings
}

fn their_option(option: &DhcpOption) -> Meaning {
    let code = u16::from(dhcproto::v6::OptionCode::from(option));
    let mut it = meaning(OptionCode(code));
    let numbers = |list: &[u32]| list.iter().copied().map(u64::from).collect::<Vec<_>>();
    match option {
        DhcpOption::ClientId(data) | DhcpOption::ServerId(data) | DhcpOption::InterfaceId(data) => {
            it.parts.push(data.clone());
        }
        DhcpOption::Unknown(option) => it.parts.push(option.data().to_vec()),
        DhcpOption::IANA(ia) => {
            it.numbers = numbers(&[ia.id, ia.t1, ia.t2]);
            it.inside = theirs(&ia.opts);
        }
        DhcpOption::IAPD(ia) => {
            it.numbers = numbers(&[ia.id, ia.t1, ia.t2]);
            it.inside = theirs(&ia.opts);
        }
        DhcpOption::IATA(ia) => {
            it.numbers = numbers(&[ia.id]);
            it.inside = theirs(&ia.opts);
        }
        DhcpOption::IAAddr(address) => {
            it.numbers = numbers(&[address.preferred_life, address.valid_life]);
            it.parts.push(address.addr.octets().to_vec());
            it.inside = theirs(&address.opts);
        }
        DhcpOption::IAPrefix(prefix) => {
            let len = u32::from(prefix.prefix_len);
            it.numbers = numbers(&[prefix.preferred_lifetime, prefix.valid_lifetime, len]);
            it.parts.push(prefix.prefix_ip.octets().to_vec());
            it.inside = theirs(&prefix.opts);
        }
        DhcpOption::ORO(request) => {
            it.numbers = request.opts.iter().map(|code| u16::from(*code).into()).collect();
        }
        DhcpOption::Preference(value) => it.numbers.push((*value).into()),
        DhcpOption::ElapsedTime(time) => it.numbers.push((*time).into()),
        DhcpOption::Authentication(auth) => {
            it.numbers = [auth.proto, auth.algo, auth.rdm].map(u64::from).to_vec();
            it.numbers.push(auth.replay_detection);
            it.parts.push(auth.info.clone());
        }
        DhcpOption::StatusCode(status) => {
            it.numbers.push(u16::from(status.status).into());
            it.parts.push(status.msg.clone().into_bytes());
        }
        DhcpOption::RapidCommit | DhcpOption::ReconfAccept => {}
        DhcpOption::UserClass(class) => it.parts.clone_from(&class.data),
        DhcpOption::VendorClass(class) => {
            it.numbers.push(class.num.into());
            it.parts.clone_from(&class.data);
        }
        DhcpOption::VendorOpts(vendor) => {
            it.numbers.push(vendor.num.into());
            it.inside = theirs(&vendor.opts);
        }
        DhcpOption::DomainNameServers(list) => {
            it.parts = list.iter().map(|address| address.octets().to_vec()).collect();
        }
        DhcpOption::DomainSearchList(names) => it.parts = names.iter().map(wire_name).collect(),
        other => panic!("{other:?}"),
    }
    it
}

fn wire_name(name: &dhcproto::Name) -> Vec<u8> {
    let mut wire = Vec::new();
    for label in name {
        wire.push(u8::try_from(label.len()).unwrap());
        wire.extend(label.to_ascii_lowercase());
    }
    wire.push(0);
    wire
}

fn octets(most: usize) -> impl Strategy<Value = Vec<u8>> {
    vec(any::<u8>(), 0..most)
}

/// The data of an option that holds what `write` writes.
fn data(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    packets::bytes(write)
}

fn put(w: &mut Writer<'_>, options: &[(u16, Vec<u8>)]) {
    for (code, data) in options {
        w.option(OptionCode(*code), data);
    }
}

fn counted(w: &mut Writer<'_>, items: &[Vec<u8>]) {
    for item in items {
        w.raw(&u16::try_from(item.len()).unwrap().to_be_bytes());
        w.raw(item);
    }
}

fn status() -> impl Strategy<Value = (u16, Vec<u8>)> {
    (any::<u16>(), "[ -~]{0,20}").prop_map(|(code, text)| {
        let octets = data(|w| {
            w.raw(&code.to_be_bytes());
            w.raw(text.as_bytes());
        });
        (13, octets)
    })
}

fn unknown(from: u16) -> impl Strategy<Value = (u16, Vec<u8>)> {
    (from..=u16::MAX, octets(20))
}

/// An address or a prefix, with a status in it or not.
fn lease(code: u16, len: usize) -> impl Strategy<Value = (u16, Vec<u8>)> {
    (vec(any::<u8>(), len), 0..=128_u8, proptest::option::of(status())).prop_map(
        move |(mut octets, bits, status)| {
            if code == 26 {
                octets[8] = bits;
            }
            octets.extend(data(|w| put(w, status.as_slice())));
            (code, octets)
        },
    )
}

fn association(
    code: u16,
    len: usize,
    inside: u16,
    inside_len: usize,
) -> impl Strategy<Value = (u16, Vec<u8>)> {
    let inside = prop_oneof![lease(inside, inside_len), status(), unknown(1000)];
    (vec(any::<u8>(), len), vec(inside, 0..4)).prop_map(move |(mut octets, options)| {
        octets.extend(data(|w| put(w, &options)));
        (code, octets)
    })
}

fn option() -> impl Strategy<Value = (u16, Vec<u8>)> {
    let fixed = |code: u16, len: usize| vec(any::<u8>(), len).prop_map(move |data| (code, data));
    let items = || vec(octets(12), 1..4);
    prop_oneof![
        (prop::sample::select(vec![1_u16, 2, 18, 37, 38, 87, 89, 94, 96, 135, 137]), octets(40)),
        association(3, 12, 5, 24),
        association(4, 4, 5, 24),
        association(25, 12, 26, 25),
        vec(any::<[u8; 2]>(), 0..20).prop_map(|codes| (6, codes.concat())),
        fixed(7, 1),
        fixed(8, 2),
        fixed(14, 0),
        fixed(20, 0),
        fixed(32, 4),
        fixed(11, 28),
        status(),
        items().prop_map(|items| (15, data(|w| counted(w, &items)))),
        (any::<[u8; 4]>(), items()).prop_map(|(number, items)| (
            16,
            data(|w| {
                w.raw(&number);
                counted(w, &items);
            })
        )),
        (any::<[u8; 4]>(), vec(unknown(1000), 0..4)).prop_map(|(number, options)| (
            17,
            data(|w| {
                w.raw(&number);
                put(w, &options);
            })
        )),
        vec(any::<[u8; 16]>(), 0..4).prop_map(|addresses| (23, addresses.concat())),
        vec("[a-z]{1,10}", 0..4).prop_map(|labels| (
            24,
            data(|w| {
                for label in labels {
                    w.raw(&[u8::try_from(label.len()).unwrap()]);
                    w.raw(label.as_bytes());
                    w.raw(b"\x07example\0");
                }
            })
        )),
        unknown(1000),
    ]
}

proptest! {
    #[test]
    fn both_read_the_same_from_what_we_write(
        message_type in prop::sample::select(vec![1_u8, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 14, 15, 16, 17, 20, 21]),
        transaction_id in any::<[u8; 3]>(),
        options in vec(option(), 0..10),
    ) {
        let bytes = packets::bytes(|w| {
            w.message(MessageType(message_type), transaction_id);
            put(w, &options);
        });
        let our = Message::new_checked(&bytes).unwrap();
        let their = Theirs::decode(&mut Decoder::new(&bytes)).unwrap();
        prop_assert_eq!(u8::from(their.msg_type()), our.message_type().0);
        prop_assert_eq!(their.xid(), our.transaction_id());
        prop_assert_eq!(ours(our.options(), true), theirs(their.opts()));

        // What they write of it means the same to us.
        let miswritten = [OptionCode::DOMAIN_LIST, OptionCode::USER_CLASS, OptionCode::VENDOR_CLASS];
        if miswritten.iter().any(|code| our.options().find(*code).is_some()) {
            return Ok(());
        }
        let mut again = Vec::new();
        their.encode(&mut Encoder::new(&mut again)).unwrap();
        let read = Message::new_checked(&again).unwrap();
        prop_assert_eq!(ours(read.options(), true), theirs(their.opts()));
    }
}

#[test]
fn both_know_the_same_codes() {
    for code in OptionCode::ALL {
        let their = dhcproto::v6::OptionCode::from(code.0);
        // Their table ends before the options of 2018 and later.
        let known = !matches!(their, dhcproto::v6::OptionCode::Unknown(_));
        assert_eq!(known, code.0 <= 135 || code.0 == 143, "{code} {their:?}");
        if known {
            let letters = |text: &str| text.to_lowercase().replace(|c: char| !c.is_ascii_alphanumeric(), "");
            let (our_name, their_name) = (letters(code.name().unwrap()), letters(&format!("{their:?}")));
            let renamed = [11, 12, 23, 24, 59, 60, 103].contains(&code.0);
            assert!(renamed || our_name == their_name, "{our_name} {their_name}");
        }
    }
    for message_type in MessageType::ALL {
        let their = format!("{:?}", dhcproto::v6::MessageType::from(message_type.0));
        assert_eq!(message_type.0 > 21, their.contains("Unknown"), "{message_type} {their}");
    }
}
