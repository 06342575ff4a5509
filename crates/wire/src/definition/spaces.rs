//! The spaces of sub-options: relay agent information, softwire containers, NTP, CableLabs, vendors.

use super::FieldType::{
    Binary, Boolean, Empty, Fqdn, Int32, Ipv4Address, Ipv6Address, Ipv6Prefix, Psid, Record, String, Uint8,
    Uint16, Uint32,
};
use super::{Definition, FieldType, Universe};

const fn v4(code: u16, name: &'static str, kind: FieldType) -> Definition {
    Definition::new(Universe::V4, code, name, kind)
}

const fn v6(code: u16, name: &'static str, kind: FieldType) -> Definition {
    Definition::new(Universe::V6, code, name, kind)
}

/// `dhcp-agent-options-space`: sub-options of option 82 (RFC 3046).
pub(super) static AGENT: &[Definition] = &[
    v4(1, "circuit-id", Binary),
    v4(2, "remote-id", Binary),
    v4(4, "docsis-device-class", Uint32),
    v4(5, "link-selection", Ipv4Address),
    v4(6, "subscriber-id", String),
    v4(7, "radius", Binary),
    v4(8, "auth", Binary),
    v4(9, "vendor-specific-info", Binary),
    v4(10, "relay-flags", Uint8),
    v4(11, "server-id-override", Ipv4Address),
    v4(12, "relay-id", Binary),
    v4(13, "access-techno-type", Uint16),
    v4(14, "access-network-name", String),
    v4(15, "access-point-name", String),
    v4(16, "access-point-bssid", Binary),
    v4(17, "operator-id", Uint32),
    v4(18, "operator-realm", String),
    // RFC 8357 §5.1: its length is 0, the port is that of the datagram.
    v4(19, "relay-port", Empty),
    v4(151, "virtual-subnet-select", Binary),
    v4(152, "virtual-subnet-select-ctrl", Empty),
];

/// `cablelabs-client-conf`: sub-options of option 122 (RFC 3495).
pub(super) static CABLELABS: &[Definition] = &[
    v4(1, "tsp-primary-server", Ipv4Address),
    v4(2, "tsp-secondary-server", Ipv4Address),
    v4(4, "tsp-as-parameters", Record).fields(&[Uint32, Uint32, Uint32]),
    v4(5, "tsp-ap-parameters", Record).fields(&[Uint32, Uint32, Uint32]),
    v4(6, "tsp-realm", Fqdn),
    v4(7, "tsp-use-tgt", Boolean),
    v4(8, "tsp-provisioning-timer", Uint8),
    v4(9, "tsp-sct", Uint16),
    v4(10, "kdc-server", Ipv4Address).array(),
];

const S46_RULE: Definition = v6(89, "s46-rule", Record)
    .fields(&[Uint8, Uint8, Uint8, Ipv4Address, Ipv6Prefix])
    .encapsulating("s46-rule-options");
const S46_BR: Definition = v6(90, "s46-br", Ipv6Address);

/// `s46-cont-mape-options`: what a MAP-E container holds (RFC 7598 §5.1).
pub(super) static MAPE: &[Definition] = &[S46_RULE, S46_BR];
/// `s46-cont-mapt-options`: what a MAP-T container holds (RFC 7598 §5.2).
pub(super) static MAPT: &[Definition] = &[S46_RULE, v6(91, "s46-dmr", Ipv6Prefix)];
/// `s46-cont-lw-options`: what a lightweight 4over6 container holds (RFC 7598 §5.3).
pub(super) static LW: &[Definition] = &[
    S46_BR,
    v6(92, "s46-v4v6bind", Record).fields(&[Ipv4Address, Ipv6Prefix]).encapsulating("s46-v4v6bind-options"),
];
/// `s46-rule-options` and `s46-v4v6bind-options`: what an S46 rule and an S46 binding hold (RFC 7598 §4.5).
pub(super) static PORTPARAMS: &[Definition] = &[v6(93, "s46-portparams", Record).fields(&[Uint8, Psid])];

/// `v6-ntp-server-suboptions`: sub-options of option 56 (RFC 5908 §4).
pub(super) static NTP: &[Definition] = &[
    v6(1, "ntp-server-address", Ipv6Address),
    v6(2, "ntp-server-multicast", Ipv6Address),
    v6(3, "ntp-server-fqdn", Fqdn),
];

/// `vendor-2495` in DHCPv6: what Kea's two servers tell each other about a DHCPV4-QUERY.
pub(super) static ISC: &[Definition] = &[
    v6(60000, "4o6-interface", String),
    v6(60001, "4o6-source-address", Ipv6Address),
    v6(60002, "4o6-source-port", Uint16),
];

/// `vendor-4491` in DHCPv4: CableLabs.
pub(super) static DOCSIS4: &[Definition] =
    &[v4(1, "oro", Uint8).array(), v4(2, "tftp-servers", Ipv4Address).array()];

/// `vendor-4491` in DHCPv6: CableLabs.
pub(super) static DOCSIS6: &[Definition] = &[
    v6(1, "oro", Uint16).array(),
    v6(2, "device-type", String),
    v6(10, "vendor-type", String),
    v6(32, "tftp-servers", Ipv6Address).array(),
    v6(33, "config-file", String),
    v6(34, "syslog-servers", Ipv6Address).array(),
    v6(37, "time-servers", Ipv6Address).array(),
    v6(38, "time-offset", Int32),
];
