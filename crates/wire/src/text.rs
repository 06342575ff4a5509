//! Option values as text: Kea's comma-separated form to octets, and octets to words for people.
//!
//! [`encode`] reads what `option-data` holds with `csv-format` true, [`encode_hex`] what it holds with
//! `csv-format` false, [`describe`] writes what came off the wire in the same notation, and [`describe_option`] says
//! in words what a known option means.

mod describe;
mod error;
mod field;
mod hex;
mod meaning;
mod resolvers;
mod routes;
mod split;

use crate::definition::{FieldType, Universe};

pub use describe::{describe, fields_len, printable};
pub use error::{Expected, TextError};
pub use hex::{encode_hex, hex};
pub use meaning::{describe_as, describe_duid, describe_hardware, describe_option, describe_seconds, opaque};
pub use resolvers::resolver_fault;

/// What an option's value looks like, whether the definition is built in or the operator's own (`option-def`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shape<'a> {
    /// The type of the value; [`FieldType::Record`] when there are several fields.
    pub kind: FieldType,
    /// Whether the value, or the last field of the record, may occur several times.
    pub array: bool,
    /// The fields of a record; empty otherwise.
    pub record: &'a [FieldType],
    /// Which DHCP the option belongs to.
    pub universe: Universe,
}

impl Shape<'_> {
    /// The shape of an option with one value of type `kind`.
    pub const fn one(universe: Universe, kind: FieldType) -> Self {
        Self { kind, array: false, record: &[], universe }
    }

    /// The shape of an option with any number of values of type `kind`.
    pub const fn list(universe: Universe, kind: FieldType) -> Self {
        Self { kind, array: true, record: &[], universe }
    }

    /// Why no option can have this shape, as Kea judges it; `None` when it can.
    pub fn fault(&self) -> Option<&'static str> {
        let fields = match self.kind {
            FieldType::Record if self.record.len() < 2 => return Some("a record needs at least two fields"),
            FieldType::Record => self.record,
            _ if !self.record.is_empty() => return Some("only a record has fields"),
            _ => core::slice::from_ref(&self.kind),
        };
        if self.kind == FieldType::Record
            && fields.iter().any(|field| {
                matches!(
                    field,
                    FieldType::Empty | FieldType::Record | FieldType::Routes | FieldType::EncryptedDns
                )
            })
        {
            return Some("a field of a record cannot be empty or a record itself");
        }
        let (last, before) = fields.split_last()?;
        if before.iter().any(|field| field.takes_the_rest()) {
            return Some("a string or binary field must be the last one");
        }
        if self.array && (last.takes_the_rest() || *last == FieldType::Empty) {
            return Some("an array cannot hold string, binary or empty values: nothing would part them");
        }
        None
    }
}

/// Reads a value given with `csv-format` true: the fields separated by commas, white space around them ignored, a
/// comma inside a field written as `\,`.
///
/// Numbers may be decimal or hexadecimal; booleans are `true`, `false`, `1` or `0`; a prefix is
/// `2001:db8::/56`; a PSID is `PSID/length`; binary data is in any form of [`encode_hex`]. An array takes any
/// number of values, also none; a record one for each field, and further ones for its last field when it is an array.
/// Kea drops values that are too many; here they are an error, as they are a mistake.
pub fn encode(shape: &Shape<'_>, csv: &str) -> Result<Vec<u8>, TextError> {
    let mut out = Vec::new();
    match shape.kind {
        FieldType::Empty if csv.trim().is_empty() => return Ok(out),
        FieldType::Empty => return Err(TextError::NotEmpty { got: csv.to_owned() }),
        FieldType::Routes => return routes::encode(csv),
        FieldType::EncryptedDns => return resolvers::encode(shape.universe, csv),
        _ => {}
    }
    let values = split::fields(csv, ',')?;
    if values.is_empty() && !shape.array {
        return Err(TextError::NoValue { kind: shape.kind });
    }
    let fields =
        if shape.kind == FieldType::Record { shape.record } else { core::slice::from_ref(&shape.kind) };
    // An array of single values may be empty (RFC 7341 §7.2 gives that a meaning in option 88); a record may not.
    if values.len() < fields.len() && !(shape.array && values.is_empty() && fields.len() == 1) {
        return Err(TextError::TooFewFields { expected: fields.len(), got: values.len() });
    }
    if values.len() > fields.len() && !shape.array {
        return Err(TextError::TooManyFields { expected: fields.len(), got: values.len() });
    }
    let kinds = fields.iter().chain(core::iter::repeat(fields.last().unwrap_or(&shape.kind)));
    for (index, (value, kind)) in values.into_iter().zip(kinds).enumerate() {
        field::encode(*kind, shape.universe, &value, &mut out).map_err(|expected| TextError::Field {
            field: index.saturating_add(1),
            kind: *kind,
            expected,
            got: value,
        })?;
    }
    Ok(out)
}
