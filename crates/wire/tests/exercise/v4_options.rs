//! The data of one DHCPv4 option, looked at through every view; what can be read is written alike.

use fosix_wire::name::Name;
use fosix_wire::softwire::PortParams;
use fosix_wire::v4::{
    ClasslessRoutes, ClientFqdn, ClientIdentifier, ClientIdentifierKind, DomainSearch, EncryptedDns,
    FqdnName, OptionCode, RelayAgentInformation, SubOptions, UserClass, VendorIdentifying,
    write_domain_search, write_node_specific,
};

use super::{drain, show, shown};

pub fn run(data: &[u8]) {
    look_at(data);
    // Options in options are looked at like options of their own, one level deep.
    if let Some(options) = shown(SubOptions::new_checked(data)) {
        options.iter().for_each(|option| look_at(option.data));
    }
}

/// Every view of `data`.
fn look_at(data: &[u8]) {
    look_at_relay_agent(data);
    look_at_client(data);
    look_at_vendors(data);
    look_at_names(data);
    look_at_routes(data);
    look_at_resolvers(data);
    shown(PortParams::new_checked(data));
}

/// The views that are meant for options with that code.
pub fn look_at_as(code: OptionCode, data: &[u8]) {
    match code {
        OptionCode::RELAY_AGENT_INFORMATION => look_at_relay_agent(data),
        OptionCode::CLIENT_IDENTIFIER | OptionCode::CLIENT_FQDN => look_at_client(data),
        OptionCode::USER_CLASS
        | OptionCode::VENDOR_IDENTIFYING_VENDOR_CLASS
        | OptionCode::VENDOR_IDENTIFYING_VENDOR_INFORMATION => look_at_vendors(data),
        OptionCode::DOMAIN_SEARCH => look_at_names(data),
        OptionCode::CLASSLESS_STATIC_ROUTE => look_at_routes(data),
        OptionCode::V4_DNR => look_at_resolvers(data),
        _ => {}
    }
}

fn look_at_routes(data: &[u8]) {
    let Some(routes) = shown(ClasslessRoutes::new_checked(data)) else { return };
    let mut written = Vec::new();
    for route in routes.iter() {
        assert!(route.prefix_len <= 32);
        route.write_to(&mut written);
    }
    assert_eq!(written, data);
}

fn look_at_resolvers(data: &[u8]) {
    let Some(resolvers) = shown(EncryptedDns::new_checked(data)) else { return };
    assert!(resolvers.iter().count() > 0);
    for resolver in resolvers.iter() {
        show(resolver.name);
        drain(resolver.addresses());
        drain([resolver.priority, u16::from(resolver.parameters.is_empty())]);
    }
}

fn look_at_relay_agent(data: &[u8]) {
    let Some(information) = shown(RelayAgentInformation::new_checked(data)) else { return };
    assert_eq!(information.as_bytes(), data);
    assert_eq!(information.iter().map(|option| option.data.len() + 2).sum::<usize>(), data.len());
    for option in information.iter() {
        assert!(information.find(option.code).is_some());
    }
    drain(information.circuit_id());
    drain(information.remote_id());
    drain(information.link_selection());
    drain(information.server_identifier_override());
    drain(information.virtual_subnet());
    drain([information.has_relay_port(), information.has_virtual_subnet_control()]);
}

fn look_at_client(data: &[u8]) {
    if let Some(identifier) = shown(ClientIdentifier::new_checked(data)) {
        show(identifier);
        assert_eq!(identifier.as_bytes(), data);
        if let ClientIdentifierKind::NodeSpecific { iaid, duid } = identifier.kind() {
            let mut written = Vec::new();
            write_node_specific(iaid, duid, &mut written);
            assert_eq!(written, data);
        }
        assert_eq!(
            identifier.node_specific().is_some(),
            matches!(identifier.kind(), ClientIdentifierKind::NodeSpecific { .. })
        );
    }
    if let Some(fqdn) = shown(ClientFqdn::new_checked(data)) {
        let mut written = Vec::new();
        fqdn.write_to(&mut written);
        assert_eq!(written, data);
        if let FqdnName::Wire(name) = fqdn.name {
            show(name);
        }
    }
}

fn look_at_vendors(data: &[u8]) {
    if let Some(classes) = shown(UserClass::new_checked(data)) {
        assert_eq!(classes.iter().map(|class| class.len() + 1).sum::<usize>(), data.len());
    }
    if let Some(vendors) = shown(VendorIdentifying::new_checked(data)) {
        assert_eq!(vendors.iter().map(|vendor| vendor.data.len() + 5).sum::<usize>(), data.len());
        for vendor in vendors.iter() {
            assert!(vendors.find(vendor.enterprise).is_some());
            drain(shown(vendor.classes()).into_iter().flatten());
            drain(shown(vendor.options()).iter().flat_map(SubOptions::iter));
        }
    }
}

/// Names that can be read come out the same when they are compressed anew.
fn look_at_names(data: &[u8]) {
    let Some(search) = shown(DomainSearch::new_checked(data)) else { return };
    let mut uncompressed = Vec::new();
    let mut ends = Vec::new();
    // A few octets of pointers can stand for many octets of names.
    for name in search.iter().take(64) {
        name.write_to(&mut uncompressed);
        ends.push(uncompressed.len());
    }
    let mut names = Vec::new();
    let mut start = 0;
    for end in ends {
        names.extend(uncompressed.get(start..end).and_then(|wire| Name::new_checked(wire).ok()));
        start = end;
    }
    let mut written = Vec::new();
    write_domain_search(names.iter().copied(), &mut written);
    assert!(written.len() <= uncompressed.len());
    let again = DomainSearch::new_checked(&written);
    assert!(again.is_ok());
    let texts = |names: DomainSearch<'_>| names.iter().map(|name| name.to_string()).collect::<Vec<_>>();
    let before: Vec<_> = search.iter().take(64).map(|name| name.to_string()).collect();
    assert_eq!(again.map(texts), Ok(before));
}
