//! The data of one option, looked at through every view; and a run of options, checked level by level.

use fosix_wire::v6::{
    AddressList, Authentication, ClientFqdn, ClientLinkLayerAddress, Duid, ElapsedTime, IaAddress, IaNa,
    IaPd, IaPrefix, IaTa, OptionRequest, Options, RelaySuppliedOptions, RemoteId, StatusCodeOption,
    UserClass, VendorClass, VendorOpts, Writer, excluded_prefix, write_excluded_prefix,
};

use super::{drain, show, shown};

/// The first octet is the delegated prefix length of a Prefix Exclude option; the rest is looked at.
pub fn run(data: &[u8]) {
    let Some((&prefix_len, data)) = data.split_first() else { return };
    look_at(data);
    exclude(prefix_len, data);
    if let Some(options) = shown(Options::new_checked(data)) {
        shown(options.check_formats());
        options.iter().for_each(|option| look_at(option.data));
    }
}

/// Every view of `data`.
pub fn look_at(data: &[u8]) {
    look_at_associations(data);
    if let Some(request) = shown(OptionRequest::new_checked(data)) {
        assert_eq!(request.iter().count(), request.len());
        assert!(request.iter().all(|code| request.contains(code)));
        assert_eq!(request.is_empty(), data.is_empty());
    }
    if let Some(list) = shown(AddressList::new_checked(data)) {
        assert_eq!(list.iter().count(), list.len());
        list.iter().for_each(show);
        assert_eq!(list.is_empty(), data.is_empty());
    }
    if let Some(duid) = shown(Duid::new_checked(data)) {
        show(duid);
        std::hint::black_box(duid.kind());
        assert_eq!(duid.as_bytes(), data);
    }
    if let Some(status) = shown(StatusCodeOption::new_checked(data)) {
        show(status.code);
    }
    if let Some(authentication) = shown(Authentication::new_checked(data)) {
        drain(authentication.reconfigure_key());
        assert_eq!(written(|w| authentication.write(w)), data);
    }
    if let Some(class) = shown(UserClass::new_checked(data)) {
        assert!(class.iter().count() > 0);
    }
    if let Some(class) = shown(VendorClass::new_checked(data)) {
        assert_eq!(class.iter().map(|item| item.len() + 2).sum::<usize>() + 4, data.len());
    }
    if let Some(vendor) = shown(VendorOpts::new_checked(data)) {
        assert_eq!(vendor.options().as_bytes().len() + 4, data.len());
    }
    if let Some(fqdn) = shown(ClientFqdn::new_checked(data)) {
        show(fqdn.name);
        assert_eq!(fqdn.name.as_bytes().len() + 1, data.len());
    }
    drain(shown(RemoteId::new_checked(data)));
    drain(shown(ElapsedTime::new_checked(data)));
    drain(shown(ClientLinkLayerAddress::new_checked(data)));
    drain(shown(RelaySuppliedOptions::new_checked(data)).into_iter().flat_map(|supplied| supplied.options));
}

fn look_at_associations(data: &[u8]) {
    drain(shown(IaNa::new_checked(data)).into_iter().flat_map(|ia| ia.options));
    drain(shown(IaPd::new_checked(data)).into_iter().flat_map(|ia| ia.options));
    drain(shown(IaTa::new_checked(data)).into_iter().flat_map(|ia| ia.options));
    if let Some(address) = shown(IaAddress::new_checked(data)) {
        show(address.address);
        drain(address.options);
    }
    if let Some(prefix) = shown(IaPrefix::new_checked(data)) {
        assert!(prefix.prefix_len <= 128);
        drain(prefix.options);
    }
}

/// A prefix that can be read can be written, with the same meaning.
fn exclude(prefix_len: u8, data: &[u8]) {
    let delegated = IaPrefix {
        preferred_lifetime: 0,
        valid_lifetime: 0,
        prefix_len,
        prefix: "2001:db8:5555:aaaa:5555:aaaa:5555:aaaa".parse().unwrap_or(std::net::Ipv6Addr::LOCALHOST),
        options: Options::default(),
    };
    let Some(excluded) = shown(excluded_prefix(&delegated, data)) else { return };
    let Some(inside) = shown(fosix_wire::softwire::Ipv6Prefix::new(delegated.prefix, prefix_len)) else {
        return;
    };
    assert!(inside.contains(excluded.address()) && excluded.len() > inside.len());
    let again = written(|w| write_excluded_prefix(w, inside, excluded));
    assert_eq!(again.len(), data.len());
    assert_eq!(excluded_prefix(&delegated, &again), Ok(excluded));
}

/// The data of the one option that `write` writes.
pub fn written(write: impl FnOnce(&mut Writer<'_>)) -> Vec<u8> {
    let mut out = Vec::new();
    let mut w = Writer::new(&mut out);
    write(&mut w);
    assert_eq!(w.finish(), Ok(()));
    out.drain(..4.min(out.len()));
    out
}
