//! What is answered to each message of a client, DHCPV4-QUERY apart.
//!
//! Nothing is assigned: the server is one whose addresses and prefixes are all in use.

use fosix_wire::v6::{IaNa, IaPd, Message, MessageType, OptionCode, StatusCode};

use crate::Drop6;
use crate::outcome::Sent6;

/// What an answer says beside the options that the client asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) sent: Sent6,
    /// The status of every identity association for addresses.
    pub(crate) addresses: Option<StatusCode>,
    /// The status of every identity association for prefixes.
    pub(crate) prefixes: Option<StatusCode>,
    /// The status of the message.
    pub(crate) status: Option<StatusCode>,
}

/// What to answer to `message`, whose identifiers have been checked.
pub(crate) fn process(message: &Message<'_>) -> Result<Verdict, Drop6> {
    check_associations(message)?;
    let (sent, addresses, prefixes, status) = match message.message_type() {
        MessageType::INFORMATION_REQUEST => {
            // RFC 9915 §16.12: with an identity association in it, it is discarded.
            let associations = [OptionCode::IA_NA, OptionCode::IA_TA, OptionCode::IA_PD];
            if associations.iter().any(|&code| message.options().find(code).is_some()) {
                return Err(Drop6::IaInInformationRequest);
            }
            (Sent6::Reply, None, None, None)
        }
        // RFC 9915 §18.3.9: an Advertise says for each association that there is nothing.
        MessageType::SOLICIT => {
            (Sent6::Advertise, Some(StatusCode::NO_ADDRS_AVAIL), Some(StatusCode::NO_PREFIX_AVAIL), None)
        }
        // RFC 9915 §18.3.2.
        MessageType::REQUEST => {
            (Sent6::Reply, Some(StatusCode::NO_ADDRS_AVAIL), Some(StatusCode::NO_PREFIX_AVAIL), None)
        }
        // RFC 9915 §18.3.4: the binding is not known.
        MessageType::RENEW => {
            (Sent6::Reply, Some(StatusCode::NO_BINDING), Some(StatusCode::NO_BINDING), None)
        }
        // RFC 9915 §18.3.7, §18.3.8: NoBinding for each association, Success for the message.
        MessageType::RELEASE | MessageType::DECLINE => (
            Sent6::Reply,
            Some(StatusCode::NO_BINDING),
            Some(StatusCode::NO_BINDING),
            Some(StatusCode::SUCCESS),
        ),
        // RFC 9915 §18.3.3, §18.3.5: other servers may know the binding; who does not know keeps silent.
        MessageType::CONFIRM | MessageType::REBIND => return Err(Drop6::NoBinding),
        _ => return Err(Drop6::MessageType),
    };
    Ok(Verdict { sent, addresses, prefixes, status })
}

/// Every identity association is long enough to be answered by its number.
fn check_associations(message: &Message<'_>) -> Result<(), Drop6> {
    for option in &message.options() {
        let readable = match option.code {
            OptionCode::IA_NA => IaNa::new_checked(option.data).is_ok(),
            OptionCode::IA_PD => IaPd::new_checked(option.data).is_ok(),
            _ => true,
        };
        if !readable {
            return Err(Drop6::OptionLength);
        }
    }
    Ok(())
}
