//! Where leases are looked for: at a server that runs, else in the files that a stopped one left.

use std::path::Path;

use anyhow::Context as _;
use fosix_config::JournalSettings;
use fosix_journal::{Directory, Options};
use fosix_lease::{Kept, Store, Timestamp};

use super::Filter;
use super::family::Family;
use super::live::Live;
use crate::serve;

/// Leases that are looked at in one go.
const SLICE: u32 = 1_000;

/// Gives each lease that is asked for to `take`.
pub(super) fn list<F: Family>(
    directory: &Path,
    filter: &Filter,
    mut take: impl FnMut(F::Lease) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let directory = directory.join(F::FOLDER);
    if let Some(live) = Live::connect(&directory)? {
        return live.list(filter, |value| take(F::from_json(&value)?));
    }
    let (leases, now) = read::<F>(&directory)?;
    let mut next = Some(0);
    while let Some(from) = next {
        let mut found = Vec::new();
        next = F::scan(&leases, from, SLICE, &mut |lease| {
            if F::takes(filter, &lease, now) {
                found.push(lease);
            }
        });
        found.into_iter().try_for_each(&mut take)?;
    }
    Ok(())
}

/// What is in the files of a store that no server uses; nothing is changed.
pub(super) fn read<F: Family>(directory: &Path) -> anyhow::Result<(F::Leases, Timestamp)> {
    let now = serve::wall_clock();
    let mut leases = F::none();
    Store::<F::Leases, Directory>::read(existing(directory)?, options::<F>(), &mut leases, now)
        .with_context(|| format!("cannot read the leases in {}", directory.display()))?;
    Ok((leases, now))
}

/// Opens the files of a store that no server uses, to change it.
pub(super) fn open<F: Family>(directory: &Path) -> anyhow::Result<Store<F::Leases, Directory>> {
    let files = Directory::open(directory).with_context(|| format!("cannot use {}", directory.display()))?;
    let now = |newest: Timestamp| newest.max(serve::wall_clock());
    let (store, _) = Store::open(files, options::<F>(), F::none(), now, || {})
        .with_context(|| format!("cannot open the leases in {}", directory.display()))?;
    Ok(store)
}

/// A directory that there is.
pub(super) fn existing(directory: &Path) -> anyhow::Result<Directory> {
    if !directory.is_dir() {
        anyhow::bail!("there is no store in {}; give its directory with --directory", directory.display());
    }
    Directory::open(directory).with_context(|| format!("cannot use {}", directory.display()))
}

pub(super) fn options<F: Family>() -> Options {
    serve::store_options(&JournalSettings::default(), F::Leases::FAMILY)
}
