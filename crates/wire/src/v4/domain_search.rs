//! The Domain Search option (119), RFC 3397.

use crate::name::{CompressedNames, Name};

/// The data of the option, all parts joined: names, in which pointers count from the start of the data.
pub type DomainSearch<'a> = CompressedNames<'a>;

/// The places that a pointer can lead to (RFC 1035 §4.1.4).
const POINTER_LIMIT: usize = 0x4000;

/// Appends the data of the option to `buffer`: the names, with pointers to what is there already (RFC 3397 §2: MUST).
/// A name that is not fully qualified is made so.
pub fn write_domain_search<'n>(names: impl IntoIterator<Item = Name<'n>>, buffer: &mut Vec<u8>) {
    let start = buffer.len();
    // Where the labels begin that a pointer can lead to.
    let mut known: Vec<usize> = Vec::new();
    for name in names {
        let mut rest = name.as_bytes();
        loop {
            let data = buffer.get(start..).unwrap_or_default();
            let (label, behind) = match rest.split_first() {
                None | Some((0, _)) => {
                    buffer.push(0);
                    break;
                }
                Some((&length, _)) => rest.split_at_checked(1 + usize::from(length)).unwrap_or((rest, &[])),
            };
            if let Some(&at) = known.iter().find(|at| is_name_at(data, **at, rest)) {
                let [high, low] = u16::try_from(at).unwrap_or(0).to_be_bytes();
                buffer.extend_from_slice(&[0xc0 | high, low]);
                break;
            }
            if data.len() < POINTER_LIMIT {
                known.push(data.len());
            }
            buffer.extend_from_slice(label);
            rest = behind;
        }
    }
}

/// Whether the name at `at` in `data`, which this module wrote, is `name`, octet for octet.
fn is_name_at(data: &[u8], mut at: usize, name: &[u8]) -> bool {
    let mut rest = name;
    loop {
        match data.get(at..) {
            // A pointer leads to an earlier label, never to a pointer.
            Some([high @ 0xc0..=0xff, low, ..]) => {
                at = usize::from(u16::from_be_bytes([high & 0x3f, *low]));
                if !matches!(data.get(at), Some(1..0xc0)) {
                    return false;
                }
            }
            Some([0, ..]) => return matches!(rest, [] | [0, ..]),
            Some(there @ [length, ..]) => {
                let label_len = 1 + usize::from(*length);
                let label = there.get(..label_len);
                if label.is_none() || rest.get(..label_len) != label {
                    return false;
                }
                rest = rest.get(label_len..).unwrap_or_default();
                at += label_len;
            }
            _ => return false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn compressed(names: &[&str]) -> Vec<u8> {
        let wires: Vec<Vec<u8>> = names
            .iter()
            .map(|name| {
                let mut wire = Vec::new();
                crate::name::encode(name, &mut wire).unwrap();
                wire
            })
            .collect();
        let mut out = b"in front".to_vec();
        write_domain_search(wires.iter().map(|wire| Name::new_checked(wire).unwrap()), &mut out);
        out.drain(..8);
        out
    }

    #[test]
    fn the_example_of_the_rfc_comes_out() {
        // RFC 3397 §3, without the splitting.
        let data = compressed(&["eng.apple.com.", "marketing.apple.com."]);
        assert_eq!(data, b"\x03eng\x05apple\x03com\x00\x09marketing\xc0\x04");
    }

    #[test]
    fn whole_names_and_ends_of_names_are_written_once() {
        let names = ["a.b.c.", "a.b.c.", "x.a.b.c.", "b.c.", "c.", "x.a.b.", "."];
        let data = compressed(&names);
        assert_eq!(data, b"\x01a\x01b\x01c\x00\xc0\x00\x01x\xc0\x00\xc0\x02\xc0\x04\x01x\x01a\x01b\x00\x00");
        let read: Vec<String> =
            DomainSearch::new_checked(&data).unwrap().iter().map(|name| name.to_string()).collect();
        assert_eq!(read, names);
    }

    #[test]
    fn no_pointer_leads_further_than_its_bits_reach() {
        let names: Vec<String> = (0..3000).map(|number| format!("host-{number:04}.")).collect();
        let mut all: Vec<&str> = names.iter().map(String::as_str).collect();
        all.extend(names.iter().map(String::as_str));
        let data = compressed(&all);
        let read: Vec<String> =
            DomainSearch::new_checked(&data).unwrap().iter().map(|name| name.to_string()).collect();
        assert_eq!(read, all);
    }
}
