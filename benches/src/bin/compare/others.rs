//! Stores of others, each with the durability that ours has: a commit that returns is on the disk.

use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Result, bail};
use redb::{Durability, TableDefinition};

use crate::contenders::{Contender, ENTRIES, Update, VALUE};

/// fjall: a log-structured merge tree.
pub(crate) struct Fjall {
    directory: PathBuf,
    database: fjall::Database,
    keyspace: fjall::Keyspace,
}

impl Fjall {
    pub(crate) fn new(directory: PathBuf) -> Result<Self> {
        let database = fjall::Database::builder(&directory).open()?;
        let keyspace = database.keyspace("leases", fjall::KeyspaceCreateOptions::default)?;
        let mut made = Self { directory, database, keyspace };
        fill(&mut made)?;
        Ok(made)
    }
}

impl Contender for Fjall {
    fn name(&self) -> &'static str {
        "fjall"
    }

    fn directory(&self) -> &Path {
        &self.directory
    }

    fn commit(&mut self, updates: &[Update<'_>]) -> Result<Instant> {
        let mut batch = self.database.batch().durability(Some(fjall::PersistMode::SyncData));
        for update in updates {
            batch.insert(&self.keyspace, u64::from(update.key).to_be_bytes(), update.value);
        }
        let handed_over = Instant::now();
        batch.commit()?;
        Ok(handed_over)
    }

    fn settle(&mut self) -> Result<()> {
        for _ in 0..60_000 {
            if self.database.outstanding_flushes() == 0 && self.database.active_compactions() == 0 {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(1));
        }
        bail!("fjall has not come to rest within a minute")
    }
}

const TABLE: TableDefinition<'_, u64, &[u8]> = TableDefinition::new("leases");

/// redb: a copy-on-write B-tree.
pub(crate) struct Redb {
    directory: PathBuf,
    database: redb::Database,
}

impl Redb {
    pub(crate) fn new(directory: PathBuf) -> Result<Self> {
        std::fs::create_dir_all(&directory)?;
        let database = redb::Database::create(directory.join("redb"))?;
        let mut made = Self { directory, database };
        fill(&mut made)?;
        Ok(made)
    }
}

impl Contender for Redb {
    fn name(&self) -> &'static str {
        "redb"
    }

    fn directory(&self) -> &Path {
        &self.directory
    }

    fn commit(&mut self, updates: &[Update<'_>]) -> Result<Instant> {
        let mut transaction = self.database.begin_write()?;
        transaction.set_durability(Durability::Immediate)?;
        {
            let mut table = transaction.open_table(TABLE)?;
            for update in updates {
                table.insert(u64::from(update.key), update.value)?;
            }
        }
        let handed_over = Instant::now();
        transaction.commit()?;
        Ok(handed_over)
    }
}

fn fill(contender: &mut impl Contender) -> Result<()> {
    let keys: Vec<u32> = (0..ENTRIES).collect();
    for keys in keys.chunks(100_000) {
        let updates: Vec<_> = keys.iter().map(|&key| Update { key, value: &[0x5a; VALUE] }).collect();
        contender.commit(&updates)?;
    }
    contender.settle()
}
