//! The `dhcp6` space: DHCPv6 options (RFC 9915 and others).

use super::FieldType::{
    Binary, Empty, EncryptedDns, Fqdn, Ipv6Address, Ipv6Prefix, Record, String, Tuple, Uint8, Uint16, Uint32,
};
use super::{DHCP6, Definition, FieldType, Universe};

const fn one(code: u16, name: &'static str, kind: FieldType) -> Definition {
    Definition::new(Universe::V6, code, name, kind)
}

const fn list(code: u16, name: &'static str, kind: FieldType) -> Definition {
    one(code, name, kind).array()
}

const fn record(code: u16, name: &'static str, fields: &'static [FieldType]) -> Definition {
    one(code, name, Record).fields(fields)
}

/// In ascending order of codes.
pub(super) static TABLE: &[Definition] = &[
    one(1, "clientid", Binary),
    one(2, "serverid", Binary),
    record(3, "ia-na", &[Uint32, Uint32, Uint32]).encapsulating(DHCP6),
    one(4, "ia-ta", Uint32).encapsulating(DHCP6),
    record(5, "iaaddr", &[Ipv6Address, Uint32, Uint32]).encapsulating(DHCP6),
    list(6, "oro", Uint16),
    one(7, "preference", Uint8),
    one(8, "elapsed-time", Uint16),
    one(9, "relay-msg", Binary),
    one(11, "auth", Binary),
    one(12, "unicast", Ipv6Address),
    record(13, "status-code", &[Uint16, String]),
    one(14, "rapid-commit", Empty),
    one(15, "user-class", Binary),
    record(16, "vendor-class", &[Uint32, Binary]),
    one(17, "vendor-opts", Uint32),
    one(18, "interface-id", Binary),
    one(19, "reconf-msg", Uint8),
    one(20, "reconf-accept", Empty),
    list(21, "sip-server-dns", Fqdn),
    list(22, "sip-server-addr", Ipv6Address),
    list(23, "dns-servers", Ipv6Address),
    list(24, "domain-search", Fqdn),
    record(25, "ia-pd", &[Uint32, Uint32, Uint32]).encapsulating(DHCP6),
    record(26, "iaprefix", &[Uint32, Uint32, Uint8, Ipv6Address]).encapsulating(DHCP6),
    list(27, "nis-servers", Ipv6Address),
    list(28, "nisp-servers", Ipv6Address),
    list(29, "nis-domain-name", Fqdn),
    list(30, "nisp-domain-name", Fqdn),
    list(31, "sntp-servers", Ipv6Address),
    one(32, "information-refresh-time", Uint32),
    list(33, "bcmcs-server-dns", Fqdn),
    list(34, "bcmcs-server-addr", Ipv6Address),
    record(36, "geoconf-civic", &[Uint8, Uint16, Binary]),
    record(37, "remote-id", &[Uint32, Binary]),
    one(38, "subscriber-id", Binary),
    record(39, "client-fqdn", &[Uint8, Fqdn]),
    list(40, "pana-agent", Ipv6Address),
    one(41, "new-posix-timezone", String),
    one(42, "new-tzdb-timezone", String),
    list(43, "ero", Uint16),
    record(44, "lq-query", &[Uint8, Ipv6Address]).encapsulating(DHCP6),
    one(45, "client-data", Empty).encapsulating(DHCP6),
    one(46, "clt-time", Uint32),
    record(47, "lq-relay-data", &[Ipv6Address, Binary]),
    list(48, "lq-client-link", Ipv6Address),
    one(51, "v6-lost", Fqdn),
    list(52, "capwap-ac-v6", Ipv6Address),
    one(53, "relay-id", Binary),
    one(56, "ntp-server", Empty).encapsulating("v6-ntp-server-suboptions").redefinable(),
    one(57, "v6-access-domain", Fqdn),
    list(58, "sip-ua-cs-list", Fqdn),
    one(59, "bootfile-url", String),
    list(60, "bootfile-param", Tuple),
    list(61, "client-arch-type", Uint16),
    record(62, "nii", &[Uint8, Uint8, Uint8]),
    one(63, "geolocation", Binary).redefinable(),
    one(64, "aftr-name", Fqdn),
    one(65, "erp-local-domain-name", Fqdn),
    one(66, "rsoo", Empty).encapsulating("rsoo-opts"),
    one(67, "pd-exclude", Ipv6Prefix),
    one(68, "virtual-subnet-selection", Binary).redefinable(),
    record(74, "rdnss-selection", &[Ipv6Address, Uint8, Fqdn]).array(),
    one(79, "client-linklayer-addr", Binary),
    one(80, "link-address", Ipv6Address),
    one(81, "radius", Binary).redefinable(),
    one(82, "solmax-rt", Uint32),
    one(83, "inf-max-rt", Uint32),
    one(84, "addrsel", Binary).redefinable(),
    one(85, "addrsel-table", Binary).redefinable(),
    list(86, "v6-pcp-server", Ipv6Address).redefinable(),
    one(87, "dhcpv4-message", Binary),
    list(88, "dhcp4o6-server-addr", Ipv6Address),
    // RFC 8539 §4.1 lets S46_BR stand at the top level too; all other S46 options stay in their containers.
    one(90, "s46-br", Ipv6Address).redefinable(),
    one(94, "s46-cont-mape", Empty).encapsulating("s46-cont-mape-options"),
    one(95, "s46-cont-mapt", Empty).encapsulating("s46-cont-mapt-options"),
    one(96, "s46-cont-lw", Empty).encapsulating("s46-cont-lw-options"),
    one(97, "4rd", Binary).redefinable(),
    one(98, "4rd-map-rule", Binary).redefinable(),
    one(99, "4rd-non-map-rule", Binary).redefinable(),
    one(100, "lq-base-time", Uint32).redefinable(),
    one(101, "lq-start-time", Uint32).redefinable(),
    one(102, "lq-end-time", Uint32).redefinable(),
    one(103, "v6-captive-portal", String),
    // RFC 8026 §1.2.2.
    list(111, "s46-priority", Uint16).redefinable(),
    one(135, "relay-source-port", Uint16),
    list(136, "v6-sztp-redirect", Tuple).redefinable(),
    // RFC 8539 §6.1.
    one(137, "s46-bind-ipv6-prefix", Ipv6Prefix).redefinable(),
    list(143, "ipv6-address-andsf", Ipv6Address),
    one(144, "v6-dnr", EncryptedDns).redefinable(),
    one(148, "addr-reg-enable", Empty).redefinable(),
];
