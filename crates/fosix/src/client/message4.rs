//! The DHCPv4 messages of a client (RFC 2131 §4.4, table 5).

use std::net::Ipv4Addr;

use fosix_wire::Error;
use fosix_wire::v4::{Header, OptionCode, Writer};

use super::identity::Identity;
use super::step::Step;

/// The largest DHCPv4 message that fits a DHCPV4-RESPONSE within an Ethernet frame: 1500 less the headers of IPv6,
/// UDP, the DHCPV4-RESPONSE and option 87.
const MAX_MESSAGE_SIZE: u16 = 1500 - 40 - 8 - 4 - 4;

/// What a client says in one exchange.
#[derive(Debug, Clone)]
pub(super) struct Query<'a> {
    pub(super) step: Step,
    pub(super) identity: &'a Identity,
    pub(super) xid: u32,
    /// Seconds since the client began.
    pub(super) secs: u16,
    /// The address offered or held; the unspecified one before there is one.
    pub(super) address: Ipv4Addr,
    /// The server that offered or gave it.
    pub(super) server: Option<Ipv4Addr>,
    /// What to put into the parameter request list.
    pub(super) request: &'a [u8],
}

impl Query<'_> {
    /// Writes the message in place of what `out` holds.
    pub(super) fn write(&self, out: &mut Vec<u8>) -> Result<(), Error> {
        out.clear();
        let mut chaddr = [0; 16];
        if let Some(start) = chaddr.first_chunk_mut::<6>() {
            *start = self.identity.mac;
        }
        // RFC 2131 table 5: ciaddr is the client's own address, once it may use it.
        let bound = matches!(self.step, Step::Renew | Step::Rebind | Step::Inform | Step::Release);
        let header = Header {
            hardware_type: 1,
            hardware_len: 6,
            secs: self.secs,
            ciaddr: if bound { self.address } else { Ipv4Addr::UNSPECIFIED },
            chaddr,
            ..Header::request(self.xid)
        };
        let mut writer = Writer::new(out, &header);
        writer.option_u8(OptionCode::MESSAGE_TYPE, self.step.sends().0);
        // RFC 7341 §9, RFC 4361 §6.1: a 4o6 client always identifies itself by IAID and DUID.
        writer.option(OptionCode::CLIENT_IDENTIFIER, &self.identity.client_identifier());
        // RFC 2131 table 5: Requested IP Address names the address while ciaddr does not.
        if !bound && !self.address.is_unspecified() {
            writer.option_ipv4(OptionCode::REQUESTED_IP_ADDRESS, self.address);
        }
        // RFC 2131 table 5: the server is named when one of several is meant, and never in renewing or rebinding.
        if matches!(self.step, Step::Request | Step::Decline | Step::Release)
            && let Some(server) = self.server
        {
            writer.option_ipv4(OptionCode::SERVER_IDENTIFIER, server);
        }
        if self.step.has_answer() {
            writer.option(OptionCode::PARAMETER_REQUEST_LIST, self.request);
            writer.option_u16(OptionCode::MAXIMUM_MESSAGE_SIZE, MAX_MESSAGE_SIZE);
        }
        writer.finish()
    }
}
