//! What decides who gets what, the same in both halves.

use std::sync::Arc;

use super::{ClientClasses, FlexId, FlexOption, IdentifierKind, Limits, ReservationModes, Reservations};

/// Classes, reservations and what expressions decide. `A` is what a reservation has of addresses.
#[derive(Debug, Clone, PartialEq)]
pub struct ClientRules<A> {
    /// The client classes.
    pub classes: ClientClasses,
    /// What is reserved.
    pub reservations: Arc<Reservations<A>>,
    /// By what clients are looked for among the reservations, in this order.
    pub identifiers: Vec<IdentifierKind>,
    /// Which reservations count for a client without a subnet.
    pub reservation_modes: ReservationModes,
    /// Whether what is reserved everywhere is looked for before a subnet is chosen.
    pub early_global_reservations: bool,
    /// What makes the flexible identifier.
    pub flex_id: Option<FlexId>,
    /// Options of answers that expressions decide, in order.
    pub flex_options: Vec<FlexOption>,
    /// What keeps clients from taking more than their part.
    pub limits: Limits,
}

impl<A> Default for ClientRules<A> {
    fn default() -> Self {
        Self {
            classes: ClientClasses::default(),
            reservations: Arc::default(),
            identifiers: Vec::new(),
            reservation_modes: ReservationModes::default(),
            early_global_reservations: false,
            flex_id: None,
            flex_options: Vec::new(),
            limits: Limits::default(),
        }
    }
}
