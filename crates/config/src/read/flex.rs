//! Kea's hooks `flex_id` and `flex_option`, which are built in.

use fosix_wire::definition::{FieldType, Universe};

use super::classes::ReadClasses;
use super::definitions::{Definitions, check_code};
use super::hooks::{name_of, parameters};
use super::object::Object;
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::keys;
use crate::model::{FlexAction, FlexId, FlexOption};

/// The flexible identifier, if there is one.
pub(super) fn flex_id(
    object: &Object<'_>,
    definitions: &Definitions,
    classes: &ReadClasses,
    report: &mut Report,
) -> Option<FlexId> {
    let hook = object.objects("hooks-libraries").find(|hook| is(hook, "flex_id"))?;
    let parameters = parameters(&hook, &keys::FLEX_ID, report)?;
    let Some(text) = parameters.text("identifier-expression") else {
        if parameters.lacks("identifier-expression") {
            let told = Diagnostic::error(hook.head(), "flex_id has no expression to make identifiers with");
            report.push(told.help("add \"parameters\": { \"identifier-expression\": \"..\" }"));
        }
        return None;
    };
    let expression = classes.template(text, definitions, report)?;
    let replaces_identity = parameters.boolean("replace-client-id").is_some_and(|at| at.value);
    Some(FlexId { expression, replaces_identity })
}

/// The options that expressions decide, in the order of the file.
pub(super) fn flex_options(
    object: &Object<'_>,
    definitions: &Definitions,
    classes: &mut ReadClasses,
    report: &mut Report,
) -> Vec<FlexOption> {
    let mut options = Vec::new();
    for hook in object.objects("hooks-libraries").filter(|hook| is(hook, "flex_option")) {
        let Some(parameters) = parameters(&hook, &keys::FLEX_OPTION, report) else { continue };
        for option in parameters.objects("options") {
            options.extend(flex_option(&option, definitions, classes, report));
        }
    }
    options
}

fn flex_option(
    option: &Object<'_>,
    definitions: &Definitions,
    classes: &mut ReadClasses,
    report: &mut Report,
) -> Option<FlexOption> {
    let code = option.integer::<u16>("code");
    if let Some(code) = code {
        check_code(code, definitions.universe, true, report);
    }
    let name = option.text_if_any("name");
    let by_name = name.and_then(|name| definitions.by_name(definitions.top(), name.value));
    let Some(code) = code.map(|code| code.value).or_else(|| by_name.map(|found| found.code)) else {
        let (at, what) = match name {
            Some(name) => (name.span, format!("no option is called \"{}\"", shorten(name.value))),
            None => (option.head(), "this option has neither `name` nor `code`".to_owned()),
        };
        report.push(Diagnostic::error(at, what).help("give its code"));
        return None;
    };
    if let Some(csv) = option.boolean("csv-format").filter(|csv| csv.value) {
        let is_text = definitions
            .by_code(definitions.top(), code)
            .is_some_and(|definition| definition.shape.kind == FieldType::String && !definition.shape.array);
        if !is_text {
            let told = Diagnostic::error(csv.span, "the value of this option cannot be made of a text");
            report.push(told.help("have the expression make its octets, and leave `csv-format` out"));
        }
    }
    let actions = ["add", "supersede", "remove"];
    let mut given = actions.into_iter().filter_map(|key| Some((key, option.text(key)?)));
    let Some((action, text)) = given.next() else {
        if actions.iter().all(|key| option.lacks(key)) {
            let told = Diagnostic::error(option.head(), "nothing says what becomes of this option");
            report.push(told.help("give one of `add`, `supersede` and `remove` with an expression"));
        }
        return None;
    };
    if let Some((other, at)) = given.next() {
        let told = Diagnostic::error(at.span, format!("`{action}` and `{other}` exclude each other"));
        report.push(told.also(text.span, "the other one").help("keep one of them"));
    }
    let action = match action {
        "add" => FlexAction::Add(classes.template(text, definitions, report)?),
        "supersede" => FlexAction::Supersede(classes.template(text, definitions, report)?),
        _ => FlexAction::Remove(classes.condition(text, definitions, report)?),
    };
    if definitions.universe == Universe::V6 && code == 0 {
        return None;
    }
    Some(FlexOption { code, class: classes.one(option, "client-class", report), action })
}

fn is(hook: &Object<'_>, name: &str) -> bool {
    hook.text("library").is_some_and(|library| name_of(library.value) == name)
}
