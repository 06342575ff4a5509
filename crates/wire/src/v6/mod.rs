//! DHCPv6: messages, relay levels and options (RFC 9915).
//!
//! [`Packet`] checks a received datagram as a whole; [`Message`], [`RelayMessage`] and [`Options`] are what it is
//! made of. The data of an option is octets until a typed view, such as [`IaNa`], reads it. [`Writer`] makes
//! messages.

mod address_list;
mod auth;
mod class;
mod duid;
mod format;
mod fqdn;
mod identity_association;
mod message;
mod message_type;
mod option_code;
mod options;
mod packet;
mod prefix_exclude;
mod relay;
mod relay_options;
mod request;
mod status_code;
mod writer;

use core::net::Ipv6Addr;

pub use address_list::AddressList;
pub use auth::{Authentication, ReconfigureKey};
pub use class::{UserClass, VendorClass, VendorOpts};
pub use duid::{Duid, DuidKind};
pub use fqdn::{ClientFqdn, FqdnFlags};
pub use identity_association::{IaAddress, IaNa, IaPd, IaPrefix, IaTa};
pub use message::{Message, QueryFlags, peek_message_type};
pub use message_type::MessageType;
pub use option_code::OptionCode;
pub use options::{Options, OptionsIter, RawOption};
pub use packet::{DEFAULT_RELAY_LEVELS, MAX_RELAY_LEVELS, Packet};
pub use prefix_exclude::{excluded_prefix, write_excluded_prefix};
pub use relay::RelayMessage;
pub use relay_options::{ClientLinkLayerAddress, RelaySuppliedOptions, RemoteId};
pub use request::{ElapsedTime, OptionRequest};
pub use status_code::{StatusCode, StatusCodeOption};
pub use writer::{Writer, write_relay_reply};

/// How many levels of options [`Options::check_formats`] accepts, those of the message included: a bound on the work
/// that one message can ask for. No RFC goes deeper than three.
pub const MAX_OPTION_DEPTH: usize = 4;

/// The port of clients (RFC 9915 §7.2).
pub const CLIENT_PORT: u16 = 546;
/// The port of servers and relay agents (RFC 9915 §7.2).
pub const SERVER_PORT: u16 = 547;
/// All_DHCP_Relay_Agents_and_Servers: link-scoped, for clients (RFC 9915 §7.1).
pub const ALL_DHCP_RELAY_AGENTS_AND_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff02, 0, 0, 0, 0, 0, 1, 2);
/// All_DHCP_Servers: site-scoped, for relay agents (RFC 9915 §7.1).
pub const ALL_DHCP_SERVERS: Ipv6Addr = Ipv6Addr::new(0xff05, 0, 0, 0, 0, 0, 1, 3);
