//! The standard option definitions: code, name and shape of each option, by option space.
//!
//! Names and types are those of Kea's configuration, so that an operator's files need no change. The softwire
//! options of RFC 8539 and RFC 8026, and others that Kea has no definition for, are named in the same manner;
//! `redefinable` marks what an operator's own definition replaces.

mod spaces;
mod v4;
mod v6;

use core::fmt;

/// The space of the DHCPv4 options.
pub const DHCP4: &str = "dhcp4";
/// The space of the DHCPv6 options.
pub const DHCP6: &str = "dhcp6";

/// Which DHCP an option space belongs to: it decides how wide an option's code and length are, and how long the
/// length of a tuple is (RFC 8572 §8.3, RFC 5970 §3.2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Universe {
    /// DHCPv4: one octet of code, one of length.
    V4,
    /// DHCPv6: two octets of code, two of length.
    V6,
}

/// The type of one field of an option, under Kea's names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum FieldType {
    /// `empty`: no octets of its own. Sub-options may follow.
    Empty,
    /// `boolean`: one octet, 0 or 1.
    Boolean,
    /// `binary`: any octets up to the end of the option.
    Binary,
    /// `int8`: one octet, two's complement.
    Int8,
    /// `int16`: two octets, two's complement.
    Int16,
    /// `int32`: four octets, two's complement.
    Int32,
    /// `uint8`: one octet.
    Uint8,
    /// `uint16`: two octets.
    Uint16,
    /// `uint32`: four octets.
    Uint32,
    /// `string`: text up to the end of the option, without a final NUL.
    String,
    /// `fqdn`: a domain name in DNS wire format (RFC 1035 §3.1).
    Fqdn,
    /// `ipv4-address`: four octets.
    Ipv4Address,
    /// `ipv6-address`: sixteen octets.
    Ipv6Address,
    /// `ipv6-prefix`: an octet of prefix length (0..=128), then as many octets as hold that many bits.
    Ipv6Prefix,
    /// `psid`: an octet of PSID length (0..=16), then the PSID left-justified in two octets (RFC 7598 §4.5).
    Psid,
    /// `tuple`: a length, of one octet in DHCPv4 and of two in DHCPv6, then as many octets of text.
    Tuple,
    /// A tuple whose length takes two octets in DHCPv4 too (RFC 8572 §8.1); `tuple` in Kea, and not configurable.
    WideTuple,
    /// `record`: the fields that the definition lists, one after the other.
    Record,
    /// Destination prefixes with their routers (RFC 3442): Kea's `internal` type for option 121.
    Routes,
    /// Encrypted DNS resolvers (RFC 9463): Kea's `internal` type for options 162 (DHCPv4) and 144 (DHCPv6).
    EncryptedDns,
}

impl FieldType {
    /// Every type that an `option-def` may name.
    pub const CONFIGURABLE: [Self; 17] = [
        Self::Empty,
        Self::Boolean,
        Self::Binary,
        Self::Int8,
        Self::Int16,
        Self::Int32,
        Self::Uint8,
        Self::Uint16,
        Self::Uint32,
        Self::String,
        Self::Fqdn,
        Self::Ipv4Address,
        Self::Ipv6Address,
        Self::Ipv6Prefix,
        Self::Psid,
        Self::Tuple,
        Self::Record,
    ];

    /// The type that `option-def` calls `name`; `None` when there is none, or when it cannot be configured.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::CONFIGURABLE.into_iter().find(|kind| kind.name() == name)
    }

    /// Kea's name of the type.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Empty => "empty",
            Self::Boolean => "boolean",
            Self::Binary => "binary",
            Self::Int8 => "int8",
            Self::Int16 => "int16",
            Self::Int32 => "int32",
            Self::Uint8 => "uint8",
            Self::Uint16 => "uint16",
            Self::Uint32 => "uint32",
            Self::String => "string",
            Self::Fqdn => "fqdn",
            Self::Ipv4Address => "ipv4-address",
            Self::Ipv6Address => "ipv6-address",
            Self::Ipv6Prefix => "ipv6-prefix",
            Self::Psid => "psid",
            Self::Tuple | Self::WideTuple => "tuple",
            Self::Record => "record",
            Self::Routes | Self::EncryptedDns => "internal",
        }
    }

    /// How many octets a value takes when every value takes the same number.
    pub const fn fixed_len(self) -> Option<usize> {
        match self {
            Self::Empty => Some(0),
            Self::Boolean | Self::Int8 | Self::Uint8 => Some(1),
            Self::Int16 | Self::Uint16 => Some(2),
            Self::Psid => Some(3),
            Self::Int32 | Self::Uint32 | Self::Ipv4Address => Some(4),
            Self::Ipv6Address => Some(16),
            Self::Binary
            | Self::String
            | Self::Fqdn
            | Self::Ipv6Prefix
            | Self::Tuple
            | Self::WideTuple
            | Self::Record
            | Self::Routes
            | Self::EncryptedDns => None,
        }
    }

    /// Whether a value runs to the end of the option, so that nothing can follow it.
    pub const fn takes_the_rest(self) -> bool {
        matches!(self, Self::Binary | Self::String | Self::Routes | Self::EncryptedDns)
    }
}

impl fmt::Display for FieldType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// What one option is called and what it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Definition {
    /// The option's code in its space.
    pub code: u16,
    /// Kea's name for it.
    pub name: &'static str,
    /// The type of its value; [`FieldType::Record`] when there are several fields.
    pub kind: FieldType,
    /// Whether the value, or the last field of the record, may occur several times.
    pub array: bool,
    /// The fields of a record; empty otherwise.
    pub record: &'static [FieldType],
    /// The space of the sub-options that follow the option's own fields.
    pub encapsulates: Option<&'static str>,
    /// Whether an `option-def` may define this code anew: some release of Kea has no definition for it, so that
    /// files with one of their own exist. The operator's definition then counts, under its own name.
    pub redefinable: bool,
    /// Which DHCP it belongs to.
    pub universe: Universe,
}

impl Definition {
    /// The shape of the option's value, for [`crate::text`].
    pub const fn shape(&self) -> crate::text::Shape<'static> {
        crate::text::Shape {
            kind: self.kind,
            array: self.array,
            record: self.record,
            universe: self.universe,
        }
    }

    const fn new(universe: Universe, code: u16, name: &'static str, kind: FieldType) -> Self {
        Self { code, name, kind, array: false, record: &[], encapsulates: None, redefinable: false, universe }
    }

    const fn array(mut self) -> Self {
        self.array = true;
        self
    }

    const fn fields(mut self, record: &'static [FieldType]) -> Self {
        self.record = record;
        self
    }

    const fn redefinable(mut self) -> Self {
        self.redefinable = true;
        self
    }

    const fn encapsulating(mut self, space: &'static str) -> Self {
        self.encapsulates = Some(space);
        self
    }
}

/// The definition of option `code` in `space`: `dhcp4`, `dhcp6`, `s46-cont-mape-options` and so on.
pub fn by_code(space: &str, code: u16) -> Option<&'static Definition> {
    in_table(all(space), code)
}

/// The definition that `space` lists under `name`, in Kea's spelling.
pub fn by_name(space: &str, name: &str) -> Option<&'static Definition> {
    all(space).iter().find(|definition| definition.name == name)
}

/// Every definition of `space` in ascending order of codes; empty when the space is not built in, or has none.
pub fn all(space: &str) -> &'static [Definition] {
    space_of(space).map_or(&[], |space| space.table)
}

/// The option names of `space`, to suggest one for a misspelt name.
pub fn names(space: &str) -> impl Iterator<Item = &'static str> {
    all(space).iter().map(|definition| definition.name)
}

/// The names of the built-in spaces.
pub fn spaces() -> impl Iterator<Item = &'static str> {
    SPACES.iter().map(|space| space.name)
}

/// Which DHCP a built-in space belongs to; `None` for one that the operator or a vendor made.
pub fn universe(space: &str) -> Option<Universe> {
    space_of(space).map(|space| space.universe)
}

/// What is known of the space `vendor-ENTERPRISE`, which is another one in DHCPv4 than in DHCPv6; empty for a
/// vendor whose options nobody has described here.
pub fn vendor(universe: Universe, enterprise: u32) -> &'static [Definition] {
    match (universe, enterprise) {
        (Universe::V6, 2495) => spaces::ISC,
        (Universe::V4, 4491) => spaces::DOCSIS4,
        (Universe::V6, 4491) => spaces::DOCSIS6,
        _ => &[],
    }
}

/// The definition of `code` in a table such as [`all`] or [`vendor`] gives.
pub fn in_table(table: &'static [Definition], code: u16) -> Option<&'static Definition> {
    // Every table is in ascending order of codes; a test holds it to that.
    table.binary_search_by_key(&code, |definition| definition.code).ok().and_then(|index| table.get(index))
}

struct Space {
    name: &'static str,
    universe: Universe,
    table: &'static [Definition],
}

fn space_of(name: &str) -> Option<&'static Space> {
    SPACES.iter().find(|space| space.name == name)
}

static SPACES: &[Space] = &[
    Space { name: DHCP4, universe: Universe::V4, table: v4::TABLE },
    Space { name: DHCP6, universe: Universe::V6, table: v6::TABLE },
    Space { name: "dhcp-agent-options-space", universe: Universe::V4, table: spaces::AGENT },
    Space { name: "vendor-encapsulated-options-space", universe: Universe::V4, table: &[] },
    Space { name: "cablelabs-client-conf", universe: Universe::V4, table: spaces::CABLELABS },
    Space { name: "s46-cont-mape-options", universe: Universe::V6, table: spaces::MAPE },
    Space { name: "s46-cont-mapt-options", universe: Universe::V6, table: spaces::MAPT },
    Space { name: "s46-cont-lw-options", universe: Universe::V6, table: spaces::LW },
    Space { name: "s46-rule-options", universe: Universe::V6, table: spaces::PORTPARAMS },
    Space { name: "s46-v4v6bind-options", universe: Universe::V6, table: spaces::PORTPARAMS },
    // RFC 6422 §4: what a relay supplies are DHCPv6 options.
    Space { name: "rsoo-opts", universe: Universe::V6, table: v6::TABLE },
    Space { name: "v6-ntp-server-suboptions", universe: Universe::V6, table: spaces::NTP },
];

#[cfg(test)]
mod tests {
    use super::*;

    fn tables() -> Vec<(String, &'static [Definition])> {
        let mut tables: Vec<_> = spaces().map(|name| (name.to_owned(), all(name))).collect();
        for (universe, enterprise) in [(Universe::V6, 2495), (Universe::V4, 4491), (Universe::V6, 4491)] {
            tables.push((format!("vendor-{enterprise}"), vendor(universe, enterprise)));
        }
        tables
    }

    #[test]
    fn every_table_ascends_by_code_and_names_no_option_twice() {
        for (space, table) in tables() {
            assert!(table.windows(2).all(|pair| pair[0].code < pair[1].code), "{space}");
            let mut names: Vec<_> = table.iter().map(|definition| definition.name).collect();
            names.sort_unstable();
            assert!(names.windows(2).all(|pair| pair[0] != pair[1]), "{space}");
        }
    }

    #[test]
    fn every_record_has_fields_that_can_be_told_apart() {
        for definition in tables().iter().flat_map(|(_, table)| table.iter()) {
            assert_eq!(
                definition.kind == FieldType::Record,
                definition.record.len() >= 2,
                "{}",
                definition.name
            );
            let fields =
                if definition.record.is_empty() { &[definition.kind][..] } else { definition.record };
            let (last, before) = fields.split_last().unwrap();
            assert!(before.iter().all(|field| !field.takes_the_rest()), "{}", definition.name);
            assert!(!definition.array || !last.takes_the_rest(), "{}", definition.name);
            if definition.encapsulates.is_some() {
                assert!(!definition.array && !last.takes_the_rest(), "{}", definition.name);
            }
        }
    }

    #[test]
    fn every_encapsulated_space_exists_in_the_same_universe() {
        for definition in tables().iter().flat_map(|(_, table)| table.iter()) {
            if let Some(space) = definition.encapsulates {
                assert_eq!(universe(space), Some(definition.universe), "{}", definition.name);
            }
        }
    }

    #[test]
    fn the_options_of_softwires_have_their_code_points() {
        for (space, name, code) in [
            (DHCP6, "dhcpv4-message", 87),
            (DHCP6, "dhcp4o6-server-addr", 88),
            ("s46-cont-mape-options", "s46-rule", 89),
            ("s46-cont-lw-options", "s46-br", 90),
            ("s46-cont-mapt-options", "s46-dmr", 91),
            ("s46-cont-lw-options", "s46-v4v6bind", 92),
            ("s46-rule-options", "s46-portparams", 93),
            (DHCP6, "s46-cont-lw", 96),
            (DHCP6, "s46-priority", 111),
            (DHCP6, "s46-bind-ipv6-prefix", 137),
            (DHCP4, "dhcp4o6-s46-saddr", 109),
            (DHCP4, "v4-portparams", 159),
        ] {
            assert_eq!(by_name(space, name).map(|definition| definition.code), Some(code), "{name}");
            assert_eq!(by_code(space, code).map(|definition| definition.name), Some(name), "{code}");
        }
        assert_eq!(by_code(DHCP4, 84), None);
        assert_eq!(by_name("no-such-space", "routers"), None);
    }

    #[test]
    fn every_configurable_type_is_found_by_its_name() {
        for kind in FieldType::CONFIGURABLE {
            assert_eq!(FieldType::from_name(kind.name()), Some(kind));
        }
        assert_eq!(FieldType::from_name("internal"), None);
        assert_eq!(FieldType::from_name("Uint8"), None);
    }
}
