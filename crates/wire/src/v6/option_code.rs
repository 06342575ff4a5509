//! The option codes of DHCPv6 (RFC 9915 §24 and the RFCs that add to it).

use core::fmt;

/// The number that says what an option is. Values without a name are kept as they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OptionCode(pub u16);

macro_rules! option_codes {
    ($($constant:ident = $value:literal, $name:literal, $doc:literal;)+) => {
        impl OptionCode {
            $(#[doc = $doc] pub const $constant: Self = Self($value);)+

            /// The name that the option's RFC gives it, without the prefix `OPTION_`, if it has one.
            pub const fn name(self) -> Option<&'static str> {
                match self.0 {
                    $($value => Some($name),)+
                    _ => None,
                }
            }

            /// Every named option, in the order of the numbers.
            pub const ALL: &'static [Self] = &[$(Self::$constant),+];
        }
    };
}

option_codes! {
    CLIENT_ID = 1, "CLIENTID", "The client's DUID (RFC 9915 §21.2).";
    SERVER_ID = 2, "SERVERID", "The server's DUID (RFC 9915 §21.3).";
    IA_NA = 3, "IA_NA", "An identity association for addresses (RFC 9915 §21.4).";
    IA_TA = 4, "IA_TA", "Obsolete: one for temporary addresses (RFC 9915 §21.5).";
    IA_ADDR = 5, "IAADDR", "An address of an identity association (RFC 9915 §21.6).";
    ORO = 6, "ORO", "The options that a client asks for (RFC 9915 §21.7).";
    PREFERENCE = 7, "PREFERENCE", "How much a server wants to be chosen (RFC 9915 §21.8).";
    ELAPSED_TIME = 8, "ELAPSED_TIME", "How long the client has been trying (RFC 9915 §21.9).";
    RELAY_MESSAGE = 9, "RELAY_MSG", "The message inside a relay message (RFC 9915 §21.10).";
    AUTH = 11, "AUTH", "Authentication (RFC 9915 §21.11).";
    UNICAST = 12, "UNICAST", "Obsolete: permission to send by unicast (RFC 9915 §21.12).";
    STATUS_CODE = 13, "STATUS_CODE", "A result (RFC 9915 §21.13).";
    RAPID_COMMIT = 14, "RAPID_COMMIT", "Two messages instead of four (RFC 9915 §21.14).";
    USER_CLASS = 15, "USER_CLASS", "The classes of the client's user (RFC 9915 §21.15).";
    VENDOR_CLASS = 16, "VENDOR_CLASS", "The vendor of the client's hardware (RFC 9915 §21.16).";
    VENDOR_OPTS = 17, "VENDOR_OPTS", "Options of a vendor's own (RFC 9915 §21.17).";
    INTERFACE_ID = 18, "INTERFACE_ID", "The relay agent's name for the client's port (RFC 9915 §21.18).";
    RECONF_MSG = 19, "RECONF_MSG", "What to send after a Reconfigure (RFC 9915 §21.19).";
    RECONF_ACCEPT = 20, "RECONF_ACCEPT", "Reconfigure messages are accepted (RFC 9915 §21.20).";
    SIP_SERVER_D = 21, "SIP_SERVER_D", "SIP servers by name (RFC 3319).";
    SIP_SERVER_A = 22, "SIP_SERVER_A", "SIP servers by address (RFC 3319).";
    DNS_SERVERS = 23, "DNS_SERVERS", "Recursive name servers (RFC 3646).";
    DOMAIN_LIST = 24, "DOMAIN_LIST", "Domains to search (RFC 3646).";
    IA_PD = 25, "IA_PD", "An identity association for prefixes (RFC 9915 §21.21).";
    IA_PREFIX = 26, "IAPREFIX", "A prefix of an identity association (RFC 9915 §21.22).";
    NIS_SERVERS = 27, "NIS_SERVERS", "NIS servers (RFC 3898).";
    NISP_SERVERS = 28, "NISP_SERVERS", "NIS+ servers (RFC 3898).";
    NIS_DOMAIN_NAME = 29, "NIS_DOMAIN_NAME", "The NIS domain (RFC 3898).";
    NISP_DOMAIN_NAME = 30, "NISP_DOMAIN_NAME", "The NIS+ domain (RFC 3898).";
    SNTP_SERVERS = 31, "SNTP_SERVERS", "Simple network time servers (RFC 4075).";
    INFORMATION_REFRESH_TIME = 32, "INFORMATION_REFRESH_TIME", "When to ask again (RFC 9915 §21.23).";
    BCMCS_SERVER_D = 33, "BCMCS_SERVER_D", "Broadcast and multicast controllers by name (RFC 4280).";
    BCMCS_SERVER_A = 34, "BCMCS_SERVER_A", "Broadcast and multicast controllers by address (RFC 4280).";
    GEOCONF_CIVIC = 36, "GEOCONF_CIVIC", "The client's civic address (RFC 4776).";
    REMOTE_ID = 37, "REMOTE_ID", "The relay agent's name for the client's line (RFC 4649 §3).";
    SUBSCRIBER_ID = 38, "SUBSCRIBER_ID", "The provider's name for the subscriber (RFC 4580).";
    CLIENT_FQDN = 39, "CLIENT_FQDN", "The client's domain name (RFC 4704 §4).";
    PANA_AGENT = 40, "PANA_AGENT", "Authentication agents (RFC 5192).";
    NEW_POSIX_TIMEZONE = 41, "NEW_POSIX_TIMEZONE", "The time zone as POSIX writes it (RFC 4833).";
    NEW_TZDB_TIMEZONE = 42, "NEW_TZDB_TIMEZONE", "The time zone's name (RFC 4833).";
    ERO = 43, "ERO", "What a relay agent wants back (RFC 4994).";
    LQ_QUERY = 44, "LQ_QUERY", "A leasequery's question (RFC 5007).";
    CLIENT_DATA = 45, "CLIENT_DATA", "A leasequery's answer (RFC 5007).";
    CLT_TIME = 46, "CLT_TIME", "Seconds since the client was last heard (RFC 5007).";
    LQ_RELAY_DATA = 47, "LQ_RELAY_DATA", "The relay message of that time (RFC 5007).";
    LQ_CLIENT_LINK = 48, "LQ_CLIENT_LINK", "The links of a client (RFC 5007).";
    MIP6_HNIDF = 49, "MIP6_HNIDF", "A home network's identifier (RFC 6610).";
    MIP6_VDINF = 50, "MIP6_VDINF", "A visited domain's home network (RFC 6610).";
    V6_LOST = 51, "V6_LOST", "A location-to-service server (RFC 5223).";
    CAPWAP_AC_V6 = 52, "CAPWAP_AC_V6", "Wireless access controllers (RFC 5417).";
    RELAY_ID = 53, "RELAY_ID", "A relay agent's DUID (RFC 5460).";
    IPV6_ADDRESS_MOS = 54, "IPv6_Address-MoS", "Mobility services by address (RFC 5678).";
    IPV6_FQDN_MOS = 55, "IPv6_FQDN-MoS", "Mobility services by name (RFC 5678).";
    NTP_SERVER = 56, "NTP_SERVER", "Network time servers (RFC 5908).";
    V6_ACCESS_DOMAIN = 57, "V6_ACCESS_DOMAIN", "The access network's domain (RFC 5986).";
    SIP_UA_CS_LIST = 58, "SIP_UA_CS_LIST", "SIP configuration domains (RFC 6011).";
    BOOTFILE_URL = 59, "BOOTFILE_URL", "Where to boot from (RFC 5970).";
    BOOTFILE_PARAM = 60, "BOOTFILE_PARAM", "Parameters for that (RFC 5970).";
    CLIENT_ARCH_TYPE = 61, "CLIENT_ARCH_TYPE", "The client's architectures (RFC 5970).";
    NII = 62, "NII", "The client's network interface (RFC 5970).";
    GEOLOCATION = 63, "GEOLOCATION", "The client's coordinates (RFC 6225).";
    AFTR_NAME = 64, "AFTR_NAME", "The DS-Lite tunnel's far end (RFC 6334).";
    ERP_LOCAL_DOMAIN_NAME = 65, "ERP_LOCAL_DOMAIN_NAME", "Re-authentication domain (RFC 6440).";
    RSOO = 66, "RSOO", "Options that a relay agent supplies for clients (RFC 6422 §3).";
    PD_EXCLUDE = 67, "PD_EXCLUDE", "A prefix kept out of a delegated one (RFC 6603 §4.2).";
    VSS = 68, "VSS", "Which routing instance is meant (RFC 6607).";
    MIP6_IDINF = 69, "MIP6_IDINF", "Identified home networks (RFC 6610).";
    MIP6_UDINF = 70, "MIP6_UDINF", "Unrestricted home networks (RFC 6610).";
    MIP6_HNP = 71, "MIP6_HNP", "A home network's prefix (RFC 6610).";
    MIP6_HAA = 72, "MIP6_HAA", "A home agent's address (RFC 6610).";
    MIP6_HAF = 73, "MIP6_HAF", "A home agent's name (RFC 6610).";
    RDNSS_SELECTION = 74, "RDNSS_SELECTION", "Which name server for which domain (RFC 6731).";
    KRB_PRINCIPAL_NAME = 75, "KRB_PRINCIPAL_NAME", "A Kerberos principal (RFC 6784).";
    KRB_REALM_NAME = 76, "KRB_REALM_NAME", "A Kerberos realm (RFC 6784).";
    KRB_DEFAULT_REALM_NAME = 77, "KRB_DEFAULT_REALM_NAME", "The usual realm (RFC 6784).";
    KRB_KDC = 78, "KRB_KDC", "Key distribution centres (RFC 6784).";
    CLIENT_LINKLAYER_ADDR = 79, "CLIENT_LINKLAYER_ADDR", "The client's link-layer address (RFC 6939 §4).";
    LINK_ADDRESS = 80, "LINK_ADDRESS", "The link to reconfigure (RFC 6977).";
    RADIUS = 81, "RADIUS", "RADIUS attributes (RFC 7037).";
    SOL_MAX_RT = 82, "SOL_MAX_RT", "The longest pause between Solicits (RFC 9915 §21.24).";
    INF_MAX_RT = 83, "INF_MAX_RT", "The longest pause between Information-requests (RFC 9915 §21.25).";
    ADDRSEL = 84, "ADDRSEL", "Address selection (RFC 7078).";
    ADDRSEL_TABLE = 85, "ADDRSEL_TABLE", "A row of its policy table (RFC 7078).";
    V6_PCP_SERVER = 86, "V6_PCP_SERVER", "Port control servers (RFC 7291).";
    DHCPV4_MSG = 87, "DHCPV4_MSG", "A DHCPv4 message (RFC 7341 §7.1).";
    DHCP4_O_DHCP6_SERVER = 88, "DHCP4_O_DHCP6_SERVER", "Where to send DHCPV4-QUERY (RFC 7341 §7.2).";
    S46_RULE = 89, "S46_RULE", "A mapping rule (RFC 7598 §4.1).";
    S46_BR = 90, "S46_BR", "A border relay's address (RFC 7598 §4.2).";
    S46_DMR = 91, "S46_DMR", "The default mapping rule (RFC 7598 §4.3).";
    S46_V4V6BIND = 92, "S46_V4V6BIND", "An IPv4 address bound to an IPv6 prefix (RFC 7598 §4.4).";
    S46_PORTPARAMS = 93, "S46_PORTPARAMS", "A port set (RFC 7598 §4.5).";
    S46_CONT_MAPE = 94, "S46_CONT_MAPE", "The container of MAP-E (RFC 7598 §5.1).";
    S46_CONT_MAPT = 95, "S46_CONT_MAPT", "The container of MAP-T (RFC 7598 §5.2).";
    S46_CONT_LW = 96, "S46_CONT_LW", "The container of Lightweight 4over6 (RFC 7598 §5.3).";
    FOUR_RD = 97, "4RD", "The container of 4rd (RFC 7600).";
    FOUR_RD_MAP_RULE = 98, "4RD_MAP_RULE", "A mapping rule of 4rd (RFC 7600).";
    FOUR_RD_NON_MAP_RULE = 99, "4RD_NON_MAP_RULE", "Its other parameters (RFC 7600).";
    LQ_BASE_TIME = 100, "LQ_BASE_TIME", "The server's time (RFC 7653).";
    LQ_START_TIME = 101, "LQ_START_TIME", "Changes from then on (RFC 7653).";
    LQ_END_TIME = 102, "LQ_END_TIME", "Changes up to then (RFC 7653).";
    CAPTIVE_PORTAL = 103, "CAPTIVE_PORTAL", "The captive portal's API (RFC 8910).";
    MPL_PARAMETERS = 104, "MPL_PARAMETERS", "Multicast forwarding parameters (RFC 7774).";
    ANI_ATT = 105, "ANI_ATT", "Access network technology (RFC 7839).";
    ANI_NETWORK_NAME = 106, "ANI_NETWORK_NAME", "Access network name (RFC 7839).";
    ANI_AP_NAME = 107, "ANI_AP_NAME", "Access point name (RFC 7839).";
    ANI_AP_BSSID = 108, "ANI_AP_BSSID", "Access point address (RFC 7839).";
    ANI_OPERATOR_ID = 109, "ANI_OPERATOR_ID", "Access network operator (RFC 7839).";
    ANI_OPERATOR_REALM = 110, "ANI_OPERATOR_REALM", "The operator's realm (RFC 7839).";
    S46_PRIORITY = 111, "S46_PRIORITY", "Which softwire mechanism first (RFC 8026 §1.3).";
    MUD_URL_V6 = 112, "MUD_URL_V6", "A device's usage description (RFC 8520).";
    V6_PREFIX64 = 113, "V6_PREFIX64", "Translation prefixes for multicast (RFC 8115).";
    RELAY_PORT = 135, "RELAY_PORT", "The relay agent's source port (RFC 8357 §4).";
    V6_SZTP_REDIRECT = 136, "V6_SZTP_REDIRECT", "Bootstrap servers (RFC 8572).";
    S46_BIND_IPV6_PREFIX = 137, "S46_BIND_IPV6_PREFIX", "The prefix to bind the softwire to (RFC 8539 §6.1).";
    IA_LL = 138, "IA_LL", "An identity association for link-layer addresses (RFC 8947).";
    LLADDR = 139, "LLADDR", "A block of link-layer addresses (RFC 8947).";
    SLAP_QUAD = 140, "SLAP_QUAD", "Which kind of link-layer addresses (RFC 8948).";
    V6_DOTS_RI = 141, "V6_DOTS_RI", "Threat signalling by name (RFC 8973).";
    V6_DOTS_ADDRESS = 142, "V6_DOTS_ADDRESS", "Threat signalling by address (RFC 8973).";
    IPV6_ADDRESS_ANDSF = 143, "IPv6_Address-ANDSF", "Network discovery servers (RFC 6153).";
    V6_DNR = 144, "V6_DNR", "Encrypted name servers (RFC 9463).";
    REGISTERED_DOMAIN = 145, "REGISTERED_DOMAIN", "The home network's domain (RFC 9527).";
    FORWARD_DIST_MANAGER = 146, "FORWARD_DIST_MANAGER", "Where to send its zone (RFC 9527).";
    REVERSE_DIST_MANAGER = 147, "REVERSE_DIST_MANAGER", "Where to send its reverse zone (RFC 9527).";
    ADDR_REG_ENABLE = 148, "ADDR_REG_ENABLE", "Address registration is served (RFC 9686 §4.1).";
}

impl fmt::Display for OptionCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.pad(name),
            None => write!(f, "option {}", self.0),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_code_shows_its_rfc_name_or_its_number() {
        assert_eq!(OptionCode::DHCP4_O_DHCP6_SERVER.to_string(), "DHCP4_O_DHCP6_SERVER");
        assert_eq!(OptionCode(60000).to_string(), "option 60000");
    }

    #[test]
    fn the_table_is_in_order_and_without_repetition() {
        assert!(OptionCode::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }
}
