//! Doubly linked lists of entries by slot number, with the links inside the entries: no allocation, every step O(1).

use crate::chunks::Chunks;

/// The place of an entry in the one list that it is in, if it is in any.
///
/// At either end the number of the list stands in place of a neighbour, so that an entry can be taken out of its list
/// without being told which one that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) prev: u32,
    pub(crate) next: u32,
}

/// An entry that can be in a list, and that a [`Chunks`] can hold.
pub(crate) trait Linked {
    fn links(&self) -> Links;
    fn links_mut(&mut self) -> &mut Links;
}

/// Slot numbers are below this; what is above says where a list ends.
pub(crate) const SLOT_LIMIT: u32 = 1 << 31;
/// In no list.
const UNLINKED: u32 = u32::MAX;
/// No entry at all: the slot is free.
const VACANT: u32 = u32::MAX - 1;

impl Links {
    /// Of an entry in no list.
    pub(crate) const UNLINKED: Self = Self { prev: UNLINKED, next: UNLINKED };
    /// Of a slot without an entry.
    pub(crate) const VACANT: Self = Self { prev: VACANT, next: UNLINKED };

    pub(crate) fn is_linked(self) -> bool {
        self.prev != UNLINKED && self.prev != VACANT
    }

    pub(crate) fn is_vacant(self) -> bool {
        self.prev == VACANT
    }
}

/// Lists numbered from 0 on.
#[derive(Debug)]
pub(crate) struct Lists {
    /// First and last of each, one more than the slot number; 0 in an empty one, so that the memory of lists that were
    /// never used is never touched.
    ends: Vec<[u32; 2]>,
}

impl Lists {
    /// `count` empty lists.
    pub(crate) fn new(count: usize) -> Self {
        Self { ends: vec![[0; 2]; count] }
    }

    pub(crate) fn count(&self) -> usize {
        self.ends.len()
    }

    /// The slot of the first entry of `list`.
    pub(crate) fn first(&self, list: usize) -> Option<u32> {
        self.ends.get(list)?.first()?.checked_sub(1)
    }

    /// The slots of `list` in order.
    pub(crate) fn iter<'a, T: Linked>(
        &self,
        entries: &'a Chunks<T>,
        list: usize,
    ) -> impl Iterator<Item = u32> + use<'a, T> {
        std::iter::successors(self.first(list), |&slot| {
            Some(entries.get(slot)?.links().next).filter(|&next| next < SLOT_LIMIT)
        })
    }

    /// Puts an entry that is in no list behind all others of `list`.
    pub(crate) fn push_back<T: Linked>(&mut self, entries: &mut Chunks<T>, list: usize, slot: u32) {
        let (Some(mark), Some(&[first, last])) = (end_mark(list), self.ends.get(list)) else { return };
        let before = last.checked_sub(1);
        let Some(entry) = entries.get_mut(slot) else { return };
        *entry.links_mut() = Links { prev: before.unwrap_or(mark), next: mark };
        if let Some(entry) = before.and_then(|before| entries.get_mut(before)) {
            entry.links_mut().next = slot;
        }
        if let Some(ends) = self.ends.get_mut(list) {
            *ends = [if before.is_some() { first } else { slot + 1 }, slot + 1];
        }
    }

    /// Puts an entry that is in no list before all others of `list`.
    pub(crate) fn push_front<T: Linked>(&mut self, entries: &mut Chunks<T>, list: usize, slot: u32) {
        let (Some(mark), Some(&[first, last])) = (end_mark(list), self.ends.get(list)) else { return };
        let after = first.checked_sub(1);
        let Some(entry) = entries.get_mut(slot) else { return };
        *entry.links_mut() = Links { prev: mark, next: after.unwrap_or(mark) };
        if let Some(entry) = after.and_then(|after| entries.get_mut(after)) {
            entry.links_mut().prev = slot;
        }
        if let Some(ends) = self.ends.get_mut(list) {
            *ends = [slot + 1, if after.is_some() { last } else { slot + 1 }];
        }
    }

    /// Takes an entry out of its list; says whether it was in one. It must be one of these lists.
    pub(crate) fn unlink<T: Linked>(&mut self, entries: &mut Chunks<T>, slot: u32) -> bool {
        let Some(entry) = entries.get_mut(slot) else { return false };
        let links = entry.links();
        if !links.is_linked() {
            return false;
        }
        *entry.links_mut() = Links::UNLINKED;
        let Links { prev, next } = links;
        match entries.get_mut(prev) {
            Some(entry) if prev < SLOT_LIMIT => entry.links_mut().next = next,
            _ => {
                if let Some([first, _]) = self.ends.get_mut(list_of(prev)) {
                    *first = if next < SLOT_LIMIT { next + 1 } else { 0 };
                }
            }
        }
        match entries.get_mut(next) {
            Some(entry) if next < SLOT_LIMIT => entry.links_mut().prev = prev,
            _ => {
                if let Some([_, last]) = self.ends.get_mut(list_of(next)) {
                    *last = if prev < SLOT_LIMIT { prev + 1 } else { 0 };
                }
            }
        }
        true
    }
}

/// What stands at the ends of `list` in place of a slot.
fn end_mark(list: usize) -> Option<u32> {
    u32::try_from(list).ok()?.checked_add(SLOT_LIMIT).filter(|&mark| mark < VACANT)
}

/// The list that a mark is of.
fn list_of(mark: u32) -> usize {
    usize::try_from(mark.wrapping_sub(SLOT_LIMIT)).unwrap_or(usize::MAX)
}

#[cfg(test)]
mod tests {
    use std::collections::VecDeque;

    use proptest::prelude::*;

    use super::*;

    #[derive(Debug, Clone)]
    struct Node(Links);

    impl Default for Node {
        fn default() -> Self {
            Self(Links::VACANT)
        }
    }

    impl Linked for Node {
        fn links(&self) -> Links {
            self.0
        }

        fn links_mut(&mut self) -> &mut Links {
            &mut self.0
        }
    }

    proptest! {
        #[test]
        fn lists_agree_with_queues(steps in prop::collection::vec((0u32..20, 0usize..3, 0u8..3), 0..300)) {
            let mut nodes = Chunks::default();
            for _ in 0..20 {
                nodes.insert(Node::default()).unwrap();
            }
            let mut lists = Lists::new(3);
            let mut model = vec![VecDeque::new(); 3];
            for (slot, list, what) in steps {
                let linked = model.iter_mut().find(|queue| queue.contains(&slot));
                let was_linked = linked.is_some();
                if let Some(queue) = linked {
                    queue.retain(|&other| other != slot);
                }
                prop_assert_eq!(lists.unlink(&mut nodes, slot), was_linked);
                match what {
                    0 => {
                        lists.push_back(&mut nodes, list, slot);
                        model[list].push_back(slot);
                    }
                    1 => {
                        lists.push_front(&mut nodes, list, slot);
                        model[list].push_front(slot);
                    }
                    _ => {}
                }
                for (list, queue) in model.iter().enumerate() {
                    prop_assert_eq!(lists.iter(&nodes, list).collect::<VecDeque<_>>(), queue.clone());
                    prop_assert_eq!(lists.first(list), queue.front().copied());
                }
            }
        }
    }
}
