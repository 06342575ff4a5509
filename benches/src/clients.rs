//! The clients that leases are measured with: an identifier of 18 bytes as RFC 4361 has it, a hardware address, a
//! softwire that starts at the address that they send from.

use std::net::{Ipv4Addr, Ipv6Addr};

use anyhow::{Context, Result};
use fosix_lease::{ClientIdentity, Grant4, HardwareAddress, PoolRange4};

/// The one subnet.
pub const SUBNET: u32 = 1;

/// The first address of its pool.
pub const POOL_START: u32 = 0x0a00_0000;

/// A pool of `count` addresses.
pub fn pool(count: u32) -> PoolRange4 {
    let last = Ipv4Addr::from(POOL_START + count - 1);
    PoolRange4::new(SUBNET, POOL_START.into(), last)
}

/// 0xff, IAID, and a DUID that ends with the client's number.
pub fn client(number: u32) -> ClientIdentity {
    let mut identifier = [0xff; 18];
    let (_, end) = identifier.split_at_mut(14);
    end.copy_from_slice(&number.to_be_bytes());
    ClientIdentity::Identifier(identifier[..].into())
}

/// The address of a client's number, for a day.
pub fn grant(number: u32) -> Result<Grant4> {
    let [a, b, c, d] = number.to_be_bytes();
    let source = Ipv6Addr::from((0x2001_0db8_u128 << 96) | (u128::from(number) << 64));
    Ok(Grant4 {
        classes: Box::default(),
        address: Ipv4Addr::from(POOL_START + number),
        client: client(number),
        hardware: HardwareAddress::new(1, &[2, 0, a, b, c, d]).context("a hardware address of 6 bytes")?,
        source,
        softwire: Some(source),
        relay_path: Box::default(),
        subnet: SUBNET,
        hostname: Box::default(),
        valid_lifetime: 86_400,
    })
}
