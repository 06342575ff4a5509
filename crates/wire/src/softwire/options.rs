//! The S46 options that stand in containers: rule, border relay, default mapping rule, address binding (RFC 7598 §4).

use core::net::{Ipv4Addr, Ipv6Addr};

use super::{Ipv6Prefix, PortParams};
use crate::Error;
use crate::octets;
use crate::v6::{OptionCode, Options, Writer};

/// A mapping rule: S46_RULE (89), RFC 7598 §4.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rule {
    /// The octet of flags; see [`Rule::FORWARDING`].
    pub flags: u8,
    /// The number of embedded address bits, 0 to 48.
    pub ea_len: u8,
    /// The IPv4 prefix; bits behind its length are zero.
    pub ipv4_prefix: Ipv4Addr,
    /// 0 to 32 bits.
    pub ipv4_prefix_len: u8,
    /// The IPv6 prefix of the domain.
    pub ipv6_prefix: Ipv6Prefix,
    /// The port parameters, if they are not the mechanism's usual ones.
    pub port_params: Option<PortParams>,
}

impl Rule {
    /// F: the rule serves forwarding between customers too (RFC 7598 §4.1, figure 2).
    pub const FORWARDING: u8 = 1;

    /// Reads the data of the option. Unknown options in it are passed over, the port parameters are checked.
    pub fn new_checked(data: &[u8]) -> Result<Self, Error> {
        let Some((fixed, rest)) = data.split_first_chunk::<7>() else {
            return Err(Error::Truncated { what: "S46_RULE", offset: data.len() });
        };
        let [flags, ea_len, ipv4_prefix_len, a, b, c, d] = *fixed;
        in_range("EA-bit length", ea_len, 48, "at most 48")?;
        in_range("IPv4 prefix length", ipv4_prefix_len, 32, "at most 32")?;
        let (ipv6_prefix, options) = Ipv6Prefix::split(rest).map_err(|error| error.shifted(fixed.len()))?;
        let offset = data.len() - options.len();
        Ok(Self {
            flags,
            ea_len,
            // RFC 7598 §4.1: the bits behind the prefix are ignored.
            ipv4_prefix: masked(Ipv4Addr::new(a, b, c, d), ipv4_prefix_len),
            ipv4_prefix_len,
            ipv6_prefix,
            port_params: read_port_params(options, "S46_RULE").map_err(|error| error.shifted(offset))?,
        })
    }

    /// Whether the rule serves forwarding.
    pub const fn is_forwarding(&self) -> bool {
        self.flags & Self::FORWARDING != 0
    }

    /// Writes the option. Lengths out of range are the writer's error.
    pub fn write(&self, w: &mut Writer<'_>) {
        let ranges = in_range("EA-bit length", self.ea_len, 48, "at most 48")
            .and_then(|()| in_range("IPv4 prefix length", self.ipv4_prefix_len, 32, "at most 32"));
        if let Err(error) = ranges {
            w.fail(error);
            return;
        }
        w.nested(OptionCode::S46_RULE, |w| {
            w.raw(&[self.flags, self.ea_len, self.ipv4_prefix_len]);
            w.raw(&masked(self.ipv4_prefix, self.ipv4_prefix_len).octets());
            self.ipv6_prefix.write(w);
            if let Some(params) = self.port_params {
                params.write(w);
            }
        });
    }
}

/// An IPv4 address and the prefix that its softwire must have as source: S46_V4V6BIND (92), RFC 7598 §4.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct V4V6Bind {
    /// The whole or shared IPv4 address.
    pub ipv4_address: Ipv4Addr,
    /// The prefix in which the client looks for its softwire's source address.
    pub ipv6_prefix: Ipv6Prefix,
    /// The ports, when the address is shared.
    pub port_params: Option<PortParams>,
}

impl V4V6Bind {
    /// Reads the data of the option. Unknown options in it are passed over, the port parameters are checked.
    pub fn new_checked(data: &[u8]) -> Result<Self, Error> {
        let Some((address, rest)) = data.split_first_chunk::<4>() else {
            return Err(Error::Truncated { what: "S46_V4V6BIND", offset: data.len() });
        };
        let (ipv6_prefix, options) = Ipv6Prefix::split(rest).map_err(|error| error.shifted(address.len()))?;
        let offset = data.len() - options.len();
        Ok(Self {
            ipv4_address: Ipv4Addr::from(*address),
            ipv6_prefix,
            port_params: read_port_params(options, "S46_V4V6BIND").map_err(|error| error.shifted(offset))?,
        })
    }

    /// Writes the option.
    pub fn write(&self, w: &mut Writer<'_>) {
        w.nested(OptionCode::S46_V4V6BIND, |w| {
            w.raw(&self.ipv4_address.octets());
            self.ipv6_prefix.write(w);
            if let Some(params) = self.port_params {
                params.write(w);
            }
        });
    }
}

/// Reads the data of S46_BR (90): the address of a border relay (RFC 7598 §4.2).
pub fn border_relay(data: &[u8]) -> Result<Ipv6Addr, Error> {
    if data.len() != 16 {
        return Err(Error::LengthMismatch { what: "S46_BR", expected: 16, got: data.len() });
    }
    Ok(Ipv6Addr::from(octets::array_at::<16>(data, 0)))
}

/// Writes S46_BR (90), in a container or, for DHCPv4 over DHCPv6, in the message itself (RFC 8539 §4.1).
pub fn write_border_relay(w: &mut Writer<'_>, address: Ipv6Addr) {
    w.option(OptionCode::S46_BR, &address.octets());
}

/// Writes S46_DMR (91): the prefix in which MAP-T puts outside IPv4 addresses (RFC 7598 §4.3).
pub fn write_default_mapping_rule(w: &mut Writer<'_>, prefix: Ipv6Prefix) {
    w.nested(OptionCode::S46_DMR, |w| prefix.write(w));
}

/// Writes S46_BIND_IPV6_PREFIX (137): where a client should take its softwire's source address from (RFC 8539 §6.1).
pub fn write_bind_prefix(w: &mut Writer<'_>, prefix: Ipv6Prefix) {
    w.nested(OptionCode::S46_BIND_IPV6_PREFIX, |w| prefix.write(w));
}

/// The port parameters among the options inside a rule or a binding; more than one are an error, for the option is a
/// singleton (RFC 9915 §21).
fn read_port_params(options: &[u8], what: &'static str) -> Result<Option<PortParams>, Error> {
    let options = Options::new_checked(options)?;
    let mut found = options.find_all(OptionCode::S46_PORTPARAMS);
    let params = found.next().map(PortParams::new_checked).transpose()?;
    if found.next().is_some() {
        return Err(Error::RepeatedOption { what, code: OptionCode::S46_PORTPARAMS.0 });
    }
    Ok(params)
}

fn in_range(what: &'static str, value: u8, most: u8, expected: &'static str) -> Result<(), Error> {
    if value > most {
        return Err(Error::BadValue { what, expected, got: u32::from(value) });
    }
    Ok(())
}

fn masked(address: Ipv4Addr, prefix_len: u8) -> Ipv4Addr {
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(prefix_len.into())).unwrap_or(0);
    Ipv4Addr::from_bits(address.to_bits() & mask)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        write(&mut w);
        w.finish().unwrap();
        out
    }

    fn rule() -> Rule {
        Rule {
            flags: Rule::FORWARDING,
            ea_len: 12,
            ipv4_prefix: Ipv4Addr::new(192, 0, 2, 0),
            ipv4_prefix_len: 23,
            ipv6_prefix: Ipv6Prefix::new("2001:db8:1200::".parse().unwrap(), 41).unwrap(),
            port_params: Some(PortParams::new(0, 3, 0).unwrap()),
        }
    }

    #[test]
    fn a_rule_has_the_layout_of_the_rfc() {
        let wire = written(|w| rule().write(w));
        let expected = [
            0, 89, 0, 22, // code, length
            1, 12, 23, 192, 0, 2, 0, // flags, EA bits, IPv4 prefix
            41, 0x20, 0x01, 0x0d, 0xb8, 0x12, 0x00, // IPv6 prefix in six octets
            0, 93, 0, 4, 0, 3, 0, 0,
        ];
        assert_eq!(wire, expected);
        assert_eq!(Rule::new_checked(&wire[4..]), Ok(rule()));
    }

    #[test]
    fn a_rule_is_checked_field_by_field() {
        let good = written(|w| rule().write(w));
        let data = &good[4..];
        for (at, value) in [(1, 49), (2, 33), (7, 129), (18, 16), (19, 17)] {
            let mut bad = data.to_vec();
            bad[at] = value;
            assert!(matches!(Rule::new_checked(&bad), Err(Error::BadValue { .. })), "octet {at}");
        }
        for end in (0..data.len()).filter(|end| *end != 14) {
            assert!(Rule::new_checked(&data[..end]).is_err(), "{end} octets");
        }
        assert_eq!(Rule::new_checked(&data[..14]).unwrap().port_params, None);
    }

    #[test]
    fn bits_behind_the_ipv4_prefix_are_ignored() {
        let mut data = written(|w| rule().write(w)).split_off(4);
        data[5] |= 1;
        data[6] = 0xff;
        assert_eq!(Rule::new_checked(&data), Ok(rule()));
        data[2] = 0;
        assert_eq!(Rule::new_checked(&data).unwrap().ipv4_prefix, Ipv4Addr::UNSPECIFIED);
    }

    #[test]
    fn two_port_parameters_are_one_too_many() {
        let mut data = written(|w| rule().write(w)).split_off(4);
        data.extend_from_slice(&[0, 93, 0, 4, 0, 3, 0x20, 0]);
        let error = Error::RepeatedOption { what: "S46_RULE", code: 93 };
        assert_eq!(Rule::new_checked(&data), Err(error));
    }

    #[test]
    fn a_rule_out_of_range_is_not_written() {
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        Rule { ea_len: 49, ..rule() }.write(&mut w);
        assert!(matches!(w.finish(), Err(Error::BadValue { what: "EA-bit length", .. })));
        assert!(out.is_empty());
    }

    #[test]
    fn a_binding_has_the_layout_of_the_rfc() {
        let binding = V4V6Bind {
            ipv4_address: Ipv4Addr::new(192, 0, 2, 1),
            ipv6_prefix: Ipv6Prefix::new("2001:db8:1:2::".parse().unwrap(), 64).unwrap(),
            port_params: Some(PortParams::new(0, 8, 0x34).unwrap()),
        };
        let wire = written(|w| binding.write(w));
        let expected =
            [0, 92, 0, 21, 192, 0, 2, 1, 64, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 2, 0, 93, 0, 4, 0, 8, 0x34, 0];
        assert_eq!(wire, expected);
        assert_eq!(V4V6Bind::new_checked(&wire[4..]), Ok(binding));
        assert!(V4V6Bind::new_checked(&wire[4..7]).is_err());
    }

    #[test]
    fn border_relay_default_mapping_rule_and_bind_prefix_have_their_lengths() {
        let br = "2001:db8::1".parse().unwrap();
        let wire = written(|w| write_border_relay(w, br));
        assert_eq!(wire[..4], [0, 90, 0, 16]);
        assert_eq!(border_relay(&wire[4..]), Ok(br));
        assert!(border_relay(&wire[5..]).is_err());
        assert!(border_relay(&wire[3..]).is_err());

        let prefix = Ipv6Prefix::new("64:ff9b::".parse().unwrap(), 96).unwrap();
        assert_eq!(written(|w| write_default_mapping_rule(w, prefix))[..5], [0, 91, 0, 13, 96]);
        // RFC 8539 §6.1, with 2001:db8:1:2::/64.
        let prefix = Ipv6Prefix::new("2001:db8:1:2::".parse().unwrap(), 64).unwrap();
        let expected = [0, 0x89, 0, 9, 0x40, 0x20, 1, 0xd, 0xb8, 0, 1, 0, 2];
        assert_eq!(written(|w| write_bind_prefix(w, prefix)), expected);
    }
}
