//! The option codes of DHCPv4 (RFC 2132 and the RFCs that add to it), with the names of IANA's registry.

use core::fmt;

/// The number that says what an option is. Values without a name are kept as they are.
///
/// The constants bear the titles that the options have in RFC 2132 or in the RFC that defines them;
/// [`name`](Self::name) is the one in IANA's registry of BOOTP vendor extensions and DHCP options.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OptionCode(pub u8);

macro_rules! option_codes {
    ($($constant:ident = $value:literal, $name:literal, $doc:literal;)+) => {
        impl OptionCode {
            $(#[doc = $doc] pub const $constant: Self = Self($value);)+

            /// The option's name in IANA's registry, if it has one.
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
    PAD = 0, "Pad", "Fills a gap; has no length and no data (RFC 2132 §3.1).";
    SUBNET_MASK = 1, "Subnet Mask", "The client's subnet mask (RFC 2132 §3.3).";
    TIME_OFFSET = 2, "Time Offset", "Seconds from UTC; deprecated by 100 and 101 (RFC 2132 §3.4).";
    ROUTER = 3, "Router", "Routers on the client's subnet (RFC 2132 §3.5).";
    TIME_SERVER = 4, "Time Server", "RFC 868 time servers (RFC 2132 §3.6).";
    NAME_SERVER = 5, "Name Server", "IEN 116 name servers (RFC 2132 §3.7).";
    DOMAIN_NAME_SERVER = 6, "Domain Server", "DNS servers (RFC 2132 §3.8).";
    LOG_SERVER = 7, "Log Server", "MIT-LCS UDP log servers (RFC 2132 §3.9).";
    COOKIE_SERVER = 8, "Quotes Server", "RFC 865 servers (RFC 2132 §3.10).";
    LPR_SERVER = 9, "LPR Server", "RFC 1179 printer servers (RFC 2132 §3.11).";
    IMPRESS_SERVER = 10, "Impress Server", "Imagen Impress servers (RFC 2132 §3.12).";
    RESOURCE_LOCATION_SERVER = 11, "RLP Server", "RFC 887 servers (RFC 2132 §3.13).";
    HOST_NAME = 12, "Hostname", "The client's name (RFC 2132 §3.14).";
    BOOT_FILE_SIZE = 13, "Boot File Size", "In blocks of 512 octets (RFC 2132 §3.15).";
    MERIT_DUMP_FILE = 14, "Merit Dump File", "Where to dump the core (RFC 2132 §3.16).";
    DOMAIN_NAME = 15, "Domain Name", "The client's domain in the DNS (RFC 2132 §3.17).";
    SWAP_SERVER = 16, "Swap Server", "The swap server (RFC 2132 §3.18).";
    ROOT_PATH = 17, "Root Path", "The path of the root disk (RFC 2132 §3.19).";
    EXTENSIONS_PATH = 18, "Extension File", "A file with more options (RFC 2132 §3.20).";
    IP_FORWARDING = 19, "Forward On/Off", "Whether to forward datagrams (RFC 2132 §4.1).";
    NON_LOCAL_SOURCE_ROUTING = 20, "SrcRte On/Off", "Whether source routes are followed (RFC 2132 §4.2).";
    POLICY_FILTER = 21, "Policy Filter", "Destinations for source routes (RFC 2132 §4.3).";
    MAXIMUM_DATAGRAM_REASSEMBLY_SIZE = 22, "Max DG Assembly", "In octets (RFC 2132 §4.4).";
    DEFAULT_IP_TTL = 23, "Default IP TTL", "Of datagrams sent (RFC 2132 §4.5).";
    PATH_MTU_AGING_TIMEOUT = 24, "MTU Timeout", "In seconds (RFC 2132 §4.6).";
    PATH_MTU_PLATEAU_TABLE = 25, "MTU Plateau", "MTU sizes to try (RFC 2132 §4.7).";
    INTERFACE_MTU = 26, "MTU Interface", "The MTU of the interface (RFC 2132 §5.1).";
    ALL_SUBNETS_ARE_LOCAL = 27, "MTU Subnet", "Whether all subnets have that MTU (RFC 2132 §5.2).";
    BROADCAST_ADDRESS = 28, "Broadcast Address", "Of the client's subnet (RFC 2132 §5.3).";
    PERFORM_MASK_DISCOVERY = 29, "Mask Discovery", "By ICMP (RFC 2132 §5.4).";
    MASK_SUPPLIER = 30, "Mask Supplier", "Whether to answer such questions (RFC 2132 §5.5).";
    PERFORM_ROUTER_DISCOVERY = 31, "Router Discovery", "By RFC 1256 (RFC 2132 §5.6).";
    ROUTER_SOLICITATION_ADDRESS = 32, "Router Request", "Where to send solicitations (RFC 2132 §5.7).";
    STATIC_ROUTE = 33, "Static Route", "Classful routes; obsoleted by 121 (RFC 2132 §5.8).";
    TRAILER_ENCAPSULATION = 34, "Trailers", "Whether to use RFC 893 (RFC 2132 §6.1).";
    ARP_CACHE_TIMEOUT = 35, "ARP Timeout", "In seconds (RFC 2132 §6.2).";
    ETHERNET_ENCAPSULATION = 36, "Ethernet", "Ethernet II or IEEE 802.3 (RFC 2132 §6.3).";
    DEFAULT_TCP_TTL = 37, "Default TCP TTL", "Of segments sent (RFC 2132 §7.1).";
    TCP_KEEPALIVE_INTERVAL = 38, "Keepalive Time", "In seconds (RFC 2132 §7.2).";
    TCP_KEEPALIVE_GARBAGE = 39, "Keepalive Data", "Whether keepalives have an octet of data (RFC 2132 §7.3).";
    NIS_DOMAIN = 40, "NIS Domain", "The client's NIS domain (RFC 2132 §8.1).";
    NIS_SERVERS = 41, "NIS Servers", "NIS servers (RFC 2132 §8.2).";
    NTP_SERVERS = 42, "NTP Servers", "NTP servers (RFC 2132 §8.3).";
    VENDOR_SPECIFIC_INFORMATION = 43, "Vendor Specific", "Options of the vendor named in 60 (RFC 2132 §8.4).";
    NETBIOS_NAME_SERVER = 44, "NETBIOS Name Srv", "WINS servers (RFC 2132 §8.5).";
    NETBIOS_DATAGRAM_DISTRIBUTION_SERVER = 45, "NETBIOS Dist Srv", "NBDD servers (RFC 2132 §8.6).";
    NETBIOS_NODE_TYPE = 46, "NETBIOS Node Type", "How names are resolved (RFC 2132 §8.7).";
    NETBIOS_SCOPE = 47, "NETBIOS Scope", "The NetBIOS scope (RFC 2132 §8.8).";
    X_WINDOW_FONT_SERVER = 48, "X Window Font", "Font servers (RFC 2132 §8.9).";
    X_WINDOW_DISPLAY_MANAGER = 49, "X Window Manager", "Display managers (RFC 2132 §8.10).";
    REQUESTED_IP_ADDRESS = 50, "Address Request", "The address that the client would like (RFC 2132 §9.1).";
    LEASE_TIME = 51, "Address Time", "How long the address is the client's, in seconds (RFC 2132 §9.2).";
    OPTION_OVERLOAD = 52, "Overload", "Options stand in file and sname too (RFC 2132 §9.3).";
    MESSAGE_TYPE = 53, "DHCP Msg Type", "What the message is for (RFC 2132 §9.6).";
    SERVER_IDENTIFIER = 54, "DHCP Server Id", "Which server (RFC 2132 §9.7).";
    PARAMETER_REQUEST_LIST = 55, "Parameter List", "What the client asks for (RFC 2132 §9.8).";
    MESSAGE = 56, "DHCP Message", "An error in words (RFC 2132 §9.9).";
    MAXIMUM_MESSAGE_SIZE = 57, "DHCP Max Msg Size", "The longest that is accepted, in octets (RFC 2132 §9.10).";
    RENEWAL_TIME = 58, "Renewal Time", "T1, in seconds (RFC 2132 §9.11).";
    REBINDING_TIME = 59, "Rebinding Time", "T2, in seconds (RFC 2132 §9.12).";
    VENDOR_CLASS_IDENTIFIER = 60, "Class Id", "The client's vendor and kind (RFC 2132 §9.13).";
    CLIENT_IDENTIFIER = 61, "Client Id", "The client's name for itself (RFC 2132 §9.14, RFC 4361 §6.1).";
    NETWARE_IP_DOMAIN_NAME = 62, "NetWare/IP Domain", "NetWare/IP domain (RFC 2242).";
    NETWARE_IP_INFORMATION = 63, "NetWare/IP Option", "NetWare/IP settings (RFC 2242).";
    NIS_PLUS_DOMAIN = 64, "NIS-Domain-Name", "The NIS+ domain (RFC 2132 §8.11).";
    NIS_PLUS_SERVERS = 65, "NIS-Server-Addr", "NIS+ servers (RFC 2132 §8.12).";
    TFTP_SERVER_NAME = 66, "Server-Name", "Instead of sname when that holds options (RFC 2132 §9.4).";
    BOOTFILE_NAME = 67, "Bootfile-Name", "Instead of file when that holds options (RFC 2132 §9.5).";
    MOBILE_IP_HOME_AGENT = 68, "Home-Agent-Addrs", "Mobile IP home agents (RFC 2132 §8.13).";
    SMTP_SERVER = 69, "SMTP-Server", "SMTP servers (RFC 2132 §8.14).";
    POP3_SERVER = 70, "POP3-Server", "POP3 servers (RFC 2132 §8.15).";
    NNTP_SERVER = 71, "NNTP-Server", "NNTP servers (RFC 2132 §8.16).";
    WWW_SERVER = 72, "WWW-Server", "WWW servers (RFC 2132 §8.17).";
    FINGER_SERVER = 73, "Finger-Server", "Finger servers (RFC 2132 §8.18).";
    IRC_SERVER = 74, "IRC-Server", "IRC servers (RFC 2132 §8.19).";
    STREETTALK_SERVER = 75, "StreetTalk-Server", "StreetTalk servers (RFC 2132 §8.20).";
    STDA_SERVER = 76, "STDA-Server", "StreetTalk directory assistance servers (RFC 2132 §8.21).";
    USER_CLASS = 77, "User-Class", "The classes of the client's user (RFC 3004 §4).";
    DIRECTORY_AGENT = 78, "Directory Agent", "SLP directory agents (RFC 2610).";
    SERVICE_SCOPE = 79, "Service Scope", "SLP scopes (RFC 2610).";
    RAPID_COMMIT = 80, "Rapid Commit", "Two messages instead of four (RFC 4039).";
    CLIENT_FQDN = 81, "Client FQDN", "The client's domain name (RFC 4702 §2).";
    RELAY_AGENT_INFORMATION = 82, "Relay Agent Information", "What the relay agent knows (RFC 3046 §2).";
    ISNS = 83, "iSNS", "Internet storage name service (RFC 4174).";
    NDS_SERVERS = 85, "NDS Servers", "Novell directory servers (RFC 2241).";
    NDS_TREE_NAME = 86, "NDS Tree Name", "The Novell directory's tree (RFC 2241).";
    NDS_CONTEXT = 87, "NDS Context", "The Novell directory's context (RFC 2241).";
    BCMCS_CONTROLLER_DOMAIN_NAME_LIST = 88, "BCMCS Controller Domain Name list",
        "Broadcast and multicast controllers by name (RFC 4280).";
    BCMCS_CONTROLLER_IPV4_ADDRESS = 89, "BCMCS Controller IPv4 address option",
        "Broadcast and multicast controllers by address (RFC 4280).";
    AUTHENTICATION = 90, "Authentication", "Authentication (RFC 3118).";
    CLIENT_LAST_TRANSACTION_TIME = 91, "client-last-transaction-time option", "Seconds ago (RFC 4388).";
    ASSOCIATED_IP = 92, "associated-ip option", "All addresses of the client (RFC 4388).";
    CLIENT_SYSTEM = 93, "Client System", "The client's architecture, for booting (RFC 4578).";
    CLIENT_NDI = 94, "Client NDI", "The client's network interface, for booting (RFC 4578).";
    LDAP = 95, "LDAP", "Reserved: LDAP servers (RFC 3679).";
    CLIENT_MACHINE_IDENTIFIER = 97, "UUID/GUID", "The client's UUID, for booting (RFC 4578).";
    USER_AUTH = 98, "User-Auth", "User authentication servers (RFC 2485).";
    GEOCONF_CIVIC = 99, "GEOCONF_CIVIC", "The client's civic address (RFC 4776).";
    PCODE = 100, "PCode", "The time zone as POSIX writes it (RFC 4833).";
    TCODE = 101, "TCode", "The time zone's name (RFC 4833).";
    IPV6_ONLY_PREFERRED = 108, "IPv6-Only Preferred", "The client can do without IPv4 (RFC 8925 §3.1).";
    DHCP4O6_S46_SADDR = 109, "OPTION_DHCP4O6_S46_SADDR", "The client's softwire source address (RFC 8539 §6.2).";
    NETINFO_ADDRESS = 112, "Netinfo Address", "Reserved: NetInfo servers (RFC 3679).";
    NETINFO_TAG = 113, "Netinfo Tag", "Reserved: the NetInfo server's tag (RFC 3679).";
    CAPTIVE_PORTAL = 114, "DHCP Captive-Portal", "The captive portal's API (RFC 8910).";
    AUTO_CONFIGURE = 116, "Auto-Config", "Whether to make an address of one's own (RFC 2563).";
    NAME_SERVICE_SEARCH = 117, "Name Service Search", "Which name services in which order (RFC 2937).";
    SUBNET_SELECTION = 118, "Subnet Selection Option", "The subnet to take the address from (RFC 3011).";
    DOMAIN_SEARCH = 119, "Domain Search", "Domains to search (RFC 3397 §2).";
    SIP_SERVERS = 120, "SIP Servers DHCP Option", "SIP servers (RFC 3361).";
    CLASSLESS_STATIC_ROUTE = 121, "Classless Static Route Option", "Routes (RFC 3442).";
    CABLELABS_CLIENT_CONFIGURATION = 122, "CCC", "CableLabs client configuration (RFC 3495).";
    GEOCONF = 123, "GeoConf Option", "The client's place (RFC 6225).";
    VENDOR_IDENTIFYING_VENDOR_CLASS = 124, "V-I Vendor Class",
        "The client's hardware in words of vendors (RFC 3925 §3).";
    VENDOR_IDENTIFYING_VENDOR_INFORMATION = 125, "V-I Vendor-Specific Information",
        "Options of vendors (RFC 3925 §4).";
    PANA_AGENT = 136, "OPTION_PANA_AGENT", "Authentication agents (RFC 5192).";
    V4_LOST = 137, "OPTION_V4_LOST", "The location-to-service server (RFC 5223).";
    CAPWAP_AC_V4 = 138, "OPTION_CAPWAP_AC_V4", "Access controllers (RFC 5417).";
    IPV4_ADDRESS_MOS = 139, "OPTION-IPv4_Address-MoS", "Mobility servers by address (RFC 5678).";
    IPV4_FQDN_MOS = 140, "OPTION-IPv4_FQDN-MoS", "Mobility servers by name (RFC 5678).";
    SIP_UA_CONFIGURATION_SERVICE_DOMAINS = 141, "SIP UA Configuration Service Domains",
        "Where SIP user agents get their configuration (RFC 6011).";
    IPV4_ADDRESS_ANDSF = 142, "OPTION-IPv4_Address-ANDSF", "Network discovery servers (RFC 6153).";
    V4_SZTP_REDIRECT = 143, "OPTION_V4_SZTP_REDIRECT", "Bootstrap servers (RFC 8572).";
    GEOLOC = 144, "GeoLoc", "The client's place (RFC 6225).";
    FORCERENEW_NONCE_CAPABLE = 145, "FORCERENEW_NONCE_CAPABLE", "How a FORCERENEW may be proved (RFC 6704).";
    RDNSS_SELECTION = 146, "RDNSS Selection", "Which name server for which domain (RFC 6731).";
    V4_DOTS_RI = 147, "OPTION_V4_DOTS_RI", "Threat signalling by name (RFC 8973).";
    V4_DOTS_ADDRESS = 148, "OPTION_V4_DOTS_ADDRESS", "Threat signalling by address (RFC 8973).";
    TFTP_SERVER_ADDRESS = 150, "TFTP server address", "TFTP servers (RFC 5859).";
    STATUS_CODE = 151, "status-code", "The result of a leasequery (RFC 6926).";
    BASE_TIME = 152, "base-time", "The server's time (RFC 6926).";
    START_TIME_OF_STATE = 153, "start-time-of-state", "Since when (RFC 6926).";
    QUERY_START_TIME = 154, "query-start-time", "Leases changed since then (RFC 6926).";
    QUERY_END_TIME = 155, "query-end-time", "Leases changed until then (RFC 6926).";
    DHCP_STATE = 156, "dhcp-state", "The state of a lease (RFC 6926).";
    DATA_SOURCE = 157, "data-source", "From where a lease is known (RFC 6926).";
    V4_PCP_SERVER = 158, "OPTION_V4_PCP_SERVER", "Port control servers (RFC 7291).";
    V4_PORTPARAMS = 159, "OPTION_V4_PORTPARAMS", "The ports of a shared address (RFC 7618 §9).";
    MUD_URL_V4 = 161, "OPTION_MUD_URL_V4", "A device's usage description (RFC 8520).";
    V4_DNR = 162, "OPTION_V4_DNR", "Encrypted name servers (RFC 9463 §5).";
    CONFIGURATION_FILE = 209, "Configuration File", "PXELINUX's configuration (RFC 5071).";
    PATH_PREFIX = 210, "Path Prefix Option", "PXELINUX's path (RFC 5071).";
    REBOOT_TIME = 211, "Reboot Time", "When PXELINUX gives up, in seconds (RFC 5071).";
    SIX_RD = 212, "OPTION_6RD", "IPv6 rapid deployment (RFC 5969).";
    V4_ACCESS_DOMAIN = 213, "OPTION_V4_ACCESS_DOMAIN", "The access network's domain (RFC 5986).";
    SUBNET_ALLOCATION = 220, "Subnet Allocation Option", "Whole subnets for a client (RFC 6656).";
    VIRTUAL_SUBNET_SELECTION = 221, "Virtual Subnet Selection (VSS) Option", "The client's VPN (RFC 6607 §3.1).";
    END = 255, "End", "The last option; has no length and no data (RFC 2132 §3.2).";
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
    fn a_code_shows_its_registered_name_or_its_number() {
        assert_eq!(OptionCode::CLIENT_IDENTIFIER.to_string(), "Client Id");
        assert_eq!(OptionCode(224).to_string(), "option 224");
    }

    #[test]
    fn the_table_is_in_order_and_without_repetition() {
        assert!(OptionCode::ALL.windows(2).all(|pair| pair[0] < pair[1]));
    }

    #[test]
    fn the_options_of_rfc_2132_are_all_named() {
        // RFC 2132 goes to 76; the two of NetWare are RFC 2242's.
        for code in (0..=76).chain([255]) {
            assert!(OptionCode(code).name().is_some(), "{code}");
        }
    }
}
