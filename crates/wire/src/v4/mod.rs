//! DHCPv4: messages and options (RFC 2131, RFC 2132 and the RFCs that add to them).
//!
//! [`Message`] checks a received message as a whole and finds options in it, joined from all their parts
//! ([`OptionData`], RFC 3396). The data of an option is octets until a typed view, such as
//! [`RelayAgentInformation`], reads it. [`Writer`] makes messages.
//!
//! ```
//! use fosix_wire::v4::{Header, Message, MessageType, OptionCode, Writer};
//!
//! # fn main() -> Result<(), fosix_wire::Error> {
//! let mut buffer = Vec::new();
//! let mut w = Writer::new(&mut buffer, &Header::request(0x1234_5678));
//! w.option_u8(OptionCode::MESSAGE_TYPE, MessageType::DISCOVER.0);
//! w.option(OptionCode::PARAMETER_REQUEST_LIST, &[1, 3, 6]);
//! w.finish()?;
//!
//! let message = Message::new_checked(&buffer)?;
//! assert_eq!(message.message_type(), Some(MessageType::DISCOVER));
//! assert!(message.parameter_request_list().contains(OptionCode::ROUTER));
//! # Ok(())
//! # }
//! ```

mod areas;
mod class;
mod client_identifier;
mod domain_search;
mod encrypted_dns;
mod fqdn;
mod header;
mod message;
mod message_type;
mod option_code;
mod option_data;
mod relay_agent;
mod request_list;
mod routes;
mod sub_options;
mod writer;

pub use areas::{Area, Item, Items, OptionsIter, RawOption};
pub use class::{UserClass, VendorData, VendorIdentifying};
pub use client_identifier::{ClientIdentifier, ClientIdentifierKind, write_node_specific};
pub use domain_search::{DomainSearch, write_domain_search};
pub use encrypted_dns::{EncryptedDns, EncryptedResolver};
pub use fqdn::{ClientFqdn, FqdnFlags, FqdnName, SERVER_RCODE};
pub use header::Header;
pub use message::Message;
pub use message_type::MessageType;
pub use option_code::OptionCode;
pub use option_data::{Bytes, Fragments, OptionData};
pub use relay_agent::{RelayAgentInformation, VirtualSubnet, sub_option};
pub use request_list::ParameterRequestList;
pub use routes::{ClasslessRoutes, Route};
pub use sub_options::{SubOption, SubOptions};
pub use writer::Writer;

/// The value of `op` in a message from a client (RFC 2131 §2).
pub const BOOTREQUEST: u8 = 1;
/// The value of `op` in a message from a server (RFC 2131 §2).
pub const BOOTREPLY: u8 = 2;
/// What the options begin with, and what tells DHCP from BOOTP (RFC 2131 §3).
pub const COOKIE: [u8; 4] = [99, 130, 83, 99];
/// The octets in front of the options: the BOOTP header and the cookie.
pub const HEADER_LEN: usize = 240;
/// The BOOTP flag by which a client asks for its answers by broadcast (RFC 2131 §2).
pub const BROADCAST_FLAG: u16 = 0x8000;
/// The port of servers and relay agents (RFC 2131 §4.1).
pub const SERVER_PORT: u16 = 67;
/// The port of clients (RFC 2131 §4.1).
pub const CLIENT_PORT: u16 = 68;
