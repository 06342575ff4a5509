//! Answers that wait until what they rest on is durable.

use std::collections::VecDeque;

/// Answers in the order in which they were made, each with what there is to know of it, a `T`.
#[derive(Debug)]
pub struct Held<T> {
    bytes: VecDeque<u8>,
    items: VecDeque<Item<T>>,
    /// The answer that is being given out.
    scratch: Vec<u8>,
}

#[derive(Debug)]
struct Item<T> {
    sequence: u64,
    item: T,
    len: usize,
}

impl<T> Held<T> {
    /// Adds an answer that waits for change `sequence`, which is not lower than that of the answer before.
    pub fn push(&mut self, sequence: u64, item: T, answer: &[u8]) {
        self.bytes.extend(answer);
        self.items.push_back(Item { sequence, item, len: answer.len() });
    }

    /// Gives out, in order, what waits for no change after `durable`.
    pub fn release(&mut self, durable: u64, mut give: impl FnMut(T, &mut Vec<u8>)) {
        while self.items.front().is_some_and(|first| first.sequence <= durable) {
            let Some(Item { item, len, .. }) = self.items.pop_front() else { return };
            self.scratch.clear();
            let (first, second) = self.bytes.as_slices();
            let of_first = len.min(first.len());
            self.scratch.extend_from_slice(first.get(..of_first).unwrap_or_default());
            self.scratch.extend_from_slice(second.get(..len - of_first).unwrap_or_default());
            self.bytes.drain(..len.min(self.bytes.len()));
            give(item, &mut self.scratch);
        }
    }

    /// The change that the last answer waits for.
    pub fn last(&self) -> Option<u64> {
        self.items.back().map(|last| last.sequence)
    }

    /// How many wait.
    pub fn len(&self) -> usize {
        self.items.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.items.is_empty()
    }
}

impl<T> Default for Held<T> {
    fn default() -> Self {
        Self { bytes: VecDeque::new(), items: VecDeque::new(), scratch: Vec::new() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_come_out_in_order_once_they_are_durable() {
        let mut held = Held::default();
        for (sequence, answer) in [(3, &b"one"[..]), (3, b""), (7, b"three")] {
            held.push(sequence, answer.len(), answer);
        }
        let mut seen = Vec::new();
        held.release(2, |_, _| unreachable!());
        held.release(6, |len, answer| seen.push((len, answer.clone())));
        assert_eq!(seen, [(3, b"one".to_vec()), (0, Vec::new())]);
        assert_eq!((held.len(), held.last()), (1, Some(7)));
        held.release(7, |len, answer| seen.push((len, answer.clone())));
        assert_eq!(seen.last(), Some(&(5, b"three".to_vec())));
        assert!(held.is_empty() && held.bytes.is_empty());
    }
}
