//! The S46 containers: one for each softwire mechanism (RFC 7598 §5, §6).

use core::fmt;
use core::net::Ipv6Addr;

use super::options::border_relay;
use super::{Ipv6Prefix, Rule, V4V6Bind};
use crate::Error;
use crate::v6::{OptionCode, Options};

/// A softwire mechanism that DHCPv6 provisions by a container.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Mechanism {
    /// Mapping of Address and Port with Encapsulation (RFC 7597).
    MapE,
    /// Mapping of Address and Port using Translation (RFC 7599).
    MapT,
    /// Lightweight 4over6 (RFC 7596).
    Lightweight4over6,
}

impl Mechanism {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::MapE, Self::MapT, Self::Lightweight4over6];

    /// The code of its container.
    pub const fn container_code(self) -> OptionCode {
        match self {
            Self::MapE => OptionCode::S46_CONT_MAPE,
            Self::MapT => OptionCode::S46_CONT_MAPT,
            Self::Lightweight4over6 => OptionCode::S46_CONT_LW,
        }
    }

    /// The mechanism whose container has that code.
    pub const fn from_container_code(code: OptionCode) -> Option<Self> {
        match code {
            OptionCode::S46_CONT_MAPE => Some(Self::MapE),
            OptionCode::S46_CONT_MAPT => Some(Self::MapT),
            OptionCode::S46_CONT_LW => Some(Self::Lightweight4over6),
            _ => None,
        }
    }

    /// RFC 7598 §6, table 1, with the numbers of §5.1 to §5.3: how often the option may stand in the container.
    ///
    /// S46_PORTPARAMS is optional in the table for all three; §4.5 says where: inside a rule or a binding. In the
    /// container itself no client looks for it, and that is the mistake that this refuses.
    const fn permits(self, code: OptionCode) -> Occurrence {
        match (self, code) {
            (Self::MapE | Self::MapT, OptionCode::S46_RULE)
            | (Self::MapE | Self::Lightweight4over6, OptionCode::S46_BR) => Occurrence::OneOrMore,
            (Self::MapT, OptionCode::S46_DMR) => Occurrence::One,
            (Self::Lightweight4over6, OptionCode::S46_V4V6BIND) => Occurrence::AtMostOne,
            _ => Occurrence::None,
        }
    }

    const fn container_name(self) -> &'static str {
        match self {
            Self::MapE => "S46_CONT_MAPE",
            Self::MapT => "S46_CONT_MAPT",
            Self::Lightweight4over6 => "S46_CONT_LW",
        }
    }
}

impl fmt::Display for Mechanism {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::MapE => "MAP-E",
            Self::MapT => "MAP-T",
            Self::Lightweight4over6 => "Lightweight 4over6",
        })
    }
}

/// The options to which the encapsulation rules apply.
const ENCAPSULATED: [OptionCode; 5] = [
    OptionCode::S46_RULE,
    OptionCode::S46_BR,
    OptionCode::S46_DMR,
    OptionCode::S46_V4V6BIND,
    OptionCode::S46_PORTPARAMS,
];

enum Occurrence {
    None,
    AtMostOne,
    One,
    OneOrMore,
}

/// The data of S46_CONT_MAPE (94), S46_CONT_MAPT (95) or S46_CONT_LW (96).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Container<'a> {
    mechanism: Mechanism,
    options: Options<'a>,
}

impl<'a> Container<'a> {
    /// Reads the container of `mechanism`, and checks each S46 option in it as such; whether it may be there is for
    /// [`check_encapsulation`](Self::check_encapsulation). Unknown options are left alone.
    pub fn new_checked(mechanism: Mechanism, data: &'a [u8]) -> Result<Self, Error> {
        let options = Options::new_checked(data)?;
        for option in options {
            match option.code {
                OptionCode::S46_RULE => Rule::new_checked(option.data).map(|_| ())?,
                OptionCode::S46_BR => border_relay(option.data).map(|_| ())?,
                OptionCode::S46_DMR => Ipv6Prefix::new_checked(option.data).map(|_| ())?,
                OptionCode::S46_V4V6BIND => V4V6Bind::new_checked(option.data).map(|_| ())?,
                OptionCode::S46_PORTPARAMS => super::PortParams::new_checked(option.data).map(|_| ())?,
                _ => {}
            }
        }
        Ok(Self { mechanism, options })
    }

    /// Checks the rules of RFC 7598 §6. A client must silently ignore a container that breaks one, so that a server
    /// must not send it; an error is the configuration's fault.
    pub fn check_encapsulation(&self) -> Result<(), Error> {
        let what = self.mechanism.container_name();
        for code in ENCAPSULATED {
            let count = self.options.count(code);
            match self.mechanism.permits(code) {
                Occurrence::None if count > 0 => return Err(Error::ForbiddenOption { what, code: code.0 }),
                Occurrence::One | Occurrence::OneOrMore if count == 0 => {
                    return Err(Error::MissingOption { what, code: code.0 });
                }
                Occurrence::One | Occurrence::AtMostOne if count > 1 => {
                    return Err(Error::RepeatedOption { what, code: code.0 });
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The mechanism.
    pub const fn mechanism(&self) -> Mechanism {
        self.mechanism
    }

    /// All options in the container, in order, those included that are unknown.
    pub const fn options(&self) -> Options<'a> {
        self.options
    }

    /// The mapping rules in order.
    pub fn rules(&self) -> impl Iterator<Item = Rule> + use<'a> {
        self.options.find_all(OptionCode::S46_RULE).filter_map(|data| Rule::new_checked(data).ok())
    }

    /// The border relays in order.
    pub fn border_relays(&self) -> impl Iterator<Item = Ipv6Addr> + use<'a> {
        self.options.find_all(OptionCode::S46_BR).filter_map(|data| border_relay(data).ok())
    }

    /// The default mapping rule of MAP-T.
    pub fn default_mapping_rule(&self) -> Option<Ipv6Prefix> {
        self.options.find(OptionCode::S46_DMR).and_then(|data| Ipv6Prefix::new_checked(data).ok())
    }

    /// The address binding of Lightweight 4over6.
    pub fn binding(&self) -> Option<V4V6Bind> {
        self.options.find(OptionCode::S46_V4V6BIND).and_then(|data| V4V6Bind::new_checked(data).ok())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::softwire::{PortParams, write_border_relay, write_default_mapping_rule};
    use crate::v6::Writer;

    /// Data with that many rules, border relays, default mapping rules, bindings and bare port parameters.
    fn data(counts: [usize; 5]) -> Vec<u8> {
        let prefix = Ipv6Prefix::new("2001:db8::".parse().unwrap(), 32).unwrap();
        let params = PortParams::new(6, 8, 0x34).unwrap();
        let rule = Rule {
            flags: 0,
            ea_len: 16,
            ipv4_prefix: [192, 0, 2, 0].into(),
            ipv4_prefix_len: 24,
            ipv6_prefix: prefix,
            port_params: Some(params),
        };
        let binding =
            V4V6Bind { ipv4_address: [192, 0, 2, 1].into(), ipv6_prefix: prefix, port_params: Some(params) };
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        let [rules, relays, defaults, bindings, bare] = counts;
        (0..rules).for_each(|_| rule.write(&mut w));
        (0..relays).for_each(|_| write_border_relay(&mut w, "2001:db8::1".parse().unwrap()));
        (0..defaults).for_each(|_| write_default_mapping_rule(&mut w, prefix));
        (0..bindings).for_each(|_| binding.write(&mut w));
        (0..bare).for_each(|_| params.write(&mut w));
        w.option(OptionCode(60001), b"unknown");
        w.finish().unwrap();
        out
    }

    fn check(mechanism: Mechanism, counts: [usize; 5]) -> Result<(), Error> {
        Container::new_checked(mechanism, &data(counts)).unwrap().check_encapsulation()
    }

    #[test]
    fn the_encapsulation_table_is_obeyed() {
        use Mechanism::{Lightweight4over6, MapE, MapT};
        let missing = |what, code| Err(Error::MissingOption { what, code });
        let repeated = |what, code| Err(Error::RepeatedOption { what, code });
        let forbidden = |what, code| Err(Error::ForbiddenOption { what, code });
        let table = [
            (MapE, [1, 1, 0, 0, 0], Ok(())),
            (MapE, [3, 2, 0, 0, 0], Ok(())),
            (MapE, [0, 1, 0, 0, 0], missing("S46_CONT_MAPE", 89)),
            (MapE, [1, 0, 0, 0, 0], missing("S46_CONT_MAPE", 90)),
            (MapE, [1, 1, 1, 0, 0], forbidden("S46_CONT_MAPE", 91)),
            (MapE, [1, 1, 0, 1, 0], forbidden("S46_CONT_MAPE", 92)),
            (MapE, [1, 1, 0, 0, 1], forbidden("S46_CONT_MAPE", 93)),
            (MapT, [1, 0, 1, 0, 0], Ok(())),
            (MapT, [2, 0, 1, 0, 0], Ok(())),
            (MapT, [0, 0, 1, 0, 0], missing("S46_CONT_MAPT", 89)),
            (MapT, [1, 1, 1, 0, 0], forbidden("S46_CONT_MAPT", 90)),
            (MapT, [1, 0, 0, 0, 0], missing("S46_CONT_MAPT", 91)),
            (MapT, [1, 0, 2, 0, 0], repeated("S46_CONT_MAPT", 91)),
            (MapT, [1, 0, 1, 1, 0], forbidden("S46_CONT_MAPT", 92)),
            (Lightweight4over6, [0, 1, 0, 0, 0], Ok(())),
            (Lightweight4over6, [0, 2, 0, 1, 0], Ok(())),
            (Lightweight4over6, [1, 1, 0, 0, 0], forbidden("S46_CONT_LW", 89)),
            (Lightweight4over6, [0, 0, 0, 1, 0], missing("S46_CONT_LW", 90)),
            (Lightweight4over6, [0, 1, 1, 0, 0], forbidden("S46_CONT_LW", 91)),
            (Lightweight4over6, [0, 1, 0, 2, 0], repeated("S46_CONT_LW", 92)),
        ];
        for (mechanism, counts, expected) in table {
            assert_eq!(check(mechanism, counts), expected, "{mechanism} {counts:?}");
        }
    }

    #[test]
    fn a_container_gives_out_what_is_in_it() {
        let bytes = data([2, 2, 1, 1, 0]);
        let container = Container::new_checked(Mechanism::MapE, &bytes).unwrap();
        assert_eq!(container.rules().count(), 2);
        assert_eq!(container.border_relays().count(), 2);
        assert_eq!(container.default_mapping_rule().unwrap().to_string(), "2001:db8::/32");
        assert_eq!(container.binding().unwrap().ipv4_address.to_string(), "192.0.2.1");
        assert_eq!(container.options().as_bytes(), bytes);
    }

    #[test]
    fn a_malformed_option_spoils_the_container() {
        let mut bytes = data([0, 1, 0, 0, 0]);
        bytes[3] = 15;
        assert!(Container::new_checked(Mechanism::MapE, &bytes).is_err());
        assert!(Container::new_checked(Mechanism::MapE, &[0, 90, 0, 0]).is_err());
    }

    #[test]
    fn codes_and_mechanisms_belong_together() {
        for mechanism in Mechanism::ALL {
            assert_eq!(Mechanism::from_container_code(mechanism.container_code()), Some(mechanism));
        }
        assert_eq!(Mechanism::from_container_code(OptionCode::S46_RULE), None);
    }
}
