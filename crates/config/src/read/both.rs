//! What concerns both halves together.

use super::hooks::check_files;
use super::interfaces::check_heard;
use super::object::Object;
use super::option_rules6::DHCP4O6_SERVER;
use crate::diagnostic::{Diagnostic, Report};
use crate::model::{Dhcp4, Dhcp6, OptionValue, Subnet6};

/// Checks a `Dhcp6` and a `Dhcp4` object that are served by one process.
pub(crate) fn check_halves(
    dhcp6: &Object<'_>,
    dhcp4: &Object<'_>,
    fosix: Option<&Object<'_>>,
    report: &mut Report,
) {
    if let Some(path) = fosix.and_then(|fosix| fosix.text_if_any("link")) {
        report.push(
            Diagnostic::notice(path.span, "`Fosix.link` has no effect here")
                .label("both halves run in one process, and need no socket between them")
                .help("remove it, or give each half a file and a process of its own"),
        );
    }
    for half in [dhcp6, dhcp4] {
        let port = half.integer::<u16>("dhcp4o6-port").filter(|port| port.value > 0);
        if let Some(port) = port {
            report.push(
                Diagnostic::notice(port.span, "`dhcp4o6-port` has no effect here")
                    .label("both halves run in one process, and need no sockets between them")
                    .help("leave it for Kea, or remove it"),
            );
        }
    }
    let networks = dhcp4.objects("shared-networks").flat_map(|network| network.objects("subnet4"));
    check_heard(dhcp6, "4o6-interface", dhcp4.objects("subnet4").chain(networks), report);
    check_files(dhcp6, dhcp4, report);
}

/// RFC 7341 §9: a client begins when it is given option 88, and stops when it no longer is.
pub(crate) fn check_servers_are_told(dhcp6: &Dhcp6, dhcp4: &Dhcp4, at: &Object<'_>, report: &mut Report) {
    let is_told = |options: &[OptionValue]| {
        options
            .iter()
            .any(|option| option.code == DHCP4O6_SERVER && option.vendor.is_none() && !option.never_send)
    };
    let in_subnet = |subnet: &Subnet6| {
        is_told(&subnet.options)
            || subnet.pools.iter().any(|pool| is_told(&pool.options))
            || subnet.pd_pools.iter().any(|pool| is_told(&pool.options))
    };
    let anywhere = is_told(&dhcp6.options) || dhcp6.subnets.iter().any(in_subnet);
    if !dhcp4.subnets.is_empty() && !anywhere {
        report.push(
            Diagnostic::notice(at.head(), "clients are not told to use DHCPv4 over DHCPv6")
                .label("no option-data in here gives dhcp4o6-server-addr (option 88)")
                .help("add it, unless another server gives it; with empty data clients use multicast"),
        );
    }
}
