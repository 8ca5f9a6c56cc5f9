//! A real journal on a thread of its own. Each write is over before anything else goes on: whatever a database's thread
//! would otherwise decide about the order of things, and with it about the trace, is decided by the seed alone.

use std::future::Future;
use std::path::PathBuf;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, mpsc};
use std::thread::JoinHandle;
use std::time::Duration;

use async_trait::async_trait;
use globe_model::{
    Address, Claim, Clock, Departing, Head, HistoryEntry, Holding, Identity, Intent, Journal, JournalError, Lease,
    LeaseRequest, Outcome, Record, Region, RunEnd, RunStart, Timestamp,
};
use globe_store::Store;
use tokio::runtime::Runtime;

use super::book::Book;

type Job = Box<dyn FnOnce(&Runtime, &Arc<Store>) + Send>;

/// Memory that looks like a folder, where the system has it: what is rehearsed need not outlive a power cut.
const IN_MEMORY: &str = "/dev/shm";

/// The journal of one rehearsal, in a folder that goes with it.
pub struct Clerk {
    jobs: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
    time: Arc<dyn Clock>,
    told: Arc<Told>,
    book: Book,
    _folder: tempfile::TempDir,
}

/// The time as the journal was last told it: it asks on its own thread, where virtual time is not known.
struct Told(AtomicI64);

#[async_trait]
impl Clock for Told {
    fn now(&self) -> Timestamp {
        Timestamp(self.0.load(Ordering::Relaxed))
    }

    async fn sleep(&self, duration: Duration) {
        tokio::time::sleep(duration).await;
    }
}

impl Clerk {
    /// An empty journal in the time of `time`; `book` is told of every write.
    ///
    /// # Errors
    /// When there is no place for it.
    pub fn start(time: Arc<dyn Clock>, book: Book) -> Result<Self, JournalError> {
        let folder = folder().map_err(|error| unusable(format!("no scratch folder: {error}")))?;
        let path = folder.path().join("state.db").display().to_string();
        let told = Arc::new(Told(AtomicI64::new(time.now().0)));
        let (jobs, queue) = mpsc::channel::<Job>();
        let (opened, outcome) = mpsc::channel();
        let clock = told.clone();
        let thread = std::thread::spawn(move || serve(&path, clock, &opened, &queue));
        outcome.recv().map_err(|_| unusable("its thread ended at once".into()))??;
        Ok(Self { jobs: Some(jobs), thread: Some(thread), time, told, book, _folder: folder })
    }

    /// Does `work` on the journal's thread while everything else stands still.
    async fn ask<T, F>(&self, work: impl FnOnce(Arc<Store>) -> F + Send + 'static) -> Result<T, JournalError>
    where
        T: Send + 'static,
        F: Future<Output = Result<T, JournalError>>,
    {
        self.told.0.store(self.time.now().0, Ordering::Relaxed);
        let (sender, receiver) = mpsc::channel();
        let job: Job = Box::new(move |runtime, store| {
            // Whoever asked may be gone.
            let _unheard = sender.send(runtime.block_on(work(store.clone())));
        });
        let gone = || unusable("its thread has ended".into());
        self.jobs.as_ref().ok_or_else(gone)?.send(job).map_err(|_| gone())?;
        let answer = receiver.recv().map_err(|_| gone())?;
        // Others get their turn, as they would while a database works.
        tokio::task::yield_now().await;
        answer
    }

    /// What differs between what is derived and what the events say.
    ///
    /// # Errors
    /// When it cannot be read.
    pub async fn verify(&self, stack: &str) -> Result<Vec<String>, JournalError> {
        let stack = stack.to_owned();
        self.ask(|store| async move { store.verify(&stack).await }).await
    }
}

impl Drop for Clerk {
    fn drop(&mut self) {
        self.jobs.take();
        if let Some(thread) = self.thread.take() {
            // A panic there was an error here already.
            let _ended = thread.join();
        }
    }
}

fn folder() -> std::io::Result<tempfile::TempDir> {
    let memory = PathBuf::from(IN_MEMORY);
    let mut builder = tempfile::Builder::new();
    builder.prefix("globe-rehearsal-");
    if memory.is_dir()
        && let Ok(folder) = builder.tempdir_in(memory)
    {
        return Ok(folder);
    }
    builder.tempdir()
}

fn unusable(reason: String) -> JournalError {
    JournalError::Unusable { database: "of the rehearsal".into(), reason }
}

fn serve(path: &str, clock: Arc<Told>, opened: &mpsc::Sender<Result<(), JournalError>>, queue: &mpsc::Receiver<Job>) {
    let tell = |outcome| {
        // Whoever asked may be gone.
        let _unheard = opened.send(outcome);
    };
    let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => return tell(Err(unusable(error.to_string()))),
    };
    let store = match runtime.block_on(Store::open(path, clock)) {
        Ok(store) => Arc::new(store),
        Err(error) => return tell(Err(error)),
    };
    tell(Ok(()));
    while let Ok(job) = queue.recv() {
        job(&runtime, &store);
    }
    runtime.block_on(store.close());
}

#[async_trait]
impl Journal for Clerk {
    async fn head(&self, stack: &str) -> Result<Head, JournalError> {
        let stack = stack.to_owned();
        self.ask(|store| async move { store.head(&stack).await }).await
    }
    async fn identify(&self, claim: &Claim) -> Result<Identity, JournalError> {
        let claim = claim.clone();
        self.ask(|store| async move { store.identify(&claim).await }).await
    }
    async fn acquire(&self, request: &LeaseRequest) -> Result<Lease, JournalError> {
        let request = request.clone();
        self.ask(|store| async move { store.acquire(&request).await }).await
    }
    async fn renew(&self, lease: &Lease, ttl: Duration) -> Result<Timestamp, JournalError> {
        let lease = lease.clone();
        self.ask(move |store| async move { store.renew(&lease, ttl).await }).await
    }
    async fn release(&self, lease: &Lease) -> Result<(), JournalError> {
        let lease = lease.clone();
        self.ask(|store| async move { store.release(&lease).await }).await
    }
    async fn holdings(&self, stack: &str) -> Result<Vec<Holding>, JournalError> {
        let stack = stack.to_owned();
        self.ask(|store| async move { store.holdings(&stack).await }).await
    }
    async fn evict(&self, stack: &str, holding: &Holding) -> Result<bool, JournalError> {
        let (stack, holding) = (stack.to_owned(), holding.clone());
        self.ask(|store| async move { store.evict(&stack, &holding).await }).await
    }
    async fn begin(&self, lease: &Lease, start: &RunStart) -> Result<(), JournalError> {
        let (lease, start) = (lease.clone(), start.clone());
        self.ask(|store| async move { store.begin(&lease, &start).await }).await
    }
    async fn intend(&self, lease: &Lease, intent: &Intent) -> Result<(), JournalError> {
        let (lease, own) = (lease.clone(), intent.clone());
        let answer = self.ask(|store| async move { store.intend(&lease, &own).await }).await;
        self.book.intended(intent, &answer);
        answer
    }
    async fn conclude(&self, lease: &Lease, intent: &Intent, outcome: &Outcome) -> Result<(), JournalError> {
        let (lease, own, end) = (lease.clone(), intent.clone(), outcome.clone());
        let answer = self.ask(|store| async move { store.conclude(&lease, &own, &end).await }).await;
        self.book.concluded(intent, outcome, &answer);
        answer
    }
    async fn settle(&self, lease: &Lease, run: &str, record: &Record) -> Result<(), JournalError> {
        let (lease, run, own) = (lease.clone(), run.to_owned(), record.clone());
        let answer = self.ask(|store| async move { store.settle(&lease, &run, &own).await }).await;
        self.book.settled(&record.address, &answer);
        answer
    }
    async fn postpone(&self, lease: &Lease, run: &str, departing: &Departing) -> Result<(), JournalError> {
        let (lease, run, departing) = (lease.clone(), run.to_owned(), departing.clone());
        self.ask(|store| async move { store.postpone(&lease, &run, &departing).await }).await
    }
    async fn forget(&self, lease: &Lease, run: &str, address: &Address, id: &str) -> Result<(), JournalError> {
        let (lease, run, address, id) = (lease.clone(), run.to_owned(), address.clone(), id.to_owned());
        self.ask(|store| async move { store.forget(&lease, &run, &address, &id).await }).await
    }
    async fn settle_intent(&self, lease: &Lease, intent: &Intent, made: Option<&str>) -> Result<(), JournalError> {
        let (lease, intent, made) = (lease.clone(), intent.clone(), made.map(str::to_owned));
        self.ask(|store| async move { store.settle_intent(&lease, &intent, made.as_deref()).await }).await
    }
    async fn forget_region(&self, lease: &Lease, run: &str, region: &Region) -> Result<(), JournalError> {
        let (lease, run, region) = (lease.clone(), run.to_owned(), region.clone());
        self.ask(|store| async move { store.forget_region(&lease, &run, &region).await }).await
    }
    async fn finish(&self, lease: &Lease, end: &RunEnd) -> Result<(), JournalError> {
        let (lease, end) = (lease.clone(), end.clone());
        self.ask(|store| async move { store.finish(&lease, &end).await }).await
    }
    async fn history(&self, stack: &str, limit: u32) -> Result<Vec<HistoryEntry>, JournalError> {
        let stack = stack.to_owned();
        self.ask(move |store| async move { store.history(&stack, limit).await }).await
    }
}
