//! Opening the state, for writing or only for reading.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use globe_model::{
    Address, Claim, Departing, Head, HistoryEntry, Holding, Identity, Intent, Journal, JournalError, Lease,
    LeaseRequest, Outcome, Pace, Record, Region, RunEnd, RunStart, Timestamp,
};
use globe_store::{Archive, Store};

use crate::args::{Global, TimeMode};
use crate::clock::SystemClock;
use crate::failure::{Exit, Failure};
use crate::out::Out;

/// The state of a command.
pub struct State {
    store: Option<Arc<Store>>,
    virtual_time: bool,
}

impl State {
    /// Opens it for reading; a state that does not exist yet is an empty one, and stays unmade.
    ///
    /// # Errors
    /// When it exists and cannot be used.
    pub async fn read_only(global: &Global, location: &str) -> Result<Self, Failure> {
        let _awake = Awake::when(virtual_time(global));
        let store = Store::open_existing(location, Arc::new(SystemClock)).await?;
        Ok(Self { store: store.map(Arc::new), virtual_time: virtual_time(global) })
    }

    /// Opens it for writing, and makes it where it does not exist.
    ///
    /// # Errors
    /// When it cannot be used.
    pub async fn writable(global: &Global, out: &Out, location: &str) -> Result<Self, Failure> {
        let _awake = Awake::when(virtual_time(global));
        let store = Store::open(location, Arc::new(SystemClock)).await?;
        say_migrated(out, &store);
        Ok(Self { store: Some(Arc::new(store)), virtual_time: virtual_time(global) })
    }

    /// The journal's head; empty where there is no state.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn head(&self, stack: &str) -> Result<Head, Failure> {
        match self.journal() {
            Some(journal) => Ok(journal.head(stack).await?),
            None => Ok(Head::default()),
        }
    }

    /// How long kinds have taken in this stack, in AWS's time, which runs `factor` times as fast as the journal's;
    /// nothing where there is no state, or no such factor.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn pace(&self, stack: &str, factor: Option<f64>) -> Result<Pace, Failure> {
        match (self.journal(), factor) {
            (Some(journal), Some(factor)) => Ok(journal.pace(stack).await?.times(factor)),
            _ => Ok(Pace::default()),
        }
    }

    /// The stacks that it has events of, sorted.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn stacks(&self) -> Result<Vec<String>, Failure> {
        let _awake = Awake::when(self.virtual_time);
        match &self.store {
            Some(store) => Ok(store.stacks().await?),
            None => Ok(Vec::new()),
        }
    }

    /// The journal, if there is one.
    pub fn journal(&self) -> Option<Arc<dyn Journal>> {
        let store = self.store.clone()?;
        Some(if self.virtual_time { Arc::new(Wakeful(store)) } else { store })
    }

    /// What is recorded of a stack and does not follow from its events.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn verify(&self, stack: &str) -> Result<Vec<String>, Failure> {
        let _awake = Awake::when(self.virtual_time);
        Ok(self.store()?.verify(stack).await?)
    }

    /// Makes what is recorded of a stack anew from its events.
    ///
    /// # Errors
    /// When it cannot be written.
    pub async fn rebuild(&self, stack: &str) -> Result<(), Failure> {
        let _awake = Awake::when(self.virtual_time);
        Ok(self.store()?.rebuild(stack).await?)
    }

    /// A stack's whole history; `mine` is a lease that the caller holds.
    ///
    /// # Errors
    /// When there is none, or another run changes it.
    pub async fn export(&self, stack: &str, mine: Option<&Lease>) -> Result<Archive, Failure> {
        let _awake = Awake::when(self.virtual_time);
        Ok(self.store()?.export(stack, mine).await?)
    }

    /// Brings in a whole history: all of it or nothing.
    ///
    /// # Errors
    /// When the stack has a state already.
    pub async fn import(&self, archive: &Archive) -> Result<(), Failure> {
        let _awake = Awake::when(self.virtual_time);
        Ok(self.store()?.import(archive).await?)
    }

    fn store(&self) -> Result<&Store, Failure> {
        let none = || Failure::new(Exit::Failed, "nothing is recorded yet").hint("`globe up` makes the first records");
        self.store.as_deref().ok_or_else(none)
    }

    /// Closes it, so that nothing is left beside the file.
    pub async fn close(&self) {
        let _awake = Awake::when(self.virtual_time);
        if let Some(store) = &self.store {
            store.close().await;
        }
    }
}

/// A migration is said: the older globe can no longer use the database, and the copy is the way back.
fn say_migrated(out: &Out, store: &Store) {
    let Some(migrated) = store.migrated() else { return };
    if out.json {
        out.json_line(
            "migrated",
            &serde_json::json!({"from": migrated.from, "to": migrated.to, "copy": migrated.copy}),
        );
        return;
    }
    let copy = match &migrated.copy {
        Some(copy) => format!("as it was, it is in {}", copy.display()),
        None => "a server's database is not copied first".to_owned(),
    };
    out.note(&format!("The state was brought up to date, from version {} to {}; {copy}.", migrated.from, migrated.to));
}

fn virtual_time(global: &Global) -> bool {
    global.sandbox && global.time == TimeMode::Virtual
}

/// Keeps virtual time from jumping while the database works on its own thread: tokio does not advance its paused
/// clock as long as a blocking task runs.
struct Awake {
    _release: Option<std::sync::mpsc::Sender<()>>,
}

impl Awake {
    fn when(virtual_time: bool) -> Self {
        if !virtual_time {
            return Self { _release: None };
        }
        let (sender, receiver) = std::sync::mpsc::channel::<()>();
        tokio::task::spawn_blocking(move || {
            // Ends with an error when the sender is dropped: that is the signal.
            let _released = receiver.recv();
        });
        Self { _release: Some(sender) }
    }
}

/// A journal during whose work virtual time stands still.
struct Wakeful(Arc<Store>);

macro_rules! awake {
    ($self:ident . $method:ident ( $($argument:expr),* )) => {{
        let _awake = Awake::when(true);
        $self.0.$method($($argument),*).await
    }};
}

#[async_trait]
impl Journal for Wakeful {
    async fn head(&self, stack: &str) -> Result<Head, JournalError> {
        awake!(self.head(stack))
    }
    async fn identify(&self, claim: &Claim) -> Result<Identity, JournalError> {
        awake!(self.identify(claim))
    }
    async fn acquire(&self, request: &LeaseRequest) -> Result<Lease, JournalError> {
        awake!(self.acquire(request))
    }
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<Timestamp, JournalError> {
        awake!(self.renew(lease, ttl))
    }
    async fn release(&self, lease: &Lease) -> Result<(), JournalError> {
        awake!(self.release(lease))
    }
    async fn holdings(&self, stack: &str) -> Result<Vec<Holding>, JournalError> {
        awake!(self.holdings(stack))
    }
    async fn evict(&self, stack: &str, holding: &Holding) -> Result<bool, JournalError> {
        awake!(self.evict(stack, holding))
    }
    async fn begin(&self, lease: &Lease, start: &RunStart) -> Result<(), JournalError> {
        awake!(self.begin(lease, start))
    }
    async fn intend(&self, lease: &Lease, intent: &Intent) -> Result<(), JournalError> {
        awake!(self.intend(lease, intent))
    }
    async fn conclude(&self, lease: &Lease, intent: &Intent, outcome: &Outcome) -> Result<(), JournalError> {
        awake!(self.conclude(lease, intent, outcome))
    }
    async fn settle(&self, lease: &Lease, run: &str, record: &Record) -> Result<(), JournalError> {
        awake!(self.settle(lease, run, record))
    }
    async fn postpone(&self, lease: &Lease, run: &str, departing: &Departing) -> Result<(), JournalError> {
        awake!(self.postpone(lease, run, departing))
    }
    async fn forget(&self, lease: &Lease, run: &str, address: &Address, id: &str) -> Result<(), JournalError> {
        awake!(self.forget(lease, run, address, id))
    }
    async fn settle_intent(&self, lease: &Lease, intent: &Intent, made: Option<&str>) -> Result<(), JournalError> {
        awake!(self.settle_intent(lease, intent, made))
    }
    async fn forget_region(&self, lease: &Lease, run: &str, region: &Region) -> Result<(), JournalError> {
        awake!(self.forget_region(lease, run, region))
    }
    async fn finish(&self, lease: &Lease, end: &RunEnd) -> Result<(), JournalError> {
        awake!(self.finish(lease, end))
    }
    async fn history(&self, stack: &str, limit: u32) -> Result<Vec<HistoryEntry>, JournalError> {
        awake!(self.history(stack, limit))
    }
    async fn pace(&self, stack: &str) -> Result<Pace, JournalError> {
        awake!(self.pace(stack))
    }
}
