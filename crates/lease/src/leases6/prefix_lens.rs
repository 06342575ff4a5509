//! Which lengths prefixes have, so that those that could hold another one are looked for at these lengths alone.

/// How many leases there are of prefixes of each length, 1 to 128.
#[derive(Debug, Default)]
pub(super) struct PrefixLens {
    /// In ascending order. There are few.
    counts: Vec<(u8, u32)>,
}

impl PrefixLens {
    /// The lengths that there are, in ascending order.
    pub(super) fn in_use(&self) -> impl Iterator<Item = u8> {
        self.counts.iter().map(|&(len, _)| len)
    }

    pub(super) fn add(&mut self, len: u8) {
        match self.counts.binary_search_by_key(&len, |&(len, _)| len) {
            Ok(at) => {
                if let Some((_, count)) = self.counts.get_mut(at) {
                    *count += 1;
                }
            }
            Err(at) => self.counts.insert(at, (len, 1)),
        }
    }

    pub(super) fn remove(&mut self, len: u8) {
        if let Ok(at) = self.counts.binary_search_by_key(&len, |&(len, _)| len)
            && let Some((_, count)) = self.counts.get_mut(at)
        {
            *count -= 1;
            if *count == 0 {
                self.counts.remove(at);
            }
        }
    }
}
