//! `option-data`: from names, codes and texts to the bytes on the wire.

use std::collections::HashMap;

use fosix_wire::definition::{DHCP6, FieldType, Universe};
use fosix_wire::text::{self, Shape};

use super::definitions::{Definition, Definitions, check_code, check_space, vendor_of};
use super::object::{At, Object};
use super::option_rules;
use super::option_rules6::instances;
use super::spaces::{Spaces, Written};
use crate::diagnostic::{Diagnostic, Report, Severity, shorten};
use crate::model::OptionValue;
use crate::source::Span;

/// DHCPv6 option 17 (RFC 9915 §21.17).
const VENDOR_OPTS: u16 = 17;
/// The most that the options of one list may have together: a message's own bound.
const MAX_LIST_BYTES: usize = 65535;

/// What one list gives once: a code, of a vendor or of none, and the data where options of the code may be repeated.
type Key = (u16, Option<u32>, Option<Vec<u8>>);

/// Where a list of options stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Level {
    Global,
    Class,
    Network,
    Subnet,
    Pool,
    Host,
}

/// The options of one list, in the order of the file, with their sub-options in them.
pub(super) fn options(
    object: &Object<'_>,
    definitions: &Definitions,
    level: Level,
    report: &mut Report,
) -> Vec<OptionValue> {
    let mut written: Vec<Written> =
        object.objects("option-data").filter_map(|option| option_of(&option, definitions, report)).collect();
    if definitions.universe == Universe::V6 {
        give_to_vendor(&mut written);
    }
    if written.is_empty() {
        return Vec::new();
    }
    let mut spaces = Spaces::new(definitions, &written);
    for option in spaces.unused(&written) {
        unused(option, definitions, report);
    }
    let mut options = Vec::with_capacity(written.len());
    let mut seen: HashMap<Key, Span> = HashMap::new();
    let mut bytes = 0_usize;
    for option in written.iter().filter(|option| option.stands_alone(definitions)) {
        let value = OptionValue { data: spaces.complete(option, report), ..option.value.clone() };
        if !option_rules::check(&value, definitions.universe, level, option, report) {
            continue;
        }
        // Of an option that may be sent several times, each is another one.
        let body = option_rules::may_repeat(definitions.universe, &value).then(|| value.data.clone());
        let first = *seen.entry((value.code, value.vendor, body)).or_insert(option.span);
        if first != option.span {
            let told = Diagnostic::warning(
                option.span.head(),
                format!("option {} is given twice in one list", value.code),
            );
            report.push(told.also(first.head(), "this one is sent").help("remove one of them"));
            continue;
        }
        bytes = bytes.saturating_add(value.data.len());
        if bytes > MAX_LIST_BYTES {
            let told =
                Diagnostic::error(option.span.head(), "the options of this list have more than 65535 bytes");
            report.push(told.help("no message has room for that"));
            break;
        }
        match definitions.universe {
            Universe::V4 => options.push(value),
            Universe::V6 => options.extend(instances(value)),
        }
    }
    options
}

/// Kea's other name for a vendor's options: those of this space belong to the enterprise that `vendor-opts` in the same
/// list names.
const VENDOR_OPTS_SPACE: &str = "vendor-opts-space";

fn give_to_vendor(written: &mut [Written]) {
    let vendor_opts = written.iter().find(|option| option.space == DHCP6 && option.value.code == VENDOR_OPTS);
    let number = vendor_opts.and_then(|option| option.value.data.first_chunk::<4>());
    let Some(enterprise) = number.map(|octets| u32::from_be_bytes(*octets)).filter(|&number| number > 0)
    else {
        return;
    };
    for option in written.iter_mut().filter(|option| option.space == VENDOR_OPTS_SPACE) {
        option.value.vendor = Some(enterprise);
    }
}

fn unused(option: &Written, definitions: &Definitions, report: &mut Report) {
    let told = Diagnostic::warning(
        option.span.head(),
        format!("no option of this list holds the options of space {}", shorten(&option.space)),
    );
    let known = report.is_full(Severity::Warning) || definitions.is_encapsulated(&option.space);
    let near = if known { None } else { definitions.nearest_space(&option.space) };
    let help = match near {
        Some(near) => format!("did you mean \"{near}\"?"),
        None => "add the option that holds them to the same list; it needs no data of its own".to_owned(),
    };
    report.push_repeated(&format!("unused space {}", option.space), told.help(help));
}

fn option_of(object: &Object<'_>, definitions: &Definitions, report: &mut Report) -> Option<Written> {
    let name = object.text_if_any("name");
    let code = object.integer::<u16>("code");
    let top = definitions.top();
    let space = object.text_if_any("space");
    if space.is_some_and(|space| !check_space(space, definitions.universe, report)) {
        return None;
    }
    let space = space.map_or(top, |space| space.value);
    let Some(named) = name.map(|name| name.span).or_else(|| code.map(|code| code.span)) else {
        if object.lacks("name") && object.lacks("code") {
            let told = Diagnostic::error(object.head(), "this option has neither `name` nor `code`");
            report.push(told.help("add one of them"));
        }
        return None;
    };
    if let Some(code) = code {
        check_code(code, definitions.universe, space == top, report);
    }
    let definition = match (code, name) {
        (Some(code), _) => definitions.by_code(space, code.value),
        (None, Some(name)) => definitions.by_name(space, name.value),
        (None, None) => None,
    };
    if let (Some(definition), Some(name), Some(code)) = (definition, name, code)
        && definition.name != name.value
    {
        let told = Diagnostic::error(
            name.span,
            format!(
                "option {} of space {space} is {}, not {}",
                code.value,
                definition.name,
                shorten(name.value)
            ),
        );
        report.push(told.also(code.span, "the code").help("correct one of them, or remove the name"));
    }
    let csv = object.boolean("csv-format");
    let never_send = object.boolean("never-send").is_some_and(|at| at.value);
    let Some(code) = code.map(|code| code.value).or_else(|| definition.map(|definition| definition.code))
    else {
        if let Some(name) = name {
            unknown_name(name, space, definitions, report);
        }
        return None;
    };
    let mut written = Written {
        space: space.to_owned(),
        value: OptionValue {
            code,
            data: Vec::new(),
            always_send: object.boolean("always-send").is_some_and(|at| at.value),
            never_send,
            vendor: vendor_of(space).and_then(Result::ok),
        },
        holds: definition.and_then(|definition| definition.encapsulates).map(str::to_owned),
        span: object.span,
        data_span: object.member("data").map_or(named, |member| member.node.span),
    };
    let data = object.text("data");
    // What is never sent needs no value.
    if never_send && data.is_none_or(|data| data.value.is_empty()) {
        return Some(written);
    }
    if data.is_none() && !object.lacks("data") {
        return None;
    }
    let text = data.map_or("", |data| data.value);
    written.data_span = data.map_or(named, |data| data.span);
    written.value.data = encode(definition, csv, text, &written, report)?;
    Some(written)
}

fn encode(
    definition: Option<Definition<'_>>,
    csv: Option<At<bool>>,
    text: &str,
    written: &Written,
    report: &mut Report,
) -> Option<Vec<u8>> {
    let code = written.value.code;
    let what = definition
        .map_or_else(|| format!("option {code}"), |definition| format!("option {}", definition.name));
    let as_text = csv.is_none_or(|csv| csv.value);
    let outcome = match definition {
        Some(definition) if as_text => text::encode(&definition.shape, text),
        None if as_text => {
            let told = Diagnostic::error(
                written.data_span,
                format!(
                    "option {code} of space {} has no definition to read its data by",
                    shorten(&written.space)
                ),
            );
            report.push(told.help(
                "set \"csv-format\" to false and give the data in hexadecimal, or define it in `option-def`",
            ));
            return None;
        }
        _ => text::encode_hex(text),
    };
    match outcome {
        Err(error) => {
            let told = Diagnostic::error(written.data_span, format!("the data of {what} cannot be read"));
            let reason = error.to_string();
            report.push(
                told.label(shorten_reason(&reason))
                    .help("docs/configuration.md tells the forms of each type"),
            );
            None
        }
        Ok(data) if data.len() > usize::from(u16::MAX) => {
            let told = Diagnostic::error(written.data_span, format!("{what} has {} bytes", data.len()));
            report.push(told.help("an option holds at most 65535 bytes"));
            None
        }
        Ok(data) => {
            if let (Some(definition), false) = (definition, as_text)
                && let Some(fault) = length_fault(&definition.shape, data.len())
            {
                let told =
                    Diagnostic::error(written.data_span, format!("{what} cannot have {} bytes", data.len()));
                report.push(told.label(fault).help("correct the data"));
            }
            Some(data)
        }
    }
}

/// Why an option of this shape cannot have so many bytes, for data that were given in hexadecimal.
fn length_fault(shape: &Shape<'_>, len: usize) -> Option<String> {
    // Behind an empty option its sub-options may be given as bytes.
    let each = shape.kind.fixed_len().filter(|_| shape.kind != FieldType::Empty)?;
    let fits = if shape.array { len.is_multiple_of(each) } else { len == each };
    let multiple = if shape.array { "a multiple of " } else { "" };
    (!fits).then(|| format!("{} takes {multiple}{each} bytes", shape.kind))
}

fn unknown_name(name: At<&str>, space: &str, definitions: &Definitions, report: &mut Report) {
    let message = format!("no option of space {} is called \"{}\"", shorten(space), shorten(name.value));
    let told = Diagnostic::error(name.span, message);
    let near = if report.is_full(Severity::Error) { None } else { definitions.nearest(space, name.value) };
    let half = match definitions.universe {
        Universe::V4 => "DHCPv4",
        Universe::V6 => "DHCPv6",
    };
    let help = near.map_or_else(
        || format!("give its code, or define it in `option-def`; names are those of Kea's {half} options"),
        |near| format!("did you mean \"{near}\"?"),
    );
    report.push(told.help(help));
}

fn shorten_reason(reason: &str) -> String {
    const MAX_CHARACTERS: usize = 200;
    reason.chars().take(MAX_CHARACTERS).collect()
}
