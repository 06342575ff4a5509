//! What looks after the leases of a half while the server runs, from their opening to their end.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use fosix_config::{ExpiredLeases, StoreSettings};
use fosix_hooks::{Hook, Hooks};
use fosix_lease::{Kept as _, Store, Timestamp};
use fosix_policy::Tracer;

use super::clock::Clock;
use super::control::Control;
use super::family::Half;
use super::followers::Followers;
use super::store::{Caretaker, OpenStore};

/// How long hooks may take, when the server stops, for what happened to leases before.
const HOOKS_PATIENCE: Duration = Duration::from_secs(10);

/// Everything that looks after one store.
pub(super) struct Upkeep<F: Half> {
    store: Arc<Store<F::Leases>>,
    caretaker: Caretaker<F>,
    clock: Clock,
    followers: Followers,
    /// Removed before the store is given up.
    control: Option<Control>,
}

impl<F: Half> Upkeep<F> {
    /// Starts looking after `open`; `followers` are told what happens to leases, and whoever asks for it what `tracer` knows.
    pub(super) fn start(
        mut open: OpenStore<F>,
        settings: &StoreSettings,
        expired: ExpiredLeases,
        followers: Vec<Arc<dyn Hook>>,
        tracer: &Arc<Tracer>,
    ) -> anyhow::Result<Self> {
        let directory = match settings {
            StoreSettings::Journal(journal) => Some(journal.directory.join(F::FOLDER)),
            _ => None,
        };
        let place = directory.clone().unwrap_or_else(PathBuf::new);
        let control = directory.map(|directory| {
            Control::start::<F>(&directory, Arc::clone(&open.store), open.clock, Arc::clone(tracer))
        });
        Ok(Self {
            followers: Followers::start(&mut open, &place, followers)?,
            caretaker: Caretaker::start(&open, expired)?,
            control: control.transpose()?,
            clock: open.clock,
            store: open.store,
        })
    }

    /// The time of the leases.
    pub(super) fn now(&self) -> Timestamp {
        self.clock.now()
    }

    /// Looks after leases in another way from now on.
    pub(super) fn set_expired(&self, expired: ExpiredLeases) {
        self.caretaker.set_expired(expired);
    }

    /// Has the hooks of before told what happened so far and stopped, and others told what happens from now on.
    pub(super) fn replace_followers(
        &mut self,
        settings: &StoreSettings,
        before: &Hooks,
        followers: Vec<Arc<dyn Hook>>,
    ) -> anyhow::Result<()> {
        let StoreSettings::Journal(journal) = settings else { return Ok(()) };
        let place = journal.directory.join(F::FOLDER);
        std::mem::take(&mut self.followers).finish(HOOKS_PATIENCE, || before.stop());
        self.followers = Followers::of_log::<F>(&self.store, &place, followers)?;
        Ok(())
    }

    /// Ends everything, the hooks too. Nothing is changed any more.
    pub(super) fn finish(self, hooks: &Hooks) {
        let last = self.store.lock().staging().sequence();
        self.store.wait_durable(last);
        self.followers.finish(HOOKS_PATIENCE, || hooks.stop());
        drop(self.control);
        self.caretaker.finish();
    }
}
