//! The server's DUID.

use fosix_wire::text::encode_hex;

use super::object::{At, Object};
use crate::diagnostic::{Diagnostic, Report, shorten};
use crate::model::{DuidSpec, ServerIdSpec};

/// RFC 9915 §11.1: a DUID has at most 128 bytes behind its type.
const MAX_BYTES: usize = 128;

/// `server-id` of a `Dhcp6` object, or what holds without one.
pub(super) fn server_id(dhcp6: &Object<'_>, report: &mut Report) -> ServerIdSpec {
    let Some(object) = dhcp6.object("server-id") else { return ServerIdSpec::default() };
    let Some(kind) = object.text("type") else {
        if object.lacks("type") {
            let told = Diagnostic::error(object.head(), "`server-id` has no `type`");
            report.push(told.help("add \"type\": \"LLT\", \"EN\" or \"LL\""));
        }
        return ServerIdSpec::default();
    };
    let persist = object.boolean("persist").is_none_or(|at| at.value);
    // As in Kea, 0 and the empty text leave the choice to the server.
    let hardware_type = object.integer("htype").map(|at| at.value).filter(|&value| value != 0);
    let time = object.integer("time").map(|at| at.value).filter(|&value| value != 0);
    let enterprise = object.integer("enterprise-id").map(|at| at.value).filter(|&value| value != 0);
    let (duid, idle) = match kind.value.to_ascii_uppercase().as_str() {
        "LLT" => {
            let identifier = identifier(&object, MAX_BYTES - 6, report);
            (DuidSpec::LinkLayerTime { hardware_type, time, identifier }, &["enterprise-id"][..])
        }
        "EN" => {
            let identifier = identifier(&object, MAX_BYTES - 4, report);
            (DuidSpec::Enterprise { enterprise, identifier }, &["htype", "time"][..])
        }
        "LL" => {
            let identifier = identifier(&object, MAX_BYTES - 2, report);
            (DuidSpec::LinkLayer { hardware_type, identifier }, &["time", "enterprise-id"][..])
        }
        _ => return ServerIdSpec::default(),
    };
    for key in idle {
        let given = object.integer::<u32>(key).filter(|at| at.value != 0);
        if let (Some(member), Some(_)) = (object.member(key), given) {
            let message = format!("a DUID of type {} has no `{key}`", kind.value);
            report.push(
                Diagnostic::warning(member.key_span, message).help("remove it, or choose another type"),
            );
        }
    }
    ServerIdSpec { duid, persist }
}

fn identifier(object: &Object<'_>, max: usize, report: &mut Report) -> Option<Vec<u8>> {
    let text: At<&str> = object.text_if_any("identifier")?;
    let mut error = |message: String, help: &str| {
        report.push(Diagnostic::error(text.span, message).help(help));
        None
    };
    match encode_hex(text.value) {
        Ok(bytes) if bytes.is_empty() => None,
        Ok(bytes) if bytes.len() > max => {
            error(format!("the identifier has {} bytes, and at most {max} fit", bytes.len()), "shorten it")
        }
        Ok(bytes) => Some(bytes),
        Err(_) => error(
            format!("\"{}\" is not hexadecimal", shorten(text.value)),
            "write the bytes as hexadecimal digits, such as A65DC7410F05",
        ),
    }
}
