//! Records on their way from the files of a store to its leases: one thread reads and checks, another one takes them in.

use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread;

use fosix_journal::{BodyError, Cause, Damage, Error, Frame, Kind, Recovered, Recovery, Storage, What};

use super::Kept;

/// Bytes of bodies that are handed over at once.
const BATCH_BYTES: usize = 256 * 1024;
/// Batches that may wait.
const BATCHES: usize = 8;

/// Records with their bodies behind one another.
#[derive(Debug, Default)]
struct Batch {
    records: Vec<(Kind, u64, usize)>,
    bodies: Vec<u8>,
}

impl Batch {
    fn push(&mut self, frame: &Frame<'_>) {
        self.records.push((frame.kind, frame.sequence, frame.body.len()));
        self.bodies.extend_from_slice(frame.body);
    }

    fn is_full(&self) -> bool {
        self.bodies.len() >= BATCH_BYTES
    }

    /// Has `leases` take everything in.
    fn replay(&self, leases: &mut impl Kept) -> Result<(), BodyError> {
        let mut rest = self.bodies.as_slice();
        for &(kind, sequence, len) in &self.records {
            let (body, behind) = rest.split_at_checked(len).unwrap_or_default();
            rest = behind;
            // What leases are made of does not depend on the rest.
            let frame = Frame { kind, more: false, cause: Cause(0), time: 0, sequence, body };
            leases.replay(&frame)?;
        }
        Ok(())
    }
}

/// Fills `leases` with everything that counts in the files.
pub(super) fn fill<L: Kept, S: Storage>(
    leases: &mut L,
    recovery: Recovery<S>,
) -> Result<Recovered<S>, Error> {
    leases.reserve(usize::try_from(recovery.expected_leases()).unwrap_or(usize::MAX));
    let (batches, taken) = sync_channel(BATCHES);
    thread::scope(|scope| {
        let taking = scope.spawn(move || take(leases, &taken));
        let read = read::<L, S>(recovery, &batches);
        // The other thread ends once it has everything.
        drop(batches);
        let took = taking.join().unwrap_or_else(|_| Err(BodyError("a fault in the program".to_owned())));
        let recovered = read?;
        // Each body made sense by itself, so that there is no place to name: the leases are too many.
        took.map(|()| recovered).map_err(|error| {
            let file = "the store".to_owned();
            Error::Damaged(Damage { file, offset: 0, what: What::Body(error), missing: None })
        })
    })
}

fn read<L: Kept, S: Storage>(
    recovery: Recovery<S>,
    batches: &SyncSender<Batch>,
) -> Result<Recovered<S>, Error> {
    let mut batch = Batch::default();
    let recovered = recovery.replay(&mut |frame| {
        // Here, since here it is known where the record lies.
        L::accept(&frame)?;
        batch.push(&frame);
        if batch.is_full() {
            hand_over(&mut batch, batches)?;
        }
        Ok(())
    })?;
    // Nobody takes it any more where something was refused, and that is told in any case.
    let _ = hand_over(&mut batch, batches);
    Ok(recovered)
}

fn hand_over(batch: &mut Batch, batches: &SyncSender<Batch>) -> Result<(), BodyError> {
    let refused = |_| BodyError("the leases before it were refused".to_owned());
    batches.send(std::mem::take(batch)).map_err(refused)
}

fn take<L: Kept>(leases: &mut L, batches: &Receiver<Batch>) -> Result<(), BodyError> {
    batches.iter().try_for_each(|batch| batch.replay(leases))
}
