//! A DHCPv4 message: every accessor, the joining of options against a plain one, and the message written again.

use std::collections::BTreeMap;

use fosix_wire::Error;
use fosix_wire::v4::{Area, COOKIE, HEADER_LEN, Header, Item, Message, OptionCode, OptionData, Writer};

use super::{drain, show, shown, v4_options};

pub fn run(data: &[u8]) {
    let result = Message::new_checked(data);
    let is_bootp = data.len() >= 236 && data.get(236..HEADER_LEN) != Some(&COOKIE);
    assert_eq!(matches!(result, Err(Error::NotDhcp)), is_bootp);
    let plain = plainly_read(data);
    assert_eq!(result.is_ok(), plain.is_some());
    let (Some(message), Some(plain)) = (shown(result), plain) else { return };
    look_at_header(&message);
    look_at_options(&message, &plain);
    assert_eq!(written_again(&message), data);
    assert_eq!(message.as_bytes(), data);
    write_anew(&message, &plain);
}

fn look_at_header(message: &Message<'_>) {
    assert!(message.chaddr().len() == usize::from(message.hardware_len()) && message.chaddr().len() <= 16);
    assert!(message.sname().len() <= 64 && message.file().len() <= 128);
    assert!(!message.sname().contains(&0) && !message.file().contains(&0));
    for address in [message.ciaddr(), message.yiaddr(), message.siaddr(), message.giaddr()] {
        show(address);
    }
    assert_eq!(message.broadcast(), message.flags() >= 0x8000);
    drain([message.op(), message.hops(), message.hardware_type()]);
    drain([message.xid(), u32::from(message.secs())]);
    if let Some(message_type) = message.message_type() {
        show(message_type);
    }
}

/// Options as the text of RFC 3396 has them: the parts of each, by code.
type Plain<'a> = BTreeMap<u8, Vec<&'a [u8]>>;

fn look_at_options(message: &Message<'_>, plain: &Plain<'_>) {
    let found = (0..=u8::MAX).filter(|code| message.has_option(OptionCode(*code)));
    assert!(found.eq(plain.keys().copied()));
    for (code, parts) in plain {
        let data = message.option(OptionCode(*code));
        assert!(data.is_some());
        if let Some(data) = data {
            look_at_data(&data, parts);
        }
    }
    assert!(message.option(OptionCode::PAD).is_none() && message.option(OptionCode::END).is_none());
    let count = message.options().count();
    assert_eq!(count, plain.values().map(Vec::len).sum::<usize>());
    for option in message.options() {
        show(option.code);
    }
    drain(message.softwire_source_address());
    drain(message.port_params().into_iter().filter_map(shown));
    let list = message.parameter_request_list();
    assert_eq!(list.iter().count(), list.len());
    assert!(list.iter().all(|code| list.contains(code)));
    assert_eq!(list.is_empty(), list.iter().next().is_none());
}

fn look_at_data(data: &OptionData<'_>, parts: &[&[u8]]) {
    let joined = parts.concat();
    assert_eq!(data.len(), joined.len());
    assert_eq!(data.is_empty(), joined.is_empty());
    assert!(data.fragments().eq(parts.iter().copied()));
    assert!(data.bytes().eq(joined.iter().copied()));
    if let Some(contiguous) = data.contiguous() {
        assert_eq!(contiguous, joined);
        assert_eq!(data.join(&mut []), Some(contiguous));
    } else {
        assert!(parts.len() > 1 && data.join(&mut []).is_none());
        assert_eq!(data.join(&mut vec![0; joined.len()]), Some(joined.as_slice()));
    }
    assert_eq!(data.to_u8().map(u8::to_be_bytes), joined.as_slice().try_into().ok());
    assert_eq!(data.to_u16().map(u16::to_be_bytes), joined.as_slice().try_into().ok());
    assert_eq!(data.to_u32().map(u32::to_be_bytes), joined.as_slice().try_into().ok());
    assert_eq!(data.to_ipv4().map(|address| address.octets()), joined.as_slice().try_into().ok());
    assert_eq!(data.to_ipv6().map(|address| address.octets()), joined.as_slice().try_into().ok());
    v4_options::look_at_as(data.code(), &joined);
}

/// The message from its header and the items of its areas.
fn written_again(message: &Message<'_>) -> Vec<u8> {
    let mut header = Header::of(message);
    let areas = [Area::File, Area::Sname, Area::Options].map(|area| {
        let mut field = Vec::new();
        message.items(area).for_each(|item| item.write_to(&mut field));
        assert!(message.items(area).filter(|item| matches!(item, Item::End)).count() <= 1);
        field
    });
    let [file, sname, options] = &areas;
    if !file.is_empty() {
        header.file = file;
    }
    if !sname.is_empty() {
        header.sname = sname;
    }
    let mut out = Vec::new();
    assert_eq!(header.write_to(&mut out), Ok(()));
    out.extend_from_slice(options);
    out
}

/// The options joined and written by the writer are the same options.
fn write_anew(message: &Message<'_>, plain: &Plain<'_>) {
    let codes = || plain.keys().copied().map(OptionCode).filter(|code| *code != OptionCode::OPTION_OVERLOAD);
    let mut out = vec![7; 3];
    let mut w = Writer::new(&mut out, &Header::reply_to(message));
    for code in codes() {
        let Some(data) = message.option(code) else { continue };
        match data.contiguous() {
            Some(data) => w.option(code, data),
            None => w.option_with(code, |buffer| data.write_to(buffer)),
        }
    }
    w.pad_to(300);
    let length = w.len();
    assert_eq!(w.finish(), Ok(()));
    let written = out.get(3..).unwrap_or_default();
    assert!(written.len() > length && written.len() >= 300);
    let again = Message::new_checked(written);
    assert!(again.is_ok());
    let Ok(again) = again else { return };
    for code in codes() {
        assert_eq!(again.option(code), message.option(code));
    }
    assert!(!again.has_option(OptionCode::OPTION_OVERLOAD));
    assert_eq!((again.op(), again.xid(), again.chaddr()), (2, message.xid(), message.chaddr()));
}

/// A second reading of the same, as plain as can be: nothing borrowed, nothing clever.
fn plainly_read(data: &[u8]) -> Option<Plain<'_>> {
    if data.len() < HEADER_LEN || data.get(236..HEADER_LEN)? != COOKIE || *data.get(2)? > 16 {
        return None;
    }
    let mut options = Plain::new();
    plainly_read_area(data.get(HEADER_LEN..)?, &mut options)?;
    let overload = options.get(&OptionCode::OPTION_OVERLOAD.0).map(|parts| parts.concat());
    let overload = match overload.as_deref() {
        None => 0,
        Some([value @ 1..=3]) => *value,
        Some(_) => return None,
    };
    if overload & 1 != 0 {
        plainly_read_area(data.get(108..236)?, &mut options)?;
    }
    if overload & 2 != 0 {
        plainly_read_area(data.get(44..108)?, &mut options)?;
    }
    Some(options)
}

fn plainly_read_area<'a>(area: &'a [u8], options: &mut Plain<'a>) -> Option<()> {
    let mut at = 0;
    while at < area.len() {
        match *area.get(at)? {
            0 => at += 1,
            255 => break,
            code => {
                let length = usize::from(*area.get(at + 1)?);
                let data = area.get(at + 2..at + 2 + length)?;
                options.entry(code).or_default().push(data);
                at += 2 + length;
            }
        }
    }
    Some(())
}
