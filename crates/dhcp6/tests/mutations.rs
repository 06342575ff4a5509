//! The fuzz target's corpus, messages of real clients, and ten thousand changed ones, each through the checks of the fuzz
//! target.

#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a test that meets the unexpected is to fail"
)]

mod exercise;
#[allow(dead_code, reason = "other tests need more of it")]
mod world;

use std::fs;
use std::path::Path;

use fosix_wire::v6::{MessageType, OptionCode, Packet};
use proptest::prelude::*;
use world::{Ask, Level, SERVER, direct};

fn files(folder: &str) -> Vec<(String, Vec<u8>)> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join(folder);
    let mut paths: Vec<_> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.retain(|path| path.extension().is_none_or(|end| end != "md"));
    paths.sort_unstable();
    let name = |path: &Path| path.file_stem().unwrap().to_str().unwrap().to_owned();
    paths.iter().map(|path| (name(path), fs::read(path).unwrap())).collect()
}

/// What real clients sent, to the server of these tests.
fn captures() -> Vec<(String, Ask)> {
    files("tests/captures").into_iter().map(|(name, bytes)| (name, to_us(&bytes))).collect()
}

fn to_us(bytes: &[u8]) -> Ask {
    let packet = Packet::new_checked(bytes, 9).unwrap();
    let message = packet.message();
    let options = message.options().iter().map(|option| match option.code {
        OptionCode::SERVER_ID => (option.code, SERVER.to_vec()),
        code => (code, option.data.to_vec()),
    });
    let level = |relay: &fosix_wire::v6::RelayMessage<'_>| Level {
        link: relay.link_address(),
        peer: relay.peer_address(),
        options: relay
            .options()
            .iter()
            .filter(|option| option.code != OptionCode::RELAY_MESSAGE)
            .map(|option| (option.code, option.data.to_vec()))
            .collect(),
    };
    Ask {
        kind: message.message_type(),
        transaction: message.transaction_id(),
        options: options.collect(),
        relays: packet.relays().iter().rev().map(level).collect(),
        origin: direct(1),
    }
}

#[test]
fn every_message_of_a_real_client_is_answered() {
    let captures = captures();
    assert!(captures.len() >= 16);
    for (name, ask) in captures {
        let expected = match ask.kind {
            // Neither has a server that has nothing on record of the client any reason to be silent.
            MessageType::SOLICIT => MessageType::ADVERTISE,
            _ => MessageType::REPLY,
        };
        // With Rapid Commit where that is configured: the answer is a Reply then.
        let answered = exercise::receive(&ask.bytes());
        let rapid = ask.options.iter().any(|(code, _)| *code == OptionCode::RAPID_COMMIT);
        assert!(
            answered == Ok(expected) || (rapid && answered == Ok(MessageType::REPLY)),
            "{name}: {answered:?}"
        );
    }
}

#[test]
fn every_program_of_the_corpus_passes_whole_and_cut() {
    let corpus = files("../../fuzz/corpus/dhcp6");
    assert!(corpus.len() >= 12);
    for (_, program) in corpus {
        for end in (0..=program.len()).rev().step_by(7) {
            exercise::run(&program[..end]);
        }
    }
}

/// One change to a message.
#[derive(Debug, Clone)]
enum Change {
    RemoveOption(prop::sample::Index),
    DoubleOption(prop::sample::Index),
    MoveOption(prop::sample::Index, prop::sample::Index),
    TakeOption(prop::sample::Index, prop::sample::Index),
    CutOption(prop::sample::Index, prop::sample::Index),
    LengthenOption(prop::sample::Index, Vec<u8>),
    Kind(u8),
    NoRelay,
    Octet(prop::sample::Index, u8),
    Bit(prop::sample::Index, u8),
    Cut(prop::sample::Index),
    Append(Vec<u8>),
}

fn change() -> impl Strategy<Value = Change> {
    use any as a;
    type I = prop::sample::Index;
    prop_oneof![
        a::<I>().prop_map(Change::RemoveOption),
        a::<I>().prop_map(Change::DoubleOption),
        (a::<I>(), a::<I>()).prop_map(|(from, to)| Change::MoveOption(from, to)),
        (a::<I>(), a::<I>()).prop_map(|(other, which)| Change::TakeOption(other, which)),
        (a::<I>(), a::<I>()).prop_map(|(which, end)| Change::CutOption(which, end)),
        (a::<I>(), prop::collection::vec(a::<u8>(), 1..20))
            .prop_map(|(which, more)| Change::LengthenOption(which, more)),
        (0u8..40).prop_map(Change::Kind),
        Just(Change::NoRelay),
        (a::<I>(), a::<u8>()).prop_map(|(at, octet)| Change::Octet(at, octet)),
        (a::<I>(), 0u8..8).prop_map(|(at, bit)| Change::Bit(at, bit)),
        a::<I>().prop_map(Change::Cut),
        prop::collection::vec(a::<u8>(), 1..40).prop_map(Change::Append),
    ]
}

/// Changes what is in the message; what concerns its octets comes later.
fn change_message(ask: &mut Ask, change: &Change, captures: &[(String, Ask)]) {
    let count = ask.options.len();
    match change {
        Change::Kind(kind) => ask.kind = MessageType(*kind),
        Change::NoRelay => ask.relays.clear(),
        Change::TakeOption(other, which) => {
            let (_, other) = other.get(captures);
            ask.options.push(which.get(&other.options).clone());
        }
        _ if count == 0 => {}
        Change::RemoveOption(which) => drop(ask.options.remove(which.index(count))),
        Change::DoubleOption(which) => ask.options.push(which.get(&ask.options).clone()),
        Change::MoveOption(from, to) => ask.options.swap(from.index(count), to.index(count)),
        Change::CutOption(which, end) => {
            let (_, data) = &mut ask.options[which.index(count)];
            data.truncate(end.index(data.len() + 1));
        }
        Change::LengthenOption(which, more) => ask.options[which.index(count)].1.extend(more),
        Change::Octet(..) | Change::Bit(..) | Change::Cut(_) | Change::Append(_) => {}
    }
}

fn change_octets(bytes: &mut Vec<u8>, change: &Change) {
    match change {
        Change::Cut(end) => bytes.truncate(end.index(bytes.len() + 1)),
        Change::Append(more) => bytes.extend(more),
        _ if bytes.is_empty() => {}
        Change::Octet(at, octet) => {
            let at = at.index(bytes.len());
            bytes[at] = *octet;
        }
        Change::Bit(at, bit) => {
            let at = at.index(bytes.len());
            bytes[at] ^= 1 << bit;
        }
        _ => {}
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 10_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn ten_thousand_changed_messages_are_each_counted_once_and_never_break_a_rule(
        which in any::<prop::sample::Index>(),
        changes in prop::collection::vec(change(), 1..5),
    ) {
        thread_local! { static CAPTURES: Vec<(String, Ask)> = captures(); }
        CAPTURES.with(|captures| {
            let (_, mut ask) = which.get(captures).clone();
            for change in &changes {
                change_message(&mut ask, change, captures);
            }
            let mut bytes = ask.bytes();
            for change in &changes {
                change_octets(&mut bytes, change);
            }
            // Whatever it is: the checks are those of the fuzz target.
            let _ = exercise::receive(&bytes);
        });
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 300, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_program_passes(program in prop::collection::vec(any::<u8>(), 0..400)) {
        exercise::run(&program);
    }
}
