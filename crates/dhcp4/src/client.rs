//! Who sent a message: by what its leases are kept, by what reservations know it, and which classes it is in.

use std::borrow::Cow;
use std::net::Ipv6Addr;

use fosix_config::IdentifierKind;
use fosix_expression::{Classes, View};
use fosix_hooks::Arrival;
use fosix_lease::{BadIdentity, ClientIdentity};
use fosix_policy::{Candidate, Dropped, Explanation};
use fosix_wire::v4::{ClientIdentifier, OptionCode, OptionData, RelayAgentInformation};
use fosix_wire::v6;

use crate::Drop4;
use crate::query::Decoded;
use crate::server::{Hosts4, Server4};

/// The most bytes of a client identifier.
const MAX_IDENTIFIER: usize = 255;

/// Everything by which a reservation can know the client of a message.
#[derive(Debug, Default)]
pub(crate) struct Identifiers<'a> {
    hardware: &'a [u8],
    duid: Cow<'a, [u8]>,
    circuit_id: Cow<'a, [u8]>,
    client_id: Cow<'a, [u8]>,
    flex_id: Vec<u8>,
}

impl<'a> Identifiers<'a> {
    fn new(decoded: &'a Decoded<'a>, flex_id: Vec<u8>) -> Self {
        let message = &decoded.message;
        let client_id = message.option(OptionCode::CLIENT_IDENTIFIER).map(whole).unwrap_or_default();
        let in_client_id = ClientIdentifier::new_checked(&client_id)
            .ok()
            .and_then(|id| Some(id.node_specific()?.1.as_bytes().to_vec()));
        // Beyond Kea: a client that says in DHCPv6 who it is has said so for what is inside, too.
        let around =
            || decoded.packet.message().options().find(v6::OptionCode::CLIENT_ID).unwrap_or_default();
        let relay = message.option(OptionCode::RELAY_AGENT_INFORMATION).map(whole).unwrap_or_default();
        let circuit_id = RelayAgentInformation::new_checked(&relay)
            .ok()
            .and_then(|relay| Some(relay.circuit_id()?.to_vec()))
            .unwrap_or_default();
        Self {
            hardware: message.chaddr(),
            duid: in_client_id.map_or_else(|| Cow::Borrowed(around()), Cow::Owned),
            circuit_id: circuit_id.into(),
            client_id,
            flex_id,
        }
    }

    fn get(&self, kind: IdentifierKind) -> Option<&[u8]> {
        let identifier = match kind {
            IdentifierKind::HardwareAddress => self.hardware,
            IdentifierKind::Duid => &self.duid,
            IdentifierKind::CircuitId => &self.circuit_id,
            IdentifierKind::ClientId => &self.client_id,
            IdentifierKind::FlexId => &self.flex_id,
        };
        Some(identifier).filter(|identifier| !identifier.is_empty())
    }
}

/// All of an option's data, in one piece.
pub(crate) fn whole(data: OptionData<'_>) -> Cow<'_, [u8]> {
    data.contiguous().map_or_else(
        || {
            let mut joined = Vec::new();
            data.write_to(&mut joined);
            Cow::Owned(joined)
        },
        Cow::Borrowed,
    )
}

/// What an expression sees of a message.
pub(crate) fn view<'v>(decoded: &'v Decoded<'v>, arrival: Arrival<'v>, classes: &'v Classes) -> View<'v> {
    View {
        packet: decoded.packet,
        message4: Some(&decoded.message),
        interface: arrival.interface,
        source: arrival.source,
        // The other half does not tell.
        destination: Ipv6Addr::UNSPECIFIED,
        classes,
    }
}

/// By what a client's leases are kept: its client identifier, else its hardware address, unless an expression says.
pub(crate) fn identify(
    decoded: &Decoded<'_>,
    by_identifier: bool,
    replacement: Option<&[u8]>,
) -> Result<ClientIdentity, Drop4> {
    let mut joined = [0; MAX_IDENTIFIER];
    let replaced: Vec<u8>;
    let identifier = match (replacement, decoded.message.option(OptionCode::CLIENT_IDENTIFIER)) {
        (Some(replacement), _) => {
            // RFC 2132 §9.14: type 0 is an identifier that is no hardware address.
            replaced = [&[0], replacement].concat();
            Some(&*replaced)
        }
        (None, Some(data)) => Some(data.join(&mut joined).ok_or(Drop4::OptionLength)?),
        (None, None) => None,
    };
    let identifier =
        identifier.filter(|_| by_identifier || decoded.hardware.is_unset() || replacement.is_some());
    ClientIdentity::new(identifier, decoded.hardware).map_err(|error| match error {
        BadIdentity::IdentifierLength { .. } => Drop4::OptionLength,
        _ => Drop4::NoIdentity,
    })
}

impl Server4 {
    /// What a message's content alone says of its classes.
    pub(crate) fn classify(
        &self,
        decoded: &Decoded<'_>,
        arrival: Arrival<'_>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) {
        let none = Classes::default();
        let vendor_class =
            || Some(whole(decoded.message.option(OptionCode::VENDOR_CLASS_IDENTIFIER)?).into_owned());
        self.rules.classifier().received(&view(decoded, arrival, &none), vendor_class, classes, why);
    }

    /// Puts the message of a client that has something reserved everywhere into the classes of that, before its subnet is
    /// known.
    pub(crate) fn classify_early(
        &self,
        decoded: &Decoded<'_>,
        arrival: Arrival<'_>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) -> Result<(), Dropped> {
        if !self.rules.looks_early() {
            return Ok(());
        }
        let none = Classes::default();
        let view = view(decoded, arrival, &none);
        let identifiers = Identifiers::new(decoded, self.rules.flex_id(&view, classes).unwrap_or_default());
        self.rules.early(&view, |kind| identifiers.get(kind), classes, why)
    }

    /// What is reserved for the client of a message on `link`, whose first subnet was selected; the message is in the classes
    /// that follow from it then.
    pub(crate) fn hosts(
        &self,
        decoded: &Decoded<'_>,
        arrival: Arrival<'_>,
        link: &[usize],
        flex_id: Option<&[u8]>,
        classes: &mut Classes,
        why: &mut Explanation,
    ) -> Result<Hosts4<'_>, Dropped> {
        let none = Classes::default();
        let view = view(decoded, arrival, &none);
        let identifiers = if self.rules.config().reservations.is_empty() {
            Identifiers::default()
        } else {
            Identifiers::new(decoded, flex_id.unwrap_or_default().to_vec())
        };
        let candidates = link.iter().filter_map(|&at| {
            let subnet = self.config.subnets.get(at)?;
            let modes = subnet.reservation_modes;
            Some(Candidate { at, id: subnet.id, in_subnet: modes.in_subnet, global: modes.global })
        });
        let selected = link.first().copied();
        self.rules.reserved(&view, candidates, selected, |kind| identifiers.get(kind), classes, why)
    }
}
