//! What the DHCPv6 half's keys mean, and what they take from the levels around them.

#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "a test may fail")]

use fosix_config::{
    Allocator, Dhcp6, FqdnPolicy, Lifetime, LoadOptions, MacSource, ReplaceClientName, Subnet6, SubnetId,
    load_memory,
};

fn dhcp6(members: &str) -> Dhcp6 {
    let text = format!("{{ \"Dhcp6\": {{ {members} }} }}");
    let loaded = load_memory(&[("t", text.as_bytes())], &["t"], LoadOptions::default());
    assert!(loaded.config.is_some(), "{}", loaded.diagnostics.render(false));
    loaded.config.unwrap().dhcp6.unwrap()
}

fn subnet(dhcp6: &Dhcp6, id: u32) -> &Subnet6 {
    dhcp6.subnet(SubnetId(id)).unwrap()
}

#[test]
fn without_keys_kea_s_defaults_hold() {
    let dhcp6 = dhcp6(r#""subnet6": [ { "id": 1, "subnet": "2001:db8::/64" } ]"#);
    assert_eq!(dhcp6.mac_sources, [MacSource::ClientLinkAddress, MacSource::Duid, MacSource::Ipv6LinkLocal]);
    assert_eq!(dhcp6.relay_supplied_options, [65]);
    assert!(dhcp6.allow_address_registration);
    assert_eq!(dhcp6.fqdn, FqdnPolicy::default());
    let subnet = subnet(&dhcp6, 1);
    assert_eq!((subnet.allocator, subnet.pd_allocator), (Allocator::Iterative, Allocator::Iterative));
    assert_eq!(subnet.fqdn, dhcp6.fqdn);
    assert!(!subnet.rapid_commit);
}

#[test]
fn lifetimes_and_timers_are_inherited_key_by_key() {
    let dhcp6 = dhcp6(
        r#""valid-lifetime": 8000, "renew-timer": 1000, "min-preferred-lifetime": 100,
        "subnet6": [ { "id": 1, "subnet": "2001:db8:1::/64", "preferred-lifetime": 6000 } ],
        "shared-networks": [ { "name": "n", "rebind-timer": 3000, "max-valid-lifetime": 9000, "subnet6": [
            { "id": 2, "subnet": "2001:db8:2::/64", "valid-lifetime": 4000, "renew-timer": 2000 },
            { "id": 3, "subnet": "2001:db8:3::/64", "calculate-tee-times": false, "max-preferred-lifetime": 7000 } ] } ]"#,
    );
    let seen = |id| {
        let Subnet6 { timers, preferred_lifetime, .. } = subnet(&dhcp6, id);
        (timers.valid_lifetime, *preferred_lifetime, timers.tee_times6(5000))
    };
    let lifetime = |min, default, max| Lifetime { min, default, max };
    assert_eq!(seen(1), (lifetime(8000, 8000, 8000), lifetime(100, 6000, 6000), (1000, 4000)));
    assert_eq!(seen(2), (lifetime(4000, 4000, 9000), lifetime(100, 2500, 2500), (2000, 3000)));
    assert_eq!(seen(3), (lifetime(8000, 8000, 9000), lifetime(100, 5000, 7000), (1000, 3000)));
}

#[test]
fn mac_sources_keep_their_order_and_those_of_other_networks_are_passed_over() {
    let sources = |list: &str| dhcp6(&format!("\"mac-sources\": {list}")).mac_sources;
    assert_eq!(
        sources(r#"[ "duid", "docsis-cmts", "rfc6939" ]"#),
        [MacSource::Duid, MacSource::ClientLinkAddress]
    );
    assert_eq!(sources(r#"[ "raw" ]"#), []);
    assert_eq!(sources("[]"), MacSource::ANY);
    assert_eq!(
        sources(r#"[ "ipv6-link-local", "any" ]"#),
        [MacSource::Ipv6LinkLocal, MacSource::ClientLinkAddress, MacSource::Duid]
    );
}

#[test]
fn options_that_relays_may_supply_are_named_by_code_or_name() {
    let dhcp6 = dhcp6(
        r#""option-def": [ { "name": "own", "code": 2000, "type": "uint8" } ],
           "relay-supplied-options": [ "own", "110", "dns-servers", "110" ]"#,
    );
    assert_eq!(dhcp6.relay_supplied_options, [23, 65, 110, 2000]);
}

#[test]
fn names_and_allocators_are_inherited_key_by_key() {
    let dhcp6 = dhcp6(
        r#""ddns-qualifying-suffix": "example.org.", "ddns-replace-client-name": "always", "allocator": "random",
        "allow-address-registration": false,
        "subnet6": [
            { "id": 1, "subnet": "2001:db8:1::/64" },
            { "id": 2, "subnet": "2001:db8:2::/64", "ddns-generated-prefix": "home", "ddns-qualifying-suffix": "",
              "allocator": "flq", "pd-allocator": "random" } ],
        "shared-networks": [ { "name": "n", "ddns-generated-prefix": "", "ddns-replace-client-name": true,
            "pd-allocator": "random", "rapid-commit": true,
            "subnet6": [ { "id": 3, "subnet": "2001:db8:3::/64" },
                         { "id": 4, "subnet": "2001:db8:4::/64", "ddns-replace-client-name": "when-not-present",
                           "pd-allocator": "iterative", "rapid-commit": false } ] } ]"#,
    );
    let policy = |replace_client_name, prefix: &str, suffix: &str| FqdnPolicy {
        replace_client_name,
        generated_prefix: prefix.to_owned(),
        qualifying_suffix: suffix.to_owned(),
    };
    assert!(!dhcp6.allow_address_registration);
    let global = policy(ReplaceClientName::Always, "myhost", "example.org");
    assert_eq!(dhcp6.fqdn, global);
    let seen = |id| {
        let Subnet6 { fqdn, allocator, pd_allocator, rapid_commit, .. } = subnet(&dhcp6, id);
        (fqdn.clone(), *allocator, *pd_allocator, *rapid_commit)
    };
    assert_eq!(seen(1), (global, Allocator::Random, Allocator::Iterative, false));
    assert_eq!(
        seen(2),
        (policy(ReplaceClientName::Always, "home", ""), Allocator::Iterative, Allocator::Random, false)
    );
    assert_eq!(
        seen(3),
        (
            policy(ReplaceClientName::WhenPresent, "", "example.org"),
            Allocator::Random,
            Allocator::Random,
            true
        )
    );
    assert_eq!(
        seen(4),
        (
            policy(ReplaceClientName::WhenNotPresent, "", "example.org"),
            Allocator::Random,
            Allocator::Iterative,
            false
        )
    );
}
