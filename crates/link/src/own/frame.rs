//! The frames of our own link; docs/links.md has them as pictures. All numbers are in network byte order.

use std::net::{Ipv6Addr, SocketAddrV6};

use crate::{LinkDrop, Role, check};

/// The version of the frames. A half refuses another one that speaks another.
pub const VERSION: u16 = 1;

/// What the first frame of either side begins with, behind its type.
const MAGIC: [u8; 4] = *b"4o6\0";

/// Bytes before the interface's name in a query or response.
const PASSAGE_HEAD: usize = 60;

/// Bytes of a frame at most: what one slot of a batch takes.
const LONGEST: usize = 65_535;

const HELLO: u8 = 1;
const REFUSAL: u8 = 2;
const QUERY: u8 = 3;
const RESPONSE: u8 = 4;
const NO_ANSWER: u8 = 5;

/// One frame.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Frame<'a> {
    /// The first of either side.
    Hello(Hello<'a>),
    /// Instead of a Hello: why there will be no connection.
    Refusal(Refusal),
    /// A DHCPV4-QUERY, to the DHCPv4 half.
    Query(Passage<'a>),
    /// A DHCPV4-RESPONSE, to the DHCPv6 half.
    Response(Passage<'a>),
    /// To the DHCPv6 half: the query with this number gets no answer.
    NoAnswer(u64),
}

/// Who one side is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hello<'a> {
    /// The version of the frames that it speaks.
    pub version: u16,
    /// Which half it is.
    pub role: Role,
    /// The version of the program.
    pub program: &'a str,
    /// The interfaces of its machine: index and name.
    pub interfaces: Vec<(u32, &'a str)>,
}

/// Why a DHCPv4 half does not take a connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// It speaks another version.
    Version,
    /// The other side is not a DHCPv6 half.
    Role,
    /// It has as many connections as it takes.
    TooMany,
}

/// A message on its way, with everything that its answer needs beside it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Passage<'a> {
    /// The query's number, which comes back with its response.
    pub number: u64,
    /// When the DHCPv6 half received the query: microseconds since the Unix epoch.
    pub received_at_us: u64,
    /// Where the query came from; the scope is not carried.
    pub source: SocketAddrV6,
    /// The address that it was sent to.
    pub destination: Ipv6Addr,
    /// The index of the interface that it came in on, on the DHCPv6 half's machine.
    pub interface_index: u32,
    /// The name of that interface.
    pub interface: &'a str,
    /// The whole DHCPv6 message with its relay levels.
    pub message: &'a [u8],
}

impl<'a> Frame<'a> {
    /// Decodes a frame. Nothing may follow it.
    pub fn decode(bytes: &'a [u8]) -> Result<Self, LinkDrop> {
        let mut reader = Reader(bytes);
        let frame = match reader.u8()? {
            HELLO => Self::Hello(Hello::decode(&mut reader)?),
            REFUSAL => Self::Refusal(Refusal::from_code(reader.u8()?).ok_or(LinkDrop::Frame)?),
            QUERY => Self::Query(Passage::decode(&mut reader)?),
            RESPONSE => Self::Response(Passage::decode(&mut reader)?),
            NO_ANSWER => {
                reader.zeros::<3>()?;
                Self::NoAnswer(reader.u64()?)
            }
            _ => return Err(LinkDrop::Frame),
        };
        if reader.0.is_empty() { Ok(frame) } else { Err(LinkDrop::Frame) }
    }

    /// Appends the frame; nothing when it is too long.
    pub fn encode(&self, out: &mut Vec<u8>) -> Result<(), TooLong> {
        let start = out.len();
        match self {
            Self::Hello(hello) => hello.encode(out),
            Self::Refusal(refusal) => out.extend_from_slice(&[REFUSAL, refusal.code()]),
            Self::Query(passage) => passage.encode(QUERY, out)?,
            Self::Response(passage) => passage.encode(RESPONSE, out)?,
            Self::NoAnswer(number) => {
                out.extend_from_slice(&[NO_ANSWER, 0, 0, 0]);
                out.extend_from_slice(&number.to_be_bytes());
            }
        }
        if out.len() - start <= LONGEST {
            return Ok(());
        }
        out.truncate(start);
        Err(TooLong)
    }
}

/// A frame that is longer than the other side can take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TooLong;

impl<'a> Hello<'a> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, LinkDrop> {
        if reader.array::<4>()? != MAGIC {
            return Err(LinkDrop::Frame);
        }
        let role = match reader.u8()? {
            6 => Role::Dhcpv6,
            4 => Role::Dhcpv4,
            _ => return Err(LinkDrop::Frame),
        };
        let version = reader.u16()?;
        if version != VERSION {
            // What follows may be anything.
            reader.0 = &[];
            return Ok(Self { version, role, program: "", interfaces: Vec::new() });
        }
        let program = reader.text()?;
        let count = reader.u16()?;
        let mut interfaces = Vec::new();
        for _ in 0..count {
            let index = reader.u32()?;
            interfaces.push((index, check::interface_name(reader.counted()?)?));
        }
        Ok(Self { version, role, program, interfaces })
    }

    /// Interfaces that do not fit are left out: they are for the log.
    fn encode(&self, out: &mut Vec<u8>) {
        const MOST: u16 = 2000;
        out.push(HELLO);
        out.extend_from_slice(&MAGIC);
        out.push(match self.role {
            Role::Dhcpv6 => 6,
            Role::Dhcpv4 => 4,
        });
        out.extend_from_slice(&self.version.to_be_bytes());
        write_counted(self.program, out);
        let count = u16::try_from(self.interfaces.len()).unwrap_or(MOST).min(MOST);
        out.extend_from_slice(&count.to_be_bytes());
        for (index, name) in self.interfaces.iter().take(usize::from(count)) {
            out.extend_from_slice(&index.to_be_bytes());
            write_counted(name, out);
        }
    }
}

impl Refusal {
    const fn code(self) -> u8 {
        match self {
            Self::Version => 1,
            Self::Role => 2,
            Self::TooMany => 3,
        }
    }

    const fn from_code(code: u8) -> Option<Self> {
        match code {
            1 => Some(Self::Version),
            2 => Some(Self::Role),
            3 => Some(Self::TooMany),
            _ => None,
        }
    }
}

impl<'a> Passage<'a> {
    fn decode(reader: &mut Reader<'a>) -> Result<Self, LinkDrop> {
        let name_length = usize::from(reader.u8()?);
        reader.zeros::<2>()?;
        let number = reader.u64()?;
        let received_at_us = reader.u64()?;
        let address = Ipv6Addr::from(reader.array::<16>()?);
        let port = reader.u16()?;
        reader.zeros::<2>()?;
        let destination = Ipv6Addr::from(reader.array::<16>()?);
        let interface_index = reader.u32()?;
        let interface = check::interface_name(reader.take(name_length)?)?;
        if address.is_unspecified() || address.is_multicast() {
            return Err(LinkDrop::Address);
        }
        if port == 0 {
            return Err(LinkDrop::Port);
        }
        let message = std::mem::take(&mut reader.0);
        let source = SocketAddrV6::new(address, port, 0, 0);
        Ok(Self { number, received_at_us, source, destination, interface_index, interface, message })
    }

    fn encode(&self, kind: u8, out: &mut Vec<u8>) -> Result<(), TooLong> {
        let name_length = u8::try_from(self.interface.len()).map_err(|_| TooLong)?;
        out.reserve(PASSAGE_HEAD + self.interface.len() + self.message.len());
        out.extend_from_slice(&[kind, name_length, 0, 0]);
        out.extend_from_slice(&self.number.to_be_bytes());
        out.extend_from_slice(&self.received_at_us.to_be_bytes());
        out.extend_from_slice(&self.source.ip().octets());
        out.extend_from_slice(&self.source.port().to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        out.extend_from_slice(&self.destination.octets());
        out.extend_from_slice(&self.interface_index.to_be_bytes());
        out.extend_from_slice(self.interface.as_bytes());
        out.extend_from_slice(self.message);
        Ok(())
    }
}

/// A text of at most 255 bytes behind its length; a longer one is cut.
fn write_counted(text: &str, out: &mut Vec<u8>) {
    let mut end = text.len().min(255);
    while !text.is_char_boundary(end) {
        end -= 1;
    }
    let text = text.get(..end).unwrap_or_default();
    out.push(u8::try_from(text.len()).unwrap_or(0));
    out.extend_from_slice(text.as_bytes());
}

/// What is left of a frame.
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Result<&'a [u8], LinkDrop> {
        let (taken, rest) = self.0.split_at_checked(length).ok_or(LinkDrop::Frame)?;
        self.0 = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], LinkDrop> {
        let (taken, rest) = self.0.split_first_chunk::<N>().ok_or(LinkDrop::Frame)?;
        self.0 = rest;
        Ok(*taken)
    }

    fn zeros<const N: usize>(&mut self) -> Result<(), LinkDrop> {
        if self.array::<N>()? == [0; N] { Ok(()) } else { Err(LinkDrop::Frame) }
    }

    fn u8(&mut self) -> Result<u8, LinkDrop> {
        self.array().map(u8::from_be_bytes)
    }

    fn u16(&mut self) -> Result<u16, LinkDrop> {
        self.array().map(u16::from_be_bytes)
    }

    fn u32(&mut self) -> Result<u32, LinkDrop> {
        self.array().map(u32::from_be_bytes)
    }

    fn u64(&mut self) -> Result<u64, LinkDrop> {
        self.array().map(u64::from_be_bytes)
    }

    fn counted(&mut self) -> Result<&'a [u8], LinkDrop> {
        let length = usize::from(self.u8()?);
        self.take(length)
    }

    fn text(&mut self) -> Result<&'a str, LinkDrop> {
        std::str::from_utf8(self.counted()?).map_err(|_| LinkDrop::Frame)
    }
}
