//! The answer on the wire: Advertise, Reply or ADDR-REG-REPLY, with every relay level put back.

use fosix_expression::Classes;
use fosix_lease::{Key6, LeaseKind6};
use fosix_policy::{ClientOptions, Explanation, Topic, details, host_options, option_text};
use fosix_wire::Error;
use fosix_wire::definition::DHCP6;
use fosix_wire::v6::{
    Message, MessageType, OptionCode, OptionRequest, RelaySuppliedOptions, VendorClass, VendorOpts, Writer,
    write_relay_reply,
};

use smallvec::SmallVec;

use crate::fqdn;
use crate::outcome::Sent6;
use crate::plan::{Plan, PlannedAssociation, PlannedLease, Status, Step};
use crate::process::Exchange;

/// Appends the whole answer to `out`, or leaves `out` as it is where it does not fit.
pub(crate) fn write(
    exchange: &Exchange<'_>,
    plan: &Plan,
    out: &mut Vec<u8>,
    why: &mut Explanation,
) -> Result<(), Error> {
    let message = &exchange.message;
    let mut w = Writer::new(out);
    // RFC 9915 §19.3: to a relay the answer goes inside Relay-reply.
    write_relay_reply(exchange.packet.relays(), &mut w, |w| {
        w.message(message_type(plan.sent), message.transaction_id());
        // RFC 9915 §18.3: the server's identifier, and the client's if it gave one.
        w.option(OptionCode::SERVER_ID, &exchange.server.settings.server_id);
        if let Some(client_id) = message.options().find(OptionCode::CLIENT_ID) {
            w.option(OptionCode::CLIENT_ID, client_id);
        }
        if plan.sent == Sent6::AddressRegistrationReply {
            // RFC 9686 §4.3: the option as it came, and nothing that was not asked for.
            if let Some(address) = message.options().find(OptionCode::IA_ADDR) {
                w.option(OptionCode::IA_ADDR, address);
            }
            return;
        }
        if plan.rapid_commit {
            w.option(OptionCode::RAPID_COMMIT, &[]);
        }
        if let Some(status) = plan.status {
            write_status(status, w);
        }
        write_associations(exchange, plan, w);
        if !ends_leases(message.message_type()) {
            write_options(exchange, plan, w, why);
        }
    });
    w.finish()
}

fn write_associations(exchange: &Exchange<'_>, plan: &Plan, w: &mut Writer<'_>) {
    let (t1, t2) = tee_times(exchange, plan);
    let wants_excluded = requests(&exchange.message).any(|request| request.contains(OptionCode::PD_EXCLUDE));
    for association in &plan.associations {
        w.nested(code_of(association), |w| {
            let leases = plan.of(association);
            // Without a lease there is nothing to renew.
            let is_renewed = leases.iter().any(|lease| lease.step != Step::Withdraw);
            let (t1, t2) = if is_renewed { (t1, t2) } else { (0, 0) };
            for number in [association.iaid, t1, t2] {
                w.raw(&number.to_be_bytes());
            }
            for lease in leases {
                write_lease(exchange, lease, wants_excluded, w);
            }
            if let Some(status) = association.status {
                write_status(status, w);
            }
        });
    }
}

fn write_lease(exchange: &Exchange<'_>, lease: &PlannedLease, wants_excluded: bool, w: &mut Writer<'_>) {
    let Key6 { kind, address, prefix_len } = lease.key;
    let write_lifetimes = |w: &mut Writer<'_>| {
        w.raw(&lease.preferred_lifetime.to_be_bytes());
        w.raw(&lease.valid_lifetime.to_be_bytes());
    };
    match kind {
        LeaseKind6::Address => w.nested(OptionCode::IA_ADDR, |w| {
            w.raw(&address.octets());
            write_lifetimes(w);
        }),
        LeaseKind6::Prefix => w.nested(OptionCode::IA_PREFIX, |w| {
            write_lifetimes(w);
            w.raw(&[prefix_len]);
            w.raw(&address.octets());
            // RFC 6603 §5.2: only for a client that knows what it means.
            if wants_excluded && lease.step != Step::Withdraw {
                w.append(|out| {
                    exchange.server.write_excluded(exchange, lease.key, out);
                    Ok(())
                });
            }
        }),
    }
}

/// T1 and T2 of every association of the answer: RFC 9915 §18.3.2, §18.3.4, §18.3.5 have them be the same, and §21.4 has
/// them follow from the shortest preferred lifetime. 0 leaves them to the client.
fn tee_times(exchange: &Exchange<'_>, plan: &Plan) -> (u32, u32) {
    let Some(shortest) = plan.usable().map(|lease| lease.preferred_lifetime).min() else { return (0, 0) };
    let of_subnets = plan.usable().filter_map(|lease| exchange.server.subnet(lease.subnet?));
    let each = of_subnets.map(|subnet| subnet.config.timers.tee_times6(shortest));
    let sooner = |one: u32, other: u32| if one == 0 || (other != 0 && other < one) { other } else { one };
    let (t1, t2) = each.fold((0, 0), |(t1, t2), (of_t1, of_t2)| (sooner(t1, of_t1), sooner(t2, of_t2)));
    // RFC 9915 §18.3.4: it is of no use to try to renew what cannot be extended before it ends.
    let told = plan.usable().filter(|lease| lease.step == Step::Tell).map(|lease| lease.valid_lifetime).min();
    let (t1, t2) = told.map_or((t1, t2), |left| (t1.min(left), t2.min(left)));
    // RFC 9915 §21.4: a client discards an association whose T1 is above its T2.
    (if t2 == 0 { t1 } else { t1.min(t2) }, t2)
}

/// The options that the client asks for (RFC 9915 §21.7) or gets unasked.
fn write_options(exchange: &Exchange<'_>, plan: &Plan, w: &mut Writer<'_>, why: &mut Explanation) {
    let message = &exchange.message;
    let server = exchange.server;
    let is_inform = message.message_type() == MessageType::INFORMATION_REQUEST;
    let none = Classes::default();
    let view = exchange.view(&none);
    let mut classes = exchange.classes.clone();
    let listed = server.additional_classes(exchange, plan);
    server.rules.classifier().additional(listed.into_iter(), &view, &mut classes, why);
    let host = details(exchange.host(server.subnet_of(exchange, plan).as_ref()));
    let own = host.filter(|host| !host.options.is_empty()).map(|host| host_options(&host.options));
    let options = &server.options(exchange, plan, &classes, own.as_ref());
    let decisions = server.rules.flex_options(&view, &classes, why);
    // RFC 9915 §18.3.9: how much this server wants to be chosen is said in Advertise alone.
    if let (Sent6::Advertise, Some(preference)) = (plan.sent, options.get(OptionCode::PREFERENCE.0)) {
        w.option(OptionCode::PREFERENCE, preference);
    }
    let codes = requests(message).flat_map(|request| request.iter());
    let mut sent: SmallVec<[u16; 16]> = SmallVec::new();
    for (code, data) in options.select(codes.map(|code| code.0)) {
        // RFC 9915 §21.23: when to ask again is of use to who only asked for parameters.
        let fits = code != OptionCode::INFORMATION_REFRESH_TIME.0 || is_inform;
        if fits && !is_servers_own(OptionCode(code)) && !decisions.displaces(code) {
            w.option(OptionCode(code), data);
            sent.push(code);
            why.add(Topic::Option, || {
                let place = exchange.scope_of(plan, &classes, code);
                format!("{}, {place}", option_text(DHCP6, code, data))
            });
        }
    }
    for (code, data) in decisions.additions(&sent) {
        if !is_servers_own(OptionCode(code)) {
            w.option(OptionCode(code), data);
        }
    }
    let asks = |code| requests(message).any(|request| request.contains(code));
    write_vendor_options(message, options, asks(OptionCode::VENDOR_OPTS), w);
    // RFC 4704 §6: only for a client that sent its name and asks for the option.
    if asks(OptionCode::CLIENT_FQDN) {
        fqdn::write(exchange, plan, w);
    }
    // RFC 9686 §4.1.
    if server.allow_address_registration && asks(OptionCode::ADDR_REG_ENABLE) {
        w.option(OptionCode::ADDR_REG_ENABLE, &[]);
    }
    write_relay_supplied(exchange, options, w);
}

fn write_vendor_options(message: &Message<'_>, options: &ClientOptions<'_>, asked: bool, w: &mut Writer<'_>) {
    for enterprise in options.enterprises() {
        // RFC 9915 §21.17: a vendor's options are for those that say that they are of that vendor.
        let wanted = asked && names_enterprise(message, enterprise);
        let mut chosen = options.vendor(enterprise).filter(|(_, always)| wanted || *always).peekable();
        if chosen.peek().is_some() {
            w.nested(OptionCode::VENDOR_OPTS, |w| {
                w.raw(&enterprise.to_be_bytes());
                for (option, _) in chosen {
                    w.option(OptionCode(option.code), &option.data);
                }
            });
        }
    }
}

/// What relays supply for the client (RFC 6422 §6): of each option that may be supplied the one of the relay nearest the
/// client, unless it is configured here.
fn write_relay_supplied(exchange: &Exchange<'_>, options: &ClientOptions<'_>, w: &mut Writer<'_>) {
    let relays = exchange.packet.relays().iter().rev();
    let supplied = relays.filter_map(|relay| {
        let data = relay.options().find(OptionCode::RSOO)?;
        Some(RelaySuppliedOptions::new_checked(data).ok()?.options)
    });
    let mut written: Vec<OptionCode> = Vec::new();
    for option in supplied.flat_map(|options| options.iter()) {
        let may_be_supplied = exchange.server.relay_supplied_options.contains(&option.code.0)
            && !is_servers_own(option.code)
            && options.get(option.code.0).is_none();
        if may_be_supplied && !written.contains(&option.code) {
            written.push(option.code);
            w.option(option.code, option.data);
        }
    }
}

fn requests<'a>(message: &Message<'a>) -> impl Iterator<Item = OptionRequest<'a>> + use<'a> {
    message.options().find_all(OptionCode::ORO).filter_map(|data| OptionRequest::new_checked(data).ok())
}

/// Whether the client's vendor class or vendor options are of `enterprise`.
fn names_enterprise(message: &Message<'_>, enterprise: u32) -> bool {
    message.options().iter().any(|option| match option.code {
        OptionCode::VENDOR_CLASS => {
            VendorClass::new_checked(option.data).is_ok_and(|class| class.enterprise == enterprise)
        }
        OptionCode::VENDOR_OPTS => {
            VendorOpts::new_checked(option.data).is_ok_and(|vendor| vendor.enterprise == enterprise)
        }
        _ => false,
    })
}

fn write_status((code, text): Status, w: &mut Writer<'_>) {
    w.nested(OptionCode::STATUS_CODE, |w| {
        w.raw(&code.0.to_be_bytes());
        w.raw(text.as_bytes());
    });
}

/// RFC 9915 §18.3.7, §18.3.8: the answer says how it went and nothing else.
fn ends_leases(message_type: MessageType) -> bool {
    matches!(message_type, MessageType::RELEASE | MessageType::DECLINE)
}

fn code_of(association: &PlannedAssociation) -> OptionCode {
    match association.kind {
        LeaseKind6::Address => OptionCode::IA_NA,
        LeaseKind6::Prefix => OptionCode::IA_PD,
    }
}

/// Options that the server writes itself, that only clients and relays send, or that are obsolete: never taken from the
/// configuration as they are.
fn is_servers_own(code: OptionCode) -> bool {
    matches!(
        code,
        OptionCode::CLIENT_ID
            | OptionCode::SERVER_ID
            | OptionCode::IA_NA
            | OptionCode::IA_TA
            | OptionCode::IA_ADDR
            | OptionCode::ORO
            | OptionCode::PREFERENCE
            | OptionCode::ELAPSED_TIME
            | OptionCode::RELAY_MESSAGE
            | OptionCode::AUTH
            | OptionCode::UNICAST
            | OptionCode::STATUS_CODE
            | OptionCode::RAPID_COMMIT
            | OptionCode::VENDOR_OPTS
            | OptionCode::INTERFACE_ID
            | OptionCode::RECONF_MSG
            | OptionCode::RECONF_ACCEPT
            | OptionCode::IA_PD
            | OptionCode::IA_PREFIX
            | OptionCode::CLIENT_FQDN
            | OptionCode::RSOO
            | OptionCode::PD_EXCLUDE
            | OptionCode::DHCPV4_MSG
            | OptionCode::RELAY_PORT
            | OptionCode::ADDR_REG_ENABLE
    )
}

pub(crate) fn message_type(sent: Sent6) -> MessageType {
    match sent {
        Sent6::Advertise => MessageType::ADVERTISE,
        Sent6::Reply => MessageType::REPLY,
        Sent6::Dhcpv4Response => MessageType::DHCPV4_RESPONSE,
        Sent6::AddressRegistrationReply => MessageType::ADDR_REG_REPLY,
    }
}
