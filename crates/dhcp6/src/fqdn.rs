//! The client's domain name (RFC 4704). No DNS update is made: the client is told so, and what its whole name is.

use fosix_config::{FqdnPolicy, ReplaceClientName};
use fosix_wire::name;
use fosix_wire::v6::{ClientFqdn, FqdnFlags, OptionCode, Writer};

use crate::plan::Plan;
use crate::process::Exchange;

/// Appends the answer to the client's option 39, where it sent one and asks for an answer.
pub(crate) fn write(exchange: &Exchange<'_>, plan: &Plan, w: &mut Writer<'_>) {
    let Some(fqdn) = sent(exchange) else { return };
    // RFC 4704 §6: S tells who updates the AAAA record, O that it is not as the client wants, N that nobody here does.
    let mut flags = FqdnFlags::NONE.0;
    if fqdn.flags.contains(FqdnFlags::SERVER) && !fqdn.flags.contains(FqdnFlags::NONE) {
        flags |= FqdnFlags::OVERRIDDEN.0;
    }
    let mut body = vec![flags];
    let text = name_of(exchange, plan);
    match name::encode(&text, &mut body) {
        Ok(true) => {}
        // A part of a name stays one: it has no root at its end.
        Ok(false) => body.truncate(body.len().saturating_sub(1)),
        // One that cannot be put together is answered by an empty one.
        Err(_) => body.truncate(1),
    }
    w.option(OptionCode::CLIENT_FQDN, &body);
}

/// The name that goes on record with the client's leases; empty where there is none.
pub(crate) fn hostname(exchange: &Exchange<'_>, plan: &Plan) -> Box<str> {
    let given = sent(exchange).is_some();
    let makes_one = matches!(
        exchange.server.fqdn_policy(exchange).replace_client_name,
        ReplaceClientName::Always | ReplaceClientName::WhenNotPresent
    );
    if given || makes_one || !exchange.reserved_name().is_empty() {
        name_of(exchange, plan).to_ascii_lowercase().into()
    } else {
        Box::default()
    }
}

/// The client's option, unless it cannot be read: then it is as if it were not there.
fn sent<'a>(exchange: &Exchange<'a>) -> Option<ClientFqdn<'a>> {
    ClientFqdn::new_checked(exchange.message.options().find(OptionCode::CLIENT_FQDN)?).ok()
}

/// The server's notion of the client's name, as Kea makes it: the client's own with the suffix behind it where it is a
/// part of one, or one made of the address.
fn name_of(exchange: &Exchange<'_>, plan: &Plan) -> String {
    let policy = exchange.server.fqdn_policy(exchange);
    match exchange.reserved_name() {
        "" => {}
        name if name.ends_with('.') => return name.to_owned(),
        // As in Kea, it is a whole name with the suffix behind it.
        name => return format!("{}.", qualified(name, policy).trim_end_matches('.')),
    }
    let given = sent(exchange).map(|fqdn| fqdn.name).filter(|name| name.labels().next().is_some());
    let replaced = match policy.replace_client_name {
        ReplaceClientName::Never => false,
        ReplaceClientName::Always => true,
        ReplaceClientName::WhenPresent => given.is_some(),
        ReplaceClientName::WhenNotPresent => given.is_none(),
    };
    match given.filter(|_| !replaced) {
        Some(name) if name.is_fully_qualified() => name.to_string(),
        Some(name) => qualified(&name.to_string(), policy),
        None => {
            // There is none before there is a lease.
            let Some(lease) = plan.usable().next() else { return String::new() };
            let address = lease.key.address.to_string().replace(':', "-");
            let hyphen = if policy.generated_prefix.is_empty() { "" } else { "-" };
            qualified(&format!("{}{hyphen}{address}", policy.generated_prefix), policy)
        }
    }
}

fn qualified(name: &str, policy: &FqdnPolicy) -> String {
    match policy.qualifying_suffix.trim_end_matches('.') {
        "" => name.to_owned(),
        suffix => format!("{name}.{suffix}."),
    }
}
