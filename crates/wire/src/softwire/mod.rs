//! Softwire provisioning: port sets, and the S46 options and containers of RFC 7598.
//!
//! A PSID stands left-justified in its 16 bits on the wire (RFC 7598 §4.5, RFC 7618) and right-justified
//! everywhere else; [`PortParams`] is the only place that shifts it.

mod container;
mod options;
mod port_params;
mod port_set;
mod prefix;
mod psid;

pub use container::{Container, Mechanism};
pub use options::{
    Rule, V4V6Bind, border_relay, write_bind_prefix, write_border_relay, write_default_mapping_rule,
};
pub use port_params::PortParams;
pub use port_set::{PortRanges, PortSet};
pub use prefix::Ipv6Prefix;
pub use psid::Psid;
