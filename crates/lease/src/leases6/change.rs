//! What happens to leases: grants, ends, and what is forgotten.

use fosix_journal::{Cause, Kind};

use super::operate::FIELDS_LIMIT;
use super::{Association, Conflict6, Leases6, owner};
use crate::Timestamp;
use crate::changes::{ChangeKind, cause};
use crate::entry6::{Entry6, Key6, LeaseRef6};
use crate::fields;
use crate::pool6::Scope6;
use crate::record::LeaseState;
use crate::record6::{DnsUpdated, Grant6, Lease6, LeaseKind6};

/// Records that one grant makes at most: a lease that ended unnoticed, one forgotten, the new one.
const RECORDS_OF_A_GRANT: usize = RECORDS_OF_AN_END + 2;

/// Records that an end makes at most: the end itself, which followers of the log are told of, and that it is not kept.
const RECORDS_OF_AN_END: usize = 2;

/// Leases that one identity association may hold.
const HELD_BY_ASSOCIATION: usize = 16;

/// Former leases that are kept of one identity association. Without a limit one client could make the walk over its
/// leases long.
const FORMER_OF_ASSOCIATION: usize = 16;

/// Addresses that one client may have registered.
const REGISTERED_BY_CLIENT: usize = 128;

/// What a record says beside the lease.
#[derive(Debug, Clone, Copy)]
pub(super) struct Note {
    pub(super) cause: Cause,
    pub(super) now: Timestamp,
    /// The next record belongs to the same change.
    pub(super) more: bool,
}

impl Note {
    pub(super) fn new(cause: Cause, now: Timestamp) -> Self {
        Self { cause, now, more: false }
    }
}

impl Leases6 {
    /// Whether the log has room for `count` leases to be given or extended.
    pub fn can_grant(&self, count: usize) -> bool {
        self.staging.has_room(count.saturating_mul(RECORDS_OF_A_GRANT))
    }

    /// Whether the log has room for `count` leases to be released or declined.
    pub fn can_end(&self, count: usize) -> bool {
        self.staging.has_room(count.saturating_mul(RECORDS_OF_AN_END))
    }

    /// Gives an address or a prefix to an identity association, or extends what it holds. What else it holds it keeps.
    pub fn grant(&mut self, grant: Grant6, now: Timestamp) -> Result<(), Conflict6> {
        let scope = Scope6::from(grant.subnet);
        self.grant_within(&scope, grant, now)
    }

    /// The same where not all of the subnet's pools are for the client, or something is reserved for it.
    pub fn grant_within(
        &mut self,
        scope: &Scope6<'_>,
        grant: Grant6,
        now: Timestamp,
    ) -> Result<(), Conflict6> {
        let key = key_of(&grant);
        let client = Association { duid: &grant.duid, iaid: grant.iaid, kind: grant.kind };
        let found = self.table.find(key);
        self.check_found(key, found, client, scope, now)?;
        if !self.staging.has_room(RECORDS_OF_A_GRANT) {
            return Err(Conflict6::NoRoom);
        }
        let before = found.and_then(|slot| self.table.get(slot));
        let is_renewal = before.is_some_and(|lease| lease.is_held_by(&grant.duid, grant.iaid, now));
        if !is_renewal && self.of_association(client).next().is_some() {
            let others = self.held_by(client, grant.subnet, now).take(HELD_BY_ASSOCIATION);
            if others.count() >= HELD_BY_ASSOCIATION {
                return Err(Conflict6::TooMany { limit: HELD_BY_ASSOCIATION });
            }
            self.forget_surplus(client, now);
        }
        if let Some(offered) = self.offers.to(owner(client)).filter(|&offered| offered != key) {
            self.offers.remove(offered);
            self.offer_is_gone(offered);
        }
        self.offers.remove(key);
        let cause = if is_renewal { cause::RENEWED } else { cause::ASSIGNED };
        self.give(grant, LeaseState::Assigned, Note::new(cause, now))
    }

    /// Keeps an address that a client chose itself and told the server of (RFC 9686); a registration by another client
    /// is replaced. It need not be in a pool; one that was leased, or rests after a decline, is refused.
    pub fn register(&mut self, grant: Grant6, now: Timestamp) -> Result<(), Conflict6> {
        let key = key_of(&grant);
        if key.kind != LeaseKind6::Address {
            return Err(Conflict6::NotInPool { key });
        }
        let found = self.get(key).filter(|lease| lease.is_active(now));
        if found.is_some_and(|lease| lease.state() != LeaseState::Registered) {
            return Err(Conflict6::Held { key });
        }
        let is_renewal = found.is_some_and(|lease| lease.duid() == &*grant.duid);
        if !is_renewal {
            let others = self.by_duid(&grant.duid).filter(|lease| lease.state() == LeaseState::Registered);
            if others.take(REGISTERED_BY_CLIENT).count() >= REGISTERED_BY_CLIENT {
                return Err(Conflict6::TooMany { limit: REGISTERED_BY_CLIENT });
            }
        }
        if !self.staging.has_room(RECORDS_OF_A_GRANT) {
            return Err(Conflict6::NoRoom);
        }
        self.offers.remove(key);
        let cause = if is_renewal { cause::RENEWED } else { cause::ASSIGNED };
        self.give(grant, LeaseState::Registered, Note::new(cause, now))
    }

    /// A grant or registration, once it is clear that it can be done.
    fn give(&mut self, grant: Grant6, state: LeaseState, note: Note) -> Result<(), Conflict6> {
        let (key, now) = (key_of(&grant), note.now);
        let found = self.note_lapse(key, now);
        let before = found.and_then(|slot| self.table.get(slot));
        let before = before.filter(|lease| lease.is_of(&grant.duid, grant.iaid));
        let is_known = before.is_some();
        let held = before.filter(|lease| lease.is_active(now) && lease.state() == state);
        let since = held.map_or(now, LeaseRef6::since);
        let user_context = before.and_then(|lease| lease.user_context().map(Into::into));
        let mut fields = std::mem::take(&mut self.scratch);
        fields.clear();
        let lease = Lease6 {
            kind: key.kind,
            address: key.address,
            prefix_len: key.prefix_len,
            duid: grant.duid,
            iaid: grant.iaid,
            hardware: grant.hardware,
            source: grant.source,
            relay_path: grant.relay_path,
            subnet: grant.subnet,
            pool_id: 0,
            classes: grant.classes,
            hostname: grant.hostname,
            dns: DnsUpdated::default(),
            user_context,
            state,
            preferred_lifetime: grant.preferred_lifetime,
            valid_lifetime: grant.valid_lifetime,
            last_transaction: now,
            since,
        };
        let entry = Entry6::of(&lease, &mut fields);
        if is_known && let Some(before) = found.and_then(|slot| self.table.get(slot)) {
            fields.extend_from_slice(before.fields.unknown());
        }
        let result = if fields.len() > FIELDS_LIMIT {
            Err(Conflict6::TooLong { key })
        } else {
            self.store(found, entry, &fields, note).map(|_| ()).ok_or(Conflict6::NoRoom)
        };
        self.scratch = fields;
        if result.is_ok() {
            let is_renewal = note.cause == cause::RENEWED;
            let kind = if is_renewal { ChangeKind::Renewed } else { ChangeKind::Assigned };
            self.changes.add(kind, now, || lease);
        } else {
            self.offer_is_gone(key);
        }
        result
    }

    /// Ends the lease of `key` if `client` holds it; it is free from then on.
    ///
    /// Without room in the log it stays as it is.
    pub fn release(&mut self, key: Key6, duid: &[u8], iaid: u32, now: Timestamp) -> bool {
        let Some(slot) = self.held_slot(key, duid, iaid, now) else { return false };
        self.staging.has_room(RECORDS_OF_AN_END)
            && self.free(slot, LeaseState::Released, Note::new(cause::RELEASED, now))
    }

    /// Takes `key` out of use for `probation` seconds, if `client` holds it: it found that somebody else uses it (RFC 9915
    /// §18.3.8). Without room in the log it stays as it is.
    pub fn decline(&mut self, key: Key6, duid: &[u8], iaid: u32, probation: u32, now: Timestamp) -> bool {
        let held = self.held_slot(key, duid, iaid, now).filter(|_| self.staging.has_room(1));
        let Some(slot) = held else { return false };
        if let Some(lease) = self.table.get(slot) {
            self.changes.add(ChangeKind::Declined, now, || lease.to_lease());
        }
        self.restate(slot, Note::new(cause::DECLINED, now), |entry| {
            entry.state = LeaseState::Declined;
            entry.preferred_lifetime = 0;
            entry.valid_lifetime = probation;
            entry.last_transaction = fields::seconds(now);
        })
    }

    /// Frees what at most `limit` leases and probations that ended by `now` are of; says how many.
    pub fn reclaim(&mut self, now: Timestamp, limit: usize) -> usize {
        self.lapse_offers(now);
        let mut done = 0;
        // Those that were extended since they were put there are moved on.
        let mut steps = limit.saturating_mul(4);
        while done < limit && steps > 0 {
            steps -= 1;
            let Some((slot, second)) = self.wheel.due(now.0) else { break };
            let end = self.table.entries.get(slot).and_then(Entry6::end);
            if end.is_some_and(|end| end <= second) {
                if !self.staging.has_room(RECORDS_OF_AN_END) || !self.lapse(slot, now) {
                    break;
                }
                done += 1;
                continue;
            }
            self.wheel.remove(&mut self.table.entries, slot);
            if let Some(end) = end {
                self.wheel.add(&mut self.table.entries, slot, end, now.0);
            }
        }
        done
    }

    /// Forgets at most `limit` of the former leases that were kept for as long as is configured; says how many.
    pub fn forget_former(&mut self, now: Timestamp, limit: usize) -> usize {
        let Some(hold) = self.hold_reclaimed_time else { return 0 };
        let mut done = 0;
        let mut lists_left = self.former.count().min(limit);
        while done < limit && lists_left > 0 && self.staging.has_room(1) {
            let first = self.former.first(self.forget_from);
            let ended = first.and_then(|slot| self.table.entries.get(slot)).and_then(Entry6::end);
            match (first, ended) {
                (Some(slot), Some(end)) if end.saturating_add(hold.into()) <= now.0 => {
                    self.forget(slot, Note::new(cause::REMOVED, now));
                    done += 1;
                }
                _ => {
                    self.forget_from = (self.forget_from + 1) % self.former.count().max(1);
                    lists_left -= 1;
                }
            }
        }
        done
    }

    /// Stores a lease in the place of the one with the same key, which was `found`; says where. `None`, and nothing has changed, when
    /// there is no place left.
    pub(super) fn store(
        &mut self,
        found: Option<u32>,
        entry: Entry6,
        fields: &[u8],
        note: Note,
    ) -> Option<u32> {
        let key = entry.key();
        let before = found.and_then(|slot| self.table.entries.get(slot)).copied();
        self.uncount(found);
        let slot = self.table.put(found, entry, fields)?;
        self.recount(slot);
        let fixed = entry.encode();
        let sequence =
            self.staging.stage(Kind::Put, note.cause, fields::seconds(note.now), note.more, |out| {
                out.extend_from_slice(&fixed);
                out.extend_from_slice(fields);
            });
        if let Some(stored) = self.table.entries.get_mut(slot) {
            stored.sequence = sequence;
        }
        self.counts.moved(before.map(|before| before.state), Some(entry.state));
        if before.is_none() {
            self.note_new(key);
        }
        self.place(slot, before, entry, note.now);
        Some(slot)
    }

    /// Notes where a lease that was not there before is found.
    pub(super) fn note_new(&mut self, key: Key6) {
        if !self.pools.set_used(key) {
            self.outside.insert(key);
        }
        if key.kind == LeaseKind6::Prefix {
            self.prefix_lens.add(key.prefix_len);
        }
    }

    /// Puts a stored lease into the list that it belongs in.
    fn place(&mut self, slot: u32, before: Option<Entry6>, entry: Entry6, now: Timestamp) {
        let entries = &mut self.table.entries;
        let was_active = before.is_some_and(|before| before.state.keeps_others_away());
        let is_active = entry.state.keeps_others_away();
        if was_active && is_active {
            // One that ends later is found when its former end is met. Never later than its end.
            let end = |entry: &Entry6| entry.end().unwrap_or(u64::MAX);
            let in_wheel = before.is_some_and(|before| before.links.is_linked());
            if in_wheel && before.is_some_and(|before| end(&before) <= end(&entry)) {
                return;
            }
        }
        if was_active {
            self.wheel.remove(entries, slot);
        } else {
            self.former.unlink(entries, slot);
        }
        if is_active {
            if let Some(end) = entry.end() {
                self.wheel.add(entries, slot, end, now.0);
            }
            return;
        }
        let list = self.former_list(entry.key());
        if list == 0 || !self.offers.holds(entry.key()) {
            self.former.push_back(&mut self.table.entries, list, slot);
        }
    }

    /// Changes the fixed part of a lease.
    pub(super) fn restate(&mut self, slot: u32, note: Note, change: impl FnOnce(&mut Entry6)) -> bool {
        let Some(lease) = self.table.get(slot) else { return false };
        let mut entry = *lease.entry;
        change(&mut entry);
        let mut fields = std::mem::take(&mut self.scratch);
        fields.clear();
        if let Some(lease) = self.table.get(slot) {
            fields.extend_from_slice(lease.fields.0);
        }
        let stored = self.store(Some(slot), entry, &fields, note).is_some();
        self.scratch = fields;
        stored
    }

    /// Ends a lease; what it is of is free, unless it is on offer.
    fn free(&mut self, slot: u32, state: LeaseState, note: Note) -> bool {
        let Some(lease) = self.table.get(slot) else { return false };
        let end = lease.expires().unwrap_or(note.now);
        let (kind, at) = match (state, lease.state()) {
            (LeaseState::Released, _) => (ChangeKind::Released, note.now),
            (_, LeaseState::Declined) => (ChangeKind::Recovered, end),
            _ => (ChangeKind::Expired, end),
        };
        self.changes.add(kind, at, || lease.to_lease());
        // Nobody comes back for an address that a client made up.
        let is_kept = self.hold_reclaimed_time != Some(0) && lease.state() != LeaseState::Registered;
        let ended = self.restate(slot, Note { more: !is_kept, ..note }, |entry| {
            entry.state = state;
            if state == LeaseState::Released {
                entry.end_at(note.now);
            }
        });
        if ended && !is_kept {
            self.forget(slot, Note::new(cause::REMOVED, note.now));
        }
        ended
    }

    /// Notes that a lease or probation ended by itself.
    fn lapse(&mut self, slot: u32, now: Timestamp) -> bool {
        let state = self.table.entries.get(slot).map(|entry| entry.state);
        let cause = if state == Some(LeaseState::Declined) { cause::RECOVERED } else { cause::EXPIRED };
        self.free(slot, LeaseState::Expired, Note::new(cause, now))
    }

    /// Notes the end of a lease or probation that nobody noticed before `key` is given to the next client.
    /// Says where its lease is.
    fn note_lapse(&mut self, key: Key6, now: Timestamp) -> Option<u32> {
        let slot = self.table.find(key)?;
        let lapsed = self.table.entries.get(slot);
        if !lapsed.is_some_and(|entry| entry.state.keeps_others_away() && !entry.is_active(now)) {
            return Some(slot);
        }
        self.lapse(slot, now);
        // It may have been forgotten at once.
        self.table.find(key)
    }

    /// Removes a lease for good.
    pub(super) fn forget(&mut self, slot: u32, note: Note) {
        let Some(entry) = self.table.entries.get(slot).copied() else { return };
        self.uncount(Some(slot));
        let key = entry.key();
        self.staging.stage(Kind::Delete, note.cause, fields::seconds(note.now), note.more, |out| {
            out.extend_from_slice(&key.encode());
        });
        self.counts.moved(Some(entry.state), None);
        if entry.state.keeps_others_away() {
            self.wheel.remove(&mut self.table.entries, slot);
        } else {
            self.former.unlink(&mut self.table.entries, slot);
        }
        self.table.remove(slot);
        self.outside.remove(&key);
        if key.kind == LeaseKind6::Prefix {
            self.prefix_lens.remove(key.prefix_len);
        }
        if !self.offers.holds(key) {
            self.pools.set_unused(key);
        }
    }

    /// Makes sure that an identity association that is about to get another lease does not leave too many behind.
    fn forget_surplus(&mut self, client: Association<'_>, now: Timestamp) {
        let leases = self.table.of_association(client.duid, client.iaid);
        let former = leases.filter(|(_, lease)| !lease.state().keeps_others_away());
        let (mut count, mut oldest) = (0, None);
        for (slot, lease) in former {
            count += 1;
            let end = lease.expires();
            if oldest.is_none_or(|(_, other)| end < other) {
                oldest = Some((slot, end));
            }
        }
        if let Some((slot, _)) = oldest.filter(|_| count >= FORMER_OF_ASSOCIATION) {
            self.forget(slot, Note::new(cause::REMOVED, now));
        }
    }

    fn held_slot(&self, key: Key6, duid: &[u8], iaid: u32, now: Timestamp) -> Option<u32> {
        let slot = self.table.find(key)?;
        self.table.get(slot)?.is_held_by(duid, iaid, now).then_some(slot)
    }
}

fn key_of(grant: &Grant6) -> Key6 {
    match grant.kind {
        LeaseKind6::Address => Key6::address(grant.address),
        LeaseKind6::Prefix => Key6::prefix(grant.address, grant.prefix_len),
    }
}
