//! The server's own DUID (RFC 9915 §11), from the configuration and what the machine has.

use fosix_config::DuidSpec;
use fosix_wire::v6::{Duid, DuidKind};

/// The hardware address of an interface, for a DUID.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LinkLayerAddress {
    /// The ARP hardware type; 1 is Ethernet.
    pub hardware_type: u16,
    /// The address.
    pub octets: Vec<u8>,
}

/// DUID types (RFC 9915 §11.1).
const LLT: u16 = 1;
const EN: u16 = 2;
const LL: u16 = 3;
const UUID: u16 = 4;
/// The hardware type that is meant where none is said.
const ETHERNET: u16 = 1;
/// ISC's enterprise number, which Kea's generated identifiers carry.
const ISC: u32 = 2495;

/// The DUID that `spec` describes.
///
/// What the specification leaves open comes from `hardware`, or, on a machine without any hardware address, from
/// `machine_id`: then the DUID is one of type UUID (RFC 6355). `now`, in seconds since the year 2000, is for a DUID that is
/// going to be kept; without it a DUID-LLT whose time is not given becomes a DUID-LL, which is the same at every start.
pub fn server_duid(
    spec: &DuidSpec,
    hardware: Option<&LinkLayerAddress>,
    machine_id: [u8; 16],
    now: Option<u32>,
) -> Vec<u8> {
    let octets =
        |given: &Option<Vec<u8>>| given.clone().or_else(|| hardware.map(|known| known.octets.clone()));
    let kind =
        |given: &Option<u16>| given.or_else(|| hardware.map(|known| known.hardware_type)).unwrap_or(ETHERNET);
    let made = match spec {
        DuidSpec::LinkLayerTime { hardware_type, time, identifier } if time.or(now).is_some() => {
            let time = time.or(now).unwrap_or_default();
            octets(identifier).map(|octets| {
                [&LLT.to_be_bytes()[..], &kind(hardware_type).to_be_bytes(), &time.to_be_bytes(), &octets]
                    .concat()
            })
        }
        DuidSpec::LinkLayerTime { hardware_type, identifier, .. }
        | DuidSpec::LinkLayer { hardware_type, identifier } => octets(identifier)
            .map(|octets| [&LL.to_be_bytes()[..], &kind(hardware_type).to_be_bytes(), &octets].concat()),
        DuidSpec::Enterprise { enterprise, identifier } => {
            let identifier = identifier.as_deref().unwrap_or(&machine_id);
            Some([&EN.to_be_bytes()[..], &enterprise.unwrap_or(ISC).to_be_bytes(), identifier].concat())
        }
    };
    made.unwrap_or_else(|| [&UUID.to_be_bytes()[..], &machine_id].concat())
}

/// Whether `duid` could have been made after `spec`: it is of that kind, and has whatever is fixed of it. A DUID of type
/// UUID fits where a hardware address was asked for, and the machine had none.
pub fn duid_fits(spec: &DuidSpec, duid: &[u8]) -> bool {
    let Ok(duid) = Duid::new_checked(duid) else { return false };
    let same = |given: &Option<Vec<u8>>, found: &[u8]| given.as_deref().is_none_or(|given| given == found);
    match (spec, duid.kind()) {
        (
            DuidSpec::LinkLayerTime { hardware_type, time, identifier },
            DuidKind::LinkLayerTime { hardware_type: found_type, time: found_time, address },
        ) => {
            hardware_type.is_none_or(|given| given == found_type)
                && time.is_none_or(|given| given == found_time)
                && same(identifier, address)
        }
        (
            DuidSpec::LinkLayer { hardware_type, identifier },
            DuidKind::LinkLayer { hardware_type: found, address },
        ) => hardware_type.is_none_or(|given| given == found) && same(identifier, address),
        (
            DuidSpec::Enterprise { enterprise, identifier },
            DuidKind::Enterprise { enterprise: found, identifier: rest },
        ) => enterprise.is_none_or(|given| given == found) && same(identifier, rest),
        (
            DuidSpec::LinkLayerTime { identifier: None, .. } | DuidSpec::LinkLayer { identifier: None, .. },
            DuidKind::Uuid(_),
        ) => true,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ethernet() -> LinkLayerAddress {
        LinkLayerAddress { hardware_type: 1, octets: vec![2, 0, 0, 0, 0, 9] }
    }

    fn llt(time: Option<u32>) -> DuidSpec {
        DuidSpec::LinkLayerTime { hardware_type: None, time, identifier: None }
    }

    #[test]
    fn a_duid_follows_its_specification() {
        let fixed = DuidSpec::LinkLayerTime {
            hardware_type: Some(6),
            time: Some(0x0102_0304),
            identifier: Some(vec![0xaa]),
        };
        let table: [(DuidSpec, &[u8]); 5] = [
            (fixed, &[0, 1, 0, 6, 1, 2, 3, 4, 0xaa]),
            (llt(Some(1)), &[0, 1, 0, 1, 0, 0, 0, 1, 2, 0, 0, 0, 0, 9]),
            (llt(None), &[0, 3, 0, 1, 2, 0, 0, 0, 0, 9]),
            (
                DuidSpec::Enterprise { enterprise: Some(9), identifier: Some(vec![0xbb]) },
                &[0, 2, 0, 0, 0, 9, 0xbb],
            ),
            (DuidSpec::LinkLayer { hardware_type: None, identifier: None }, &[0, 3, 0, 1, 2, 0, 0, 0, 0, 9]),
        ];
        for (spec, expected) in table {
            assert_eq!(server_duid(&spec, Some(&ethernet()), [7; 16], None), expected, "{spec:?}");
        }
    }

    #[test]
    fn a_machine_without_hardware_addresses_goes_by_its_machine_id() {
        assert_eq!(server_duid(&llt(None), None, [7; 16], None), [&[0, 4][..], &[7; 16]].concat());
        assert_eq!(server_duid(&llt(Some(1)), None, [7; 16], Some(5)), [&[0, 4][..], &[7; 16]].concat());
    }

    #[test]
    fn a_duid_that_is_kept_has_the_time_at_which_it_was_made() {
        let made = server_duid(&llt(None), Some(&ethernet()), [7; 16], Some(0x0a0b_0c0d));
        assert_eq!(made, [0, 1, 0, 1, 0x0a, 0x0b, 0x0c, 0x0d, 2, 0, 0, 0, 0, 9]);
        assert!(duid_fits(&llt(None), &made) && duid_fits(&llt(Some(0x0a0b_0c0d)), &made));
        assert!(!duid_fits(&llt(Some(1)), &made));
        assert!(!duid_fits(&DuidSpec::LinkLayer { hardware_type: None, identifier: None }, &made));
        assert!(duid_fits(&llt(None), &[&[0, 4][..], &[7; 16]].concat()));
        assert!(!duid_fits(&llt(None), &[]));
    }
}
