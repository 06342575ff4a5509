//! Files as operators of Kea have them, for 2.2 and for 3: understood as they are.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use std::path::PathBuf;

use fosix_config::{
    Config, DuidSpec, InterfaceSpec, LeaseChecks, Lifetime, LoadOptions, LogLevel, OptionValue, Selector4o6,
    Severity, SubnetId, load,
};

fn files(names: &[&str]) -> Vec<PathBuf> {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/files");
    names.iter().map(|name| folder.join(name)).collect()
}

fn config(names: &[&str]) -> Config {
    let loaded = load(&files(names), LoadOptions::default());
    assert_eq!(loaded.diagnostics.count(Severity::Error), 0, "{}", loaded.diagnostics.render(false));
    loaded.config.unwrap()
}

#[test]
fn files_of_kea_2_2() {
    let config = config(&["kea-2.2-dhcp4.conf", "kea-2.2-dhcp6.conf"]);
    let (dhcp4, dhcp6) = (config.dhcp4.unwrap(), config.dhcp6.unwrap());

    assert_eq!(dhcp4.server_identifier, Some("192.0.2.1".parse().unwrap()));
    assert_eq!(dhcp4.lease_checks, LeaseChecks::FixDelete);
    assert_eq!((dhcp4.dhcp4o6_port, dhcp4.decline_probation_period), (6767, 3600));
    assert_eq!(
        (dhcp4.server_hostname.as_str(), dhcp4.boot_file_name.as_str()),
        ("boot.example.org", "/pxelinux.0")
    );
    let codes: Vec<u16> = dhcp4.options.iter().map(|option| option.code).collect();
    assert_eq!(codes, [54, 6, 224, 225, 240]);
    assert_eq!(dhcp4.options[2].data, [0, 1, 0x86, 0xa0, 0, 0, 0x4e, 0x20]);
    assert!(dhcp4.options[2].always_send);
    assert_eq!(dhcp4.options[3].data, [&[1, 26][..], b"http://portal.example.org/"].concat());

    let ids: Vec<SubnetId> = dhcp4.subnets.iter().map(|subnet| subnet.id).collect();
    assert_eq!(ids, [SubnetId(100), SubnetId(300), SubnetId(301), SubnetId(0x8505_0a00)]);
    let first = dhcp4.subnet(SubnetId(100)).unwrap();
    assert_eq!(
        first.selector,
        Selector4o6 {
            interface: Some("lo".into()),
            interface_id: None,
            prefix: Some("2001:db8:1:1::/64".parse().unwrap()),
        }
    );
    assert_eq!(first.timers.valid_lifetime, Lifetime { min: 600, default: 4000, max: 8000 });
    assert_eq!((first.timers.renew, first.timers.rebind), (Some(1000), Some(2000)));
    assert!(first.authoritative && first.match_client_id);
    assert_eq!(first.next_server, Some("192.0.2.7".parse().unwrap()));
    let pools: Vec<String> = first.pools.iter().map(|pool| format!("{}-{}", pool.first, pool.last)).collect();
    assert_eq!(pools, ["10.10.10.100-10.10.10.199", "10.10.10.208-10.10.10.223"]);
    assert_eq!(first.pools[0].options[0].data, [10, 10, 10, 2]);
    let unnumbered = &dhcp4.subnets[3];
    assert_eq!(unnumbered.selector.interface_id.as_deref(), Some(&b"vlan200"[..]));
    assert_eq!(unnumbered.timers.valid_lifetime, Lifetime { min: 600, default: 7000, max: 8000 });
    let shared = dhcp4.subnet(SubnetId(300)).unwrap();
    assert_eq!(shared.shared_network.as_deref(), Some("north"));
    assert_eq!(shared.options[0].data, b"north.example.org");
    assert_eq!(shared.timers.rebind, Some(1900));

    assert_eq!(
        dhcp6.interfaces,
        [InterfaceSpec::Interface("lo".into()), InterfaceSpec::Address("lo".into(), "::1".parse().unwrap()),]
    );
    assert_eq!(
        dhcp6.server_id.duid,
        DuidSpec::Enterprise { enterprise: Some(32473), identifier: Some(vec![1, 2, 3, 4, 5]) }
    );
    assert!(!dhcp6.server_id.persist);
    let codes: Vec<(u16, Option<u32>)> =
        dhcp6.options.iter().map(|option| (option.code, option.vendor)).collect();
    assert_eq!(codes, [(88, None), (23, None), (94, None), (17, None), (32, Some(4491))]);
    assert_eq!(dhcp6.preferred_lifetime, Lifetime::fixed(3000));
    let subnet = dhcp6.subnet(SubnetId(1)).unwrap();
    assert_eq!((subnet.pools.len(), subnet.pd_pools.len(), subnet.rapid_commit), (2, 1, true));
    assert_eq!(subnet.pd_pools[0].excluded, Some("2001:db8:8::/64".parse().unwrap()));
    let relayed = dhcp6.subnet(SubnetId(2)).unwrap();
    assert_eq!(relayed.relay_addresses, ["2001:db8:2::1".parse::<std::net::Ipv6Addr>().unwrap()]);
    // The DHCPv6 half's logger is the more talkative one.
    assert_eq!(config.fosix.log.level, LogLevel::Trace);
}

#[test]
fn files_of_kea_3() {
    let config = config(&["kea-3-dhcp6.conf", "kea-3-dhcp4.conf"]);
    let (dhcp4, dhcp6) = (config.dhcp4.unwrap(), config.dhcp6.unwrap());
    assert_eq!(dhcp6.interfaces, [InterfaceSpec::All]);
    assert_eq!(dhcp6.options, [OptionValue { code: 88, ..OptionValue::default() }]);
    assert_eq!(
        dhcp6.server_id.duid,
        DuidSpec::LinkLayerTime { hardware_type: Some(1), time: None, identifier: None }
    );
    assert!(dhcp6.server_id.persist);
    assert_eq!(dhcp6.preferred_lifetime, Lifetime::fixed(4500));
    assert_eq!(dhcp4.options[1], OptionValue { code: 108, data: vec![0, 0, 7, 8], ..OptionValue::default() });
    assert!(dhcp4.options[2].never_send);
    assert_eq!(dhcp4.subnets[0].timers.valid_lifetime, Lifetime::fixed(3600));
    assert_eq!(config.fosix.log.level, LogLevel::Info);
}

#[test]
fn with_strict_what_has_no_effect_is_an_error() {
    let loaded = load(&files(&["kea-3-dhcp6.conf", "kea-3-dhcp4.conf"]), LoadOptions { strict: true });
    assert!(loaded.config.is_none());
    let warnings = load(&files(&["kea-3-dhcp6.conf", "kea-3-dhcp4.conf"]), LoadOptions::default());
    let without = &warnings.diagnostics;
    assert!(loaded.diagnostics.count(Severity::Error) >= without.count(Severity::Warning));
}

#[test]
fn paths_name_the_place_in_the_tree() {
    let loaded = load(&files(&["kea-2.2-dhcp4.conf"]), LoadOptions::default());
    let paths: Vec<&str> = loaded.diagnostics.iter().map(|finding| finding.path.as_str()).collect();
    for path in [
        "Dhcp4.interfaces-config.interfaces",
        "Dhcp4.subnet4[0].interface",
        "Dhcp4.loggers[0].output_options",
    ] {
        assert!(paths.contains(&path), "{paths:#?}");
    }
}
