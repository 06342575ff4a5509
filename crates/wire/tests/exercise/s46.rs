//! Port parameters, S46 options and containers: what can be read can be written with the same meaning.

use fosix_wire::softwire::{
    Container, Ipv6Prefix, Mechanism, PortParams, Rule, V4V6Bind, border_relay, write_border_relay,
    write_default_mapping_rule,
};

use super::v6_options::written;
use super::{drain, show, shown};

pub fn run(data: &[u8]) {
    for mechanism in Mechanism::ALL {
        let Some(container) = shown(Container::new_checked(mechanism, data)) else { continue };
        shown(container.check_encapsulation());
        container.rules().for_each(|rule| look_at_rule(&rule));
        container.border_relays().for_each(show);
        container.default_mapping_rule().into_iter().for_each(show);
        container.binding().iter().for_each(look_at_binding);
        assert_eq!(container.options().as_bytes(), data);
    }
    shown(Rule::new_checked(data)).iter().for_each(look_at_rule);
    shown(V4V6Bind::new_checked(data)).iter().for_each(look_at_binding);
    if let Some(params) = shown(PortParams::new_checked(data)) {
        look_at_ports(params);
        if !params.is_full_address() {
            assert_eq!(params.to_octets(), data);
        }
    }
    if let Some(prefix) = shown(Ipv6Prefix::new_checked(data)) {
        show(prefix);
        assert!(prefix.contains(prefix.address()));
        assert_eq!(Ipv6Prefix::new_checked(&written(|w| write_default_mapping_rule(w, prefix))), Ok(prefix));
    }
    if let Some(address) = shown(border_relay(data)) {
        assert_eq!(written(|w| write_border_relay(w, address)), data);
    }
}

fn look_at_rule(rule: &Rule) {
    assert!(rule.ea_len <= 48 && rule.ipv4_prefix_len <= 32 && rule.ipv6_prefix.len() <= 128);
    drain([rule.is_forwarding()]);
    rule.port_params.into_iter().for_each(look_at_ports);
    assert_eq!(Rule::new_checked(&written(|w| rule.write(w))), Ok(*rule));
}

fn look_at_binding(binding: &V4V6Bind) {
    binding.port_params.into_iter().for_each(look_at_ports);
    assert_eq!(V4V6Bind::new_checked(&written(|w| binding.write(w))), Ok(*binding));
}

fn look_at_ports(params: PortParams) {
    show(params);
    assert_eq!(PortParams::new(params.offset(), params.psid_len(), params.psid().value()), Ok(params));
    assert_eq!(PortParams::new_checked(&params.to_octets()), Ok(params));
    let set = params.port_set();
    // Sets of many ranges are looked at in part.
    for range in set.ranges().take(16) {
        assert!(set.contains(*range.start()) && set.contains(*range.end()));
        assert!(range.start() <= range.end());
    }
    assert!(set.port_count() > 0 && set.port_count() <= 1 << 16);
    assert_eq!(set.has_system_ports(), set.first_port() < 1024);
    assert!(set.overlaps(set));
}
