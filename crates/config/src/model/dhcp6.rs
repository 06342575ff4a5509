//! The DHCPv6 half's part of the configuration.

use std::net::Ipv6Addr;

use ipnet::Ipv6Net;

use super::{
    Allocator, ClassNumber, ClientRules, ExpiredLeases, Guard, HookSettings, LeaseChecks, Lifetime,
    OptionValue, ReservationModes, ReservedLease, SubnetId, Timers,
};

/// What a `Dhcp6` object says.
#[derive(Debug, Clone, PartialEq)]
pub struct Dhcp6 {
    /// Where to listen, without duplicates; may be empty.
    pub interfaces: Vec<InterfaceSpec>,
    /// The global options.
    pub options: Vec<OptionValue>,
    /// All subnets, those of shared networks among them, sorted by id.
    pub subnets: Vec<Subnet6>,
    /// Which DUID the server goes by.
    pub server_id: ServerIdSpec,
    /// The lifetimes and timers of a client without a subnet.
    pub timers: Timers,
    /// The preferred lifetime of a client without a subnet.
    pub preferred_lifetime: Lifetime,
    /// Seconds for which an address that a client declined is not given to anybody.
    pub decline_probation_period: u32,
    /// What is done with leases that do not fit their subnets.
    pub lease_checks: LeaseChecks,
    /// What becomes of leases that have ended.
    pub expired_leases: ExpiredLeases,
    /// Whether Kea's `lease-database` asks for leases that outlive the server.
    pub persist: bool,
    /// The port of Kea's link between the halves, 0 to 65534; 0 is off.
    pub dhcp4o6_port: u16,
    /// The hooks, in the order in which they are asked.
    pub hooks: Vec<HookSettings>,
    /// Where a client's hardware address is looked for, in this order and without duplicates; empty for nowhere.
    pub mac_sources: Vec<MacSource>,
    /// Codes of the options that a relay may supply for clients (RFC 6422 §4), in ascending order.
    pub relay_supplied_options: Vec<u16>,
    /// Whether addresses that clients made themselves may be registered (RFC 9686).
    pub allow_address_registration: bool,
    /// How names are answered to a client without a subnet.
    pub fqdn: FqdnPolicy,
    /// Classes, reservations and what expressions decide.
    pub rules: ClientRules<Box<[ReservedLease]>>,
}

impl Dhcp6 {
    /// The subnet with this id.
    pub fn subnet(&self, id: SubnetId) -> Option<&Subnet6> {
        self.subnets.binary_search_by_key(&id, |subnet| subnet.id).ok().and_then(|at| self.subnets.get(at))
    }
}

/// Where the DHCPv6 half listens.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum InterfaceSpec {
    /// `*`: multicast and every address of every interface, also of those that appear later.
    All,
    /// `eth0`: multicast and every address of that interface, also of those added later.
    Interface(String),
    /// `eth0/2001:db8::1`: that address of that interface alone, no multicast.
    Address(String, Ipv6Addr),
}

/// Which DUID the server goes by (RFC 9915 §11); `server-id` in Kea's files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerIdSpec {
    /// Its kind and what is fixed of it.
    pub duid: DuidSpec,
    /// Whether a DUID that was generated is kept for the next start.
    pub persist: bool,
}

impl Default for ServerIdSpec {
    /// A DUID-LLT made of what the machine has, and kept.
    fn default() -> Self {
        Self {
            duid: DuidSpec::LinkLayerTime { hardware_type: None, time: None, identifier: None },
            persist: true,
        }
    }
}

/// The kind of a DUID with the parts that are configured; what is `None` the server fills in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DuidSpec {
    /// DUID-LLT (RFC 9915 §11.2).
    LinkLayerTime {
        /// IANA's hardware type.
        hardware_type: Option<u16>,
        /// Seconds since midnight UTC, January 1, 2000, modulo 2^32.
        time: Option<u32>,
        /// The link-layer address, 1 to 122 bytes.
        identifier: Option<Vec<u8>>,
    },
    /// DUID-EN (RFC 9915 §11.3).
    Enterprise {
        /// IANA's enterprise number, not 0.
        enterprise: Option<u32>,
        /// What the enterprise assigned, 1 to 124 bytes.
        identifier: Option<Vec<u8>>,
    },
    /// DUID-LL (RFC 9915 §11.4).
    LinkLayer {
        /// IANA's hardware type.
        hardware_type: Option<u16>,
        /// The link-layer address, 1 to 126 bytes.
        identifier: Option<Vec<u8>>,
    },
}

/// Where a DHCPv6 client's hardware address can be found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MacSource {
    /// The Client Link-Layer Address option of the relay next to the client (RFC 6939).
    ClientLinkAddress,
    /// A DUID-LLT or DUID-LL (RFC 9915 §11.2, §11.4).
    Duid,
    /// The interface identifier of the client's link-local address, where it is a modified EUI-64 (RFC 4291 §2.5.1).
    Ipv6LinkLocal,
}

impl MacSource {
    /// All of them, the most trustworthy first: what Kea calls `any`.
    pub const ANY: [Self; 3] = [Self::ClientLinkAddress, Self::Duid, Self::Ipv6LinkLocal];
}

/// What a Client FQDN option (RFC 4704) is answered with. No DNS updates are made, whatever it says.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct FqdnPolicy {
    /// Whether the client's own name is replaced by a generated one.
    pub replace_client_name: ReplaceClientName,
    /// What a generated name begins with, before a hyphen and the address; without both where it is empty.
    ///
    /// With any address and `qualifying_suffix` behind it, it is a name that DNS can carry (RFC 1035 §2.3.4).
    pub generated_prefix: String,
    /// What a name that is not fully qualified ends with, without dots around it; empty for nothing.
    pub qualifying_suffix: String,
}

impl Default for FqdnPolicy {
    fn default() -> Self {
        Self {
            replace_client_name: ReplaceClientName::Never,
            generated_prefix: "myhost".to_owned(),
            qualifying_suffix: String::new(),
        }
    }
}

/// When a client's name is replaced by a generated one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum ReplaceClientName {
    /// Never: a client that names itself keeps its name, and one that sends an empty name gets a generated one.
    #[default]
    Never,
    /// Always: a client that sends no name gets one too.
    Always,
    /// When it sends a name.
    WhenPresent,
    /// When it sends none.
    WhenNotPresent,
}

/// One IPv6 subnet, with everything that it inherits.
#[derive(Debug, Clone, PartialEq)]
pub struct Subnet6 {
    /// Its number, from the file or derived from its prefix.
    pub id: SubnetId,
    /// Its prefix, without host bits; no two subnets share an address.
    pub prefix: Ipv6Net,
    /// The interface whose clients without a relay belong here.
    pub interface: Option<String>,
    /// The Interface-ID whose relayed clients belong here; never empty.
    pub interface_id: Option<Vec<u8>>,
    /// The link-addresses of relays whose clients belong here.
    pub relay_addresses: Vec<Ipv6Addr>,
    /// Its own options, and those of its shared network that it does not replace.
    pub options: Vec<OptionValue>,
    /// The address pools, in the order of the file; no two share an address, and all lie within `prefix`.
    pub pools: Vec<Pool6>,
    /// The prefix pools, in the order of the file; no two of all subnets share a prefix. They need not lie within `prefix`.
    pub pd_pools: Vec<PdPool>,
    /// Valid lifetime and timers.
    pub timers: Timers,
    /// The preferred lifetime, nowhere above the valid one.
    pub preferred_lifetime: Lifetime,
    /// Whether a Solicit with Rapid Commit is answered by a Reply.
    pub rapid_commit: bool,
    /// How free addresses are chosen.
    pub allocator: Allocator,
    /// How free prefixes are chosen.
    pub pd_allocator: Allocator,
    /// How names are answered.
    pub fqdn: FqdnPolicy,
    /// The shared network that it stands in.
    pub shared_network: Option<String>,
    /// Who may use it.
    pub guard: Guard,
    /// Who may use its shared network.
    pub network_guard: Guard,
    /// Classes that are looked at for its clients only, then those of its shared network.
    pub additional_classes: Vec<ClassNumber>,
    /// Which reservations count here.
    pub reservation_modes: ReservationModes,
}

/// A range of IPv6 addresses to give out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool6 {
    /// The first address; never above `last`.
    pub first: Ipv6Addr,
    /// The last address, itself part of the pool.
    pub last: Ipv6Addr,
    /// The pool's own options.
    pub options: Vec<OptionValue>,
    /// Who may be given of it.
    pub guard: Guard,
    /// Classes that are looked at for whoever is.
    pub additional_classes: Vec<ClassNumber>,
}

/// A prefix that is delegated in pieces.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PdPool {
    /// What is divided, without host bits.
    pub prefix: Ipv6Net,
    /// The length of each piece: from the prefix's own length to 128.
    pub delegated_len: u8,
    /// What the client must leave out of each delegated prefix (RFC 6603), given for the first of them.
    pub excluded: Option<Ipv6Net>,
    /// The pool's own options.
    pub options: Vec<OptionValue>,
    /// Who may be given of it.
    pub guard: Guard,
    /// Classes that are looked at for whoever is.
    pub additional_classes: Vec<ClassNumber>,
}
