//! The answer on the wire: Advertise or Reply, with every relay level put back.

use fosix_policy::EffectiveOptions;
use fosix_wire::Error;
use fosix_wire::v6::{
    IaNa, IaPd, Message, MessageType, OptionCode, OptionRequest, Packet, StatusCode, VendorClass, VendorOpts,
    Writer, write_relay_reply,
};

use crate::outcome::Sent6;
use crate::process::Verdict;

/// Appends the whole answer to `out`, or leaves `out` as it is where it does not fit.
pub(crate) fn write(
    packet: &Packet<'_>,
    verdict: &Verdict,
    server_id: &[u8],
    options: &EffectiveOptions,
    out: &mut Vec<u8>,
) -> Result<(), Error> {
    let message = packet.message();
    let mut w = Writer::new(out);
    // RFC 9915 §19.3: to a relay the answer goes inside Relay-reply.
    write_relay_reply(packet.relays(), &mut w, |w| {
        w.message(message_type(verdict.sent), message.transaction_id());
        // RFC 9915 §18.3.9, §18.3.10: the server's identifier, and the client's if it gave one.
        w.option(OptionCode::SERVER_ID, server_id);
        if let Some(client_id) = message.options().find(OptionCode::CLIENT_ID) {
            w.option(OptionCode::CLIENT_ID, client_id);
        }
        if let Some(status) = verdict.status {
            write_status(status, w);
        }
        write_associations(&message, verdict, w);
        write_configured(&message, options, w);
    });
    w.finish()
}

fn write_associations(message: &Message<'_>, verdict: &Verdict, w: &mut Writer<'_>) {
    for option in &message.options() {
        let (iaid, status) = match option.code {
            OptionCode::IA_NA => (IaNa::new_checked(option.data).map(|ia| ia.iaid), verdict.addresses),
            OptionCode::IA_PD => (IaPd::new_checked(option.data).map(|ia| ia.iaid), verdict.prefixes),
            _ => continue,
        };
        let (Ok(iaid), Some(status)) = (iaid, status) else { continue };
        w.nested(option.code, |w| {
            w.raw(&iaid.to_be_bytes());
            // T1 and T2: there is nothing to renew.
            w.raw(&[0; 8]);
            write_status(status, w);
        });
    }
}

/// The configured options that the client asks for (RFC 9915 §21.7) or gets unasked.
fn write_configured(message: &Message<'_>, options: &EffectiveOptions, w: &mut Writer<'_>) {
    let requests = || {
        message.options().find_all(OptionCode::ORO).filter_map(|data| OptionRequest::new_checked(data).ok())
    };
    let codes = requests().flat_map(|request| request.iter());
    for (code, data) in options.select(codes.map(|code| code.0)) {
        if !is_servers_own(OptionCode(code)) {
            w.option(OptionCode(code), data);
        }
    }
    let asks_for_vendor = requests().any(|request| request.contains(OptionCode::VENDOR_OPTS));
    for enterprise in options.enterprises() {
        // RFC 9915 §21.17: a vendor's options are for those that say that they are of that vendor.
        let wanted = asks_for_vendor && names_enterprise(message, enterprise);
        let mut chosen = options.vendor(enterprise).filter(|option| wanted || option.always_send).peekable();
        if chosen.peek().is_some() {
            w.nested(OptionCode::VENDOR_OPTS, |w| {
                w.raw(&enterprise.to_be_bytes());
                for option in chosen {
                    w.option(OptionCode(option.code), &option.data);
                }
            });
        }
    }
}

/// Whether the client's vendor class or vendor options are of `enterprise`.
fn names_enterprise(message: &Message<'_>, enterprise: u32) -> bool {
    message.options().iter().any(|option| match option.code {
        OptionCode::VENDOR_CLASS => {
            VendorClass::new_checked(option.data).is_ok_and(|class| class.enterprise == enterprise)
        }
        OptionCode::VENDOR_OPTS => {
            VendorOpts::new_checked(option.data).is_ok_and(|vendor| vendor.enterprise == enterprise)
        }
        _ => false,
    })
}

fn write_status(status: StatusCode, w: &mut Writer<'_>) {
    w.option_u16(OptionCode::STATUS_CODE, status.0);
}

/// Options that the server writes itself or that only clients and relays send: never taken from the configuration.
fn is_servers_own(code: OptionCode) -> bool {
    matches!(
        code,
        OptionCode::CLIENT_ID
            | OptionCode::SERVER_ID
            | OptionCode::IA_NA
            | OptionCode::IA_TA
            | OptionCode::IA_ADDR
            | OptionCode::IA_PD
            | OptionCode::IA_PREFIX
            | OptionCode::ORO
            | OptionCode::ELAPSED_TIME
            | OptionCode::RELAY_MESSAGE
            | OptionCode::STATUS_CODE
            | OptionCode::RAPID_COMMIT
            | OptionCode::VENDOR_OPTS
            | OptionCode::INTERFACE_ID
            | OptionCode::DHCPV4_MSG
            | OptionCode::RELAY_PORT
    )
}

fn message_type(sent: Sent6) -> MessageType {
    match sent {
        Sent6::Advertise => MessageType::ADVERTISE,
        Sent6::Reply => MessageType::REPLY,
        Sent6::Dhcpv4Response => MessageType::DHCPV4_RESPONSE,
    }
}
