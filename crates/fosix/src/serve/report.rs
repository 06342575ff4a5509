//! The counters of all workers, added up.

use fosix_dhcp4::Statistics4;
use fosix_dhcp6::{Event6, Statistics6};
use fosix_link::{Counted, LinkStatistics};
use tracing::info;

use super::link::Link;
use super::worker::Worker;

/// What the whole server counted since it started; what it has not is not there.
#[derive(Default)]
pub(super) struct Totals {
    dhcp6: Option<Statistics6>,
    dhcp4: Option<Statistics4>,
    link: Option<LinkStatistics>,
    /// Answers of the DHCPv6 half that wait for the disk.
    in_hand6: u64,
    /// Answers of the DHCPv4 half that wait for the disk.
    in_hand: u64,
    /// What is as it is now, rather than counted.
    state: Vec<(&'static str, u64)>,
}

impl Totals {
    /// The sum over `workers`, and what the link counts for all of them.
    pub(super) fn of(workers: &[Worker], link: &Link) -> Self {
        let mut totals = Self::default();
        for worker in workers {
            worker.add_to(&mut totals);
        }
        link.add_to(&mut totals);
        totals
    }

    /// Adds what a worker of the DHCPv6 half counted.
    pub(super) fn add_dhcp6(&mut self, statistics: &Statistics6) {
        self.dhcp6.get_or_insert_default().add(statistics);
    }

    /// Adds what a worker of the DHCPv4 half counted.
    pub(super) fn add_dhcp4(&mut self, statistics: &Statistics4) {
        self.dhcp4.get_or_insert_default().add(statistics);
    }

    /// Adds what a link counted.
    pub(super) fn add_link(&mut self, counted: Counted<'_>) {
        match counted {
            Counted::Half(statistics) => self.add_dhcp4(statistics),
            Counted::Link(statistics) => self.link.get_or_insert_default().add(statistics),
            Counted::Nothing => {}
        }
    }

    /// Adds answers of the DHCPv4 half that wait until they may be told.
    pub(super) fn add_in_hand(&mut self, count: usize) {
        self.in_hand += u64::try_from(count).unwrap_or(u64::MAX);
    }

    /// Adds answers of the DHCPv6 half that wait until they may be told.
    pub(super) fn add_in_hand6(&mut self, count: usize) {
        self.in_hand6 += u64::try_from(count).unwrap_or(u64::MAX);
    }

    /// Says how something is now.
    pub(super) fn state(&mut self, name: &'static str, value: u64) {
        self.state.push((name, value));
    }

    /// Logs every counter of what there is, those that are zero too, as one JSON object.
    pub(super) fn log(&self) {
        let link = self.link.iter().flat_map(LinkStatistics::report);
        let counters = self.dhcp6.iter().flat_map(Statistics6::report).chain(self.report4()).chain(link);
        let in_hand = self.dhcp4.is_some().then_some(("pkt4-in-hand", self.in_hand));
        let in_hand6 = self.dhcp6.is_some().then_some(("pkt6-in-hand", self.in_hand6));
        let counters = counters.chain(in_hand6).chain(in_hand).chain(self.state.iter().copied());
        let counters: serde_json::Map<_, _> =
            counters.map(|(name, count)| (name.to_owned(), count.into())).collect();
        info!(counters = %serde_json::Value::from(counters), "counters");
    }

    fn report4(&self) -> Vec<(&'static str, u64)> {
        let Some(dhcp4) = &self.dhcp4 else { return Vec::new() };
        // Each is counted where it came in: at the DHCPv6 half of this process, or at the link.
        let queries = match (&self.dhcp6, &self.link) {
            (Some(dhcp6), _) => dhcp6.events.get(Event6::HandedOver),
            (None, Some(link)) => link.received.saturating_sub(link.dropped.total()),
            (None, None) => 0,
        };
        dhcp4.report(queries)
    }
}
