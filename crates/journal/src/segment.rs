//! Making a segment: it has its name only once it is durable.

use crate::error::Error;
use crate::header::{Contents, FileHeader};
use crate::names;
use crate::storage::{File, Storage, is_full, write_all};

/// Why a segment could not be made.
#[derive(Debug)]
pub(crate) struct Fault {
    pub(crate) error: Error,
    /// The disk is full and nothing of the segment is left: it may be tried again.
    pub(crate) only_full: bool,
}

impl Fault {
    pub(crate) fn is_full(&self) -> bool {
        self.only_full
    }
}

/// Makes a segment of `bytes`, in which `fill` may write behind the header; gives its name, file and length. The
/// directory is yet to be synced.
pub(crate) fn make<S: Storage>(
    storage: &S,
    header: &FileHeader,
    bytes: u64,
    fill: impl FnOnce(&S::File) -> Result<(), Error>,
) -> Result<(String, S::File, u64), Fault> {
    let name = match header.contents {
        Contents::Log { ordinal, generation } => names::segment(ordinal, generation),
        Contents::Snapshot { sequence, .. } => names::snapshot(sequence),
    };
    let unfinished = names::unfinished(&name);
    let made = (|| {
        let file = storage.create(&unfinished).map_err(Error::io("create", &unfinished))?;
        file.allocate(bytes).map_err(Error::io("allocate", &unfinished))?;
        write_all(&file, &header.encode(), 0).map_err(Error::io("write", &unfinished))?;
        fill(&file)?;
        file.sync().map_err(Error::io("sync", &unfinished))?;
        storage.rename(&unfinished, &name).map_err(Error::io("rename", &unfinished))?;
        Ok(file)
    })();
    match made {
        Ok(file) => Ok((name, file, bytes)),
        Err(error) => {
            let full = matches!(&error, Error::Io { reason, .. } if is_full(reason));
            // What is left takes room until the next start, and would be in nobody's way.
            let removed = storage.remove(&unfinished).is_ok();
            Err(Fault { only_full: full && removed, error })
        }
    }
}
