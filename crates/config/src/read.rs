//! From the tree of a file to the configuration. Types and keys have been checked before: a value of the wrong type is
//! passed over here, and every error that is found here is one of meaning.

mod address;
mod both;
mod classes;
mod definitions;
mod dhcp4;
mod dhcp6;
mod flex;
mod fqdn;
mod hooks;
mod ids;
mod interfaces;
mod limits;
mod logging;
mod merge;
mod object;
mod option_rules;
mod option_rules6;
mod options;
mod overlap;
mod pools;
mod relayed;
mod reservations;
mod server_id;
mod services;
mod settings;
mod spaces;
mod subnet4;
mod subnet6;
mod timers;

pub(crate) use both::{check_halves, check_servers_are_told};
pub(crate) use dhcp4::dhcp4;
pub(crate) use dhcp6::dhcp6;
pub(crate) use limits::limits_of_each;
pub(crate) use logging::level_of_loggers;
pub(crate) use object::Object;
pub(crate) use settings::settings;
