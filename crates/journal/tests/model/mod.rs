//! What the crash test believes: keys with values, and every change that was staged.

use std::collections::BTreeMap;
use std::ops::Range;

use fosix_journal::sim::Random;
use fosix_journal::{Cause, Frame, Kind, Salt, Staging, encode};

/// Keys go from 0 to below this.
pub(crate) const KEYS: u16 = 24;

/// What there is under each key, and the number of the change that put it there.
type State = BTreeMap<u16, (u64, Vec<u8>)>;

/// Every change since the store was made, and what it led to.
#[derive(Debug, Default)]
pub(crate) struct Model {
    /// Change n is at n - 1.
    changes: Vec<Change>,
    state: State,
    /// The state after the last recovery, and the number of its last change.
    base: (u64, State),
    /// Up to here changes were promised to be there.
    promised: u64,
}

#[derive(Debug, Clone)]
struct Change {
    kind: Kind,
    key: u16,
    body: Vec<u8>,
    time: u32,
    more: bool,
}

impl Model {
    /// The number of the last change.
    pub(crate) fn sequence(&self) -> u64 {
        self.changes.len() as u64
    }

    pub(crate) fn promise(&mut self, sequence: u64) {
        self.promised = self.promised.max(sequence);
    }

    /// Stages a random change.
    pub(crate) fn change(&mut self, random: &mut Random, staging: &mut Staging, more: bool) {
        let key = u16::try_from(random.below(KEYS.into())).unwrap();
        let kind = if random.chance(64) { Kind::Delete } else { Kind::Put };
        let mut body = key.to_le_bytes().to_vec();
        if kind == Kind::Put {
            let value = random.next().to_le_bytes();
            // A body like a record of zeros, or like a mark, is to be nothing special.
            let fill = if random.chance(32) { 0 } else { value[0] };
            body.extend_from_slice(&value);
            body.resize(body.len() + usize::try_from(random.below(70)).unwrap(), fill);
        }
        let time = u32::try_from(random.below(1 << 20)).unwrap();
        let sequence = staging.stage(kind, Cause(1), time, more, |out| out.extend_from_slice(&body));
        self.changes.push(Change { kind, key, body, time, more });
        assert_eq!(sequence, self.sequence());
        apply(&mut self.state, kind, key, sequence, &self.changes.last().unwrap().body);
    }

    /// Puts for these keys, as a snapshot has them.
    pub(crate) fn slice(&self, keys: Range<u16>, salt: Salt) -> Vec<u8> {
        let mut out = Vec::new();
        for (sequence, body) in self.state.range(keys).map(|(_, held)| held) {
            let (kind, cause) = (Kind::Put, Cause(0));
            encode(&mut out, salt, Frame { kind, more: false, cause, time: 0, sequence: *sequence, body });
        }
        out
    }

    /// That a record is one that was staged under its number.
    pub(crate) fn assert_staged(&self, frame: &Frame<'_>, name: &str) {
        let change = usize::try_from(frame.sequence).ok().and_then(|at| self.changes.get(at.checked_sub(1)?));
        let change = change.unwrap_or_else(|| panic!("{name}: nobody staged change {}", frame.sequence));
        assert_eq!((frame.kind, frame.body), (change.kind, &change.body[..]), "{name}: {}", frame.sequence);
    }

    pub(crate) fn recovered(&self) -> Recovered<'_> {
        Recovered { model: self, state: State::new(), last: None }
    }

    /// The changes up to `sequence` are all that there is, and all of them may be told.
    pub(crate) fn go_on_from(&mut self, sequence: u64) {
        self.state = self.at(sequence);
        self.changes.truncate(usize::try_from(sequence).unwrap());
        self.base = (sequence, self.state.clone());
        self.promised = sequence;
    }

    fn at(&self, sequence: u64) -> State {
        let (base, mut state) = self.base.clone();
        let later = usize::try_from(base).unwrap()..usize::try_from(sequence).unwrap();
        for (change, number) in self.changes[later].iter().zip(base + 1..) {
            apply(&mut state, change.kind, change.key, number, &change.body);
        }
        state
    }
}

/// What a recovery finds.
pub(crate) struct Recovered<'a> {
    model: &'a Model,
    state: State,
    last: Option<u64>,
}

impl Recovered<'_> {
    pub(crate) fn apply(&mut self, frame: &Frame<'_>, name: &str) {
        self.model.assert_staged(frame, name);
        let key = u16::from_le_bytes([frame.body[0], frame.body[1]]);
        let from_snapshot = frame.time == 0 && frame.cause == Cause(0);
        if !from_snapshot {
            assert!(
                self.last.is_none_or(|last| last + 1 == frame.sequence),
                "{name}: a gap before {frame:?}"
            );
            let change = &self.model.changes[usize::try_from(frame.sequence - 1).unwrap()];
            assert_eq!((frame.time, frame.more), (change.time, change.more), "{name}");
            self.last = Some(frame.sequence);
        }
        apply(&mut self.state, frame.kind, key, frame.sequence, frame.body);
    }

    /// That exactly the changes up to `sequence` are there.
    pub(crate) fn compare(&self, sequence: u64, name: &str) {
        let model = self.model;
        assert!(sequence >= model.promised, "{name}: {} was promised, {sequence} is there", model.promised);
        assert!(sequence <= model.sequence(), "{name}: {sequence} was never staged");
        assert!(self.last.is_none_or(|last| last == sequence), "{name}");
        let whole = sequence == 0 || !model.changes[usize::try_from(sequence - 1).unwrap()].more;
        assert!(whole, "{name}: change {sequence} is there by half");
        assert_eq!(self.state, model.at(sequence), "{name}");
    }
}

fn apply(state: &mut State, kind: Kind, key: u16, sequence: u64, body: &[u8]) {
    if kind == Kind::Put {
        state.insert(key, (sequence, body.to_vec()));
    } else {
        state.remove(&key);
    }
}
