//! Domain names between text and octets (RFC 1035 §3.1, §4.1.4).

use core::fmt::Write as _;

/// Appends the name in wire format.
pub(super) fn encode(text: &str, out: &mut Vec<u8>) -> Option<()> {
    let start = out.len();
    let labels = text.strip_suffix('.').unwrap_or(text);
    if !labels.is_empty() {
        for label in labels.split('.') {
            let length = u8::try_from(label.len()).ok().filter(|length| (1..=63).contains(length))?;
            out.push(length);
            out.extend_from_slice(label.as_bytes());
        }
    }
    out.push(0);
    (out.len().saturating_sub(start) <= 255).then_some(())
}

/// The name at `offset` of `area`, and the offset behind it. Pointers may lead backwards within the area.
pub(super) fn decode(area: &[u8], offset: usize) -> Option<(String, usize)> {
    let mut text = String::new();
    let mut at = offset;
    let mut end = None;
    let mut octets = 0_usize;
    loop {
        let length = *area.get(at)?;
        let next = at.checked_add(1)?;
        match length {
            0 => {
                if text.is_empty() {
                    text.push('.');
                }
                return Some((text, end.unwrap_or(next)));
            }
            1..=63 => {
                let stop = next.checked_add(length.into())?;
                for octet in area.get(next..stop)? {
                    match octet {
                        b'.' | b'\\' => text.extend(['\\', char::from(*octet)]),
                        b'!'..=b'~' => text.push(char::from(*octet)),
                        _ => {
                            // Writing to a String cannot fail.
                            let _ = write!(text, "\\{octet:03}");
                        }
                    }
                }
                text.push('.');
                octets = octets.checked_add(usize::from(length)).and_then(|sum| sum.checked_add(1))?;
                if octets > 254 {
                    return None;
                }
                at = stop;
            }
            0xc0.. => {
                let low = *area.get(next)?;
                end = end.or_else(|| next.checked_add(1));
                let target = usize::from(u16::from_be_bytes([length & 0x3f, low]));
                // Only backwards, so that it comes to an end.
                if target >= at {
                    return None;
                }
                at = target;
            }
            _ => return None,
        }
    }
}
