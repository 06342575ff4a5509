//! Addresses that clients made themselves and tell the server of (RFC 9686).

use fosix_hooks::Proposal6;
use fosix_lease::{Conflict6, Grant6, Key6, LeaseKind6, LeaseState, RelayHop};
use fosix_wire::v6::{IaAddress, OptionCode};
use tracing::{info, warn};

use crate::outcome::{Drop6, Sent6};
use crate::process::{Exchange, Work};
use crate::server::Hex;
use crate::{client, fqdn};

impl Exchange<'_> {
    /// RFC 9686 §4.2.1.
    pub(crate) fn register(&self, work: &mut Work<'_>) -> Result<(), Drop6> {
        work.plan.begin(Sent6::AddressRegistrationReply);
        if !self.server.allow_address_registration {
            return Err(Drop6::RegistrationOff);
        }
        let options = self.message.options();
        if options.find(OptionCode::ORO).is_some() {
            return Err(Drop6::RequestInRegistration);
        }
        // RFC 9686 §4.2: exactly one IA Address option, with the address that the message was sent from.
        let mut addresses = options.find_all(OptionCode::IA_ADDR);
        let (Some(data), None) = (addresses.next(), addresses.next()) else { return Err(Drop6::NoAddresses) };
        let asked = IaAddress::new_checked(data).map_err(|_| Drop6::OptionLength)?;
        let source = client::address(self.packet, self.arrival.source);
        if asked.address != source {
            return Err(Drop6::RegistrationOfAnother);
        }
        if !self.fits_client(asked.address, work) {
            warn!(address = %asked.address, "address not registered: it fits neither the link nor a prefix of the client");
            return Err(Drop6::RegistrationNotOnLink);
        }
        let subnet = self.subnet().map_or(0, |subnet| subnet.id());
        let key = Key6::address(asked.address);
        let preferred = asked.preferred_lifetime.min(asked.valid_lifetime);
        let mut proposal = Proposal6::new(key, 0, subnet, false, preferred, asked.valid_lifetime);
        if !self.addr6_register(&mut proposal, work)? {
            return Ok(());
        }
        let grant = Grant6 {
            classes: Box::default(),
            kind: LeaseKind6::Address,
            address: asked.address,
            prefix_len: 128,
            duid: self.duid.into(),
            iaid: 0,
            hardware: client::hardware(self.packet, self.arrival.source, &self.server.mac_sources),
            source,
            relay_path: RelayHop::path(self.packet),
            subnet,
            hostname: fqdn::hostname(self, work.plan),
            preferred_lifetime: proposal.preferred_lifetime,
            valid_lifetime: proposal.valid_lifetime,
        };
        match work.leases.register(grant, work.now) {
            Ok(()) => {}
            Err(Conflict6::NoRoom) => return Err(Drop6::StoreFull),
            Err(conflict) => {
                // RFC 9686 §4.2.1: one for an address that DHCPv6 gave out is told of and discarded.
                warn!(address = %asked.address, %conflict, "address not registered");
                return Err(Drop6::RegistrationRefused);
            }
        }
        info!(address = %asked.address, duid = %Hex(self.duid), "address registered");
        Ok(())
    }

    /// RFC 9686 §4.2.1: the address is of the client's link, or of a prefix that was delegated to it.
    fn fits_client(&self, address: std::net::Ipv6Addr, work: &Work<'_>) -> bool {
        let key = Key6::address(address);
        self.fits_link(key)
            || work.leases.by_duid(self.duid).any(|lease| {
                lease.kind() == LeaseKind6::Prefix
                    && lease.state() == LeaseState::Assigned
                    && lease.is_active(work.now)
                    && Key6::prefix(address, lease.prefix_len()).address == lease.address()
            })
    }
}
