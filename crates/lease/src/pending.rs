//! Leases that were read and are yet to be put into their table: some at a time.
//!
//! With many leases each look into a table waits for memory. Looks that do not depend on each other wait together.

/// Leases that are put into the table at once.
const TOGETHER: usize = 64;

#[derive(Debug)]
pub(crate) struct Pending<E> {
    /// With the bytes of their fields.
    leases: Vec<(E, usize)>,
    fields: Vec<u8>,
}

impl<E> Default for Pending<E> {
    fn default() -> Self {
        Self { leases: Vec::new(), fields: Vec::new() }
    }
}

impl<E> Pending<E> {
    /// Adds one; says whether it is time to put them into the table.
    pub(crate) fn add(&mut self, entry: E, fields: &[u8]) -> bool {
        self.leases.push((entry, fields.len()));
        self.fields.extend_from_slice(fields);
        self.leases.len() >= TOGETHER
    }

    pub(crate) fn len(&self) -> usize {
        self.leases.len()
    }

    /// What was added, in that order.
    pub(crate) fn entries(&self) -> impl Iterator<Item = &E> + Clone {
        self.leases.iter().map(|(entry, _)| entry)
    }

    /// Hands over what was added, in that order, each with its fields and its number among them; keeps the memory.
    pub(crate) fn take(&mut self, mut each: impl FnMut(usize, E, &[u8])) {
        let mut rest = self.fields.as_slice();
        for (number, (entry, len)) in self.leases.drain(..).enumerate() {
            let (own, behind) = rest.split_at_checked(len).unwrap_or_default();
            rest = behind;
            each(number, entry, own);
        }
        self.fields.clear();
    }
}
