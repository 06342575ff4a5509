//! The counters of all workers, added up.

use fosix_dhcp4::Statistics4;
use fosix_dhcp6::{Event6, Statistics6};
use fosix_hooks::Hooks;
use tracing::info;

use super::worker::Worker;

/// What the whole server counted since it started.
pub(super) struct Totals {
    dhcp6: Statistics6,
    dhcp4: Statistics4,
}

impl Totals {
    /// The sum over `workers`.
    pub(super) fn of(workers: &[Worker]) -> Self {
        let (mut dhcp6, mut dhcp4) = (Statistics6::default(), Statistics4::default());
        for worker in workers {
            worker.read_statistics(|six, four| {
                dhcp6.add(six);
                dhcp4.add(four);
            });
        }
        Self { dhcp6, dhcp4 }
    }

    /// Logs every counter, those that are zero and those of hooks too, as one JSON object.
    pub(super) fn log(&self, hooks: &Hooks) {
        let queries = self.dhcp6.events.get(Event6::HandedOver);
        let counters =
            self.dhcp6.report().into_iter().chain(self.dhcp4.report(queries)).chain(hooks.counters());
        let counters: serde_json::Map<_, _> =
            counters.map(|(name, count)| (name.to_owned(), count.into())).collect();
        info!(counters = %serde_json::Value::from(counters), "counters");
    }
}
