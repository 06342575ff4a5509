//! What options look like: the built-in definitions, and the operator's own (`option-def`).

use std::collections::HashMap;

use fosix_wire::definition::{self, FieldType, Universe};
use fosix_wire::text::Shape;

use super::object::{At, Object};
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::keys::nearest;
use crate::source::Span;

/// One `option-def`.
#[derive(Debug, Clone)]
struct Own {
    code: u16,
    name: String,
    space: String,
    kind: FieldType,
    array: bool,
    record: Vec<FieldType>,
    encapsulates: Option<String>,
    span: Span,
}

/// A definition, wherever it comes from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Definition<'a> {
    pub(super) code: u16,
    pub(super) name: &'a str,
    pub(super) shape: Shape<'a>,
    pub(super) encapsulates: Option<&'a str>,
}

/// All definitions that one half knows.
#[derive(Debug, Clone)]
pub(super) struct Definitions {
    pub(super) universe: Universe,
    own: Vec<Own>,
    by_code: HashMap<(String, u16), usize>,
    by_name: HashMap<(String, String), usize>,
}

impl Definitions {
    /// The built-in definitions and those in `option-def` of a `Dhcp4` or `Dhcp6` object.
    pub(super) fn read(universe: Universe, object: &Object<'_>, report: &mut Report) -> Self {
        let mut definitions =
            Self { universe, own: Vec::new(), by_code: HashMap::new(), by_name: HashMap::new() };
        for object in object.objects("option-def") {
            if let Some(own) = definitions.definition(&object, report) {
                definitions.add(own, report);
            }
        }
        definitions
    }

    /// These, and those that a client class has of the options that each vendor uses as it likes: 43, and 224 to 254.
    pub(super) fn with_private(&self, class: &Object<'_>, report: &mut Report) -> Self {
        let mut definitions = self.clone();
        for object in class.objects("option-def") {
            let Some(own) = definitions.definition(&object, report) else { continue };
            let is_private =
                self.universe == Universe::V4 && (own.code == 43 || (224..=254).contains(&own.code));
            if own.space == self.top() && !is_private {
                let told = Diagnostic::error(own.span, "a class cannot define this option");
                report.push(told.help("a class defines options 43 and 224 to 254 of DHCPv4; put others into the global `option-def`"));
                continue;
            }
            // The class's definition counts in it, whatever the others say.
            definitions.own.retain(|other| (other.space.as_str(), other.code) != (&own.space, own.code));
            definitions.own.push(own);
            definitions.index();
        }
        definitions
    }

    fn index(&mut self) {
        let by_code = self.own.iter().enumerate().map(|(at, own)| ((own.space.clone(), own.code), at));
        self.by_code = by_code.collect();
        let by_name =
            self.own.iter().enumerate().map(|(at, own)| ((own.space.clone(), own.name.clone()), at));
        self.by_name = by_name.collect();
    }

    /// The space of the options that stand in a message itself.
    pub(super) fn top(&self) -> &'static str {
        match self.universe {
            Universe::V4 => definition::DHCP4,
            Universe::V6 => definition::DHCP6,
        }
    }

    /// The operator's own definition counts before the built-in one.
    pub(super) fn by_code(&self, space: &str, code: u16) -> Option<Definition<'_>> {
        if !self.own.is_empty() {
            let own = self.by_code.get(&(space.to_owned(), code)).and_then(|&at| self.own.get(at));
            if let Some(own) = own {
                return Some(self.own(own));
            }
        }
        definition::in_table(self.built_in(space), code).map(built_in)
    }

    pub(super) fn by_name(&self, space: &str, name: &str) -> Option<Definition<'_>> {
        if !self.own.is_empty() {
            let own = self.by_name.get(&(space.to_owned(), name.to_owned())).and_then(|&at| self.own.get(at));
            if let Some(own) = own {
                return Some(self.own(own));
            }
        }
        self.built_in(space).iter().find(|definition| definition.name == name).map(built_in)
    }

    /// The name in `space` that `name` is most likely a misspelling of.
    pub(super) fn nearest(&self, space: &str, name: &str) -> Option<&str> {
        let own = self.own.iter().filter(|own| own.space == space).map(|own| own.name.as_str());
        nearest(name, own.chain(self.built_in(space).iter().map(|definition| definition.name)))
    }

    /// Whether any option holds the options of `space`.
    pub(super) fn is_encapsulated(&self, space: &str) -> bool {
        self.own.iter().any(|own| own.encapsulates.as_deref() == Some(space))
            || definition::universe(space) == Some(self.universe)
    }

    /// The space that `space` is most likely a misspelling of.
    pub(super) fn nearest_space(&self, space: &str) -> Option<&str> {
        let standard = definition::spaces().filter(|name| definition::universe(name) == Some(self.universe));
        let own = self.own.iter().filter_map(|own| own.encapsulates.as_deref());
        nearest(space, own.chain(standard.map(|name| -> &str { name })))
    }

    fn built_in(&self, space: &str) -> &'static [definition::Definition] {
        match vendor_of(space) {
            Some(Ok(enterprise)) => definition::vendor(self.universe, enterprise),
            _ => definition::all(space),
        }
    }

    fn own<'a>(&self, own: &'a Own) -> Definition<'a> {
        Definition {
            code: own.code,
            name: &own.name,
            shape: Shape { kind: own.kind, array: own.array, record: &own.record, universe: self.universe },
            encapsulates: own.encapsulates.as_deref(),
        }
    }

    fn definition(&self, object: &Object<'_>, report: &mut Report) -> Option<Own> {
        let mut missing = |key: &str| {
            if object.lacks(key) {
                let told = Diagnostic::error(object.head(), format!("this option definition has no `{key}`"));
                report.push(told.help("an option-def needs `name`, `code` and `type`"));
            }
        };
        for key in ["name", "code", "type"] {
            missing(key);
        }
        let name = object.text("name")?;
        let code = object.integer::<u16>("code")?;
        let kind = object.text("type").and_then(|kind| field_type(kind, report))?;
        let space = object.text_if_any("space");
        if !is_name(name.value) {
            report.push(bad_name("option", name));
        }
        for space in [space, object.text_if_any("encapsulate")].into_iter().flatten() {
            check_space(space, self.universe, report);
        }
        let space_name = space.map_or_else(|| self.top(), |space| space.value);
        check_code(code, self.universe, space_name == self.top(), report);
        let own = Own {
            code: code.value,
            name: name.value.to_owned(),
            space: space_name.to_owned(),
            kind,
            array: object.boolean("array").is_some_and(|array| array.value),
            record: record_types(object, report)?,
            encapsulates: object.text_if_any("encapsulate").map(|space| space.value.to_owned()),
            span: name.span,
        };
        if let Some(fault) = self.own(&own).shape.fault() {
            let told = Diagnostic::error(
                object.member("type")?.node.span,
                format!("no option can have this type: {fault}"),
            );
            report.push(told.help("see option-def in docs/configuration.md"));
            return None;
        }
        if let Some(encapsulate) = object.text_if_any("encapsulate") {
            let fault = if encapsulate.value == space_name {
                Some("an option cannot hold the space that it belongs to itself")
            } else if own.array {
                Some("sub-options cannot follow an array: nothing would part them")
            } else {
                None
            };
            if let Some(fault) = fault {
                report.push(
                    Diagnostic::error(encapsulate.span, fault)
                        .help("remove `encapsulate`, or change the type"),
                );
                return None;
            }
            if own.record.last().copied().unwrap_or(kind).takes_the_rest() {
                report.push(
                    Diagnostic::warning(
                        encapsulate.span,
                        "no client can tell these sub-options from the data before them",
                    )
                    .help("an option with sub-options should not end with a string or binary data"),
                );
            }
        }
        Some(own)
    }

    fn add(&mut self, own: Own, report: &mut Report) {
        let same_code = self.by_code.get(&(own.space.clone(), own.code));
        let same_name = self.by_name.get(&(own.space.clone(), own.name.clone()));
        if let Some(before) = same_code.or(same_name).and_then(|&at| self.own.get(at)) {
            let what = if before.code == own.code {
                format!("code {}", own.code)
            } else {
                format!("\"{}\"", own.name)
            };
            let told = Diagnostic::error(
                own.span,
                format!("{what} of space {} is defined twice", shorten(&own.space)),
            );
            report.push(told.also(before.span, "the other definition").help("remove one of them"));
            return;
        }
        let built_in = self.built_in(&own.space);
        let standard = definition::in_table(built_in, own.code)
            .or_else(|| built_in.iter().find(|definition| definition.name == own.name));
        if let Some(standard) = standard.filter(|standard| !standard.redefinable) {
            let message = format!(
                "option {} of space {} is {}, and cannot be defined otherwise",
                standard.code, own.space, standard.name
            );
            report.push(
                Diagnostic::error(own.span, message)
                    .help("remove this definition, or take another code and name"),
            );
            return;
        }
        let at = self.own.len();
        self.by_code.insert((own.space.clone(), own.code), at);
        self.by_name.insert((own.space.clone(), own.name.clone()), at);
        self.own.push(own);
    }
}

fn built_in(definition: &'static definition::Definition) -> Definition<'static> {
    Definition {
        code: definition.code,
        name: definition.name,
        shape: definition.shape(),
        encapsulates: definition.encapsulates,
    }
}

/// The enterprise number of a space named `vendor-NUMBER`; `None` for other spaces, `Err` where the number is none
/// that IANA assigns.
pub(super) fn vendor_of(space: &str) -> Option<Result<u32, ()>> {
    let number = space.strip_prefix("vendor-")?;
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    Some(number.parse().ok().filter(|&enterprise| enterprise > 0).ok_or(()))
}

/// Reports a space that cannot be one of this half; `false` when it has.
pub(super) fn check_space(space: At<&str>, universe: Universe, report: &mut Report) -> bool {
    let other = if universe == Universe::V4 { Universe::V6 } else { Universe::V4 };
    let fault = if !is_name(space.value) {
        bad_name("option space", space)
    } else if definition::universe(space.value) == Some(other) {
        let half = if universe == Universe::V4 { "DHCPv6" } else { "DHCPv4" };
        Diagnostic::error(space.span, format!("the option space {} belongs to {half}", space.value))
            .help("remove `space` where the option stands in the message itself")
    } else if vendor_of(space.value) == Some(Err(())) {
        let message = format!("\"{}\" does not name a vendor by his number", shorten(space.value));
        Diagnostic::error(space.span, message)
            .help("write vendor- and the enterprise number from 1 to 4294967295, such as vendor-4491")
    } else {
        return true;
    };
    report.push(fault);
    false
}

/// Reports a code that no option can have.
pub(super) fn check_code(code: At<u16>, universe: Universe, top: bool, report: &mut Report) {
    let (min, max) = match (universe, top) {
        (Universe::V4, true) => (1, 254),
        (Universe::V4, false) => (0, 255),
        (Universe::V6, true) => (1, u16::MAX),
        (Universe::V6, false) => (0, u16::MAX),
    };
    if code.value < min || code.value > max {
        let told = Diagnostic::error(
            code.span,
            format!("an option's code must be from {min} to {max}, not {}", code.value),
        );
        let help = match (universe, code.value) {
            (Universe::V4, 0) => "0 is padding in DHCPv4",
            (Universe::V4, 255) => "255 ends the options in DHCPv4",
            _ => "choose another code",
        };
        report.push(told.help(help));
    }
}

fn field_type(name: At<&str>, report: &mut Report) -> Option<FieldType> {
    let kind = FieldType::from_name(name.value);
    if kind.is_none() {
        let names = FieldType::CONFIGURABLE.map(FieldType::name);
        let help = match nearest(name.value, names) {
            Some(near) => format!("did you mean \"{near}\"?"),
            None => format!("the types are {}", names.join(", ")),
        };
        let told =
            Diagnostic::error(name.span, format!("\"{}\" is not the type of an option", shorten(name.value)));
        report.push(told.help(help));
    }
    kind
}

fn record_types(object: &Object<'_>, report: &mut Report) -> Option<Vec<FieldType>> {
    let Some(types) = object.text_if_any("record-types") else { return Some(Vec::new()) };
    types.value.split(',').map(|name| field_type(At { value: name.trim(), ..types }, report)).collect()
}

/// Kea's rule for the names of options and spaces: letters, digits, and `-` and `_` between them.
fn is_name(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
    let edge = |byte: Option<u8>| byte.is_some_and(|byte| byte.is_ascii_alphanumeric());
    text.bytes().all(inner) && edge(text.bytes().next()) && edge(text.bytes().next_back())
}

fn bad_name(what: &str, name: At<&str>) -> Diagnostic {
    Diagnostic::error(name.span, format!("\"{}\" cannot be the name of an {what}", shorten(name.value)))
        .help("a name has letters, digits, and `-` and `_` between them")
}
