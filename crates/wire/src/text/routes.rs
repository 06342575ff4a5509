//! Classless static routes (RFC 3442), in Kea's notation: `10.0.0.0/8 - 192.0.2.1, 0.0.0.0/0 - 192.0.2.2`.

use core::net::Ipv4Addr;

use super::{Expected, TextError, split};
use crate::definition::FieldType;

pub(super) fn encode(text: &str) -> Result<Vec<u8>, TextError> {
    let routes = split::fields(text, ',')?;
    if routes.is_empty() {
        return Err(TextError::NoValue { kind: FieldType::Routes });
    }
    let mut out = Vec::new();
    for (index, route) in routes.into_iter().enumerate() {
        let Some((length, prefix, router)) = parse(&route) else {
            return Err(TextError::Field {
                field: index.saturating_add(1),
                kind: FieldType::Routes,
                expected: Expected::Words("a destination and its router, such as 10.0.0.0/8 - 192.0.2.1"),
                got: route,
            });
        };
        // RFC 3442: of the destination, as many octets as the mask reaches into.
        out.push(length);
        out.extend(prefix.octets().iter().take(usize::from(length).div_ceil(8)));
        out.extend(router.octets());
    }
    Ok(out)
}

/// The routes as `encode` reads them; `None` when the octets are no list of routes.
pub(super) fn describe(mut data: &[u8]) -> Option<String> {
    let mut routes = Vec::new();
    while let Some((length, rest)) = data.split_first() {
        let (prefix, rest) = rest.split_at_checked(usize::from(*length).div_ceil(8))?;
        let (router, rest) = rest.split_first_chunk::<4>()?;
        let mut octets = [0; 4];
        octets.get_mut(..prefix.len())?.copy_from_slice(prefix);
        routes.push(format!("{}/{length} - {}", Ipv4Addr::from(octets), Ipv4Addr::from(*router)));
        data = rest;
    }
    if routes.is_empty() { None } else { Some(routes.join(", ")) }
}

fn parse(route: &str) -> Option<(u8, Ipv4Addr, Ipv4Addr)> {
    let (destination, router) = route.split_once('-')?;
    let (prefix, length) = destination.split_once('/')?;
    let length: u8 = length.trim().parse().ok().filter(|length| *length <= 32)?;
    let prefix: Ipv4Addr = prefix.trim().parse().ok()?;
    let mask = u32::MAX.checked_shl(32_u32.saturating_sub(length.into())).unwrap_or(0);
    Some((length, Ipv4Addr::from(u32::from(prefix) & mask), router.trim().parse().ok()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn destinations_take_as_many_octets_as_their_mask() {
        // The table of RFC 3442, with one router for all.
        for (destination, descriptor) in [
            ("0.0.0.0/0", &[0][..]),
            ("10.0.0.0/8", &[8, 10]),
            ("10.0.0.0/24", &[24, 10, 0, 0]),
            ("10.17.0.0/16", &[16, 10, 17]),
            ("10.27.129.0/24", &[24, 10, 27, 129]),
            ("10.229.0.128/25", &[25, 10, 229, 0, 128]),
            ("10.198.122.47/32", &[32, 10, 198, 122, 47]),
        ] {
            let text = format!("{destination} - 192.0.2.1");
            let octets = encode(&text).unwrap();
            assert_eq!(octets, [descriptor, &[192, 0, 2, 1]].concat(), "{text}");
            assert_eq!(describe(&octets), Some(text));
        }
    }

    #[test]
    fn several_routes_stand_one_after_the_other() {
        let octets = encode("10.1.2.3/8-192.0.2.1, 0.0.0.0/0 - 192.0.2.2").unwrap();
        assert_eq!(octets, [8, 10, 192, 0, 2, 1, 0, 192, 0, 2, 2]);
    }

    #[test]
    fn the_wrong_route_is_named() {
        for text in
            ["10.0.0.0/8 - 192.0.2.1, 10.0.0.0/33 - 192.0.2.1", "1.1.1.0/24 - 1.1.1.1, 10.0.0.0/8 192.0.2.1"]
        {
            assert!(matches!(encode(text), Err(TextError::Field { field: 2, .. })), "{text}");
        }
    }

    #[test]
    fn octets_that_end_inside_a_route_are_no_routes() {
        for data in [&[][..], &[8], &[8, 10], &[8, 10, 1, 2, 3], &[33, 1, 2, 3, 4, 5, 1, 2, 3, 4]] {
            assert_eq!(describe(data), None, "{data:?}");
        }
    }
}
