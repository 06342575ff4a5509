//! How names are answered: what of Kea's `ddns-` keys matters without DNS updates.

use fosix_wire::name::{self, MAX_LABEL_LEN, MAX_NAME_LEN};

use super::object::{At, Object};
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::model::{FqdnPolicy, ReplaceClientName};

/// An address of the longest kind, as it stands in a generated name, behind the hyphen that parts it from the prefix.
const LONGEST_ADDRESS: &str = "-2001-db8f-2001-db8f-2001-db8f-2001-db8f";

/// The keys of one level, or of it and those around it.
#[derive(Debug, Clone, Default)]
pub(super) struct FqdnKeys {
    replace: Option<ReplaceClientName>,
    prefix: Option<String>,
    suffix: Option<String>,
}

impl FqdnKeys {
    /// The keys of `object` under those of the level around it.
    pub(super) fn read(object: &Object<'_>, outer: &Self, report: &mut Report) -> Self {
        let prefix = object.text("ddns-generated-prefix");
        let suffix = object.text("ddns-qualifying-suffix");
        let keys = Self {
            replace: replace_client_name(object, report).or(outer.replace),
            prefix: prefix.and_then(|text| generated_prefix(text, report)).or_else(|| outer.prefix.clone()),
            suffix: suffix.and_then(|text| qualifying_suffix(text, report)).or_else(|| outer.suffix.clone()),
        };
        if let Some(at) = suffix.or(prefix) {
            keys.check_together(at, report);
        }
        keys
    }

    /// What holds with these keys: Kea's defaults where they say nothing.
    pub(super) fn resolve(self) -> FqdnPolicy {
        let default = FqdnPolicy::default();
        FqdnPolicy {
            replace_client_name: self.replace.unwrap_or(default.replace_client_name),
            generated_prefix: self.prefix.unwrap_or(default.generated_prefix),
            qualifying_suffix: self.suffix.unwrap_or(default.qualifying_suffix),
        }
    }

    /// What a copy takes besides its own size.
    pub(super) fn bytes(&self) -> usize {
        let len = |text: &Option<String>| text.as_ref().map_or(0, String::len);
        len(&self.prefix).saturating_add(len(&self.suffix))
    }

    fn check_together(&self, at: At<&str>, report: &mut Report) {
        let FqdnPolicy { generated_prefix, qualifying_suffix, .. } = self.clone().resolve();
        if qualifying_suffix.is_empty() {
            return;
        }
        let longest = format!("{generated_prefix}{LONGEST_ADDRESS}.{qualifying_suffix}");
        if name::encode(&longest, &mut Vec::new()).is_err() {
            let told = Diagnostic::error(
                at.span,
                format!("a name with this prefix and suffix can have more than {MAX_NAME_LEN} octets"),
            );
            report.push(told.help("shorten `ddns-generated-prefix` or `ddns-qualifying-suffix`"));
        }
    }
}

/// `ddns-replace-client-name`: one of four texts or, as in Kea's older files, true or false.
fn replace_client_name(object: &Object<'_>, report: &mut Report) -> Option<ReplaceClientName> {
    const KEY: &str = "ddns-replace-client-name";
    if let Some(flag) = object.boolean(KEY) {
        return Some(if flag.value { ReplaceClientName::WhenPresent } else { ReplaceClientName::Never });
    }
    let text = object.text(KEY)?;
    match text.value.to_ascii_lowercase().as_str() {
        "never" => Some(ReplaceClientName::Never),
        "always" => Some(ReplaceClientName::Always),
        "when-present" => Some(ReplaceClientName::WhenPresent),
        "when-not-present" => Some(ReplaceClientName::WhenNotPresent),
        _ => {
            let told = Diagnostic::error(
                text.span,
                format!("\"{}\" does not say when a name is replaced", shorten(text.value)),
            );
            report.push(told.help("write \"never\", \"always\", \"when-present\" or \"when-not-present\""));
            None
        }
    }
}

/// What generated names begin with; the address behind it must fit into its last label.
fn generated_prefix(text: At<&str>, report: &mut Report) -> Option<String> {
    if text.value.is_empty() {
        return Some(String::new());
    }
    let with_address = format!("{}{LONGEST_ADDRESS}", text.value);
    if let Err(fault) = name::encode(&with_address, &mut Vec::new()) {
        let room = MAX_LABEL_LEN.saturating_sub(LONGEST_ADDRESS.len());
        let told =
            Diagnostic::error(text.span, "no name can begin with this prefix, a hyphen and an address");
        report.push(told.label(fault.to_string()).help(format!(
            "its last label can have {room} octets, as a label has at most {MAX_LABEL_LEN} (RFC 1035 §2.3.4)"
        )));
        return None;
    }
    Some(text.value.to_owned())
}

/// A domain name, without the dot at its end.
fn qualifying_suffix(text: At<&str>, report: &mut Report) -> Option<String> {
    let suffix = text.value.strip_suffix('.').unwrap_or(text.value);
    if suffix.is_empty() {
        return Some(String::new());
    }
    if let Err(fault) = name::encode(suffix, &mut Vec::new()) {
        let told = Diagnostic::error(
            text.span,
            format!("`ddns-qualifying-suffix` must be a domain name, not \"{}\"", shorten(text.value)),
        );
        report.push(told.label(fault.to_string()).help("for example \"example.org\""));
        return None;
    }
    Some(suffix.to_owned())
}
