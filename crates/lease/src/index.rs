//! A hash index of slot numbers that grows page by page, so that no insertion takes long however many there are.
//!
//! It is made of parts, so that no directory is long either; each part is:
//!
//! ```text
//!  directory   │ 0 │ 0 │ 1 │ 2 │   by the leading bits of a hash; doubled when a page has to be split that only one
//!                ╲ ╱    │   │     of its entries leads to
//!  pages        [ 0 ] [ 1 ] [ 2 ]  a small hash table each
//! ```
//!
//! Of the keys it has a part of their hashes alone, beside the slots: enough to split a page without a look at what is in
//! the slots. Whoever uses it hashes the keys, and compares them.

use std::hint::black_box;

use hashbrown::HashTable;

/// Slots in a page before it is split: what a table of 128 places takes.
const PAGE_FULL: usize = 112;
/// The directory has at most one entry for this many slots, or one: keys with the same hash cannot blow it up.
const SLOTS_PER_ENTRY: usize = 16;

/// Parts of an index.
const PARTS: usize = 64;

/// Bits of a hash that a page knows.
const TAG_BITS: u32 = 24;

#[derive(Debug)]
pub(crate) struct Index {
    /// By some bits of a hash.
    parts: Vec<Part>,
}

#[derive(Debug)]
struct Part {
    /// 2^depth numbers of pages.
    directory: Vec<u32>,
    depth: u32,
    pages: Vec<Page>,
    len: usize,
}

#[derive(Debug)]
struct Page {
    table: HashTable<Place>,
    /// How many leading bits the tags in it have in common.
    depth: u32,
}

/// A slot with the tag of its key; of 7 octets, since there are tens of millions.
#[derive(Debug, Clone, Copy)]
struct Place {
    slot: [u8; 4],
    tag: [u8; 3],
}

impl Default for Index {
    fn default() -> Self {
        Self::with_room_for(0)
    }
}

impl Index {
    /// An index that takes `count` slots without much splitting.
    pub(crate) fn with_room_for(count: usize) -> Self {
        Self { parts: (0..PARTS).map(|_| Part::with_room_for(count / PARTS)).collect() }
    }

    /// An index of many slots at once. Pairs with the same hash are handed to `each_pair`, each slot with the one before.
    pub(crate) fn build(mut slots: Vec<(u64, u32)>, mut each_pair: impl FnMut(u32, u32)) -> Self {
        // By part, page and hash, so that each page is filled in one go.
        slots.sort_unstable_by_key(|&(hash, _)| (part_of(hash), leading_bits(tag_of(hash), TAG_BITS), hash));
        let mut rest = slots.as_slice();
        let parts = (0..PARTS).map(|part| {
            let count = rest.partition_point(|&(hash, _)| part_of(hash) <= part);
            let (own, behind) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            rest = behind;
            Part::build(own, &mut each_pair)
        });
        Self { parts: parts.collect() }
    }

    /// The slots of everything with this hash, and rarely of one with another.
    pub(crate) fn candidates(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let tag = tag_of(hash);
        let page = self.parts.get(part_of(hash)).and_then(|part| part.page(tag));
        let same = page.into_iter().flat_map(move |page| page.table.iter_hash(spread(tag)));
        same.filter(move |place| place.tag() == tag).map(|place| place.slot())
    }

    /// The first slot with this hash that `is_it`.
    pub(crate) fn find(&self, hash: u64, mut is_it: impl FnMut(u32) -> bool) -> Option<u32> {
        let tag = tag_of(hash);
        let page = self.parts.get(part_of(hash))?.page(tag)?;
        page.table
            .find(spread(tag), |place| place.tag() == tag && is_it(place.slot()))
            .map(|place| place.slot())
    }

    /// The slots of everything whose hash is the same but for what makes [`relative`]s different, and rarely of something else.
    pub(crate) fn relatives(&self, hash: u64) -> impl Iterator<Item = u32> + '_ {
        let (first, last) = (tag_of(hash & !OWN), tag_of(hash | OWN));
        let pages = self.parts.get(part_of(hash)).into_iter().flat_map(move |part| part.pages(first, last));
        let places = pages.flat_map(|page| page.table.iter());
        places.filter(move |place| (first..=last).contains(&place.tag())).map(|place| place.slot())
    }

    /// Looks for many at once, one step for all of them after the other, so that they wait for memory at the same time:
    /// for most of them, what [`Index::find`] needs is at hand afterwards. Says what it may find, some of it wrong.
    pub(crate) fn approach(&self, hashes: &[u64]) -> impl Iterator<Item = u32> {
        let page = |hash: u64| self.parts.get(part_of(hash)).and_then(|part| part.page(tag_of(hash)));
        black_box(
            hashes.iter().filter_map(|&hash| Some(page(hash)?.table.len())).fold(0, usize::wrapping_add),
        );
        hashes.iter().filter_map(move |&hash| {
            let tag = tag_of(hash);
            page(hash)?.table.find(spread(tag), |place| place.tag() == tag).map(|place| place.slot())
        })
    }

    /// Adds a slot that is not in it.
    pub(crate) fn insert(&mut self, hash: u64, slot: u32) {
        if let Some(part) = self.parts.get_mut(part_of(hash)) {
            part.insert(tag_of(hash), slot);
        }
    }

    /// Takes out `slot`, which was added with this hash.
    pub(crate) fn remove(&mut self, hash: u64, slot: u32) -> bool {
        self.parts.get_mut(part_of(hash)).is_some_and(|part| part.remove(tag_of(hash), slot))
    }

    /// Takes a slot from one hash to another one.
    pub(crate) fn replace(&mut self, slot: u32, old: Option<u64>, new: Option<u64>) {
        if old == new {
            return;
        }
        if let Some(hash) = old {
            self.remove(hash, slot);
        }
        if let Some(hash) = new {
            self.insert(hash, slot);
        }
    }

    #[cfg(test)]
    fn len(&self) -> usize {
        self.parts.iter().map(|part| part.len).sum()
    }
}

impl Page {
    fn new(depth: u32, capacity: usize) -> Self {
        Self { table: HashTable::with_capacity(capacity), depth }
    }

    fn add(&mut self, tag: u32, slot: u32) {
        let [tag0, tag1, tag2, _] = tag.to_le_bytes();
        let place = Place { slot: slot.to_le_bytes(), tag: [tag0, tag1, tag2] };
        self.table.insert_unique(spread(tag), place, |other| spread(other.tag()));
    }
}

impl Place {
    fn slot(self) -> u32 {
        u32::from_le_bytes(self.slot)
    }

    fn tag(self) -> u32 {
        let [tag0, tag1, tag2] = self.tag;
        u32::from_le_bytes([tag0, tag1, tag2, 0])
    }
}

impl Part {
    fn with_room_for(count: usize) -> Self {
        let depth = depth_for(count);
        let directory: Vec<u32> = (0..1u32 << depth).collect();
        // What the bend makes of the average (see `leading_bits`), approximately, and a little more.
        let share = |page: u32| {
            let at = usize::try_from((u64::from(page) * 1000) >> depth).unwrap_or(0);
            (count >> depth) * (830 + 46 * at / 1000 + 704 * at * at / 1_000_000) / 1000
        };
        let pages = directory.iter().map(|&page| Page::new(depth, share(page).min(PAGE_FULL))).collect();
        Self { directory, depth, pages, len: 0 }
    }

    /// A part of slots in order of their pages and hashes.
    fn build(slots: &[(u64, u32)], each_pair: &mut impl FnMut(u32, u32)) -> Self {
        let depth = depth_for(slots.len());
        let directory: Vec<u32> = (0..1u32 << depth).collect();
        let mut rest = slots;
        let (mut len, mut pages) = (0, Vec::with_capacity(directory.len()));
        for &page in &directory {
            let count = rest.partition_point(|&(hash, _)| leading_bits(tag_of(hash), depth) <= page);
            let (own, behind) = rest.split_at_checked(count).unwrap_or((rest, &[]));
            rest = behind;
            let mut page = Page::new(depth, own.len());
            let mut before = None;
            for &(hash, slot) in own {
                if let Some((_, other)) = before.filter(|&(other, _)| other == hash) {
                    each_pair(other, slot);
                }
                before = Some((hash, slot));
                page.add(tag_of(hash), slot);
                len += 1;
            }
            pages.push(page);
        }
        Self { directory, depth, pages, len }
    }

    fn page(&self, tag: u32) -> Option<&Page> {
        self.pages.get(self.page_of(tag)?)
    }

    /// The pages of all tags from `first` to `last`, each once.
    fn pages(&self, first: u32, last: u32) -> impl Iterator<Item = &Page> {
        let [first, last] =
            [first, last].map(|tag| usize::try_from(leading_bits(tag, self.depth)).unwrap_or(usize::MAX));
        let numbers = self.directory.get(first..=last).unwrap_or_default();
        let pages = numbers.chunk_by(|one, other| one == other).filter_map(|same| same.first());
        pages.filter_map(|&page| self.pages.get(usize::try_from(page).ok()?))
    }

    fn insert(&mut self, tag: u32, slot: u32) {
        loop {
            let Some(at) = self.page_of(tag) else { return };
            let Some(page) = self.pages.get(at) else { return };
            if page.table.len() >= PAGE_FULL && self.make_split_possible(at) {
                self.split(at);
                continue;
            }
            if let Some(page) = self.pages.get_mut(at) {
                page.add(tag, slot);
                self.len += 1;
            }
            return;
        }
    }

    fn remove(&mut self, tag: u32, slot: u32) -> bool {
        let page = self.page_of(tag).and_then(|at| self.pages.get_mut(at));
        let found = page.map(|page| page.table.find_entry(spread(tag), |other| other.slot() == slot));
        let Some(Ok(found)) = found else {
            return false;
        };
        found.remove();
        self.len -= 1;
        true
    }

    fn page_of(&self, tag: u32) -> Option<usize> {
        let at = usize::try_from(leading_bits(tag, self.depth)).ok()?;
        usize::try_from(*self.directory.get(at)?).ok()
    }

    /// Doubles the directory if it takes that to split a page; says whether the page can be split.
    fn make_split_possible(&mut self, page: usize) -> bool {
        let Some(page) = self.pages.get(page) else { return false };
        if page.depth < self.depth {
            return true;
        }
        if self.depth >= TAG_BITS || self.directory.len() * 2 > self.len / SLOTS_PER_ENTRY {
            return false;
        }
        self.directory = self.directory.iter().flat_map(|&page| [page, page]).collect();
        self.depth += 1;
        true
    }

    /// Makes two pages of one.
    fn split(&mut self, at: usize) {
        let Ok(new_number) = u32::try_from(self.pages.len()) else { return };
        let Some(page) = self.pages.get_mut(at) else { return };
        let depth = page.depth + 1;
        let before = std::mem::replace(page, Page::new(depth, PAGE_FULL));
        let mut new = Page::new(depth, PAGE_FULL);
        // Pages are numbered by the leading bits of their hashes: the new one has those that end in 1.
        let mut prefix = None;
        for place in before.table {
            let bits = leading_bits(place.tag(), depth);
            prefix = Some(bits | 1);
            let half = if bits & 1 == 1 { &mut new } else { &mut *page };
            half.add(place.tag(), place.slot());
        }
        self.pages.push(new);
        let Some(prefix) = prefix else { return };
        let spread = self.depth - depth;
        let first = usize::try_from(prefix << spread).unwrap_or(usize::MAX);
        for entry in self.directory.iter_mut().skip(first).take(1 << spread) {
            *entry = new_number;
        }
    }
}

/// The part that a hash belongs to, by bits that nothing else looks at.
fn part_of(hash: u64) -> usize {
    usize::try_from(hash >> 48).unwrap_or(0) % PARTS
}

/// The bits that choose the page for `count` slots, so that no page is too full: some get half more than the average.
fn depth_for(count: usize) -> u32 {
    let mut depth = 0;
    while depth < 24 && (count >> depth) + (count >> depth) / 2 > PAGE_FULL * 5 / 6 {
        depth += 1;
    }
    depth
}

/// What a page knows of a hash: bits that nothing else looks at.
fn tag_of(hash: u64) -> u32 {
    u32::try_from((hash >> 16) & ((1 << TAG_BITS) - 1)).unwrap_or(0)
}

/// What the table of a page takes for a hash: places go by the low bits, marks by the high ones, none by those alone that all
/// tags of a page have in common.
fn spread(tag: u32) -> u64 {
    u64::from(tag).wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

/// Keys that are as near to each other as that are found in the same page: those that are used one after the other are at hand together.
pub(crate) const NEIGHBOURS: u32 = 8;

/// The hash of a key with this number, of the hash that it shares with its [`NEIGHBOURS`].
pub(crate) fn neighbourly(shared: u64, number: u32) -> u64 {
    let bits = u64::from(NEIGHBOURS - 1) << 16;
    shared & !bits | u64::from(number % NEIGHBOURS) << 16
}

/// The bits that tell relatives apart: 12 of them, the last ones of those that choose a page.
const OWN: u64 = 0xfff << 16;

/// A hash of what belongs to something with the hash `family`, and is told from others of it by `own`. Relatives are found in the
/// same page, until there are some ten million slots or thousands of the family.
pub(crate) fn relative(family: u64, own: u64) -> u64 {
    family & !OWN | own & OWN
}

/// The bits of a tag that choose the page, `depth` of them.
///
/// Tags are bent a little, so that some pages fill sooner than others: by 2 to 1, which is by how much a page grows
/// before it is split. So pages are split now here, now there, and the memory for a slot is much the same at any count;
/// with even ones all would be split at about the same time, and half empty after it.
fn leading_bits(tag: u32, depth: u32) -> u32 {
    const LAST: u64 = (1 << TAG_BITS) - 1;
    let even = u64::from(tag);
    let bent = even + ((even * (LAST - even)) >> TAG_BITS) / 3;
    u32::try_from(bent >> (TAG_BITS - depth)).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::hash::BuildHasher;

    use foldhash::quality::FixedState;
    use proptest::prelude::*;

    use super::*;

    fn hash(key: u32) -> u64 {
        FixedState::default().hash_one(key)
    }

    #[test]
    fn a_hundred_thousand_are_found_in_small_pages() {
        let build = || Index::build((0..100_000).map(|slot| (hash(slot), slot)).collect(), |_, _| panic!());
        for mut index in [Index::default(), Index::with_room_for(100_000), build()] {
            for slot in index.len().try_into().unwrap()..100_000 {
                index.insert(hash(slot), slot);
            }
            assert!(
                index
                    .parts
                    .iter()
                    .flat_map(|part| &part.pages)
                    .all(|page| page.table.capacity() <= PAGE_FULL)
            );
            for slot in 0..100_000 {
                assert_eq!(index.find(hash(slot), |found| found == slot), Some(slot));
            }
            for slot in 0..100_000 {
                assert!(index.remove(hash(slot), slot));
                assert!(!index.remove(hash(slot), slot));
            }
            assert_eq!(index.len(), 0);
        }
    }

    #[test]
    fn the_memory_for_a_slot_is_much_the_same_at_any_count() {
        let mut index = Index::default();
        for slot in 0..400_000 {
            index.insert(hash(slot), slot);
            if slot > 100_000 && slot % 10_000 == 0 {
                let places: usize =
                    index.parts.iter().flat_map(|part| &part.pages).map(|page| page.table.capacity()).sum();
                let percent = places * 100 / index.len();
                assert!((130..150).contains(&percent), "{slot}: {percent}");
            }
        }
    }

    #[test]
    fn those_of_the_same_hash_are_told_in_pairs() {
        let mut pairs = 0;
        let index = Index::build((0..10).map(|slot| (5, slot)).collect(), |_, _| pairs += 1);
        assert_eq!((index.candidates(5).count(), index.len(), pairs), (10, 10, 9));
    }

    #[test]
    fn relatives_are_found_wherever_they_are() {
        let mut index = Index::default();
        // Three of each family but one, of which there are so many that they fill pages of their own.
        let family = |slot: u32| if slot < 10_000 { u32::MAX } else { slot / 3 };
        for slot in 0..40_000 {
            index.insert(relative(hash(family(slot)), hash(slot)), slot);
        }
        for slot in (0..40_000).step_by(101) {
            let mut found: Vec<u32> = index.relatives(hash(family(slot))).collect();
            found.retain(|&other| family(other) == family(slot));
            found.sort_unstable();
            let expected: Vec<u32> = (0..40_000).filter(|&other| family(other) == family(slot)).collect();
            assert_eq!(found, expected);
        }
    }

    #[test]
    fn one_hash_for_all_does_not_grow_the_directory_without_end() {
        let mut index = Index::default();
        for slot in 0..5_000 {
            index.insert(7, slot);
        }
        let longest = index.parts.iter().map(|part| part.directory.len()).max();
        assert!(longest <= Some(512), "{longest:?}");
        assert_eq!(index.candidates(7).count(), 5_000);
    }

    proptest! {
        #[test]
        fn agrees_with_a_map(steps in prop::collection::vec((any::<bool>(), 0u32..3_000), 0..4_000)) {
            let (mut index, mut model) = (Index::default(), BTreeSet::new());
            for (add, slot) in steps {
                if add && model.insert(slot) {
                    index.insert(hash(slot / 2), slot);
                } else if !add {
                    prop_assert_eq!(index.remove(hash(slot / 2), slot), model.remove(&slot));
                }
            }
            for slot in 0..3_000 {
                let found = index.find(hash(slot / 2), |found| found == slot);
                prop_assert_eq!(found.is_some(), model.contains(&slot));
            }
        }
    }
}
