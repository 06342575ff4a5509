//! The hook points, under Kea's names.

use std::fmt;

macro_rules! points {
    ($($(#[$meta:meta])* $point:ident = $name:literal,)*) => {
        /// A place in the way of a packet, or of a lease, at which hooks are asked. In each half in the order in which
        /// a packet comes by.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum Point { $($(#[$meta])* $point,)* }

        impl Point {
            /// Every point, those of the DHCPv6 half first.
            pub const ALL: &'static [Self] = &[$(Self::$point,)*];

            /// Kea's name for it.
            pub const fn name(self) -> &'static str {
                match self { $(Self::$point => $name,)* }
            }
        }
    };
}

points! {
    /// A datagram came in; nothing has been decoded.
    Buffer6Receive = "buffer6_receive",
    /// It was decoded and is meant for this server.
    Pkt6Receive = "pkt6_receive",
    /// The client's subnet was chosen. Not for a DHCPV4-QUERY.
    Subnet6Select = "subnet6_select",
    /// An address or a prefix was chosen for a client that does not hold it.
    Lease6Select = "lease6_select",
    /// A client's lease is about to be extended for a RENEW.
    Lease6Renew = "lease6_renew",
    /// A client's lease is about to be extended for a REBIND.
    Lease6Rebind = "lease6_rebind",
    /// A client's lease is about to end because it gives it back.
    Lease6Release = "lease6_release",
    /// A client's address is about to be taken out of use because somebody else uses it.
    Lease6Decline = "lease6_decline",
    /// An address that a client chose itself is about to be registered (RFC 9686).
    Addr6Register = "addr6_register",
    /// What a packet changed is in the lease store.
    Leases6Committed = "leases6_committed",
    /// The answer is complete. Not for a DHCPV4-RESPONSE.
    Pkt6Send = "pkt6_send",
    /// The answer is about to be sent.
    Buffer6Send = "buffer6_send",
    /// A DHCPv6 lease expired.
    Lease6Expire = "lease6_expire",
    /// The probation of a declined IPv6 address ended.
    Lease6Recover = "lease6_recover",
    /// A DHCPv4 message came in; it has not been decoded.
    Buffer4Receive = "buffer4_receive",
    /// It was decoded.
    Pkt4Receive = "pkt4_receive",
    /// The client's subnet was chosen; for DHCPDISCOVER, DHCPREQUEST and DHCPINFORM.
    Subnet4Select = "subnet4_select",
    /// An address was chosen for a client that does not hold it.
    Lease4Select = "lease4_select",
    /// A client's lease is about to be extended.
    Lease4Renew = "lease4_renew",
    /// A client's lease is about to end because it gives it back.
    Lease4Release = "lease4_release",
    /// A client's address is about to be taken out of use because somebody else uses it.
    Lease4Decline = "lease4_decline",
    /// An address is about to be offered.
    Lease4Offer = "lease4_offer",
    /// What a packet changed is in the lease store.
    Leases4Committed = "leases4_committed",
    /// The answer is complete.
    Pkt4Send = "pkt4_send",
    /// The answer is about to be put into the DHCPV4-RESPONSE.
    Buffer4Send = "buffer4_send",
    /// A DHCPv4 lease expired.
    Lease4Expire = "lease4_expire",
    /// The probation of a declined IPv4 address ended.
    Lease4Recover = "lease4_recover",
}

impl fmt::Display for Point {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// A set of hook points.
#[derive(Clone, Copy, PartialEq, Eq, Default)]
pub struct Points(u32);

// Each point has a bit.
const _: () = assert!(Point::ALL.len() <= 32);

impl Points {
    /// None.
    pub const NONE: Self = Self(0);

    /// These.
    pub const fn of(points: &[Point]) -> Self {
        let mut set = 0;
        let mut rest = points;
        while let Some((&point, others)) = rest.split_first() {
            set |= 1 << point as u32;
            rest = others;
        }
        Self(set)
    }

    /// Those of both sets.
    #[must_use]
    pub const fn with(self, others: Self) -> Self {
        Self(self.0 | others.0)
    }

    /// Whether `point` is among them.
    #[inline]
    pub const fn contains(self, point: Point) -> bool {
        self.0 & (1 << point as u32) != 0
    }

    /// Whether any of `others` is among them.
    #[inline]
    pub const fn intersects(self, others: Self) -> bool {
        self.0 & others.0 != 0
    }
}

impl fmt::Debug for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(Point::ALL.iter().filter(|&&point| self.contains(point))).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_set_holds_what_was_put_in_and_nothing_else() {
        let set = Points::of(&[Point::Buffer6Receive, Point::Lease4Recover]);
        for &point in Point::ALL {
            let expected = matches!(point, Point::Buffer6Receive | Point::Lease4Recover);
            assert_eq!(set.contains(point), expected, "{point}");
        }
        let other = Points::of(&[Point::Pkt4Send]);
        assert!(!set.intersects(other));
        assert!(set.with(other).intersects(other));
        assert!(!Points::NONE.intersects(set));
    }

    #[test]
    fn no_two_points_have_the_same_name() {
        let mut names: Vec<_> = Point::ALL.iter().map(|point| point.name()).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), Point::ALL.len());
    }
}
