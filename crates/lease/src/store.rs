//! Leases with the log that makes their changes durable.
//!
//! ```text
//! lock ──► change leases, each change staged ──► unlock: the bytes go to the log ──► durable() rises
//! ```
//! Whoever tells somebody of a lease waits until every change up to the one that [`Guard::sequence`] gave is durable.

use std::fmt::Debug;
use std::ops::{Deref, DerefMut};
use std::sync::mpsc::SyncSender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use fosix_journal::{Journal, Staging};

use crate::{Leases4, LeaseEvent4};
