//! Holds a file against the tables: unknown keys, values of the wrong type, keys that are not supported.

use super::common::ANYWHERE;
use super::shape::{Key, Shape, Status};
use super::{ALL, Spec};
use crate::diagnostic::{Diagnostic, Report, Severity, shorten};
use crate::syntax::{Member, Node, Value};

/// Reports whatever in `node` and below it does not fit `spec`. What reads the tree later can take a value of the wrong
/// type for absent: it has been reported.
pub(crate) fn check(node: &Node, spec: &'static Spec, report: &mut Report) {
    map(node, spec, false, report);
}

/// `quiet`: an outer key has been reported as not supported, which covers all inside it.
fn map(node: &Node, spec: &'static Spec, quiet: bool, report: &mut Report) {
    let Value::Map { members, .. } = &node.value else { return };
    for member in members {
        let everywhere = ANYWHERE.iter().find(|key| key.name == &*member.key);
        match everywhere.or_else(|| spec.find(&member.key)) {
            Some(key) => self::member(member, spec, key, quiet, report),
            None => unknown(member, spec, report),
        }
    }
}

fn member(member: &Member, spec: &'static Spec, key: &'static Key, quiet: bool, report: &mut Report) {
    let value = &member.node.value;
    let mut quiet = quiet;
    if !quiet && !value.is_inert() {
        let topic = || format!("{}.{}", spec.name, key.name);
        match key.status {
            Status::Supported | Status::Partly => {}
            Status::Ignored => {
                quiet = true;
                report.unsupported(
                    &topic(),
                    Diagnostic::warning(member.key_span, format!("`{}` has no effect", key.name))
                        .label(key.note)
                        .help("remove it, or leave it for Kea"),
                );
            }
            Status::Refused => {
                quiet = true;
                report.push(
                    Diagnostic::error(
                        member.key_span,
                        format!(
                            "`{}` is not supported, and without it clients would get something else",
                            key.name
                        ),
                    )
                    .label(key.note)
                    .help("remove it, if the others can do without"),
                );
            }
        }
    }
    shape(&member.node, key, quiet, report);
}

fn shape(node: &Node, key: &'static Key, quiet: bool, report: &mut Report) {
    match (&key.shape, &node.value) {
        (_, Value::Damaged)
        | (Shape::Any, _)
        | (Shape::Boolean, Value::Boolean(_))
        | (Shape::Number, Value::Integer(_) | Value::Number(_))
        | (Shape::Bytes, Value::Text(_))
        | (Shape::AnyMap, Value::Map { .. }) => {}
        (Shape::Text, Value::Text(bytes)) => not_text(bytes, node, key, report),
        (Shape::Integer(min, max), Value::Integer(value)) => {
            if value < min || value > max {
                let message = format!("`{}` must be from {min} to {max}, not {value}", key.name);
                report.push(Diagnostic::error(node.span, message).help("choose a value between the bounds"));
            }
        }
        (Shape::OneOf(choices), Value::Text(bytes)) => {
            let text = String::from_utf8_lossy(bytes);
            if !choices.iter().any(|choice| choice.eq_ignore_ascii_case(&text)) {
                let message = format!(
                    "`{}` must be one of {}, not \"{}\"",
                    key.name,
                    choices.join(", "),
                    shorten(&text)
                );
                let help = match nearest(&text, choices.iter().copied()) {
                    Some(near) => format!("did you mean \"{near}\"?"),
                    None => "choose one of them".to_owned(),
                };
                report.push(Diagnostic::error(node.span, message).help(help));
            }
        }
        (Shape::TextList, Value::List(elements)) => {
            for element in elements {
                match &element.value {
                    Value::Text(bytes) => not_text(bytes, element, key, report),
                    Value::Damaged => {}
                    _ => wrong_type(element, key, "a text", report),
                }
            }
        }
        (Shape::Map(spec), Value::Map { .. }) => map(node, spec, quiet, report),
        (Shape::List(spec), Value::List(elements)) => {
            for element in elements {
                match element.value {
                    Value::Map { .. } => map(element, spec, quiet, report),
                    Value::Damaged => {}
                    _ => wrong_type(element, key, "a map", report),
                }
            }
        }
        (shape, _) => wrong_type(node, key, shape.expected(), report),
    }
}

fn not_text(bytes: &[u8], node: &Node, key: &Key, report: &mut Report) {
    if std::str::from_utf8(bytes).is_err() {
        let message = format!("`{}` has a byte above 7f that is no UTF-8 text", key.name);
        report.push(Diagnostic::error(node.span.head_if_large(), message).help(
            "write the character itself instead of \\u0080 to \\u00ff; bytes of an option go into hexadecimal data with \
             \"csv-format\": false",
        ));
    }
}

fn wrong_type(node: &Node, key: &Key, expected: &str, report: &mut Report) {
    let found = node.value.describe();
    let message = format!("`{}` takes {expected}, not {found}", key.name);
    let help = match (&node.value, expected) {
        (Value::Text(_), "a whole number" | "a number" | "true or false") => "remove the quotes".to_owned(),
        (Value::Map { .. }, "a list of maps") => "put the map into [ ]".to_owned(),
        (Value::Text(_), "a list of texts") => "put the text into [ ]".to_owned(),
        (Value::Integer(_) | Value::Number(_) | Value::Boolean(_), "a text") => {
            "put it between quotes".to_owned()
        }
        _ => format!("write {expected}"),
    };
    report.push(
        Diagnostic::error(node.span.head_if_large(), message).label(format!("this is {found}")).help(help),
    );
}

fn unknown(member: &Member, spec: &'static Spec, report: &mut Report) {
    let key = &*member.key;
    let message = format!("no key \"{}\" is known in {}", shorten(key), spec.name);
    let told = Diagnostic::error(member.key_span, message);
    // Looking for the key that was meant takes a while; it is done for what will be shown.
    if report.is_full(Severity::Error) {
        return report.push(told);
    }
    let here = spec.keys().map(|key| key.name).chain(ANYWHERE.iter().map(|key| key.name));
    let near = nearest(key, here).map(|near| format!("did you mean \"{near}\"?"));
    let elsewhere = ALL.iter().find(|other| other.find(key).is_some());
    let elsewhere = elsewhere.map(|other| format!("\"{key}\" belongs in {}", other.name));
    let help = match (near, elsewhere) {
        (Some(near), Some(elsewhere)) => format!("{near} {elsewhere}"),
        (Some(help), None) | (None, Some(help)) => help,
        (None, None) => nearest_elsewhere(key),
    };
    report.push(told.help(help));
}

fn nearest_elsewhere(key: &str) -> String {
    let near = nearest(key, ALL.iter().flat_map(|spec| spec.keys()).map(|key| key.name));
    let other = near.and_then(|near| ALL.iter().find(|spec| spec.find(near).is_some()));
    match (near, other) {
        (Some(near), Some(other)) => format!("did you mean \"{near}\"? It belongs in {}", other.name),
        _ => "remove it; docs/configuration.md lists every key".to_owned(),
    }
}

/// The one among `choices` that `text` is most likely a misspelling of.
pub(crate) fn nearest<'a>(text: &str, choices: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    const MAX_BYTES: usize = 60;
    if text.len() > MAX_BYTES {
        return None;
    }
    let text = text.to_ascii_lowercase();
    let letters = letters_of(&text);
    let allowed = |choice: &str| (choice.len() / 4).clamp(1, 4);
    choices
        .into_iter()
        // Two quick looks spare most of the comparisons: each edit changes the length by at most one, and the letters
        // that occur by at most two.
        .filter(|choice| choice.len().abs_diff(text.len()) <= allowed(choice))
        .filter(|choice| (letters_of(choice) ^ letters).count_ones() as usize <= 2 * allowed(choice))
        .map(|choice| (strsim::osa_distance(&text, &choice.to_ascii_lowercase()), choice))
        .filter(|&(distance, choice)| distance <= allowed(choice))
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, choice)| choice)
}

/// Which letters, digits and signs occur in a text, whatever their case: a bit for each.
fn letters_of(text: &str) -> u32 {
    text.bytes().fold(0, |letters, byte| letters | 1 << (byte.to_ascii_lowercase() & 31))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_misspelt_key_is_recognised() {
        let keys = ["subnet4", "option-data", "option-def", "valid-lifetime", "4o6-subnet", "id"];
        for (text, near) in [
            ("subnet", Some("subnet4")),
            ("option_data", Some("option-data")),
            ("options-data", Some("option-data")),
            ("Valid-Lifetme", Some("valid-lifetime")),
            ("4o6-subent", Some("4o6-subnet")),
            ("ID", Some("id")),
            ("colour", None),
            ("", None),
        ] {
            assert_eq!(nearest(text, keys), near, "{text}");
        }
    }
}
