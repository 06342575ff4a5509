//! Whether the data of options is laid out as their RFCs say, nested options included.

use super::class::Counted;
use super::{
    AddressList, Authentication, ClientFqdn, ClientLinkLayerAddress, Duid, ElapsedTime, IaAddress, IaNa,
    IaPd, IaPrefix, IaTa, MAX_OPTION_DEPTH, OptionCode, OptionRequest, Options, RawOption, RemoteId,
    StatusCodeOption, UserClass, VendorClass, VendorOpts, excluded_prefix,
};
use crate::Error;
use crate::name::{Name, Names};
use crate::softwire::{Container, Ipv6Prefix, Mechanism, PortParams, Rule, V4V6Bind, border_relay};

impl Options<'_> {
    /// Checks the data of every option whose layout this crate knows, down to [`MAX_OPTION_DEPTH`] levels of options,
    /// these included. Unknown options, and the messages inside options 9 and 87, are left alone.
    ///
    /// Whether an option may stand where it stands, and how often, is for those who act on it. So is whether a fault in
    /// an option that nobody acts on is a reason to refuse the message: clients are known that send User Class
    /// without its lengths.
    pub fn check_formats(&self) -> Result<(), Error> {
        check_level(*self, MAX_OPTION_DEPTH)
    }
}

/// Checks `options` and what is in them, `levels` deep.
fn check_level(options: Options<'_>, levels: usize) -> Result<(), Error> {
    let Some(levels) = levels.checked_sub(1) else {
        if options.is_empty() {
            return Ok(());
        }
        return Err(Error::NestedTooDeep { limit: MAX_OPTION_DEPTH });
    };
    for option in options {
        check_option(option, levels)?;
    }
    Ok(())
}

/// Checks one option; there may be `levels` more of them inside it.
fn check_option(option: RawOption<'_>, levels: usize) -> Result<(), Error> {
    let RawOption { code, data } = option;
    match code {
        OptionCode::IA_NA => check_level(IaNa::new_checked(data)?.options, levels),
        OptionCode::IA_TA => check_level(IaTa::new_checked(data)?.options, levels),
        OptionCode::IA_PD => check_level(IaPd::new_checked(data)?.options, levels),
        OptionCode::IA_ADDR => check_level(IaAddress::new_checked(data)?.options, levels),
        OptionCode::IA_PREFIX => {
            let prefix = IaPrefix::new_checked(data)?;
            if let Some(data) = prefix.options.find(OptionCode::PD_EXCLUDE) {
                excluded_prefix(&prefix, data)?;
            }
            check_level(prefix.options, levels)
        }
        OptionCode::RSOO | OptionCode::CLIENT_DATA => check_level(Options::new_checked(data)?, levels),
        _ => check_flat(code, data),
    }
}

/// Checks an option that holds no options of the DHCPv6 space, or, as the S46 options, a known number of levels.
fn check_flat(code: OptionCode, data: &[u8]) -> Result<(), Error> {
    match code {
        OptionCode::CLIENT_ID | OptionCode::SERVER_ID | OptionCode::RELAY_ID => {
            Duid::new_checked(data).map(drop)
        }
        OptionCode::ORO | OptionCode::ERO => OptionRequest::new_checked(data).map(drop),
        OptionCode::CLIENT_ARCH_TYPE => check_numbers(data, "Client System Architecture Type option"),
        // RFC 8026 §1.3: at least one code.
        OptionCode::S46_PRIORITY => check_numbers(data, "S46 Priority option"),
        OptionCode::ELAPSED_TIME => ElapsedTime::new_checked(data).map(drop),
        OptionCode::AUTH => Authentication::new_checked(data).map(drop),
        OptionCode::STATUS_CODE => StatusCodeOption::new_checked(data).map(drop),
        OptionCode::USER_CLASS => UserClass::new_checked(data).map(drop),
        OptionCode::VENDOR_CLASS => VendorClass::new_checked(data).map(drop),
        OptionCode::VENDOR_OPTS => VendorOpts::new_checked(data).map(drop),
        OptionCode::REMOTE_ID => RemoteId::new_checked(data).map(drop),
        OptionCode::CLIENT_FQDN => ClientFqdn::new_checked(data).map(drop),
        OptionCode::CLIENT_LINKLAYER_ADDR => ClientLinkLayerAddress::new_checked(data).map(drop),
        OptionCode::BOOTFILE_PARAM => Counted::new_checked(data, "Boot File Parameters option").map(drop),
        OptionCode::NTP_SERVER => Options::new_checked(data).map(drop),
        // RFC 7341 §7.2: an empty list is one.
        OptionCode::DNS_SERVERS
        | OptionCode::SNTP_SERVERS
        | OptionCode::SIP_SERVER_A
        | OptionCode::NIS_SERVERS
        | OptionCode::NISP_SERVERS
        | OptionCode::DHCP4_O_DHCP6_SERVER => AddressList::new_checked(data).map(drop),
        OptionCode::DOMAIN_LIST | OptionCode::SIP_SERVER_D => Names::new_checked(data).map(drop),
        OptionCode::AFTR_NAME => Name::new_checked(data).map(drop),
        OptionCode::S46_RULE => Rule::new_checked(data).map(drop),
        OptionCode::S46_BR => border_relay(data).map(drop),
        OptionCode::S46_V4V6BIND => V4V6Bind::new_checked(data).map(drop),
        OptionCode::S46_PORTPARAMS => PortParams::new_checked(data).map(drop),
        OptionCode::S46_DMR | OptionCode::S46_BIND_IPV6_PREFIX => Ipv6Prefix::new_checked(data).map(drop),
        _ => match Mechanism::from_container_code(code) {
            Some(mechanism) => Container::new_checked(mechanism, data).map(drop),
            None => check_length(code, data),
        },
    }
}

/// 16-bit numbers, at least one.
fn check_numbers(data: &[u8], what: &'static str) -> Result<(), Error> {
    if data.is_empty() || !data.len().is_multiple_of(2) {
        return Err(Error::BadLength { what, expected: "a multiple of 2 and not 0", got: data.len() });
    }
    Ok(())
}

/// Options of a fixed length.
fn check_length(code: OptionCode, data: &[u8]) -> Result<(), Error> {
    let (what, expected) = match code {
        OptionCode::PREFERENCE => ("Preference option", 1),
        OptionCode::RECONF_MSG => ("Reconfigure Message option", 1),
        OptionCode::RAPID_COMMIT => ("Rapid Commit option", 0),
        OptionCode::RECONF_ACCEPT => ("Reconfigure Accept option", 0),
        // RFC 9686 §4.1.
        OptionCode::ADDR_REG_ENABLE => ("Address Registration option", 0),
        OptionCode::INFORMATION_REFRESH_TIME => ("Information Refresh Time option", 4),
        OptionCode::SOL_MAX_RT => ("SOL_MAX_RT option", 4),
        OptionCode::INF_MAX_RT => ("INF_MAX_RT option", 4),
        OptionCode::NII => ("Client Network Interface Identifier option", 3),
        OptionCode::RELAY_PORT => ("Relay Source Port option", 2),
        _ => return Ok(()),
    };
    if data.len() != expected {
        return Err(Error::LengthMismatch { what, expected, got: data.len() });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::v6::Writer;

    fn check(write: impl FnOnce(&mut Writer<'_>)) -> Result<(), Error> {
        let mut out = Vec::new();
        let mut w = Writer::new(&mut out);
        write(&mut w);
        w.finish().unwrap();
        Options::new_checked(&out).unwrap().check_formats()
    }

    /// For each code the lengths of zeros that its RFC allows, among 0 to 40 octets.
    fn allowed_lengths(code: u16) -> Vec<usize> {
        let up = |from: usize| (from..=40).collect::<Vec<_>>();
        match OptionCode(code) {
            OptionCode::CLIENT_ID
            | OptionCode::SERVER_ID
            | OptionCode::RELAY_ID
            | OptionCode::CLIENT_FQDN => {
                // A name of zeros is the root alone.
                if code == 39 { vec![1, 2] } else { up(1) }
            }
            // Options of zeros inside, each of code 0 and length 0.
            OptionCode::IA_NA | OptionCode::IA_PD => (12..=40).step_by(4).collect(),
            OptionCode::IA_TA | OptionCode::VENDOR_OPTS => (4..=40).step_by(4).collect(),
            OptionCode::IA_ADDR => (24..=40).step_by(4).collect(),
            OptionCode::IA_PREFIX => (25..=40).step_by(4).collect(),
            OptionCode::RSOO
            | OptionCode::CLIENT_DATA
            | OptionCode::NTP_SERVER
            | OptionCode::S46_CONT_MAPE
            | OptionCode::S46_CONT_MAPT
            | OptionCode::S46_CONT_LW => (0..=40).step_by(4).collect(),
            OptionCode::ORO | OptionCode::ERO | OptionCode::BOOTFILE_PARAM => (0..=40).step_by(2).collect(),
            OptionCode::S46_PRIORITY | OptionCode::CLIENT_ARCH_TYPE | OptionCode::USER_CLASS => {
                (2..=40).step_by(2).collect()
            }
            OptionCode::VENDOR_CLASS => (4..=40).step_by(2).collect(),
            OptionCode::PREFERENCE
            | OptionCode::RECONF_MSG
            | OptionCode::AFTR_NAME
            | OptionCode::S46_DMR
            | OptionCode::S46_BIND_IPV6_PREFIX => vec![1],
            OptionCode::ELAPSED_TIME | OptionCode::RELAY_PORT => vec![2],
            OptionCode::RAPID_COMMIT | OptionCode::RECONF_ACCEPT | OptionCode::ADDR_REG_ENABLE => vec![0],
            OptionCode::INFORMATION_REFRESH_TIME
            | OptionCode::SOL_MAX_RT
            | OptionCode::INF_MAX_RT
            | OptionCode::S46_PORTPARAMS => vec![4],
            OptionCode::NII => vec![3],
            OptionCode::AUTH => up(11),
            OptionCode::STATUS_CODE | OptionCode::CLIENT_LINKLAYER_ADDR => up(2),
            OptionCode::REMOTE_ID => up(5),
            OptionCode::DNS_SERVERS
            | OptionCode::SNTP_SERVERS
            | OptionCode::SIP_SERVER_A
            | OptionCode::NIS_SERVERS
            | OptionCode::NISP_SERVERS
            | OptionCode::DHCP4_O_DHCP6_SERVER => vec![0, 16, 32],
            OptionCode::S46_BR => vec![16],
            OptionCode::S46_RULE => (8..=40).step_by(4).collect(),
            OptionCode::S46_V4V6BIND => (5..=40).step_by(4).collect(),
            _ => up(0),
        }
    }

    #[test]
    fn every_length_of_every_option_is_as_its_rfc_says() {
        for code in 0..=160 {
            let allowed = allowed_lengths(code);
            for length in 0..=40 {
                let result = check(|w| w.option(OptionCode(code), &[0; 40][..length]));
                assert_eq!(result.is_ok(), allowed.contains(&length), "option {code}, {length}: {result:?}");
            }
        }
    }

    #[test]
    fn options_nest_four_levels_and_no_deeper() {
        let ia = [0; 12];
        let nest = |levels: usize| {
            let mut data = Vec::new();
            for _ in 0..levels {
                let mut outer = Vec::new();
                let mut w = Writer::new(&mut outer);
                w.nested(OptionCode::IA_NA, |w| {
                    w.raw(&ia);
                    w.raw(&data);
                });
                w.finish().unwrap();
                data = outer;
            }
            Options::new_checked(&data).unwrap().check_formats()
        };
        for levels in 0..=MAX_OPTION_DEPTH {
            assert_eq!(nest(levels), Ok(()), "{levels}");
        }
        for levels in [5, 6, 100, 4000] {
            assert_eq!(nest(levels), Err(Error::NestedTooDeep { limit: 4 }), "{levels}");
        }
    }

    #[test]
    fn a_fault_inside_is_found() {
        let result = check(|w| {
            w.nested(OptionCode::IA_PD, |w| {
                w.raw(&[0; 12]);
                w.nested(OptionCode::IA_PREFIX, |w| {
                    w.raw(&[0, 0, 0, 0, 0, 0, 0, 0, 56, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
                    w.option(OptionCode::PD_EXCLUDE, &[56, 0]);
                });
            });
        });
        assert!(matches!(result, Err(Error::BadValue { what: "length of the excluded prefix", .. })));
    }

    #[test]
    fn vendor_options_are_the_vendors_own() {
        // Code 3 is IA_NA in DHCPv6 and anything here.
        let result = check(|w| {
            w.nested(OptionCode::VENDOR_OPTS, |w| {
                w.raw(&2495_u32.to_be_bytes());
                w.option(OptionCode(3), b"x");
            });
        });
        assert_eq!(result, Ok(()));
    }
}
