//! The DHCPv4 half's part of the configuration.

use std::net::Ipv4Addr;

use ipnet::{Ipv4Net, Ipv6Net};

use super::{
    Allocator, ClassNumber, ClientRules, ExpiredLeases, Guard, HookSettings, LeaseChecks, OptionValue,
    ReservationModes, SubnetId, Timers,
};

/// What a `Dhcp4` object says.
#[derive(Debug, Clone, PartialEq)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "each is a key of its own that is true or false in the file"
)]
pub struct Dhcp4 {
    /// The global options.
    pub options: Vec<OptionValue>,
    /// All subnets, those of shared networks among them, sorted by id.
    pub subnets: Vec<Subnet4>,
    /// The lifetimes and timers of a client without a subnet.
    pub timers: Timers,
    /// As [`Subnet4::authoritative`], for a client without a subnet.
    pub authoritative: bool,
    /// As [`Subnet4::match_client_id`], for a client without a subnet.
    pub match_client_id: bool,
    /// Whether answers carry the client's identifier (RFC 6842).
    pub echo_client_id: bool,
    /// `siaddr` of answers to a client without a subnet; `None` is 0.0.0.0.
    pub next_server: Option<Ipv4Addr>,
    /// `sname` of answers to a client without a subnet, at most 63 bytes; empty for none.
    pub server_hostname: String,
    /// `file` of answers to a client without a subnet, at most 127 bytes; empty for none.
    pub boot_file_name: String,
    /// Option 54 of the global options: the name that the server goes by.
    pub server_identifier: Option<Ipv4Addr>,
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
    /// Classes, reservations and what expressions decide.
    pub rules: ClientRules<Option<Ipv4Addr>>,
}

impl Dhcp4 {
    /// The subnet with this id.
    pub fn subnet(&self, id: SubnetId) -> Option<&Subnet4> {
        self.subnets.binary_search_by_key(&id, |subnet| subnet.id).ok().and_then(|at| self.subnets.get(at))
    }
}

/// One IPv4 subnet, with everything that it inherits.
#[derive(Debug, Clone, PartialEq)]
pub struct Subnet4 {
    /// Its number, from the file or derived from its prefix.
    pub id: SubnetId,
    /// Its prefix, without host bits; no two subnets share an address.
    pub prefix: Ipv4Net,
    /// The pools, in the order of the file; no two share an address, and all lie within `prefix`.
    pub pools: Vec<Pool4>,
    /// Its own options, and those of its shared network that it does not replace.
    pub options: Vec<OptionValue>,
    /// Lifetimes and timers.
    pub timers: Timers,
    /// Whether this server alone decides here: it refuses what it does not know instead of keeping silent.
    pub authoritative: bool,
    /// Whether a client is known by its client identifier; if not, by its hardware address alone.
    pub match_client_id: bool,
    /// `siaddr` of answers; `None` is 0.0.0.0.
    pub next_server: Option<Ipv4Addr>,
    /// `sname` of answers, at most 63 bytes; empty for none.
    pub server_hostname: String,
    /// `file` of answers, at most 127 bytes; empty for none.
    pub boot_file_name: String,
    /// Option 54 of this subnet or its shared network, before that of [`Dhcp4::server_identifier`].
    pub server_identifier: Option<Ipv4Addr>,
    /// Which DHCPv4-over-DHCPv6 queries belong to this subnet.
    pub selector: Selector4o6,
    /// How free addresses are chosen.
    pub allocator: Allocator,
    /// Seconds for which an offered address is kept, where the subnet says so.
    pub offer_lifetime: Option<u32>,
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

/// A range of IPv4 addresses to give out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pool4 {
    /// The first address; never above `last`.
    pub first: Ipv4Addr,
    /// The last address, itself part of the pool.
    pub last: Ipv4Addr,
    /// The pool's own options.
    pub options: Vec<OptionValue>,
    /// Who may be given of it.
    pub guard: Guard,
    /// Classes that are looked at for whoever is.
    pub additional_classes: Vec<ClassNumber>,
}

/// Kea's three keys that tie DHCPv4-over-DHCPv6 queries to a subnet.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Selector4o6 {
    /// `4o6-interface`: the interface that the query came in on.
    pub interface: Option<String>,
    /// `4o6-interface-id`: the Interface-ID that a relay put in; never empty.
    pub interface_id: Option<Vec<u8>>,
    /// `4o6-subnet`: the IPv6 prefix that the client, or a relay's link-address, is in.
    pub prefix: Option<Ipv6Net>,
}

impl Selector4o6 {
    /// Whether none of the three is given: no DHCPv4-over-DHCPv6 query reaches the subnet.
    pub fn is_empty(&self) -> bool {
        self.interface.is_none() && self.interface_id.is_none() && self.prefix.is_none()
    }
}
