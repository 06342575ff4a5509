//! What happens to leases: grants, ends, and what is forgotten.

use std::net::{Ipv4Addr, Ipv6Addr};

use fosix_journal::{Cause, Kind};

use super::operate::FIELDS_LIMIT;
use super::{Conflict, Leases4, owner};
use crate::changes::{ChangeKind, cause};
use crate::entry4::{Entry4, Key4, LeaseRef4};
use crate::fields;
use crate::pool4::Scope4;
use crate::record::{Grant4, Lease4, LeaseState, SoftwireSource};
use crate::{ClientIdentity, DnsUpdated, Timestamp};

/// Addresses of one subnet that a client may have, by import, and that it loses with the next grant.
const HELD_BY_CLIENT: usize = 16;

/// Records that one grant makes as a rule: two leases that ended unnoticed, one forgotten, one freed, the new one, and
/// one that loses its softwire.
const RECORDS_OF_A_GRANT: usize = 6;

/// Former leases that are kept of one client. Without a limit one client could make the walk over its leases long.
const FORMER_OF_CLIENT: usize = 16;

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

impl Leases4 {
    /// Whether the log has room for a lease to be given or extended.
    pub fn can_grant(&self) -> bool {
        self.staging.has_room(RECORDS_OF_A_GRANT)
    }

    /// Whether the log has room for a lease to be released or declined.
    pub fn can_end(&self) -> bool {
        self.staging.has_room(1)
    }

    /// Gives an address to a client, or extends what it holds; another address that it held in the subnet is
    /// free from then on.
    pub fn grant(&mut self, grant: Grant4, now: Timestamp) -> Result<(), Conflict> {
        let scope = Scope4::from(grant.subnet);
        self.grant_within(&scope, grant, now)
    }

    /// The same where not all of the subnet's pools are for the client, or an address is reserved for it.
    pub fn grant_within(
        &mut self,
        scope: &Scope4<'_>,
        grant: Grant4,
        now: Timestamp,
    ) -> Result<(), Conflict> {
        let address = grant.address;
        let key = Key4 { address, port_set: None };
        self.check(address, &grant.client, *scope, now)?;
        let found = self.table.find(key);
        if !self.staging.has_room(RECORDS_OF_A_GRANT) {
            return Err(Conflict::NoRoom);
        }
        let before = found.and_then(|slot| self.table.get(slot));
        let before = before.filter(|lease| lease.client_is(&grant.client));
        let held_since = before.filter(|lease| lease.is_held_by(&grant.client, now)).map(LeaseRef4::since);
        let softwire_before = before.and_then(LeaseRef4::softwire);
        let user_context = before.and_then(|lease| lease.user_context().map(Into::into));
        let is_known = before.is_some();
        let softwire = match grant.softwire {
            Some(wanted) => {
                if self.softwire_is_anothers(wanted, key, Some(&grant.client), now) {
                    return Err(Conflict::SoftwireHeld { softwire: wanted });
                }
                let same = softwire_before.filter(|softwire| softwire.address == wanted);
                Some(same.unwrap_or(SoftwireSource { address: wanted, changed: now }))
            }
            // One that its holder lost meanwhile is lost.
            None => softwire_before.filter(|softwire| {
                held_since.is_some() || !self.softwire_is_anothers(softwire.address, key, None, now)
            }),
        };

        let mut fields = std::mem::take(&mut self.scratch);
        fields.clear();
        let lease = Lease4 {
            address,
            port_set: None,
            client: grant.client,
            hardware: grant.hardware,
            softwire,
            source: grant.source,
            relay_path: grant.relay_path,
            subnet: grant.subnet,
            pool_id: 0,
            classes: grant.classes,
            hostname: grant.hostname,
            dns: DnsUpdated::default(),
            user_context,
            state: LeaseState::Assigned,
            valid_lifetime: grant.valid_lifetime,
            last_transaction: now,
            since: held_since.unwrap_or(now),
        };
        let entry = Entry4::of(&lease, &mut fields);
        if is_known && let Some(before) = found.and_then(|slot| self.table.get(slot)) {
            fields.extend_from_slice(before.fields.unknown());
        }
        let result = if fields.len() > FIELDS_LIMIT {
            Err(Conflict::TooLong { address })
        } else {
            self.carry_out(&lease, entry, &fields, held_since.is_some(), now)
        };
        self.scratch = fields;
        result
    }

    /// The grant, once it is clear that it can be done.
    fn carry_out(
        &mut self,
        lease: &Lease4,
        entry: Entry4,
        fields: &[u8],
        is_renewal: bool,
        now: Timestamp,
    ) -> Result<(), Conflict> {
        let address = lease.address;
        let is_on_record = self.table.of_client(lease.client.as_identity_ref()).next().is_some();
        if let Some(softwire) = lease.softwire {
            self.clear_softwire(softwire, entry.key(), now);
        }
        if is_renewal {
            // Also where it is held: the client may have another on offer.
            self.withdraw_offer(&lease.client);
        } else {
            if is_on_record {
                self.forget_surplus(&lease.client, now);
            }
            self.withdraw_offer_but(&lease.client, address.into());
            self.offers.remove(address.into());
        }
        let found = self.note_lapse(address, now);
        let key = entry.key();
        for _ in 0..if is_on_record { HELD_BY_CLIENT } else { 0 } {
            let other = self.slot_held_by(lease.client.as_identity_ref(), lease.subnet, Some(key), now);
            let Some(other) = other.filter(|_| self.staging.has_room(2)) else { break };
            let note = Note { more: true, ..Note::new(cause::RELEASED, now) };
            self.free(other, LeaseState::Released, note);
        }
        let (kind, cause) = if is_renewal {
            (ChangeKind::Renewed, cause::RENEWED)
        } else {
            (ChangeKind::Assigned, cause::ASSIGNED)
        };
        if self.store(found, entry, fields, Note::new(cause, now)).is_none() {
            self.offer_is_gone(address);
            return Err(Conflict::NoRoom);
        }
        self.changes.add(kind, now, || lease.clone());
        Ok(())
    }

    /// Ends the lease of `address` if `client` holds it; its address is free from then on.
    ///
    /// Without room in the log it stays as it is.
    pub fn release(&mut self, address: Ipv4Addr, client: &ClientIdentity, now: Timestamp) -> bool {
        let Some(slot) = self.held_slot(address, client, now) else { return false };
        self.staging.has_room(1) && self.free(slot, LeaseState::Released, Note::new(cause::RELEASED, now))
    }

    /// Takes `address` out of use for `probation` seconds, if `client` holds it.
    ///
    /// RFC 2131 §4.3.3: the client found that somebody else uses it. Without room in the log it stays as it is.
    pub fn decline(
        &mut self,
        address: Ipv4Addr,
        client: &ClientIdentity,
        probation: u32,
        now: Timestamp,
    ) -> bool {
        let Some(slot) = self.held_slot(address, client, now).filter(|_| self.staging.has_room(1)) else {
            return false;
        };
        if let Some(lease) = self.table.get(slot) {
            self.changes.add(ChangeKind::Declined, now, || lease.to_lease());
        }
        self.restate(slot, Note::new(cause::DECLINED, now), |entry| {
            entry.state = LeaseState::Declined;
            entry.valid_lifetime = probation;
            entry.last_transaction = fields::seconds(now);
        })
    }

    /// Frees the addresses of at most `limit` leases and probations that ended by `now`; says how many.
    pub fn reclaim(&mut self, now: Timestamp, limit: usize) -> usize {
        self.lapse_offers(now);
        let mut done = 0;
        // Those that were extended since they were put there are moved on.
        let mut steps = limit.saturating_mul(4);
        while done < limit && steps > 0 {
            steps -= 1;
            let Some((slot, second)) = self.wheel.due(now.0) else { break };
            let end = self.table.entries.get(slot).and_then(Entry4::end);
            if end.is_some_and(|end| end <= second) {
                if !self.staging.has_room(1) || !self.lapse(slot, now) {
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
            let ended = first.and_then(|slot| self.table.entries.get(slot)).and_then(Entry4::end);
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
        entry: Entry4,
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
            self.pools.set_used(key.address);
            if self.pools.pool_of(key.address).is_none() {
                self.outside.insert(entry.address);
            }
        }
        self.place(slot, before, entry, note.now);
        Some(slot)
    }

    /// Puts a stored lease into the list that it belongs in.
    fn place(&mut self, slot: u32, before: Option<Entry4>, entry: Entry4, now: Timestamp) {
        let entries = &mut self.table.entries;
        let was_active = before.is_some_and(|before| before.state.keeps_others_away());
        let is_active = entry.state.keeps_others_away();
        if was_active && is_active {
            // One that ends later is found when its former end is met. Never later than its end.
            let end = |entry: &Entry4| entry.end().unwrap_or(u64::MAX);
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
        if list == 0 || !self.offers.holds(entry.address) {
            self.former.push_back(&mut self.table.entries, list, slot);
        }
    }

    /// Changes the fixed part of a lease.
    pub(super) fn restate(&mut self, slot: u32, note: Note, change: impl FnOnce(&mut Entry4)) -> bool {
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

    /// Ends a lease; its address is free, unless it is on offer.
    fn free(&mut self, slot: u32, state: LeaseState, note: Note) -> bool {
        let Some(lease) = self.table.get(slot) else { return false };
        let end = lease.expires().unwrap_or(note.now);
        let (kind, at) = match (state, lease.state()) {
            (LeaseState::Released, _) => (ChangeKind::Released, note.now),
            (_, LeaseState::Declined) => (ChangeKind::Recovered, end),
            _ => (ChangeKind::Expired, end),
        };
        self.changes.add(kind, at, || lease.to_lease());
        if self.hold_reclaimed_time == Some(0) {
            self.forget(slot, note);
            return true;
        }
        self.restate(slot, note, |entry| {
            entry.state = state;
            if state == LeaseState::Released {
                entry.end_at(note.now);
            }
        })
    }

    /// Notes that a lease or probation ended by itself.
    fn lapse(&mut self, slot: u32, now: Timestamp) -> bool {
        let state = self.table.entries.get(slot).map(|entry| entry.state);
        let cause = if state == Some(LeaseState::Declined) { cause::RECOVERED } else { cause::EXPIRED };
        self.free(slot, LeaseState::Expired, Note::new(cause, now))
    }

    /// Notes the end of a lease or probation that nobody noticed before `address` is given to the next client.
    /// Says where its lease is.
    fn note_lapse(&mut self, address: Ipv4Addr, now: Timestamp) -> Option<u32> {
        let key = Key4 { address, port_set: None };
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
        if self.table.on_address(entry.address).next().is_none() {
            self.outside.remove(&entry.address);
            if !self.offers.holds(entry.address) {
                self.pools.set_unused(key.address);
            }
        }
    }

    /// Makes sure that a client that is about to get another address does not leave too many behind.
    fn forget_surplus(&mut self, client: &ClientIdentity, now: Timestamp) {
        let leases = self.table.of_client(client.as_identity_ref());
        let former = leases.filter(|(_, lease)| !lease.state().keeps_others_away());
        let (mut count, mut oldest) = (0, None);
        for (slot, lease) in former {
            count += 1;
            let end = lease.expires();
            if oldest.is_none_or(|(_, other)| end < other) {
                oldest = Some((slot, end));
            }
        }
        if let Some((slot, _)) = oldest.filter(|_| count >= FORMER_OF_CLIENT) {
            self.forget(slot, Note::new(cause::REMOVED, now));
        }
    }

    fn withdraw_offer_but(&mut self, client: &ClientIdentity, address: u32) {
        if self.offers.to(owner(client)).is_some_and(|offered| offered != address) {
            self.withdraw_offer(client);
        }
    }

    /// Whether somebody other than `client` has an active softwire from `address`, with another lease than `key`.
    pub(super) fn softwire_is_anothers(
        &self,
        address: Ipv6Addr,
        key: Key4,
        client: Option<&ClientIdentity>,
        now: Timestamp,
    ) -> bool {
        self.table.of_softwire(address.octets()).any(|(_, lease)| {
            lease.key() != key
                && lease.is_active(now)
                && !client.is_some_and(|client| lease.client_is(client))
        })
    }

    /// Takes a softwire from leases other than `key` that have it: ended ones, and what its new holder has elsewhere.
    pub(super) fn clear_softwire(&mut self, softwire: SoftwireSource, key: Key4, now: Timestamp) {
        let others = self.table.of_softwire(softwire.address.octets());
        let other = others.filter(|(_, lease)| lease.key() != key).map(|(slot, _)| slot).next();
        let Some(slot) = other else { return };
        let Some(lease) = self.table.get(slot) else { return };
        if lease.is_active(now) {
            let without = Lease4 { softwire: None, ..lease.to_lease() };
            let mut fields = Vec::new();
            let entry = Entry4::of(&without, &mut fields);
            fields.extend_from_slice(lease.fields.unknown());
            self.store(Some(slot), entry, &fields, Note::new(cause::RENEWED, now));
        } else {
            self.lapse(slot, now);
        }
    }

    fn held_slot(&self, address: Ipv4Addr, client: &ClientIdentity, now: Timestamp) -> Option<u32> {
        let slot = self.table.find(Key4 { address, port_set: None })?;
        self.table.get(slot)?.is_held_by(client, now).then_some(slot)
    }
}
