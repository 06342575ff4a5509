//! Messages of a client that is described by flags.

use std::net::{Ipv4Addr, Ipv6Addr, SocketAddrV6};

use anyhow::{Context as _, bail, ensure};
use fosix_config::{Config, InterfaceSpec, OptionValue};
use fosix_wire::text;
use fosix_wire::v4::{self, Header};
use fosix_wire::v6::{
    ALL_DHCP_RELAY_AGENTS_AND_SERVERS, CLIENT_PORT, MAX_RELAY_LEVELS, MessageType, OptionCode, QueryFlags,
    SERVER_PORT, Writer,
};

use super::args::Args;
use super::packet::Received;
use crate::client::Identity;

/// What a client can say: its name, and the types of the messages, of DHCPv6 or of DHCPv4.
const KINDS: [(&str, Result<MessageType, v4::MessageType>); 7] = [
    ("solicit", Ok(MessageType::SOLICIT)),
    ("request", Ok(MessageType::REQUEST)),
    ("renew", Ok(MessageType::RENEW)),
    ("rebind", Ok(MessageType::REBIND)),
    ("information-request", Ok(MessageType::INFORMATION_REQUEST)),
    ("discover", Err(v4::MessageType::DISCOVER)),
    ("inform", Err(v4::MessageType::INFORM)),
];

/// The server that Request and Renew name: whichever one is explained.
const SERVER: [u8; 10] = [0, 3, 0, 1, 2, 0, 0, 0, 0, 1];

/// The client, as far as its messages tell.
struct Client<'a> {
    identity: Identity,
    args: &'a Args,
}

/// The messages that the flags describe.
pub(super) fn messages(args: &Args, config: &Config) -> anyhow::Result<Vec<Received>> {
    let client = Client::new(args)?;
    let kinds: Vec<&str> = if args.message.is_empty() {
        let solicit = config.dhcp6.as_ref().filter(|half| !half.subnets.is_empty()).map(|_| "solicit");
        let discover = config.dhcp4.as_ref().map(|_| "discover");
        solicit.into_iter().chain(discover).collect()
    } else {
        args.message.iter().map(String::as_str).collect()
    };
    ensure!(!kinds.is_empty(), "the configuration has no subnet that a client could be given anything of");
    let interface = args.interface.clone().unwrap_or_else(|| first_interface(config));
    kinds.into_iter().map(|kind| client.message(kind, config, &interface)).collect()
}

/// A DHCPV4-QUERY around a DHCPv4 message.
pub(super) fn query_around(message: &[u8]) -> anyhow::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    let mut w = Writer::new(&mut bytes);
    w.message(MessageType::DHCPV4_QUERY, QueryFlags::default().to_octets());
    w.option(OptionCode::DHCPV4_MSG, message);
    w.finish()?;
    Ok(bytes)
}

/// The interface that a message that was read came in on.
pub(super) fn interface(args: &Args) -> String {
    args.interface.clone().unwrap_or_else(|| "eth0".to_owned())
}

fn first_interface(config: &Config) -> String {
    let listened = config.dhcp6.iter().flat_map(|half| &half.interfaces).find_map(|spec| match spec {
        InterfaceSpec::All => None,
        InterfaceSpec::Interface(name) | InterfaceSpec::Address(name, _) => Some(name.clone()),
    });
    listened.unwrap_or_else(|| "eth0".to_owned())
}

impl<'a> Client<'a> {
    fn new(args: &'a Args) -> anyhow::Result<Self> {
        let id = args.client.as_deref().unwrap_or_default();
        let octets = text::encode_hex(&id.replace('-', ":")).context("--client")?;
        if let Ok(mac) = <[u8; 6]>::try_from(octets.as_slice()) {
            return Ok(Self { identity: Identity::new(mac, None, args.iaid), args });
        }
        // RFC 9915 §11.1: a type of two octets, and at most 128 behind it.
        ensure!(
            (3..=130).contains(&octets.len()),
            "--client has {} octets: a hardware address has 6, a DUID 3 to 130",
            octets.len()
        );
        let mac = match octets.as_slice() {
            [0, 3, 0, 1, mac @ ..] | [0, 1, 0, 1, _, _, _, _, mac @ ..] => <[u8; 6]>::try_from(mac).ok(),
            _ => None,
        };
        let mac = mac.unwrap_or([2, 0, 0, 0, 0, 1]);
        Ok(Self { identity: Identity::new(mac, Some(&octets), args.iaid), args })
    }

    fn message(&self, kind: &str, config: &Config, interface: &str) -> anyhow::Result<Received> {
        let Some((_, kind)) = KINDS.iter().find(|(name, _)| *name == kind) else {
            let names = KINDS.map(|(name, _)| name).join(", ");
            bail!("--message {kind}: the messages are {names}");
        };
        let mut bytes = match kind {
            Ok(kind) => self.message6(*kind, config)?,
            Err(kind) => self.query(*kind, config)?,
        };
        let levels =
            self.args.link_address.len().max(self.args.interface_id.len()).max(self.args.remote_id.len());
        ensure!(levels <= MAX_RELAY_LEVELS, "there are at most {MAX_RELAY_LEVELS} relays");
        let own = self.identity.link_local();
        let mut peer = own;
        for level in 0..levels {
            let link = self.args.link_address.get(level).copied().unwrap_or(Ipv6Addr::UNSPECIFIED);
            bytes = self.relayed(&bytes, level, link, peer)?;
            peer = link;
        }
        let (source, port) = if levels == 0 { (own, CLIENT_PORT) } else { (peer, SERVER_PORT) };
        Ok(Received {
            bytes,
            source: SocketAddrV6::new(self.args.source.unwrap_or(source), port, 0, 0),
            destination: self.args.destination.unwrap_or(ALL_DHCP_RELAY_AGENTS_AND_SERVERS),
            interface: interface.to_owned(),
        })
    }

    fn message6(&self, kind: MessageType, config: &Config) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.message(kind, [0, 0, 1]);
        w.option(OptionCode::CLIENT_ID, &self.identity.duid);
        if matches!(kind, MessageType::REQUEST | MessageType::RENEW) {
            w.option(OptionCode::SERVER_ID, &SERVER);
        }
        if kind != MessageType::INFORMATION_REQUEST {
            for code in [OptionCode::IA_NA, OptionCode::IA_PD] {
                w.option(code, &[self.args.iaid.to_be_bytes(), [0; 4], [0; 4]].concat());
            }
        }
        if let Some(class) = &self.args.vendor_class {
            let len = u16::try_from(class.len()).context("--vendor-class is too long")?;
            let data =
                [&self.args.enterprise.to_be_bytes()[..], &len.to_be_bytes(), class.as_bytes()].concat();
            w.option(OptionCode::VENDOR_CLASS, &data);
        }
        for (code, data) in self.options()? {
            w.option(OptionCode(code), &data);
        }
        let asked = self.requested(|| {
            let half = config.dhcp6.as_ref();
            let subnets = half.iter().flat_map(|half| &half.subnets);
            let lists = subnets.flat_map(|subnet| {
                let pools = subnet.pools.iter().map(|pool| &pool.options);
                pools.chain(subnet.pd_pools.iter().map(|pool| &pool.options)).chain([&subnet.options])
            });
            let classes =
                half.iter().flat_map(|half| &half.rules.classes.defined).map(|class| &class.options);
            codes_of(lists.chain(classes).chain(half.iter().map(|half| &half.options)))
        });
        let asked: Vec<u8> = asked.iter().flat_map(|code| code.to_be_bytes()).collect();
        w.option(OptionCode::ORO, &asked);
        w.finish()?;
        Ok(bytes)
    }

    fn query(&self, kind: v4::MessageType, config: &Config) -> anyhow::Result<Vec<u8>> {
        let mut chaddr = [0; 16];
        if let Some(start) = chaddr.first_chunk_mut::<6>() {
            *start = self.identity.mac;
        }
        let is_inform = kind == v4::MessageType::INFORM;
        let ciaddr = self.args.address.filter(|_| is_inform).unwrap_or(Ipv4Addr::UNSPECIFIED);
        let header = Header { hardware_type: 1, hardware_len: 6, chaddr, ciaddr, ..Header::request(1) };
        let mut message = Vec::new();
        let mut w = v4::Writer::new(&mut message, &header);
        w.option_u8(v4::OptionCode::MESSAGE_TYPE, kind.0);
        let identifier = match &self.args.client_id {
            Some(id) => text::encode_hex(id).context("--client-id")?,
            None => self.identity.client_identifier(),
        };
        w.option(v4::OptionCode::CLIENT_IDENTIFIER, &identifier);
        if let Some(address) = self.args.address.filter(|_| !is_inform) {
            w.option_ipv4(v4::OptionCode::REQUESTED_IP_ADDRESS, address);
        }
        if let Some(class) = &self.args.vendor_class {
            w.option(v4::OptionCode::VENDOR_CLASS_IDENTIFIER, class.as_bytes());
        }
        for (code, data) in self.options()? {
            let code =
                u8::try_from(code).with_context(|| format!("--option {code}: DHCPv4 has codes up to 255"))?;
            w.option(v4::OptionCode(code), &data);
        }
        let asked = self.requested(|| {
            let half = config.dhcp4.as_ref();
            let subnets = half.iter().flat_map(|half| &half.subnets);
            let lists = subnets
                .flat_map(|subnet| subnet.pools.iter().map(|pool| &pool.options).chain([&subnet.options]));
            let classes =
                half.iter().flat_map(|half| &half.rules.classes.defined).map(|class| &class.options);
            codes_of(lists.chain(classes).chain(half.iter().map(|half| &half.options)))
        });
        let asked: Vec<u8> = asked.into_iter().filter_map(|code| u8::try_from(code).ok()).collect();
        w.option(v4::OptionCode::PARAMETER_REQUEST_LIST, &asked);
        w.finish()?;
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.message(MessageType::DHCPV4_QUERY, QueryFlags::default().to_octets());
        w.option(OptionCode::CLIENT_ID, &self.identity.duid);
        w.option(OptionCode::DHCPV4_MSG, &message);
        w.finish()?;
        Ok(bytes)
    }

    fn relayed(&self, inner: &[u8], level: usize, link: Ipv6Addr, peer: Ipv6Addr) -> anyhow::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        let mut w = Writer::new(&mut bytes);
        w.relay(MessageType::RELAY_FORW, u8::try_from(level).unwrap_or(u8::MAX), link, peer);
        if let Some(id) = self.args.interface_id.get(level).filter(|id| !id.is_empty()) {
            w.option(OptionCode::INTERFACE_ID, &octets(id)?);
        }
        if let Some(id) = self.args.remote_id.get(level).filter(|id| !id.is_empty()) {
            // RFC 4649 §3: an enterprise number before it.
            w.option(OptionCode::REMOTE_ID, &[&[0; 4][..], &octets(id)?].concat());
        }
        w.option(OptionCode::RELAY_MESSAGE, inner);
        w.finish()?;
        Ok(bytes)
    }

    fn options(&self) -> anyhow::Result<Vec<(u16, Vec<u8>)>> {
        let each = self.args.option.iter().map(|option| {
            let (code, data) = option.split_once('=').context("--option takes a code, = and data")?;
            let code =
                code.trim().parse().with_context(|| format!("--option {option}: {code} is no code"))?;
            let data = text::encode_hex(data).with_context(|| format!("--option {option}"))?;
            Ok((code, data))
        });
        each.collect()
    }

    fn requested(&self, configured: impl FnOnce() -> Vec<u16>) -> Vec<u16> {
        if self.args.request.is_empty() { configured() } else { self.args.request.clone() }
    }
}

/// The codes of the options in these lists, each once, in ascending order.
fn codes_of<'a>(lists: impl Iterator<Item = &'a Vec<OptionValue>>) -> Vec<u16> {
    let options = lists.flatten().filter(|option| option.vendor.is_none());
    let codes: std::collections::BTreeSet<u16> = options.map(|option| option.code).collect();
    codes.into_iter().collect()
}

fn octets(text: &str) -> anyhow::Result<Vec<u8>> {
    if text.starts_with("0x") { Ok(text::encode_hex(text)?) } else { Ok(text.as_bytes().to_vec()) }
}
