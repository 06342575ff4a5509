//! A file of the simulated disk: what is read, what is durable, and what lies between.

use std::ops::Range;

use super::random::Random;

/// What the disk writes as a whole or not at all.
const SECTOR: usize = 512;

#[derive(Debug, Clone, Default)]
pub(super) struct Inode {
    /// What is read.
    pub(super) cached: Vec<u8>,
    /// What is durable.
    disk: Vec<u8>,
    /// What was done since the last sync, in order.
    unsynced: Vec<Done>,
    /// Bytes in `cached` that the disk does not have and no sync will give it.
    lost: Vec<Range<usize>>,
}

#[derive(Debug, Clone)]
struct Done {
    offset: usize,
    bytes: Vec<u8>,
    /// How long the file was afterwards.
    len: usize,
}

impl Inode {
    /// A durable file.
    pub(super) fn durable(contents: Vec<u8>) -> Self {
        Self { disk: contents.clone(), cached: contents, ..Self::default() }
    }

    pub(super) fn read(&self, into: &mut [u8], offset: u64) -> usize {
        let from = usize::try_from(offset).unwrap_or(usize::MAX);
        let there = self.cached.get(from..).unwrap_or_default();
        let len = there.len().min(into.len());
        for (into, byte) in into.iter_mut().zip(there) {
            *into = *byte;
        }
        len
    }

    pub(super) fn write(&mut self, bytes: &[u8], offset: usize) {
        let len = self.cached.len().max(offset + bytes.len());
        put(&mut self.cached, offset, bytes, len);
        self.unsynced.push(Done { offset, bytes: bytes.to_vec(), len });
    }

    pub(super) fn allocate(&mut self, bytes: usize) {
        let len = self.cached.len().max(bytes);
        self.cached.resize(len, 0);
        self.unsynced.push(Done { offset: 0, bytes: Vec::new(), len });
    }

    pub(super) fn sync(&mut self) {
        for done in self.unsynced.drain(..) {
            put(&mut self.disk, done.offset, &done.bytes, done.len);
        }
    }

    /// A sync that fails: part of what was written reaches the disk, and the kernel takes all of it for clean.
    pub(super) fn fail_sync(&mut self, random: &mut Random) {
        for done in &self.unsynced {
            self.lost.push(done.offset..done.offset + done.bytes.len());
        }
        self.lose_power(random);
    }

    /// What the disk has when the power goes now. What is read is left as it is.
    pub(super) fn lose_power(&mut self, random: &mut Random) {
        if self.unsynced.is_empty() {
            return;
        }
        let done = std::mem::take(&mut self.unsynced);
        // Some crashes leave nearly everything, some nearly nothing.
        let survival = [0, 32, 128, 224, 256].get(usize::try_from(random.below(5)).unwrap_or(0)).copied();
        let survival = survival.unwrap_or(128);
        let lengths = random.below(done.len() as u64 + 1);
        let len = match usize::try_from(lengths).unwrap_or(0) {
            _ if random.chance(128) => done.last().map_or(self.disk.len(), |last| last.len),
            0 => self.disk.len(),
            nth => done.get(nth - 1).map_or(self.disk.len(), |done| done.len),
        };
        let end = done.iter().map(|done| done.offset + done.bytes.len()).max().unwrap_or(0);
        let start = done.iter().filter(|done| !done.bytes.is_empty()).map(|done| done.offset).min();
        for sector in start.unwrap_or(end) / SECTOR..end.div_ceil(SECTOR) {
            let sector = sector * SECTOR..(sector + 1) * SECTOR;
            let touching = done
                .iter()
                .filter(|done| done.offset < sector.end && done.offset + done.bytes.len() > sector.start);
            // A sector is as one of the writes to it left it, or as it was before them.
            let versions = touching.clone().count() as u64;
            let kept = if random.chance(survival) { versions } else { random.below(versions) };
            for done in touching.take(usize::try_from(kept).unwrap_or(0)) {
                let from = done.offset.max(sector.start);
                let to = (done.offset + done.bytes.len()).min(sector.end);
                let bytes = done.bytes.get(from - done.offset..to - done.offset).unwrap_or_default();
                let len = self.disk.len().max(to);
                put(&mut self.disk, from, bytes, len);
            }
        }
        self.disk.resize(len, 0);
    }

    /// After the power is back, only what is durable can be read.
    pub(super) fn forget_cache(&mut self) {
        self.cached.clone_from(&self.disk);
        self.lost.clear();
    }

    /// The kernel drops some of what it takes for clean and reads it anew.
    pub(super) fn evict(&mut self, random: &mut Random) {
        for lost in std::mem::take(&mut self.lost) {
            for sector in lost.start / SECTOR..lost.end.div_ceil(SECTOR) {
                let sector = sector * SECTOR..(sector + 1) * SECTOR;
                let dirty = self
                    .unsynced
                    .iter()
                    .any(|done| done.offset < sector.end && done.offset + done.bytes.len() > sector.start);
                if dirty || random.chance(192) {
                    continue;
                }
                for place in sector {
                    let durable = self.disk.get(place).copied().unwrap_or(0);
                    if let Some(cached) = self.cached.get_mut(place) {
                        *cached = durable;
                    }
                }
            }
        }
    }
}

/// Writes into a file that is `len` bytes long afterwards, if it was not longer before.
fn put(file: &mut Vec<u8>, offset: usize, bytes: &[u8], len: usize) {
    let len = file.len().max(len);
    file.resize(len, 0);
    if let Some(place) = file.get_mut(offset..offset + bytes.len()) {
        place.copy_from_slice(bytes);
    }
}
