//! Nobody on the network may pose as the other half.
//!
//! Kea's two servers tell each other the interface, address and port of a client in three sub-options of a
//! Vendor-specific Information option (17) of ISC's enterprise number. A server that believes them also where a
//! client has put them in sends the answer to wherever the client says. So they are taken out of everything
//! that comes from the network, wherever they stand.

use std::borrow::Cow;

use fosix_wire::Error;
use fosix_wire::v6::{OptionCode, Options, Packet, RawOption, RelayMessage, VendorOpts, Writer};

/// ISC's enterprise number.
const ISC: u32 = 2495;
/// Interface, source address and source port on Kea's link.
const LINK_SUBOPTIONS: std::ops::RangeInclusive<u16> = 60000..=60002;

/// The message of `packet` without the sub-options of Kea's link, at every relay level; borrowed where there are
/// none, which is nearly always. An error means that it cannot be written again.
pub(crate) fn without_link_options<'a>(packet: &Packet<'a>) -> Result<Cow<'a, [u8]>, Error> {
    let message = packet.message();
    let levels = packet.relays().iter().map(RelayMessage::options);
    if !levels.chain([message.options()]).any(has_link_options) {
        return Ok(Cow::Borrowed(packet.as_bytes()));
    }
    let mut bytes = Vec::with_capacity(packet.as_bytes().len());
    let mut w = Writer::new(&mut bytes);
    write_level(packet, 0, &mut w);
    w.finish()?;
    Ok(Cow::Owned(bytes))
}

/// Writes relay level `at` (0 is the outermost) and all inside it; at most [`fosix_wire::v6::MAX_RELAY_LEVELS`] deep.
fn write_level(packet: &Packet<'_>, at: usize, w: &mut Writer<'_>) {
    let Some(relay) = packet.relays().get(at) else {
        let message = packet.message();
        w.message(message.message_type(), message.transaction_id());
        for option in &message.options() {
            write_option(option, w);
        }
        return;
    };
    w.relay(relay.message_type(), relay.hop_count(), relay.link_address(), relay.peer_address());
    let mut inner_written = false;
    for option in &relay.options() {
        if option.code != OptionCode::RELAY_MESSAGE {
            write_option(option, w);
        } else if !inner_written {
            // Only the first one counts; any other is left out.
            inner_written = true;
            w.nested(OptionCode::RELAY_MESSAGE, |w| write_level(packet, at + 1, w));
        }
    }
}

fn write_option(option: RawOption<'_>, w: &mut Writer<'_>) {
    match option.code {
        OptionCode::VENDOR_OPTS => write_vendor_opts(option.data, w),
        code => w.option(code, option.data),
    }
}

fn write_vendor_opts(data: &[u8], w: &mut Writer<'_>) {
    let Ok(vendor) = VendorOpts::new_checked(data) else {
        // Not even an enterprise number or whole sub-options: nobody can read link options in it, unless it says
        // that it is ISC's.
        if !claims_isc(data) {
            w.option(OptionCode::VENDOR_OPTS, data);
        }
        return;
    };
    if vendor.enterprise != ISC {
        w.option(OptionCode::VENDOR_OPTS, data);
        return;
    }
    let kept = || vendor.options().iter().filter(|sub| !LINK_SUBOPTIONS.contains(&sub.code.0));
    if kept().next().is_none() && !vendor.options().is_empty() {
        return;
    }
    w.nested(OptionCode::VENDOR_OPTS, |w| {
        w.raw(&ISC.to_be_bytes());
        for sub in kept() {
            w.option(sub.code, sub.data);
        }
    });
}

fn has_link_options(options: Options<'_>) -> bool {
    options.find_all(OptionCode::VENDOR_OPTS).any(|data| match VendorOpts::new_checked(data) {
        Ok(vendor) => {
            vendor.enterprise == ISC
                && vendor.options().iter().any(|sub| LINK_SUBOPTIONS.contains(&sub.code.0))
        }
        Err(_) => claims_isc(data),
    })
}

/// Whether a malformed Vendor-specific Information option begins with ISC's number.
fn claims_isc(data: &[u8]) -> bool {
    data.starts_with(&ISC.to_be_bytes())
}
