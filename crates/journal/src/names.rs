//! The names of a store's files.

/// What a name says about a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Name {
    Segment {
        ordinal: u64,
        generation: u64,
    },
    Snapshot {
        sequence: u64,
    },
    /// A segment or snapshot that was not finished.
    Unfinished,
    /// Nothing of the journal's.
    Other,
}

/// The end of the name of what is not finished.
const UNFINISHED: &str = ".new";

pub(crate) fn segment(ordinal: u64, generation: u64) -> String {
    format!("log-{ordinal:016x}-{generation:04x}")
}

pub(crate) fn snapshot(sequence: u64) -> String {
    format!("snapshot-{sequence:016x}")
}

pub(crate) fn unfinished(name: &str) -> String {
    format!("{name}{UNFINISHED}")
}

pub(crate) fn parse(name: &str) -> Name {
    if let Some(finished) = name.strip_suffix(UNFINISHED) {
        return if parse(finished) == Name::Other { Name::Other } else { Name::Unfinished };
    }
    let parsed = if let Some(numbers) = name.strip_prefix("log-") {
        numbers.split_once('-').and_then(|(ordinal, generation)| {
            Some(Name::Segment { ordinal: hex(ordinal)?, generation: hex(generation)? })
        })
    } else if let Some(number) = name.strip_prefix("snapshot-") {
        hex(number).map(|sequence| Name::Snapshot { sequence })
    } else {
        None
    };
    // Only the one way to write a name counts, so that no two names mean the same file.
    match parsed {
        Some(Name::Segment { ordinal, generation }) if name == segment(ordinal, generation) => {
            Name::Segment { ordinal, generation }
        }
        Some(Name::Snapshot { sequence }) if name == snapshot(sequence) => Name::Snapshot { sequence },
        _ => Name::Other,
    }
}

fn hex(digits: &str) -> Option<u64> {
    u64::from_str_radix(digits, 16).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_what_the_file_is() {
        let cases = [
            ("log-00000000000000ff-0001", Name::Segment { ordinal: 255, generation: 1 }),
            ("log-00000000000000ff-10000", Name::Segment { ordinal: 255, generation: 65_536 }),
            ("snapshot-0000000000000010", Name::Snapshot { sequence: 16 }),
            ("log-00000000000000ff-0001.new", Name::Unfinished),
            ("snapshot-0000000000000010.new", Name::Unfinished),
            ("log-00000000000000FF-0001", Name::Other),
            ("log-ff-1", Name::Other),
            ("log-+0000000000000ff-0001", Name::Other),
            ("snapshot-10", Name::Other),
            ("lock", Name::Other),
            ("notes.new", Name::Other),
            ("a.new.new", Name::Other),
        ];
        for (name, want) in cases {
            assert_eq!(parse(name), want, "{name}");
        }
    }
}
