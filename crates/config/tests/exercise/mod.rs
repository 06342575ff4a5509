//! Any bytes as configuration files: nothing may panic, and what is accepted must be sound.

use std::collections::HashSet;

use fosix_config::{Config, FqdnPolicy, LoadOptions, Loaded, OptionValue, Pool4, Severity, load_memory};

/// Loads bytes as a file. Behind a zero byte stands another one, called `b`, that the first can include.
///
/// # Panics
///
/// When the configuration that comes out breaks what its types promise.
pub(crate) fn run(data: &[u8]) {
    // Showing hundreds of findings takes a hundred times as long as finding them: one input in 16 is enough for that.
    let shown = data.iter().fold(0_u8, |sum, &byte| sum.rotate_left(1) ^ byte) % 16 == 0;
    let mut parts = data.splitn(2, |&byte| byte == 0);
    let (first, second) = (parts.next().unwrap_or(&[]), parts.next().unwrap_or(&[]));
    let files = [("a", first), ("b", second)];
    let lenient = load_memory(&files, &["a"], LoadOptions::default());
    check(&lenient, shown);
    if !shown && lenient.config.is_none() {
        return;
    }
    let strict = load_memory(&files, &["a"], LoadOptions { strict: true });
    check(&strict, shown);
    assert!(lenient.config.is_some() || strict.config.is_none(), "what passes with --strict passes without");
    let errors = |loaded: &Loaded| loaded.diagnostics.count(Severity::Error);
    assert!(errors(&strict) >= errors(&lenient));
}

fn check(loaded: &Loaded, shown: bool) {
    let diagnostics = &loaded.diagnostics;
    assert_eq!(loaded.config.is_none(), diagnostics.has_errors());
    if shown {
        for colour in [false, true] {
            assert_eq!(diagnostics.render(colour).is_empty(), diagnostics.iter().count() == 0);
        }
        assert!(diagnostics.to_json().starts_with('['));
    }
    for finding in diagnostics {
        assert!(!finding.message.is_empty());
    }
    if let Some(config) = &loaded.config {
        check_config(config);
    }
}

fn check_config(config: &Config) {
    if let Some(dhcp4) = &config.dhcp4 {
        assert!(dhcp4.subnets.windows(2).all(|pair| pair[0].id < pair[1].id));
        check_options(&dhcp4.options, 254);
        let mut prefixes: Vec<_> =
            dhcp4.subnets.iter().map(|subnet| (subnet.prefix.network(), subnet.prefix.broadcast())).collect();
        prefixes.sort_unstable();
        assert!(prefixes.windows(2).all(|pair| pair[0].1 < pair[1].0));
        for subnet in &dhcp4.subnets {
            assert_eq!(dhcp4.subnet(subnet.id), Some(subnet));
            assert_eq!(subnet.prefix, subnet.prefix.trunc());
            let timers = &subnet.timers;
            let lifetime = timers.valid_lifetime;
            assert!(lifetime.min <= lifetime.default && lifetime.default <= lifetime.max);
            if let (Some(t1), Some(t2)) = timers.tee_times(lifetime.default) {
                assert!(t1 < t2 && t2 < lifetime.default);
            }
            check_options(&subnet.options, 254);
            check_pools(&subnet.pools);
            for pool in &subnet.pools {
                assert!(subnet.prefix.contains(&pool.first) && subnet.prefix.contains(&pool.last));
                check_options(&pool.options, 254);
            }
            assert!(subnet.server_hostname.len() < 64 && subnet.boot_file_name.len() < 128);
            assert!(subnet.selector.interface_id.as_ref().is_none_or(|id| !id.is_empty()));
        }
    }
    if let Some(dhcp6) = &config.dhcp6 {
        assert!(dhcp6.subnets.windows(2).all(|pair| pair[0].id < pair[1].id));
        assert_eq!(dhcp6.interfaces.iter().collect::<HashSet<_>>().len(), dhcp6.interfaces.len());
        check_options(&dhcp6.options, u16::MAX);
        check_names(&dhcp6.fqdn);
        assert_eq!(dhcp6.mac_sources.iter().collect::<HashSet<_>>().len(), dhcp6.mac_sources.len());
        assert!(dhcp6.relay_supplied_options.windows(2).all(|pair| pair[0] < pair[1]));
        let mut prefixes = Vec::new();
        for subnet in &dhcp6.subnets {
            check_options(&subnet.options, u16::MAX);
            let preferred = subnet.preferred_lifetime;
            assert!(preferred.max <= subnet.timers.valid_lifetime.max);
            assert!(preferred.min <= preferred.default && preferred.default <= preferred.max);
            for lifetime in [0, preferred.default, u32::MAX] {
                let (t1, t2) = subnet.timers.tee_times6(lifetime);
                assert!(t2 == 0 || (1..=t2).contains(&t1));
            }
            check_names(&subnet.fqdn);
            assert!(subnet.interface_id.as_ref().is_none_or(|id| !id.is_empty()));
            for pool in &subnet.pools {
                assert!(pool.first <= pool.last);
                check_options(&pool.options, u16::MAX);
                assert!(subnet.prefix.contains(&pool.first) && subnet.prefix.contains(&pool.last));
            }
            for pool in &subnet.pd_pools {
                check_options(&pool.options, u16::MAX);
                prefixes.push((pool.prefix.network(), pool.prefix.broadcast()));
                assert!(pool.delegated_len >= pool.prefix.prefix_len() && pool.delegated_len <= 128);
                if let Some(excluded) = pool.excluded {
                    assert!(excluded.prefix_len() > pool.delegated_len && pool.prefix.contains(&excluded));
                }
            }
        }
        prefixes.sort_unstable();
        assert!(prefixes.windows(2).all(|pair| pair[0].1 < pair[1].0));
    }
    assert!((1..=32).contains(&config.fosix.max_relay_levels));
    assert!(config.fosix.ports.server > 0 && config.fosix.ports.client > 0);
}

/// The longest name that can be generated is one that DNS can carry.
fn check_names(fqdn: &FqdnPolicy) {
    let FqdnPolicy { generated_prefix, qualifying_suffix, .. } = fqdn;
    let address = "ffff-ffff-ffff-ffff-ffff-ffff-ffff-ffff";
    let mut name = if generated_prefix.is_empty() { String::new() } else { format!("{generated_prefix}-") };
    name.push_str(address);
    if !qualifying_suffix.is_empty() {
        name = format!("{name}.{qualifying_suffix}");
    }
    assert!(fosix_wire::name::encode(&name, &mut Vec::new()).is_ok(), "{name}");
}

fn check_options(options: &[OptionValue], max_code: u16) {
    for option in options {
        assert!(u16::try_from(option.data.len()).is_ok());
        assert!(option.vendor.is_some() || (option.code > 0 && option.code <= max_code));
    }
}

fn check_pools(pools: &[Pool4]) {
    let mut ranges: Vec<_> = pools.iter().map(|pool| (pool.first, pool.last)).collect();
    ranges.sort_unstable();
    assert!(ranges.iter().all(|(first, last)| first <= last));
    assert!(ranges.windows(2).all(|pair| pair[0].1 < pair[1].0));
}
