//! Messages that were received: in digits, in a dump of them, or in a capture.

use std::io::Cursor;
use std::net::{Ipv6Addr, SocketAddrV6};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};
use etherparse::{NetSlice, SlicedPacket, TransportSlice};
use fosix_wire::v4::Message;
use fosix_wire::v6::{
    ALL_DHCP_RELAY_AGENTS_AND_SERVERS, CLIENT_PORT, MAX_RELAY_LEVELS, Packet, RelayMessage, SERVER_PORT,
};
use pcap_parser::{Block, Linktype, PcapBlockOwned, PcapError, create_reader};

use super::args::Args;
use super::describe;

/// A DHCPv6 message as a server receives it.
#[derive(Debug, Clone)]
pub(crate) struct Received {
    pub(crate) bytes: Vec<u8>,
    pub(crate) source: SocketAddrV6,
    pub(crate) destination: Ipv6Addr,
    pub(crate) interface: String,
}

/// The longest file that is read.
const MAX_BYTES: u64 = 256 << 20;
/// Octets of a capture that are looked at in one go.
const CAPTURE_BUFFER: usize = 1 << 20;

/// What `query` stands for.
pub(super) fn read(query: &str, args: &Args) -> anyhow::Result<Vec<Received>> {
    let path = Path::new(query);
    let content = if path.is_file() {
        let size = path.metadata().map_or(0, |metadata| metadata.len());
        ensure!(size <= MAX_BYTES, "{query} has more than {} MiB", MAX_BYTES >> 20);
        std::fs::read(path).with_context(|| format!("cannot read {query}"))?
    } else {
        query.as_bytes().to_vec()
    };
    let found = if is_capture(&content) {
        of_capture(&content)?
    } else {
        let text = std::str::from_utf8(&content)
            .ok()
            .with_context(|| format!("{query} is neither a capture nor text"))?;
        let bytes =
            of_digits(text).with_context(|| format!("{query} is no file and no message in hexadecimal"))?;
        vec![(bytes, None)]
    };
    let count = found.len();
    let chosen: Vec<_> = match args.number {
        None => found,
        Some(number) => {
            let one = number.checked_sub(1).and_then(|at| found.into_iter().nth(at));
            vec![one.with_context(|| format!("{query} has {count} messages for a server"))?]
        }
    };
    ensure!(!chosen.is_empty(), "{query} has no message for a DHCPv6 server in it");
    chosen.into_iter().map(|(bytes, way)| received(bytes, way, args)).collect()
}

/// The way of a datagram: from where to where.
type Way = (SocketAddrV6, Ipv6Addr);

fn received(bytes: Vec<u8>, way: Option<Way>, args: &Args) -> anyhow::Result<Received> {
    // A DHCPv4 message alone is one that a 4o6 client would have sent in a DHCPV4-QUERY.
    let bytes = if Message::new_checked(&bytes).is_ok() { describe::query_around(&bytes)? } else { bytes };
    let is_relayed = Packet::new_checked(&bytes, MAX_RELAY_LEVELS)
        .map_err(|error| anyhow::anyhow!("this is no DHCPv6 message: {error}"))?
        .relays()
        .first()
        .map(RelayMessage::link_address);
    let (source, destination) = way.unwrap_or_else(|| {
        let (source, port) = match is_relayed {
            Some(relay) => (relay, SERVER_PORT),
            None => (Ipv6Addr::new(0xfe80, 0, 0, 0, 0, 0, 0, 1), CLIENT_PORT),
        };
        (SocketAddrV6::new(source, port, 0, 0), ALL_DHCP_RELAY_AGENTS_AND_SERVERS)
    });
    let source = SocketAddrV6::new(args.source.unwrap_or_else(|| *source.ip()), source.port(), 0, 0);
    Ok(Received {
        bytes,
        source,
        destination: args.destination.unwrap_or(destination),
        interface: describe::interface(args),
    })
}

/// A run of digits, or a dump: lines with an offset before the octets, and perhaps with characters behind them.
fn of_digits(text: &str) -> anyhow::Result<Vec<u8>> {
    let lines: Vec<&str> = text.lines().map(str::trim).filter(|line| !line.is_empty()).collect();
    let mut bytes = Vec::new();
    for line in &lines {
        let octets = if lines.len() > 1 { behind_offset(line) } else { line };
        for word in octets.split([' ', ':', '\t']) {
            // Two blanks part the octets from the characters.
            if word.is_empty() && lines.len() > 1 && !bytes.is_empty() && octets != *line {
                break;
            }
            if word.is_empty() {
                continue;
            }
            let word = word.strip_prefix("0x").unwrap_or(word);
            ensure!(
                word.len().is_multiple_of(2) && word.bytes().all(|byte| byte.is_ascii_hexdigit()),
                "\"{word}\" is no octet in hexadecimal"
            );
            bytes.extend(fosix_wire::text::encode_hex(word)?);
        }
    }
    ensure!(!bytes.is_empty(), "there are no octets");
    Ok(bytes)
}

/// A line of a dump without its offset: `0010: 01 02`, `0x0010:  0102 0304`, `00000010  01 02  |..|`.
fn behind_offset(line: &str) -> &str {
    let Some((offset, rest)) = line.split_once([' ', '\t']) else { return line };
    let digits = offset.trim_end_matches(':');
    let digits = digits.strip_prefix("0x").unwrap_or(digits);
    let is_offset = (3..=8).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    if is_offset { rest.trim_start() } else { line }
}

/// The magic numbers of pcap in both orders, with microseconds and nanoseconds, and of pcapng.
fn is_capture(content: &[u8]) -> bool {
    const MAGIC: [[u8; 4]; 5] = [
        [0xd4, 0xc3, 0xb2, 0xa1],
        [0xa1, 0xb2, 0xc3, 0xd4],
        [0x4d, 0x3c, 0xb2, 0xa1],
        [0xa1, 0xb2, 0x3c, 0x4d],
        [0x0a, 0x0d, 0x0d, 0x0a],
    ];
    content.first_chunk().is_some_and(|magic| MAGIC.contains(magic))
}

/// The messages in a capture that were sent to a server or relay.
fn of_capture(content: &[u8]) -> anyhow::Result<Vec<(Vec<u8>, Option<Way>)>> {
    let mut found = Vec::new();
    let mut reader = create_reader(CAPTURE_BUFFER, Cursor::new(content))
        .map_err(|error| anyhow::anyhow!("the capture cannot be read: {error:?}"))?;
    let mut links: Vec<Linktype> = Vec::new();
    loop {
        match reader.next() {
            Ok((used, block)) => {
                match block {
                    PcapBlockOwned::LegacyHeader(header) => links.push(header.network),
                    PcapBlockOwned::Legacy(packet) => {
                        found.extend(links.first().and_then(|link| message_in(packet.data, *link)));
                    }
                    PcapBlockOwned::NG(Block::SectionHeader(_)) => links.clear(),
                    PcapBlockOwned::NG(Block::InterfaceDescription(interface)) => {
                        links.push(interface.linktype);
                    }
                    PcapBlockOwned::NG(Block::EnhancedPacket(packet)) => {
                        let at = usize::try_from(packet.if_id).unwrap_or(usize::MAX);
                        let data = usize::try_from(packet.caplen).ok().and_then(|len| packet.data.get(..len));
                        found
                            .extend(links.get(at).zip(data).and_then(|(link, data)| message_in(data, *link)));
                    }
                    PcapBlockOwned::NG(_) => {}
                }
                reader.consume(used);
            }
            Err(PcapError::Eof) => return Ok(found),
            Err(PcapError::Incomplete(_)) => {
                // Its own errors come with the next block.
                if reader.refill().is_err() {
                    bail!("the capture ends in the middle of a packet");
                }
            }
            Err(error) => bail!("the capture cannot be read: {error:?}"),
        }
    }
}

/// The DHCPv6 message in a captured frame, if it went to a server or relay.
fn message_in(frame: &[u8], link: Linktype) -> Option<(Vec<u8>, Option<Way>)> {
    let sliced = match link {
        Linktype::ETHERNET => SlicedPacket::from_ethernet(frame).ok()?,
        Linktype::LINUX_SLL => SlicedPacket::from_linux_sll(frame).ok()?,
        // LINKTYPE_LINUX_SLL2 has 20 octets before the packet.
        Linktype(276) => SlicedPacket::from_ip(frame.get(20..)?).ok()?,
        Linktype::RAW | Linktype::IPV6 => SlicedPacket::from_ip(frame).ok()?,
        _ => return None,
    };
    let (Some(NetSlice::Ipv6(ip)), Some(TransportSlice::Udp(udp))) = (sliced.net, sliced.transport) else {
        return None;
    };
    if udp.destination_port() != SERVER_PORT {
        return None;
    }
    let header = ip.header();
    let source = SocketAddrV6::new(header.source_addr(), udp.source_port(), 0, 0);
    Some((udp.payload().to_vec(), Some((source, header.destination_addr()))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_usual_form_of_digits_is_read() {
        let octets = [0x0b, 1, 2, 3, 0, 1, 0, 2, 0xab, 0xcd];
        for text in [
            "0b0102030001 0002abcd",
            "0b:01:02:03:00:01:00:02:ab:cd",
            "0x0b010203000100 02abcd\n",
            "0000  0b 01 02 03 00 01 00 02  ........\n0008  ab cd  ..",
            "00000000: 0b01 0203 0001 0002  ........\n00000008: abcd  ..",
            "\t0x0000:  0b01 0203 0001 0002\n\t0x0008:  abcd",
            "0b 01 02 03 00\n01 00 02 ab cd",
        ] {
            assert_eq!(of_digits(text).unwrap(), octets, "{text}");
        }
        for text in ["", "0b0", "0b xy", "what"] {
            assert!(of_digits(text).is_err(), "{text}");
        }
    }
}
