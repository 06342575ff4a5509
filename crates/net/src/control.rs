//! The ancillary data of a datagram (RFC 3542 §6: IPV6_PKTINFO), as bytes: no pointers, no system calls.
//!
//! Layout, from cmsg(3) and the kernel's `struct cmsghdr`, all in the machine's byte order; every control message
//! begins at a multiple of the word size:
//!
//! ```text
//! length: usize | level: i32 | type: i32 | padding to a word | data | padding to a word | next one ...
//!                                                              in6_pktinfo: address [u8; 16] | interface: u32
//! ```

use std::net::Ipv6Addr;

/// Bytes of room for the control messages of one datagram: IPV6_PKTINFO takes 40, UDP_SEGMENT 24.
pub(crate) const CONTROL_BYTES: usize = 64;

/// Bytes of the control data that [`PacketInfo::encode`] fills (CMSG_SPACE of an `in6_pktinfo`).
pub(crate) const PACKET_INFO_SPACE: usize = align(HEADER_SPACE + PACKET_INFO_BYTES);

/// Bytes of the control data that [`PacketInfo::encode_segmented`] fills.
pub(crate) const SEGMENTED_SPACE: usize = PACKET_INFO_SPACE + align(HEADER_SPACE + size_of::<u16>());

/// Control data where the kernel expects it: aligned as a `struct cmsghdr` is.
#[derive(Clone, Copy, Debug)]
#[repr(C, align(8))]
pub(crate) struct ControlBuffer(pub(crate) [u8; CONTROL_BYTES]);

impl ControlBuffer {
    pub(crate) const EMPTY: Self = Self([0; CONTROL_BYTES]);
}

/// What IPV6_PKTINFO says: received, the address that a datagram was sent to and the interface that it came in on;
/// sending, the source address (`::`: the kernel's choice) and the interface to leave by (0: the kernel's choice).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct PacketInfo {
    pub(crate) address: Ipv6Addr,
    pub(crate) interface_index: u32,
}

impl PacketInfo {
    /// The first IPV6_PKTINFO in `control`; `None` when there is none, or when what is there is cut short.
    pub(crate) fn parse(control: &[u8]) -> Option<Self> {
        let mut rest = control;
        loop {
            let (length, header) = rest.split_first_chunk::<{ size_of::<usize>() }>()?;
            let (level, header) = header.split_first_chunk::<4>()?;
            let (kind, _) = header.split_first_chunk::<4>()?;
            let length = usize::from_ne_bytes(*length);
            // A length below the header's would make no progress.
            let data = rest.get(HEADER_SPACE..length)?;
            if i32::from_ne_bytes(*level) == libc::IPPROTO_IPV6
                && i32::from_ne_bytes(*kind) == libc::IPV6_PKTINFO
            {
                let (address, data) = data.split_first_chunk::<16>()?;
                let (index, _) = data.split_first_chunk::<4>()?;
                return Some(Self {
                    address: Ipv6Addr::from(*address),
                    interface_index: u32::from_ne_bytes(*index),
                });
            }
            rest = rest.get(length.checked_next_multiple_of(ALIGNMENT)?..)?;
        }
    }

    /// Control data that asks for this source address and interface; [`PACKET_INFO_SPACE`] bytes of it count.
    pub(crate) fn encode(&self) -> ControlBuffer {
        let parts: [&[u8]; 5] = [
            &(HEADER_SPACE + PACKET_INFO_BYTES).to_ne_bytes(),
            &libc::IPPROTO_IPV6.to_ne_bytes(),
            &libc::IPV6_PKTINFO.to_ne_bytes(),
            &self.address.octets(),
            &self.interface_index.to_ne_bytes(),
        ];
        let mut buffer = ControlBuffer::EMPTY;
        for (byte, value) in buffer.0.iter_mut().zip(parts.into_iter().flatten()) {
            *byte = *value;
        }
        buffer
    }
}

impl PacketInfo {
    /// The same, and that what is sent is cut into datagrams of `segment` bytes (udp(7), UDP_SEGMENT);
    /// [`SEGMENTED_SPACE`] bytes of it count.
    pub(crate) fn encode_segmented(&self, segment: u16) -> ControlBuffer {
        let parts: [&[u8]; 4] = [
            &(HEADER_SPACE + size_of::<u16>()).to_ne_bytes(),
            &libc::SOL_UDP.to_ne_bytes(),
            &libc::UDP_SEGMENT.to_ne_bytes(),
            &segment.to_ne_bytes(),
        ];
        let mut buffer = self.encode();
        let behind = buffer.0.iter_mut().skip(PACKET_INFO_SPACE);
        for (byte, value) in behind.zip(parts.into_iter().flatten()) {
            *byte = *value;
        }
        buffer
    }
}

const ALIGNMENT: usize = size_of::<usize>();
const HEADER_BYTES: usize = size_of::<usize>() + 4 + 4;
const HEADER_SPACE: usize = align(HEADER_BYTES);
const PACKET_INFO_BYTES: usize = 16 + 4;

const fn align(bytes: usize) -> usize {
    bytes.next_multiple_of(ALIGNMENT)
}

// `encode` writes the header's fields one after the other, without padding before the data.
const _: () = assert!(HEADER_BYTES == HEADER_SPACE);
const _: () = assert!(SEGMENTED_SPACE <= CONTROL_BYTES);
const _: () = assert!(size_of::<libc::cmsghdr>() == HEADER_BYTES);
const _: () = assert!(size_of::<libc::in6_pktinfo>() == PACKET_INFO_BYTES);
const _: () = assert!(align_of::<libc::cmsghdr>() <= align_of::<ControlBuffer>());

#[cfg(test)]
mod tests {
    use super::*;

    const INFO: PacketInfo =
        PacketInfo { address: Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 1), interface_index: 0x0102_0304 };

    fn message(level: i32, kind: i32, data: &[u8]) -> Vec<u8> {
        let mut bytes = (HEADER_SPACE + data.len()).to_ne_bytes().to_vec();
        bytes.extend(level.to_ne_bytes());
        bytes.extend(kind.to_ne_bytes());
        bytes.extend(data);
        bytes.resize(bytes.len().next_multiple_of(ALIGNMENT), 0);
        bytes
    }

    fn info_bytes() -> Vec<u8> {
        INFO.encode().0[..PACKET_INFO_SPACE].to_vec()
    }

    #[test]
    fn encoded_packet_info_is_parsed_back() {
        assert_eq!(PacketInfo::parse(&info_bytes()), Some(INFO));
        assert_eq!(PacketInfo::parse(&INFO.encode().0), Some(INFO));
    }

    #[test]
    fn sizes_are_those_of_the_macros() {
        // SAFETY: both macros only compute.
        let (space, len) = unsafe { (libc::CMSG_SPACE(20), libc::CMSG_LEN(20)) };
        assert_eq!(PACKET_INFO_SPACE, space as usize);
        assert_eq!(info_bytes()[..size_of::<usize>()], (len as usize).to_ne_bytes());
    }

    #[test]
    fn other_control_messages_before_it_are_passed_over() {
        let mut bytes = message(libc::SOL_SOCKET, libc::SO_TIMESTAMP, &[7; 13]);
        bytes.extend(message(libc::IPPROTO_IPV6, libc::IPV6_HOPLIMIT, &64u32.to_ne_bytes()));
        bytes.extend(info_bytes());
        assert_eq!(PacketInfo::parse(&bytes), Some(INFO));
    }

    #[test]
    fn packet_info_cut_short_at_any_length_is_none() {
        let bytes = info_bytes();
        for length in 0..HEADER_SPACE + PACKET_INFO_BYTES {
            assert_eq!(PacketInfo::parse(&bytes[..length]), None, "{length} bytes");
        }
    }

    #[test]
    fn lengths_that_lie_are_none() {
        for length in
            [0, 1, HEADER_SPACE - 1, HEADER_SPACE, HEADER_SPACE + 19, 41, usize::MAX - 3, usize::MAX]
        {
            let mut bytes = info_bytes();
            bytes[..size_of::<usize>()].copy_from_slice(&length.to_ne_bytes());
            assert_eq!(PacketInfo::parse(&bytes), None, "length {length}");
        }
    }

    #[test]
    fn control_data_without_packet_info_is_none() {
        assert_eq!(PacketInfo::parse(&[]), None);
        assert_eq!(PacketInfo::parse(&message(libc::SOL_SOCKET, libc::SO_TIMESTAMP, &[0; 16])), None);
        assert_eq!(PacketInfo::parse(&[0xff; CONTROL_BYTES]), None);
        assert_eq!(PacketInfo::parse(&[0; CONTROL_BYTES]), None);
    }
}
