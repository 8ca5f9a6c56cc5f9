//! The journal as callers see it.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use globe_model::{
    Address, Claim, Clock, Departing, Head, HistoryEntry, Holding, Identity, Intent, Journal, JournalError, Lease,
    LeaseRequest, Outcome, Pace, Record, Region, RunEnd, RunStart, Timestamp,
};

use crate::archive::Archive;
use crate::backup;
use crate::connect::{Access, Link, connect, use_write_ahead_log};
use crate::fault::Fault;
use crate::file;
use crate::forsake::ForgetRegion;
use crate::identity::Identify;
use crate::lease::{Acquire, Evict, Holdings, Release, Renew};
use crate::location::{Location, Place};
use crate::pace::ReadPace;
use crate::projection::{Rebuild, Verify};
use crate::queue::Queue;
use crate::read::{ListStacks, ReadHead, ReadHistory};
use crate::run::{Begin, Finish};
use crate::schema::{Age, inspect, migrate, newest};
use crate::step::{Conclude, Forget, Intend, Postpone, Settle, SettleIntent};
use crate::transfer::{Export, Import};

/// A [`Journal`] in a SQLite file or a PostgreSQL database.
///
/// # Flow
/// Open one per process, share it by reference, and [`close`](Store::close) it at the end. All methods may be called
/// concurrently; those that are waiting at the same time are committed together.
pub struct Store {
    queue: Queue,
    migrated: Option<Migrated>,
}

/// What opening did to a database that an earlier globe wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Migrated {
    /// The version that it had.
    pub from: i64,
    /// The version that it has.
    pub to: i64,
    /// A copy of the file as it was; a server's database has none.
    pub copy: Option<PathBuf>,
}

impl Store {
    /// Opens the state database, making it and bringing it up to date where needed. `location` is `postgres://...`
    /// or the path of a SQLite file, which is made with its directories for the owner alone. `clock` decides when a
    /// lease has expired and dates the events.
    ///
    /// # Errors
    /// [`JournalError::Unusable`] for a database that a newer globe wrote, that is damaged, read-only or another
    /// program's; [`JournalError::Database`] when it cannot be reached, or stays locked for some seconds.
    pub async fn open(location: &str, clock: Arc<dyn Clock>) -> Result<Self, JournalError> {
        let location = Location::parse(location)?;
        let opened = prepare(&location).await.map_err(|fault| fault.into_error("open the tables", &location.shown))?;
        let (link, migrated) = opened;
        Ok(Self { queue: Queue::start(location, Access::Write, link, clock), migrated })
    }

    /// Opens a state database for reading only; `None` if there is none yet. Nothing is made or changed: neither
    /// directory, file nor schema. Writes through it are refused.
    ///
    /// # Errors
    /// As [`Store::open`]; also [`JournalError::Unusable`] if an older globe wrote it, since bringing it up to date
    /// would write.
    ///
    /// # Caveats
    /// While another process has a SQLite file open, or one was killed, its `-wal` and `-shm` files lie beside it.
    /// Reading then may touch the `-shm` file, which is shared memory and no state.
    pub async fn open_existing(location: &str, clock: Arc<dyn Clock>) -> Result<Option<Self>, JournalError> {
        let location = Location::parse(location)?;
        let link = look(&location).await.map_err(|fault| fault.into_error("open the tables", &location.shown))?;
        Ok(link.map(|link| Self { queue: Queue::start(location, Access::Read, link, clock), migrated: None }))
    }

    /// What opening did to a database that an earlier globe wrote; `None` where nothing was to be done.
    pub fn migrated(&self) -> Option<&Migrated> {
        self.migrated.as_ref()
    }

    /// Copies the file at `location`, as one moment of it, to the file `to`, which is made for the owner alone. Others
    /// may be using it.
    ///
    /// # Errors
    /// [`JournalError::Unusable`] for a server's database, which its own tools copy, for what [`Store::open`] refuses,
    /// and when `to` exists or cannot be written.
    pub async fn backup(location: &str, to: &Path) -> Result<(), JournalError> {
        let location = Location::parse(location)?;
        let copied = copy_file(&location, to).await;
        copied.map_err(|fault| fault.into_error("copy", &location.shown))
    }

    /// Takes out the whole history of a stack, as one moment of it; `mine` is a lease that the caller holds.
    ///
    /// # Errors
    /// [`JournalError::Leased`] while another holds a lease of the stack; [`JournalError::Unusable`] if it has no state.
    pub async fn export(&self, stack: &str, mine: Option<&Lease>) -> Result<Archive, JournalError> {
        self.queue.ask(Export { stack: stack.to_owned(), mine: mine.cloned() }).await
    }

    /// Brings in the whole history of a stack. It is read back and compared before it is committed: all of it arrives,
    /// or nothing.
    ///
    /// # Errors
    /// [`JournalError::Occupied`] if the stack has a state here, [`JournalError::Leased`] if it is about to have one;
    /// [`JournalError::Database`] if what arrived is not what was sent.
    pub async fn import(&self, archive: &Archive) -> Result<(), JournalError> {
        self.queue.ask(Import(archive.clone())).await
    }

    /// The names of all stacks that ever had a run, sorted.
    ///
    /// # Errors
    /// [`JournalError`] when the database cannot be read.
    pub async fn stacks(&self) -> Result<Vec<String>, JournalError> {
        self.queue.ask(ListStacks).await
    }

    /// Makes what is derived (resources, open intents, regions, account) anew from the events. Needs no lease: it
    /// changes nothing unless the database was damaged.
    ///
    /// # Errors
    /// [`JournalError::Unusable`] if an event cannot be read.
    pub async fn rebuild(&self, stack: &str) -> Result<(), JournalError> {
        self.queue.ask(Rebuild(stack.to_owned())).await
    }

    /// Compares what is derived with what the events say, and names what differs. Changes nothing.
    ///
    /// # Errors
    /// As [`Store::rebuild`].
    pub async fn verify(&self, stack: &str) -> Result<Vec<String>, JournalError> {
        self.queue.ask(Verify(stack.to_owned())).await
    }

    /// The database, named without credentials.
    pub fn database(&self) -> &str {
        self.queue.database()
    }

    /// Ends the connection in good order, after what is queued. Nothing is lost without it, but SQLite then leaves
    /// its write-ahead log beside the file.
    pub async fn close(&self) {
        self.queue.close().await;
    }
}

/// Opens for writing.
async fn prepare(location: &Location) -> Result<(Link, Option<Migrated>), Fault> {
    if let Place::Sqlite(path) = &location.place {
        let io = |error| Fault::from(sqlx::Error::Io(error));
        file::create_private(path).map_err(io)?;
        if file::is_read_only(path).map_err(io)? {
            return Err(Fault::Unusable("the file is read-only".into()));
        }
    }
    let mut link = connect(&location.place, Access::Write).await?;
    // Before anything is changed: it may be no database of ours.
    let age = inspect(&mut link.session).await?;
    use_write_ahead_log(&mut link.session).await?;
    if age == Age::Current {
        return Ok((link, None));
    }
    let copy = migrate(&mut link.session, &location.place).await?;
    let migrated = match age {
        Age::Older(from) => Some(Migrated { from, to: newest(), copy }),
        Age::Empty | Age::Current => None,
    };
    Ok((link, migrated))
}

async fn copy_file(location: &Location, to: &Path) -> Result<(), Fault> {
    let Place::Sqlite(path) = &location.place else {
        return Err(Fault::Unusable(
            "a server's database is copied by its own tools (pg_dump); `globe state export` writes one stack to a file"
                .into(),
        ));
    };
    if !path.exists() {
        return Err(Fault::Unusable("there is no state yet".into()));
    }
    let mut link = connect(&location.place, Access::Read).await?;
    let age = inspect(&mut link.session).await;
    link.session.close().await?;
    age?;
    backup::copy(path, to).await
}

/// Opens for reading, if there is something.
async fn look(location: &Location) -> Result<Option<Link>, Fault> {
    if matches!(&location.place, Place::Sqlite(path) if !path.exists()) {
        return Ok(None);
    }
    let mut link = connect(&location.place, Access::Read).await?;
    match inspect(&mut link.session).await? {
        Age::Empty => Ok(None),
        Age::Current => Ok(Some(link)),
        Age::Older(_) => Err(Fault::Unusable(
            "an older globe has written it; `globe up`, `down` or `gc` brings it up to date, and keeps a copy".into(),
        )),
    }
}

#[async_trait]
impl Journal for Store {
    async fn head(&self, stack: &str) -> Result<Head, JournalError> {
        self.queue.ask(ReadHead(stack.to_owned())).await
    }

    async fn identify(&self, claim: &Claim) -> Result<Identity, JournalError> {
        self.queue.ask(Identify(claim.clone())).await
    }

    async fn acquire(&self, request: &LeaseRequest) -> Result<Lease, JournalError> {
        self.queue.ask(Acquire(request.clone())).await
    }

    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<Timestamp, JournalError> {
        self.queue.ask(Renew(lease.clone(), ttl)).await
    }

    async fn release(&self, lease: &Lease) -> Result<(), JournalError> {
        self.queue.ask(Release(lease.clone())).await
    }

    async fn holdings(&self, stack: &str) -> Result<Vec<Holding>, JournalError> {
        self.queue.ask(Holdings(stack.to_owned())).await
    }

    async fn evict(&self, stack: &str, holding: &Holding) -> Result<bool, JournalError> {
        self.queue.ask(Evict(stack.to_owned(), holding.clone())).await
    }

    async fn begin(&self, lease: &Lease, start: &RunStart) -> Result<(), JournalError> {
        self.queue.ask(Begin(lease.clone(), start.clone())).await
    }

    async fn intend(&self, lease: &Lease, intent: &Intent) -> Result<(), JournalError> {
        self.queue.ask(Intend(lease.clone(), intent.clone())).await
    }

    async fn conclude(&self, lease: &Lease, intent: &Intent, outcome: &Outcome) -> Result<(), JournalError> {
        self.queue.ask(Conclude(lease.clone(), intent.clone(), outcome.clone())).await
    }

    async fn settle(&self, lease: &Lease, run: &str, record: &Record) -> Result<(), JournalError> {
        self.queue.ask(Settle { lease: lease.clone(), run: run.to_owned(), record: record.clone() }).await
    }

    async fn postpone(&self, lease: &Lease, run: &str, departing: &Departing) -> Result<(), JournalError> {
        let operation = Postpone { lease: lease.clone(), run: run.to_owned(), departing: departing.clone() };
        self.queue.ask(operation).await
    }

    async fn forget(&self, lease: &Lease, run: &str, address: &Address, id: &str) -> Result<(), JournalError> {
        let operation =
            Forget { lease: lease.clone(), run: run.to_owned(), address: address.clone(), id: id.to_owned() };
        self.queue.ask(operation).await
    }

    async fn settle_intent(&self, lease: &Lease, intent: &Intent, made: Option<&str>) -> Result<(), JournalError> {
        let operation = SettleIntent { lease: lease.clone(), intent: intent.clone(), made: made.map(str::to_owned) };
        self.queue.ask(operation).await
    }

    async fn forget_region(&self, lease: &Lease, run: &str, region: &Region) -> Result<(), JournalError> {
        let operation = ForgetRegion { lease: lease.clone(), run: run.to_owned(), region: region.clone() };
        self.queue.ask(operation).await
    }

    async fn finish(&self, lease: &Lease, end: &RunEnd) -> Result<(), JournalError> {
        self.queue.ask(Finish(lease.clone(), end.clone())).await
    }

    async fn history(&self, stack: &str, limit: u32) -> Result<Vec<HistoryEntry>, JournalError> {
        self.queue.ask(ReadHistory(stack.to_owned(), limit)).await
    }

    async fn pace(&self, stack: &str) -> Result<Pace, JournalError> {
        self.queue.ask(ReadPace(stack.to_owned())).await
    }
}
