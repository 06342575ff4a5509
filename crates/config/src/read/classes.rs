//! `client-classes`, and the lists of classes that stand elsewhere.

use std::collections::HashMap;

use fosix_expression::{Condition, Half, Language, SyntaxError, Template};
use fosix_wire::definition::{self, Universe};

use super::definitions::Definitions;
use super::object::{At, Object};
use super::options::{Level, options};
use super::subnet4::{bounded_text, next_server};
use super::timers::ClassTimers;
use crate::diagnostic::{Diagnostic, Report, Severity, shorten};
use crate::keys::nearest;
use crate::model::{ClassNumber, ClassRule, ClientClass, ClientClasses, Guard, built_in};
use crate::source::Span;

/// Beginnings of the names of classes that messages are put in without a definition.
const IMPLICIT: [&str; 5] = ["VENDOR_CLASS_", "HA_", "AFTER_", "EXTERNAL_", "SPAWN_"];
/// Names of classes that hooks of Kea put messages in.
const OF_HOOKS: [&str; 2] = ["BOOTP", "SKIP_DDNS"];

/// The classes of one half while its configuration is read.
#[derive(Debug, Default)]
pub(super) struct ReadClasses {
    classes: ClientClasses,
    /// Where each defined class stands, with its place in `classes.defined`.
    defined: HashMap<ClassNumber, (Span, usize)>,
    /// Where a class that is not defined was first asked for.
    asked: Vec<(ClassNumber, Span)>,
    /// Those that reservations put clients in.
    assigned: Vec<ClassNumber>,
}

impl ReadClasses {
    /// Reads `client-classes` of a `Dhcp4` or `Dhcp6` object.
    pub(super) fn read(object: &Object<'_>, definitions: &Definitions, report: &mut Report) -> Self {
        let mut this = Self::default();
        for class in object.objects("client-classes") {
            this.class(&class, definitions, report);
        }
        this
    }

    /// What is read so far, once everything is; tells of names that nobody can be in.
    pub(super) fn finish(mut self, report: &mut Report) -> ClientClasses {
        let asked = std::mem::take(&mut self.asked);
        for (number, span) in asked {
            let name = self.classes.names.name(number);
            if self.defined.contains_key(&number) || self.assigned.contains(&number) || is_implicit(name) {
                continue;
            }
            let told = Diagnostic::warning(span, format!("no class is called \"{}\"", shorten(name)));
            let known = self.defined.keys().map(|&number| self.classes.names.name(number));
            let near = if report.is_full(Severity::Warning) { None } else { nearest(name, known) };
            let help = near.map_or_else(
                || "define it in `client-classes`: as it is, nobody is in it".to_owned(),
                |near| format!("did you mean \"{near}\"? As it is, nobody is in it"),
            );
            report.push_repeated("classes that are not defined", told.help(help));
        }
        self.classes
    }

    /// Who may use what `object` gives: `client-classes`, or `client-class` with one.
    pub(super) fn guard(&mut self, object: &Object<'_>, report: &mut Report) -> Guard {
        Guard(self.list(object, "client-classes", "client-class", report).into())
    }

    /// The classes that are looked at where `object` is used.
    pub(super) fn additional(&mut self, object: &Object<'_>, report: &mut Report) -> Vec<ClassNumber> {
        self.list(object, "evaluate-additional-classes", "require-client-classes", report)
    }

    /// The class under `key`, if there is one.
    pub(super) fn one(&mut self, object: &Object<'_>, key: &str, report: &mut Report) -> Option<ClassNumber> {
        self.number(object.text_if_any(key)?, report)
    }

    /// The classes that a reservation puts its client in.
    pub(super) fn of_reservation(&mut self, object: &Object<'_>, report: &mut Report) -> Vec<ClassNumber> {
        let numbers: Vec<ClassNumber> =
            object.texts("client-classes").filter_map(|name| self.number(name, report)).collect();
        for &number in &numbers {
            if !self.assigned.contains(&number) {
                self.assigned.push(number);
            }
        }
        numbers
    }

    /// Reads an expression over messages of this half that is true or false.
    pub(super) fn condition(
        &self,
        text: At<&str>,
        definitions: &Definitions,
        report: &mut Report,
    ) -> Option<Condition> {
        self.parse(text, definitions, report, Condition::parse)
    }

    /// Reads an expression over messages of this half that makes a text.
    pub(super) fn template(
        &self,
        text: At<&str>,
        definitions: &Definitions,
        report: &mut Report,
    ) -> Option<Template> {
        self.parse(text, definitions, report, Template::parse)
    }

    fn parse<T>(
        &self,
        text: At<&str>,
        definitions: &Definitions,
        report: &mut Report,
        parse: impl FnOnce(&str, Language<'_>) -> Result<T, SyntaxError>,
    ) -> Option<T> {
        let half = if definitions.universe == Universe::V4 { Half::V4 } else { Half::V6 };
        let language = Language {
            half,
            option_code: &|of, name| {
                if of == half {
                    return definitions.by_name(definitions.top(), name).map(|found| found.code);
                }
                let space = if of == Half::V4 { definition::DHCP4 } else { definition::DHCP6 };
                definition::by_name(space, name).map(|found| found.code)
            },
            class: &|name| self.askable(name),
        };
        match parse(text.value, language) {
            Ok(parsed) => Some(parsed),
            Err(error) => {
                let place = text.span.within_text(error.span.clone(), text.value.len());
                let told = Diagnostic::error(place, "this expression cannot be read");
                report
                    .push(told.label(error.message).help("docs/classes.md lists the words of the language"));
                None
            }
        }
    }

    /// The number of a class that an expression may ask for: one that is defined before it, or that is always there.
    fn askable(&self, name: &str) -> Option<ClassNumber> {
        let number = self.classes.names.number(name)?;
        (self.defined.contains_key(&number) || is_implicit(name)).then_some(number)
    }

    fn class(&mut self, object: &Object<'_>, definitions: &Definitions, report: &mut Report) {
        let Some(name) = object.text("name").filter(|name| !name.value.is_empty()) else {
            if object.lacks("name") || object.text("name").is_some() {
                let told = Diagnostic::error(object.head(), "this class has no name");
                report.push(told.help("add \"name\""));
            }
            return;
        };
        // Names that an expression of this class asks for before it was read are given numbers first.
        for text in ["test", "template-test"].into_iter().filter_map(|key| object.text(key)) {
            self.note_implicit(text.value);
        }
        let rule = self.rule(object, definitions, report);
        let Some(number) = self.give(name, report) else { return };
        if let Some((first, _)) = self.defined.get(&number) {
            let told = Diagnostic::error(
                name.span,
                format!("the class \"{}\" is defined twice", shorten(name.value)),
            );
            report.push(told.also(*first, "the other one").help("give each class a name of its own"));
            return;
        }
        let only_in_additional_list = object
            .boolean("only-in-additional-list")
            .or_else(|| object.boolean("only-if-required"))
            .is_some_and(|at| at.value);
        check_special(number, rule.as_ref(), only_in_additional_list, name, report);
        let Some(rule) = rule else { return };
        let after_reservations = self.depends_on_reservations(&rule);
        if !only_in_additional_list {
            self.check_order(&rule, name, report);
        }
        let own = object.objects("option-def").next().is_some();
        let own = own.then(|| definitions.with_private(object, report));
        let definitions = own.as_ref().unwrap_or(definitions);
        let timers = ClassTimers::read(object, report);
        let place = self.classes.defined.len();
        self.defined.insert(number, (name.span, place));
        self.classes.defined.push(ClientClass {
            number,
            rule,
            only_in_additional_list,
            after_reservations,
            options: options(object, definitions, Level::Class, report),
            valid_lifetime: timers.valid,
            preferred_lifetime: timers.preferred,
            offer_lifetime: object.integer("offer-lifetime").map(|at: At<u32>| at.value),
            next_server: next_server(object, report).filter(|server| !server.is_unspecified()),
            server_hostname: bounded_text(object, "server-hostname", 63, report).unwrap_or_default(),
            boot_file_name: bounded_text(object, "boot-file-name", 127, report).unwrap_or_default(),
        });
    }

    fn rule(&self, object: &Object<'_>, definitions: &Definitions, report: &mut Report) -> Option<ClassRule> {
        let test = object.text_if_any("test");
        let template = object.text_if_any("template-test");
        match (test, template) {
            (None, None) => Some(ClassRule::Assigned),
            (Some(test), None) => self.condition(test, definitions, report).map(ClassRule::Test),
            (None, Some(template)) => self.template(template, definitions, report).map(ClassRule::Template),
            (Some(test), Some(template)) => {
                let told = Diagnostic::error(template.span, "`test` and `template-test` exclude each other");
                report.push(told.also(test.span, "the test").help("keep one of them"));
                None
            }
        }
    }

    /// Whether a class can be told only once it is known what is reserved.
    fn depends_on_reservations(&self, rule: &ClassRule) -> bool {
        let asks = |class: ClassNumber| match rule {
            ClassRule::Assigned => false,
            ClassRule::Test(test) => test.asks_for(class),
            ClassRule::Template(template) => template.asks_for(class),
        };
        asks(built_in::KNOWN)
            || asks(built_in::UNKNOWN)
            || self.classes.defined.iter().any(|class| class.after_reservations && asks(class.number))
    }

    /// An expression that is looked at for every message cannot ask for what is looked at later.
    fn check_order(&self, rule: &ClassRule, name: At<&str>, report: &mut Report) {
        let asks = |class: ClassNumber| match rule {
            ClassRule::Assigned => false,
            ClassRule::Test(test) => test.asks_for(class),
            ClassRule::Template(template) => template.asks_for(class),
        };
        let later =
            self.classes.defined.iter().find(|class| class.only_in_additional_list && asks(class.number));
        if let Some(later) = later {
            let told = Diagnostic::error(
                name.span,
                format!(
                    "this class asks for \"{}\", which is looked at later",
                    shorten(self.classes.names.name(later.number))
                ),
            );
            report.push(told.help("make this one `only-in-additional-list`, too, or do without the other"));
        }
    }

    /// Gives numbers to the names in `text` that belong to classes without a definition.
    fn note_implicit(&mut self, text: &str) {
        for name in text.split('\'').skip(1).step_by(2).filter(|name| is_implicit(name)) {
            self.classes.names.give(name);
        }
    }

    fn list(
        &mut self,
        object: &Object<'_>,
        key: &str,
        former: &str,
        report: &mut Report,
    ) -> Vec<ClassNumber> {
        if let (Some(new), Some(old)) = (object.member(key), object.member(former)) {
            let told = Diagnostic::error(old.key_span, format!("`{former}` and `{key}` exclude each other"));
            report.push(told.also(new.key_span, "what it is called now").help("keep one of them"));
        }
        let names = object.texts(key).chain(object.texts(former)).chain(object.text(former));
        let mut numbers = Vec::new();
        for name in names.filter(|name| !name.value.is_empty()) {
            if let Some(number) = self.number(name, report)
                && !numbers.contains(&number)
            {
                numbers.push(number);
            }
        }
        numbers
    }

    fn number(&mut self, name: At<&str>, report: &mut Report) -> Option<ClassNumber> {
        let is_new = self.classes.names.number(name.value).is_none();
        let number = self.give(name, report)?;
        if is_new {
            self.asked.push((number, name.span));
        }
        Some(number)
    }

    fn give(&mut self, name: At<&str>, report: &mut Report) -> Option<ClassNumber> {
        let number = self.classes.names.give(name.value);
        if number.is_none() {
            let told = Diagnostic::error(name.span, "there are more than 65536 classes");
            report.push(told.help("do with fewer"));
        }
        number
    }
}

/// What classes with a meaning of their own cannot be.
fn check_special(
    number: ClassNumber,
    rule: Option<&ClassRule>,
    additional: bool,
    name: At<&str>,
    report: &mut Report,
) {
    let fault = match number {
        built_in::ALL | built_in::KNOWN | built_in::UNKNOWN
            if !matches!(rule, None | Some(ClassRule::Assigned)) =>
        {
            "the server itself says who is in this class: it has no test"
        }
        built_in::DROP if additional => "whether a message is dropped cannot be found out at the end",
        _ => return,
    };
    report.push(Diagnostic::error(name.span, fault).help("remove the key, or choose another name"));
}

/// Whether messages can belong to a class of this name without a definition.
fn is_implicit(name: &str) -> bool {
    built_in::NAMES.contains(&name)
        || OF_HOOKS.contains(&name)
        || IMPLICIT.iter().any(|beginning| name.starts_with(beginning))
}
