//! The simulated disk's directory, its clock of steps, and what goes wrong.

use std::collections::BTreeMap;
use std::io;

use super::Faults;
use super::inode::Inode;
use super::random::Random;
use crate::storage::{Entry, Space};

/// Bytes of a file that no test needs more of.
const LONGEST_FILE: usize = 1 << 30;

#[derive(Debug, Default)]
pub(super) struct State {
    pub(super) faults: Faults,
    pub(super) steps: u64,
    pub(super) off: bool,
    pub(super) locked: bool,
    random: Random,
    inodes: Vec<Inode>,
    /// As it is seen.
    names: BTreeMap<String, usize>,
    /// As it is on the disk.
    durable_names: BTreeMap<String, usize>,
    /// What was changed since the directory was synced, in order.
    unsynced: Vec<Change>,
}

#[derive(Debug)]
enum Change {
    Name(String, usize),
    Rename(String, String, usize),
    Remove(String, usize),
}

impl State {
    pub(super) fn new(seed: u64) -> Self {
        Self { random: Random::new(seed), ..Self::default() }
    }

    /// What the handles of a former life of the disk have.
    pub(super) fn gone() -> Self {
        Self { off: true, ..Self::default() }
    }

    pub(super) fn powered(&self) -> io::Result<()> {
        if self.off { Err(io::Error::other("the power is off")) } else { Ok(()) }
    }

    /// Counts a step that was done, and cuts the power with it when it is time.
    fn step<T>(&mut self, result: io::Result<T>) -> io::Result<T> {
        self.steps += 1;
        if self.faults.cut_at.is_some_and(|at| self.steps >= at) {
            self.off = true;
            return self.powered().and(result);
        }
        result
    }

    pub(super) fn after_power_cut(mut self) -> Self {
        let mut names = std::mem::take(&mut self.durable_names);
        // Either a file system with a journal, which keeps the order, or one that promises nothing.
        let in_order = self.random.chance(128);
        let kept = self.random.below(self.unsynced.len() as u64 + 1);
        let survival = self.random.below(257);
        for (index, change) in std::mem::take(&mut self.unsynced).into_iter().enumerate() {
            let happens = if in_order { (index as u64) < kept } else { self.random.chance(survival) };
            if happens {
                apply(&mut names, change);
            }
        }
        for inode in &mut self.inodes {
            inode.lose_power(&mut self.random);
            inode.forget_cache();
        }
        Self {
            random: self.random,
            inodes: self.inodes,
            durable_names: names.clone(),
            names,
            ..Self::default()
        }
        .compacted()
    }

    pub(super) fn after_kill(mut self) -> Self {
        for inode in &mut self.inodes {
            inode.evict(&mut self.random);
        }
        Self { faults: Faults::default(), steps: 0, off: false, locked: false, ..self }
    }

    /// Without the files that have no name any more.
    fn compacted(mut self) -> Self {
        let mut inodes = Vec::new();
        for inode in self.names.values_mut() {
            inodes.push(self.inodes.get(*inode).cloned().unwrap_or_default());
            *inode = inodes.len() - 1;
        }
        self.durable_names = self.names.clone();
        self.inodes = inodes;
        self
    }

    pub(super) fn contents(&self, name: &str) -> Option<Vec<u8>> {
        self.names.get(name).and_then(|inode| self.inodes.get(*inode)).map(|inode| inode.cached.clone())
    }

    pub(super) fn place_file(&mut self, name: &str, contents: Vec<u8>) {
        self.inodes.push(Inode::durable(contents));
        self.names.insert(name.to_owned(), self.inodes.len() - 1);
        self.durable_names.insert(name.to_owned(), self.inodes.len() - 1);
    }

    pub(super) fn list(&self) -> io::Result<Vec<Entry>> {
        self.powered()?;
        let here = self.names.iter().filter(|(name, _)| !name.contains('/'));
        let entry = |(name, inode): (&String, &usize)| Entry {
            name: name.clone(),
            bytes: self.inodes.get(*inode).map_or(0, |inode| inode.cached.len() as u64),
        };
        Ok(here.map(entry).collect())
    }

    pub(super) fn find(&self, name: &str) -> io::Result<usize> {
        self.powered()?;
        self.names.get(name).copied().ok_or_else(|| io::ErrorKind::NotFound.into())
    }

    pub(super) fn create(&mut self, name: &str) -> io::Result<usize> {
        self.powered()?;
        if let Ok(inode) = self.find(name) {
            self.change(Change::Remove(name.to_owned(), inode));
        }
        self.inodes.push(Inode::default());
        let inode = self.inodes.len() - 1;
        self.change(Change::Name(name.to_owned(), inode));
        self.step(Ok(inode))
    }

    pub(super) fn rename(&mut self, from: &str, to: &str) -> io::Result<()> {
        let inode = self.find(from)?;
        self.change(Change::Rename(from.to_owned(), to.to_owned(), inode));
        self.step(Ok(()))
    }

    pub(super) fn remove(&mut self, name: &str) -> io::Result<()> {
        let inode = self.find(name)?;
        self.change(Change::Remove(name.to_owned(), inode));
        self.step(Ok(()))
    }

    pub(super) fn link(&mut self, name: &str, second: &str) -> io::Result<()> {
        let inode = self.find(name)?;
        self.names.insert(second.to_owned(), inode);
        self.durable_names.insert(second.to_owned(), inode);
        self.step(Ok(()))
    }

    pub(super) fn has_folder(&self, folder: &str) -> io::Result<bool> {
        self.powered()?;
        let inside = |name: &String| name.split_once('/').is_some_and(|(first, _)| first == folder);
        Ok(self.names.keys().any(inside))
    }

    fn change(&mut self, change: Change) {
        let seen = match &change {
            Change::Name(name, inode) => Change::Name(name.clone(), *inode),
            Change::Rename(from, to, inode) => Change::Rename(from.clone(), to.clone(), *inode),
            Change::Remove(name, inode) => Change::Remove(name.clone(), *inode),
        };
        apply(&mut self.names, seen);
        self.unsynced.push(change);
    }

    pub(super) fn sync_directory(&mut self) -> io::Result<()> {
        self.powered()?;
        // File systems keep a change of a directory until it is durable, or else refuse every further one: other than
        // with the bytes of a file, a later success is one for what failed before.
        if counts_down(&mut self.faults.fail_sync) {
            return self.step(Err(io::Error::other("the directory could not be synced")));
        }
        // When the power goes with it, it may have done nothing yet.
        if !(self.is_last_step() && self.random.chance(128)) {
            for change in std::mem::take(&mut self.unsynced) {
                apply(&mut self.durable_names, change);
            }
        }
        self.step(Ok(()))
    }

    pub(super) fn space(&self) -> io::Result<Space> {
        self.powered()?;
        let total = self.faults.space.unwrap_or(u64::MAX);
        Ok(Space { free: total.saturating_sub(self.used()), total })
    }

    fn used(&self) -> u64 {
        let len = |inode: &usize| self.inodes.get(*inode).map_or(0, |inode| inode.cached.len() as u64);
        self.names.values().map(len).sum()
    }

    fn has_space_for(&self, inode: usize, len: usize) -> bool {
        let now = self.inodes.get(inode).map_or(0, |inode| inode.cached.len());
        let more = len.saturating_sub(now) as u64;
        more == 0 || self.faults.space.is_none_or(|space| self.used() + more <= space)
    }

    pub(super) fn read(&self, inode: usize, into: &mut [u8], offset: u64) -> io::Result<usize> {
        self.powered()?;
        Ok(self.inodes.get(inode).map_or(0, |inode| inode.read(into, offset)))
    }

    pub(super) fn size(&self, inode: usize) -> io::Result<u64> {
        self.powered()?;
        Ok(self.inodes.get(inode).map_or(0, |inode| inode.cached.len() as u64))
    }

    pub(super) fn write(&mut self, inode: usize, bytes: &[u8], offset: u64) -> io::Result<usize> {
        self.powered()?;
        let mut bytes = bytes;
        let fails = counts_down(&mut self.faults.fail_write);
        if fails || self.random.chance(self.faults.short_writes.into()) {
            let taken = self.random.below(bytes.len() as u64 + 1).max(u64::from(!fails));
            bytes = bytes.get(..usize::try_from(taken).unwrap_or(0)).unwrap_or(bytes);
        }
        let offset = usize::try_from(offset).unwrap_or(LONGEST_FILE);
        let end = offset.saturating_add(bytes.len());
        let room = end <= LONGEST_FILE && self.has_space_for(inode, end);
        if room && let Some(inode) = self.inodes.get_mut(inode) {
            inode.write(bytes, offset);
        }
        self.step(match (fails, room) {
            (true, _) => Err(io::Error::other("the disk could not be written")),
            (false, true) => Ok(bytes.len()),
            (false, false) => Err(io::ErrorKind::StorageFull.into()),
        })
    }

    pub(super) fn allocate(&mut self, inode: usize, bytes: u64) -> io::Result<()> {
        self.powered()?;
        let bytes = usize::try_from(bytes).unwrap_or(usize::MAX);
        if bytes > LONGEST_FILE || !self.has_space_for(inode, bytes) {
            return self.step(Err(io::ErrorKind::StorageFull.into()));
        }
        if let Some(inode) = self.inodes.get_mut(inode) {
            inode.allocate(bytes);
        }
        self.step(Ok(()))
    }

    pub(super) fn sync(&mut self, inode: usize) -> io::Result<()> {
        self.powered()?;
        let fails = counts_down(&mut self.faults.fail_sync);
        let nothing = self.is_last_step() && self.random.chance(128);
        if let Some(inode) = self.inodes.get_mut(inode) {
            if fails {
                inode.fail_sync(&mut self.random);
            } else if !nothing {
                inode.sync();
            }
        }
        self.step(if fails { Err(io::Error::other("the file could not be synced")) } else { Ok(()) })
    }

    fn is_last_step(&self) -> bool {
        self.faults.cut_at.is_some_and(|at| self.steps + 1 >= at)
    }
}

/// Applies a change as far as it still makes sense: changes before it may not have happened.
fn apply(names: &mut BTreeMap<String, usize>, change: Change) {
    match change {
        Change::Name(name, inode) => {
            names.insert(name, inode);
        }
        Change::Rename(from, to, inode) => {
            if names.get(&from) == Some(&inode) {
                names.remove(&from);
            }
            names.insert(to, inode);
        }
        Change::Remove(name, inode) => {
            if names.get(&name) == Some(&inode) {
                names.remove(&name);
            }
        }
    }
}

/// Whether a countdown has come to its end with this call.
fn counts_down(countdown: &mut Option<u64>) -> bool {
    match countdown {
        Some(1) => {
            *countdown = None;
            true
        }
        Some(left) => {
            *left = left.saturating_sub(1);
            false
        }
        None => false,
    }
}
