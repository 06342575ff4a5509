//! What expressions decide beside classes: an identifier, and options of answers.

use fosix_expression::{Condition, Template};

use super::ClassNumber;

/// The flexible identifier; Kea's hook `flex_id`.
#[derive(Debug, Clone, PartialEq)]
pub struct FlexId {
    /// What makes the identifier of a client; nothing, where it makes nothing.
    pub expression: Template,
    /// Whether the client is known to have leases by it, in place of its client identifier (DHCPv4) or DUID.
    pub replaces_identity: bool,
}

/// An option of answers that an expression decides; Kea's hook `flex_option`.
#[derive(Debug, Clone, PartialEq)]
pub struct FlexOption {
    /// Its code.
    pub code: u16,
    /// Whether only for members of a class.
    pub class: Option<ClassNumber>,
    /// What becomes of it.
    pub action: FlexAction,
}

/// What becomes of an option.
#[derive(Debug, Clone, PartialEq)]
pub enum FlexAction {
    /// It is added with this value, unless it is there, or this makes nothing.
    Add(Template),
    /// It has this value, unless this makes nothing.
    Supersede(Template),
    /// It is taken out where this holds.
    Remove(Condition),
}
