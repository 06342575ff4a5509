//! Addresses, prefixes and ranges in texts.

use std::fmt::Display;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::str::FromStr;

use ipnet::{Ipv4Net, Ipv6Net};

use super::object::At;
use crate::diagnostic::{Diagnostic, Report, shorten};

/// IPv4 and IPv6 alike, as far as prefixes and ranges go.
pub(super) trait Family: Copy + Ord + FromStr + Display {
    /// What messages call an address of this family.
    const NAME: &'static str;
    /// Bits of an address.
    const BITS: u8;

    /// The address as a number.
    fn number(self) -> u128;

    /// The first and the last address of a prefix.
    fn bounds(self, len: u8) -> (Self, Self);
}

impl Family for Ipv4Addr {
    const NAME: &'static str = "IPv4";
    const BITS: u8 = 32;

    fn number(self) -> u128 {
        u128::from(u32::from(self))
    }

    fn bounds(self, len: u8) -> (Self, Self) {
        Ipv4Net::new(self, len).map_or((self, self), |net| (net.network(), net.broadcast()))
    }
}

impl Family for Ipv6Addr {
    const NAME: &'static str = "IPv6";
    const BITS: u8 = 128;

    fn number(self) -> u128 {
        u128::from(self)
    }

    fn bounds(self, len: u8) -> (Self, Self) {
        Ipv6Net::new(self, len).map_or((self, self), |net| (net.network(), net.broadcast()))
    }
}

/// An address; what is none is reported.
pub(super) fn address<A: Family>(key: &str, text: At<&str>, report: &mut Report) -> Option<A> {
    let parsed = text.value.trim().parse().ok();
    if parsed.is_none() {
        report.push(
            Diagnostic::error(
                text.span,
                format!("`{key}` must be an {} address, not \"{}\"", A::NAME, shorten(text.value)),
            )
            .help(other_family::<A>(text.value.trim())),
        );
    }
    parsed
}

/// A prefix as `address/length`: its address as it is written, and its length. What is none is reported.
pub(super) fn prefix<A: Family>(key: &str, text: At<&str>, report: &mut Report) -> Option<(A, u8)> {
    let example = if A::BITS == 32 { "192.0.2.0/24" } else { "2001:db8::/64" };
    let mut error = |message: String, help: String| {
        report.push(Diagnostic::error(text.span, message).help(help));
        None
    };
    let Some((address, len)) = text.value.split_once('/') else {
        return error(
            format!("`{key}` must be a prefix, not \"{}\"", shorten(text.value)),
            format!("write the address, a slash and the length: {example}"),
        );
    };
    let (address, len) = (address.trim(), len.trim());
    let Ok(parsed) = address.parse::<A>() else {
        return error(
            format!("`{key}` must begin with an {} address, not \"{}\"", A::NAME, shorten(address)),
            other_family::<A>(address),
        );
    };
    let digits = !len.is_empty() && len.bytes().all(|byte| byte.is_ascii_digit());
    match len.parse::<u8>() {
        Ok(len) if digits && len <= A::BITS => Some((parsed, len)),
        _ => error(
            format!("the prefix length in `{key}` must be from 0 to {}, not \"{}\"", A::BITS, shorten(len)),
            format!("for example {example}"),
        ),
    }
}

/// Warns of bits behind the prefix length: they are not part of the prefix.
pub(super) fn warn_host_bits<A: Family>(
    key: &str,
    text: At<&str>,
    (address, len): (A, u8),
    report: &mut Report,
) {
    let (first, _) = address.bounds(len);
    if first != address {
        let told = Diagnostic::warning(text.span, format!("`{key}` has bits beyond its length of {len}"));
        report.push_repeated(
            &format!("host bits of {key}"),
            told.help(format!("it is taken as {first}/{len}; write that")),
        );
    }
}

/// A pool in either form: `first - last`, or a prefix, which stands for all of its addresses.
pub(super) fn range<A: Family>(text: At<&str>, report: &mut Report) -> Option<(A, A)> {
    if text.value.contains('/') {
        let (address, len) = prefix::<A>("pool", text, report)?;
        warn_host_bits("pool", text, (address, len), report);
        return Some(address.bounds(len));
    }
    let Some((first, last)) = text.value.split_once('-') else {
        let example = if A::BITS == 32 {
            "192.0.2.10 - 192.0.2.99 or 192.0.2.0/24"
        } else {
            "2001:db8::1 - 2001:db8::ff or 2001:db8::/112"
        };
        report.push(
            Diagnostic::error(
                text.span,
                format!("\"{}\" is neither a range nor a prefix", shorten(text.value)),
            )
            .help(format!("for example {example}")),
        );
        return None;
    };
    let first = address::<A>("pool", At { value: first, ..text }, report)?;
    let last = address::<A>("pool", At { value: last, ..text }, report)?;
    if first > last {
        report.push(
            Diagnostic::error(text.span, format!("the pool ends ({last}) before it begins ({first})"))
                .help(format!("write {last} - {first}")),
        );
        return None;
    }
    Some((first, last))
}

fn other_family<A: Family>(text: &str) -> String {
    match text.parse::<IpAddr>() {
        Ok(IpAddr::V4(_)) if A::BITS == 128 => "this is an IPv4 address".to_owned(),
        Ok(IpAddr::V6(_)) if A::BITS == 32 => "this is an IPv6 address".to_owned(),
        _ if A::BITS == 32 => "for example 192.0.2.1".to_owned(),
        _ => "for example 2001:db8::1".to_owned(),
    }
}
