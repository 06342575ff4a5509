//! Limits: of each client and relay port in `Fosix.limits`, and those of Kea's hook `limits`, which is built in, in the
//! `user-context` of classes and subnets.

use super::hooks::{Half, name_of};
use super::object::{At, Object};
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::model::{ClientClasses, Limit, Limits, Rate, SubnetId};
use crate::syntax::{Member, Value};

/// The limits of the classes and subnets of one half while its configuration is read.
#[derive(Debug)]
pub(super) struct ReadLimits {
    half: Half,
    /// Whether the hook is among those that are loaded.
    is_loaded: bool,
    limits: Limits,
}

impl ReadLimits {
    pub(super) fn new(object: &Object<'_>, half: Half) -> Self {
        let mut libraries = object.objects("hooks-libraries").filter_map(|hook| hook.text("library"));
        let is_loaded = libraries.any(|library| name_of(library.value) == "limits");
        Self { half, is_loaded, limits: Limits::default() }
    }

    /// Reads the limits of a subnet.
    pub(super) fn subnet(&mut self, object: &Object<'_>, id: SubnetId, report: &mut Report) {
        if let Some(limit) = self.of_context(object, report) {
            self.limits.subnets.push((id, limit));
        }
    }

    /// Everything, once subnets and classes are read.
    pub(super) fn finish(
        mut self,
        object: &Object<'_>,
        classes: &ClientClasses,
        report: &mut Report,
    ) -> Limits {
        for class in object.objects("client-classes") {
            let name = class.text("name").and_then(|name| classes.names.number(name.value));
            if let (Some(limit), Some(number)) = (self.of_context(&class, report), name) {
                self.limits.classes.push((number, limit));
            }
        }
        self.limits.subnets.sort_by_key(|(id, _)| *id);
        self.limits
    }

    fn of_context(&self, object: &Object<'_>, report: &mut Report) -> Option<Limit> {
        let member = object.object("user-context")?.member("limits")?;
        if !self.is_loaded {
            let told = Diagnostic::warning(member.key_span, "limits without the hook that keeps them");
            let told = told.help("add { \"library\": \"libdhcp_limits.so\" } to `hooks-libraries`");
            report.push_repeated("limits without the hook", told);
            return None;
        }
        let Some(limits) = Object::new(&member.node) else {
            let found = member.node.value.describe();
            let told = Diagnostic::error(member.node.span, format!("`limits` takes a map, not {found}"));
            report.push(
                told.help("such as { \"address-limit\": 4, \"rate-limit\": \"10 packets per second\" }"),
            );
            return None;
        };
        let mut limit = Limit::default();
        for member in limits.members() {
            match &*member.key {
                "address-limit" => limit.addresses = number(member, report),
                "prefix-limit" if self.half == Half::Dhcp6 => limit.prefixes = number(member, report),
                "rate-limit" => limit.rate = text(member, report).and_then(|text| rate(text, report)),
                key => {
                    let text = format!("no limit is called \"{}\" here", shorten(key));
                    let known = match self.half {
                        Half::Dhcp4 => "there are address-limit and rate-limit",
                        Half::Dhcp6 => "there are address-limit, prefix-limit and rate-limit",
                    };
                    report.push(Diagnostic::error(member.key_span, text).help(known));
                }
            }
        }
        Some(limit)
    }
}

/// What `Fosix.limits` says; the same for both halves.
pub(crate) fn limits_of_each(fosix: Option<&Object<'_>>, report: &mut Report) -> Limits {
    let Some(limits) = fosix.and_then(|fosix| fosix.object("limits")) else { return Limits::default() };
    let mut limit = |key| {
        let Some(object) = limits.object(key) else { return Limit::default() };
        Limit {
            addresses: object.integer("address-limit").map(|at| at.value),
            prefixes: object.integer("prefix-limit").map(|at| at.value),
            rate: object.text("rate-limit").and_then(|text| rate(text, report)),
        }
    };
    Limits {
        client: limit("client"),
        interface_id: limit("interface-id"),
        remote_id: limit("remote-id"),
        ..Limits::default()
    }
}

fn rate(text: At<&str>, report: &mut Report) -> Option<Rate> {
    let rate = Rate::parse(text.value);
    if rate.is_none() {
        let message = format!("\"{}\" is no rate", shorten(text.value));
        let help = "write a number, \"packets per\", and one of second, minute, hour, day, week, month, year";
        report.push(Diagnostic::error(text.span, message).help(help));
    }
    rate
}

fn number(member: &Member, report: &mut Report) -> Option<u32> {
    let number = match member.node.value {
        Value::Integer(number) => u32::try_from(number).ok(),
        _ => None,
    };
    if number.is_none() {
        let found = member.node.value.describe();
        let message = format!("`{}` takes a number from 0 to 4294967295, not {found}", member.key);
        report.push(Diagnostic::error(member.node.span, message).help("give the most leases at a time"));
    }
    number
}

fn text<'t>(member: &'t Member, report: &mut Report) -> Option<At<&'t str>> {
    if let Value::Text(bytes) = &member.node.value
        && let Ok(value) = std::str::from_utf8(bytes)
    {
        return Some(At { value, span: member.node.span });
    }
    let found = member.node.value.describe();
    let message = format!("`{}` takes a text, not {found}", member.key);
    report.push(Diagnostic::error(member.node.span, message).help("such as \"10 packets per second\""));
    None
}
