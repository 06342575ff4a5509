//! Counters with fixed names: one array lookup to count, no lock, no allocation.
//!
//! Each worker has its own and they are summed when somebody asks.

use std::marker::PhantomData;

/// A set of counters, one for each value of an enum. Declared with [`counters!`](crate::counters).
pub trait CounterName: Copy + 'static {
    /// Every counter, in order.
    const ALL: &'static [Self];

    /// Its place in [`Self::ALL`].
    fn index(self) -> usize;

    /// The name under which it is reported.
    fn name(self) -> &'static str;

    /// What it stands for in words, with the name: `no subnet (pkt4-drop-no-subnet)`.
    fn in_words(self) -> String {
        let name = self.name();
        let words = name.rsplit_once("-drop-").or_else(|| name.rsplit_once("-no-answer-"));
        format!("{} ({name})", words.map_or(name, |(_, words)| words).replace('-', " "))
    }
}

/// Declares an enum whose values are the names of counters.
#[macro_export]
macro_rules! counters {
    ($(#[$meta:meta])* $vis:vis enum $enum:ident {
        $($(#[$variant_meta:meta])* $variant:ident = $name:literal,)*
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        $vis enum $enum { $($(#[$variant_meta])* $variant,)* }

        impl $crate::CounterName for $enum {
            const ALL: &'static [Self] = &[$(Self::$variant,)*];

            fn index(self) -> usize {
                self as usize
            }

            fn name(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }
        }
    };
}

/// How often each thing happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tally<N> {
    counts: Box<[u64]>,
    names: PhantomData<N>,
}

impl<N: CounterName> Tally<N> {
    /// Counts one more.
    pub fn count(&mut self, name: N) {
        if let Some(count) = self.counts.get_mut(name.index()) {
            *count += 1;
        }
    }

    /// Counts that many more.
    pub fn count_many(&mut self, name: N, times: u64) {
        if let Some(count) = self.counts.get_mut(name.index()) {
            *count += times;
        }
    }

    /// How often `name` was counted.
    pub fn get(&self, name: N) -> u64 {
        self.counts.get(name.index()).copied().unwrap_or(0)
    }

    /// The sum of all.
    pub fn total(&self) -> u64 {
        self.counts.iter().sum()
    }

    /// Adds what `other` counted.
    pub fn add(&mut self, other: &Self) {
        for (count, more) in self.counts.iter_mut().zip(&other.counts) {
            *count += more;
        }
    }

    /// Every counter with its name.
    pub fn iter(&self) -> impl Iterator<Item = (&'static str, u64)> {
        N::ALL.iter().map(|&name| (name.name(), self.get(name)))
    }
}

impl<N: CounterName> Default for Tally<N> {
    fn default() -> Self {
        Self { counts: vec![0; N::ALL.len()].into(), names: PhantomData }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    counters! {
        /// Two things.
        enum Thing {
            /// One.
            One = "one",
            /// Another.
            Another = "another",
        }
    }

    #[test]
    fn tallies_of_workers_add_up() {
        let (mut all, mut worker) = (Tally::default(), Tally::default());
        worker.count(Thing::Another);
        worker.count(Thing::Another);
        all.count(Thing::One);
        all.add(&worker);
        assert_eq!(all.iter().collect::<Vec<_>>(), [("one", 1), ("another", 2)]);
        assert_eq!(all.total(), 3);
        assert_eq!(all.get(Thing::Another), 2);
    }
}
