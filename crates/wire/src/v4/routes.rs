//! The Classless Static Route option (121), RFC 3442.

use core::net::Ipv4Addr;

use crate::Error;

/// A route to a network.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Route {
    /// The network's address. Bits behind the prefix are as they were sent, or zero where they were not.
    pub destination: Ipv4Addr,
    /// The bits of the network's prefix, 0 to 32; with 0 it is the default route.
    pub prefix_len: u8,
    /// The router to send to; 0.0.0.0 says that the network is on the client's own link.
    pub router: Ipv4Addr,
}

impl Route {
    /// Appends the route as it stands in the option. Of a prefix longer than 32 bits only 32 count.
    pub fn write_to(&self, buffer: &mut Vec<u8>) {
        let prefix_len = self.prefix_len.min(32);
        buffer.push(prefix_len);
        buffer.extend(self.destination.octets().iter().take(significant_octets(prefix_len)));
        buffer.extend_from_slice(&self.router.octets());
    }
}

/// The data of the option, all parts joined: routes, one after another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClasslessRoutes<'a> {
    bytes: &'a [u8],
}

impl<'a> ClasslessRoutes<'a> {
    /// Reads the data of the option: one or more routes.
    pub fn new_checked(bytes: &'a [u8]) -> Result<Self, Error> {
        let mut rest = bytes;
        loop {
            let offset = bytes.len() - rest.len();
            let Some(&prefix_len) = rest.first() else {
                return Err(Error::Truncated { what: "classless route", offset });
            };
            if prefix_len > 32 {
                return Err(Error::BadValue {
                    what: "width of a subnet mask",
                    expected: "at most 32",
                    got: u32::from(prefix_len),
                });
            }
            (_, rest) = split_route(rest).ok_or(Error::Truncated { what: "classless route", offset })?;
            if rest.is_empty() {
                return Ok(Self { bytes });
            }
        }
    }

    /// The routes in order.
    pub fn iter(&self) -> impl Iterator<Item = Route> + Clone + use<'a> {
        let first = split_route(self.bytes);
        core::iter::successors(first, |(_, rest)| split_route(rest)).map(|(route, _)| route)
    }
}

fn split_route(bytes: &[u8]) -> Option<(Route, &[u8])> {
    let (&prefix_len, behind) = bytes.split_first()?;
    let (significant, behind) = behind.split_at_checked(significant_octets(prefix_len))?;
    let mut destination = [0; 4];
    destination.get_mut(..significant.len())?.copy_from_slice(significant);
    let (router, rest) = behind.split_first_chunk::<4>()?;
    let route =
        Route { destination: Ipv4Addr::from(destination), prefix_len, router: Ipv4Addr::from(*router) };
    Some((route, rest))
}

/// How many octets of the destination are sent.
fn significant_octets(prefix_len: u8) -> usize {
    usize::from(prefix_len).div_ceil(8)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table of RFC 3442, "Classless Route Option Format".
    const TABLE: [([u8; 4], u8, &[u8]); 7] = [
        ([0, 0, 0, 0], 0, &[0]),
        ([10, 0, 0, 0], 8, &[8, 10]),
        ([10, 0, 0, 0], 24, &[24, 10, 0, 0]),
        ([10, 17, 0, 0], 16, &[16, 10, 17]),
        ([10, 27, 129, 0], 24, &[24, 10, 27, 129]),
        ([10, 229, 0, 128], 25, &[25, 10, 229, 0, 128]),
        ([10, 198, 122, 47], 32, &[32, 10, 198, 122, 47]),
    ];

    #[test]
    fn destinations_are_as_short_as_their_masks() {
        let router = Ipv4Addr::new(192, 0, 2, 1);
        let mut all = Vec::new();
        let mut expected = Vec::new();
        for (destination, prefix_len, descriptor) in TABLE {
            let route = Route { destination: destination.into(), prefix_len, router };
            let mut written = Vec::new();
            route.write_to(&mut written);
            assert_eq!(written, [descriptor, &[192, 0, 2, 1]].concat());
            all.extend(written);
            expected.push(route);
        }
        let routes = ClasslessRoutes::new_checked(&all).unwrap();
        assert_eq!(routes.iter().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn what_is_no_route_is_refused() {
        let short = Error::Truncated { what: "classless route", offset: 0 };
        for data in [&b""[..], b"\x00\x01\x02\x03", b"\x18\x0a\x00\x00\xc0\x00\x02"] {
            assert_eq!(ClasslessRoutes::new_checked(data), Err(short), "{data:x?}");
        }
        assert_eq!(
            ClasslessRoutes::new_checked(&[0, 192, 0, 2, 1, 8]),
            Err(Error::Truncated { what: "classless route", offset: 5 })
        );
        assert!(matches!(
            ClasslessRoutes::new_checked(&[33, 10, 0, 0, 0, 0, 192, 0, 2, 1]),
            Err(Error::BadValue { got: 33, .. })
        ));
    }
}
