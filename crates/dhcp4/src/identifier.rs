//! The name of a server that has no IPv4 address (option 54).

use std::net::Ipv4Addr;

/// An address in 169.254.1.0 to 169.254.254.255 derived from the server's DUID: the same at every start, and
/// different from that of other servers with a chance of 65,023 in 65,024.
///
/// Inside DHCPv6 the server identifier is only a name: clients send it back and never send to it. RFC 3927 §2.1
/// keeps the first and last 256 addresses of the prefix for other uses.
pub fn derived_server_identifier(duid: &[u8]) -> Ipv4Addr {
    const FIRST: u32 = u32::from_be_bytes([169, 254, 1, 0]);
    const COUNT: u64 = 254 * 256;
    let offset = u32::try_from(fnv1a(duid) % COUNT).unwrap_or(0);
    Ipv4Addr::from(FIRST + offset)
}

/// The 64-bit FNV-1a hash, whose value is the same everywhere and for ever.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, &byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_identifier_is_stable_and_within_the_link_local_range() {
        let duid = [0, 3, 0, 1, 2, 0, 0, 0, 0, 1];
        // A change of this value renames every server at an upgrade.
        assert_eq!(derived_server_identifier(&duid), derived_server_identifier(&duid));
        for last in 0..=255 {
            let [a, b, c, _] = derived_server_identifier(&[0, 3, 0, 1, 2, 0, 0, 0, 0, last]).octets();
            assert_eq!((a, b), (169, 254));
            assert!((1..=254).contains(&c));
        }
    }

    #[test]
    fn servers_that_differ_in_one_byte_have_different_identifiers() {
        let names = (0..=255u8).map(|last| derived_server_identifier(&[0, 3, 0, 1, 2, 0, 0, 0, 0, last]));
        assert_eq!(names.collect::<std::collections::HashSet<_>>().len(), 256);
    }
}
