//! Domain names: wire format to text and back, with and without compression.

use fosix_wire::name::{CompressedNames, MAX_NAME_LEN, Name, Names, encode};

use super::shown;

pub fn run(data: &[u8]) {
    shown(Name::new_checked(data)).iter().for_each(text_and_back);
    shown(Name::new_partial(data)).iter().for_each(text_and_back);
    if let Some((name, rest)) = shown(Name::split(data)) {
        assert_eq!(name.as_bytes().len() + rest.len(), data.len());
    }
    if let Some(names) = shown(Names::new_checked(data)) {
        names.iter().for_each(|name| text_and_back(&name));
        assert_eq!(names.iter().map(|name| name.as_bytes().len()).sum::<usize>(), data.len());
        // What needs no pointers is the same with a reader that would follow them.
        let compressed = CompressedNames::new_checked(data);
        assert!(compressed.is_ok_and(|compressed| compressed.iter().count() == names.iter().count()));
    }
    if let Some(names) = shown(CompressedNames::new_checked(data)) {
        for name in names.iter() {
            let mut wire = Vec::new();
            name.write_to(&mut wire);
            let again = Name::new_checked(&wire);
            assert_eq!(again.map(|again| again.to_string()), Ok(name.to_string()));
        }
    }
    if let Ok(text) = std::str::from_utf8(data) {
        let mut wire = Vec::new();
        if shown(encode(text, &mut wire)).is_some() {
            assert!(wire.len() <= MAX_NAME_LEN);
            Name::new_checked(&wire).iter().for_each(text_and_back);
        } else {
            assert!(wire.is_empty());
        }
    }
}

fn text_and_back(name: &Name<'_>) {
    let text = name.to_string();
    assert!(text.is_ascii());
    assert!(name.eq_ignore_case(name));
    if name.labels().next().is_none() {
        assert!(text.is_empty() || text == ".");
        return;
    }
    let mut wire = Vec::new();
    assert_eq!(encode(&text, &mut wire), Ok(name.is_fully_qualified()));
    let without_root = if name.is_fully_qualified() { wire.len() } else { wire.len().saturating_sub(1) };
    assert_eq!(wire.get(..without_root), Some(name.as_bytes()));
}
