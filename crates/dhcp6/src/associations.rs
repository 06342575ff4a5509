//! The identity associations of a client's message (RFC 9915 §12), and what the client would like in them.

use std::net::Ipv6Addr;

use arrayvec::ArrayVec;
use fosix_lease::{Association, Key6, LeaseKind6};
use fosix_wire::v6::{IaAddress, IaNa, IaPd, IaPrefix, Message, OptionCode, Options, StatusCode};

use crate::Drop6;

/// Associations of one message that are served. A client has one or two of a kind; those beyond are told that there is
/// nothing for them.
pub(crate) const SERVED_AT_ONCE: usize = 32;

/// One identity association as the client sent it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Asked<'a> {
    pub(crate) kind: LeaseKind6,
    pub(crate) iaid: u32,
    options: Options<'a>,
}

/// Checks everything that [`associations`] and [`Asked`] read.
pub(crate) fn check(message: &Message<'_>) -> Result<(), Drop6> {
    for option in &message.options() {
        let readable = match option.code {
            OptionCode::IA_NA => IaNa::new_checked(option.data).is_ok_and(|ia| {
                each_is(ia.options, OptionCode::IA_ADDR, |data| IaAddress::new_checked(data).is_ok())
            }),
            OptionCode::IA_PD => IaPd::new_checked(option.data).is_ok_and(|ia| {
                each_is(ia.options, OptionCode::IA_PREFIX, |data| IaPrefix::new_checked(data).is_ok())
            }),
            _ => true,
        };
        if !readable {
            return Err(Drop6::OptionLength);
        }
    }
    Ok(())
}

fn each_is(options: Options<'_>, code: OptionCode, is: impl Fn(&[u8]) -> bool) -> bool {
    options.find_all(code).all(is)
}

/// The identity associations of a message that was checked, in its order. IA_TA is obsolete (RFC 9915 §21.5) and not
/// among them. T1, T2 and lifetimes of a client mean nothing (RFC 9915 §21.4, §21.6, §21.21, §21.22).
///
/// RFC 9915 §12: a client has one association with an IAID. Of several that a message has the first one counts.
pub(crate) fn associations<'a>(message: &Message<'a>) -> impl Iterator<Item = Asked<'a>> + use<'a> {
    let mut seen: ArrayVec<(LeaseKind6, u32), SERVED_AT_ONCE> = ArrayVec::new();
    let all = message.options().iter().filter_map(|option| match option.code {
        OptionCode::IA_NA => {
            let ia = IaNa::new_checked(option.data).ok()?;
            Some(Asked { kind: LeaseKind6::Address, iaid: ia.iaid, options: ia.options })
        }
        OptionCode::IA_PD => {
            let ia = IaPd::new_checked(option.data).ok()?;
            Some(Asked { kind: LeaseKind6::Prefix, iaid: ia.iaid, options: ia.options })
        }
        _ => None,
    });
    all.filter(move |asked| {
        let name = (asked.kind, asked.iaid);
        let is_new = !seen.contains(&name);
        if is_new {
            // Those that find no place are beyond what is served.
            let _ = seen.try_push(name);
        }
        is_new
    })
}

impl<'a> Asked<'a> {
    /// The association as the store knows it.
    pub(crate) fn of<'b>(&self, duid: &'b [u8]) -> Association<'b> {
        Association { duid, iaid: self.iaid, kind: self.kind }
    }

    /// The addresses or prefixes that the client names, in its order.
    pub(crate) fn keys(&self) -> impl Iterator<Item = Key6> + use<'a> {
        let kind = self.kind;
        self.options.iter().filter_map(move |option| match (kind, option.code) {
            (LeaseKind6::Address, OptionCode::IA_ADDR) => {
                let address = IaAddress::new_checked(option.data).ok()?.address;
                (!address.is_unspecified()).then_some(Key6::address(address))
            }
            (LeaseKind6::Prefix, OptionCode::IA_PREFIX) => {
                let prefix = IaPrefix::new_checked(option.data).ok()?;
                let named = !prefix.prefix.is_unspecified() && prefix.prefix_len > 0;
                named.then(|| Key6::prefix(network(prefix.prefix, prefix.prefix_len), prefix.prefix_len))
            }
            _ => None,
        })
    }

    /// The length that the client would like its prefix to have (RFC 9915 §18.3.9, RFC 8168).
    pub(crate) fn prefix_len(&self) -> Option<u8> {
        let prefixes = self.options.find_all(OptionCode::IA_PREFIX);
        let mut lengths =
            prefixes.filter_map(|data| IaPrefix::new_checked(data).ok()).map(|prefix| prefix.prefix_len);
        lengths.find(|&len| len > 0).filter(|_| self.kind == LeaseKind6::Prefix)
    }

    /// The data of the Prefix Exclude options (RFC 6603) that the client gives back with `key`.
    pub(crate) fn excluded(&self, key: Key6) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let prefixes = self.options.find_all(OptionCode::IA_PREFIX);
        let prefixes = prefixes.filter_map(|data| IaPrefix::new_checked(data).ok());
        let same = prefixes.filter(move |prefix| {
            prefix.prefix_len == key.prefix_len && network(prefix.prefix, prefix.prefix_len) == key.address
        });
        same.flat_map(|prefix| prefix.options.find_all(OptionCode::PD_EXCLUDE))
    }

    /// What the association is told where there is nothing for it (RFC 9915 §18.3.2, §18.3.9).
    pub(crate) fn nothing_available(&self) -> StatusCode {
        match self.kind {
            LeaseKind6::Address => StatusCode::NO_ADDRS_AVAIL,
            LeaseKind6::Prefix => StatusCode::NO_PREFIX_AVAIL,
        }
    }
}

/// `address` with zeros behind the first `len` bits.
pub(crate) fn network(address: Ipv6Addr, len: u8) -> Ipv6Addr {
    let behind = u128::MAX.checked_shr(len.into()).unwrap_or(0);
    Ipv6Addr::from(u128::from(address) & !behind)
}
