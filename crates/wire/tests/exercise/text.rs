//! Option values between octets, text and words: the first octet chooses a space, the next two an option of it, and
//! the rest is its value, as octets and as text.

use fosix_wire::definition::{self, FieldType};
use fosix_wire::text::{describe, describe_option, encode, encode_hex, fields_len, hex};

pub fn run(data: &[u8]) {
    let Some(([space, high, low], value)) = data.split_first_chunk::<3>() else { return };
    let Some(space) = definition::spaces().nth(usize::from(*space)) else { return };
    let code = u16::from_be_bytes([*high, *low]);
    assert!(!describe_option(space, code, value).is_empty());
    let text = std::str::from_utf8(value);
    if let Ok(Ok(octets)) = text.map(encode_hex) {
        assert_eq!(encode_hex(&hex(&octets)).as_deref(), Ok(&octets[..]));
    }
    let Some(definition) = definition::by_code(space, code) else { return };
    let shape = definition.shape();
    if let Some(length) = fields_len(&shape, value) {
        assert!(length <= value.len());
    }
    let words = describe(&shape, value);
    assert!(words.bytes().all(|octet| (b' '..=b'~').contains(&octet)), "{words}");
    if let Ok(text) = text
        && let Ok(octets) = encode(&shape, text)
    {
        let words = describe(&shape, &octets);
        match shape.kind {
            FieldType::Routes | FieldType::EncryptedDns => {
                assert!(!words.starts_with("malformed "), "{words}");
            }
            _ => assert_eq!(fields_len(&shape, &octets), Some(octets.len()), "{} {text:?}", definition.name),
        }
        // Words are text again, but for the escapes in texts and for "none" and "present".
        let fields = if shape.record.is_empty() { std::slice::from_ref(&shape.kind) } else { shape.record };
        let plain = |kind: &FieldType| {
            use FieldType::{Binary, Empty, EncryptedDns, Fqdn, String, Tuple, WideTuple};
            !matches!(kind, Binary | EncryptedDns | Empty | Fqdn | String | Tuple | WideTuple)
        };
        if !octets.is_empty() && fields.iter().all(plain) {
            assert_eq!(encode(&shape, &words).as_deref(), Ok(&octets[..]), "{} {words}", definition.name);
        }
    }
}
