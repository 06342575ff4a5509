//! Interface identifiers that no client may be given: those of RFC 5453 and of IANA's registry.

use std::net::Ipv6Addr;

/// The first and the last of each range, in order.
const RESERVED: [(u64, u64); 3] = [
    // Subnet-router anycast (RFC 4291 §2.6.1).
    (0, 0),
    // IANA's Ethernet block (RFC 4291), with the one of Proxy Mobile IPv6 (RFC 6543) in it.
    (0x0200_5eff_fe00_0000, 0x0200_5eff_feff_ffff),
    // Reserved subnet anycast addresses (RFC 2526).
    (0xfdff_ffff_ffff_ff80, 0xfdff_ffff_ffff_ffff),
];

/// The last address of the reserved ones around `address`; `None` where it may be given out.
pub(crate) fn reserved_until(address: Ipv6Addr) -> Option<Ipv6Addr> {
    let bits = u128::from(address);
    let identifier = u64::try_from(bits & u128::from(u64::MAX)).ok()?;
    let (_, last) = RESERVED.into_iter().find(|(first, last)| (*first..=*last).contains(&identifier))?;
    Some(Ipv6Addr::from(bits & !u128::from(u64::MAX) | u128::from(last)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserved_ones_are_those_of_the_registry() {
        let cases = [
            ("2001:db8::", Some("2001:db8::")),
            ("2001:db8::1", None),
            ("2001:db8::200:5eff:fdff:ffff", None),
            ("2001:db8::200:5eff:fe00:0", Some("2001:db8::200:5eff:feff:ffff")),
            ("2001:db8::200:5eff:fe00:5213", Some("2001:db8::200:5eff:feff:ffff")),
            ("2001:db8::200:5eff:feff:ffff", Some("2001:db8::200:5eff:feff:ffff")),
            ("2001:db8::200:5eff:ff00:0", None),
            ("2001:db8::fdff:ffff:ffff:ff7f", None),
            ("2001:db8::fdff:ffff:ffff:ff80", Some("2001:db8::fdff:ffff:ffff:ffff")),
            ("2001:db8::fdff:ffff:ffff:ffff", Some("2001:db8::fdff:ffff:ffff:ffff")),
            ("2001:db8::fe00:0:0:0", None),
            ("2001:db8::ffff:ffff:ffff:ffff", None),
        ];
        for (address, last) in cases {
            let last = last.map(|last| last.parse().unwrap());
            assert_eq!(reserved_until(address.parse().unwrap()), last, "{address}");
        }
    }
}
