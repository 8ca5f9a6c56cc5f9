//! One batcher for refresh, drift and readiness polling.
//!
//! Ids asked for within [`WINDOW`] per (scope, kind) share calls: forty waiting NAT gateways cost one call per poll. While
//! the limiter holds a batch back, whoever asks for the same joins it, and ids of the next batch gather behind it. Once
//! a batch's first call is sent nobody joins any more: a read asked for after a write is sent after it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use globe_model::{CallError, Clock, ErrorClass, Live, Scope};
use tokio::sync::{oneshot, watch};

use crate::departure;
use crate::driver::{AnyDriver, Scoped};
use crate::repeat::retried;

/// How long an id waits for company. Long enough for a wave of steps to ask together, short beside any AWS answer.
const WINDOW: Duration = Duration::from_millis(20);

type Answer = Result<Option<Live>, CallError>;
type Key = (Scope, &'static str);

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// How far a batch is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    /// Takes more ids.
    Open,
    /// Its ids are fixed; nothing is sent yet.
    Closed,
    /// Its first call is on its way.
    Departed,
}

/// Ids that are read together, and who asked for them.
struct Batch {
    asked: Mutex<BTreeMap<String, Vec<oneshot::Sender<Answer>>>>,
    stage: watch::Sender<Stage>,
}

impl Batch {
    fn new() -> Arc<Self> {
        Arc::new(Self { asked: Mutex::default(), stage: watch::Sender::new(Stage::Open) })
    }

    /// Joins, unless it is too late or too full; then `sender` comes back.
    fn join(&self, id: &str, most: usize, sender: oneshot::Sender<Answer>) -> Result<(), oneshot::Sender<Answer>> {
        let mut asked = locked(&self.asked);
        let room = match *self.stage.borrow() {
            Stage::Open => asked.len() < most || asked.contains_key(id),
            Stage::Closed => asked.contains_key(id),
            Stage::Departed => false,
        };
        if room {
            asked.entry(id.to_owned()).or_default().push(sender);
            return Ok(());
        }
        Err(sender)
    }

    /// Moves on, under the lock that joining takes.
    fn enter(&self, stage: Stage) {
        let _asked = locked(&self.asked);
        self.stage.send_replace(stage);
    }

    fn has_departed(&self) -> bool {
        *self.stage.borrow() == Stage::Departed
    }

    async fn departed(&self) {
        // Its sender lives as long as the batch.
        let mut stage = self.stage.subscribe();
        let _never_closed = stage.wait_for(|stage| *stage == Stage::Departed).await;
    }
}

/// However a batch ends, whoever gathers behind it must not wait for it any longer.
struct Departing(Arc<Batch>);

impl Drop for Departing {
    fn drop(&mut self) {
        self.0.enter(Stage::Departed);
    }
}

/// Collects reads; clones share one queue.
#[derive(Clone)]
pub struct Batcher {
    clock: Arc<dyn Clock>,
    /// Batches that have not departed, oldest first.
    gathering: Arc<Mutex<BTreeMap<Key, Vec<Arc<Batch>>>>>,
}

impl Batcher {
    /// Nothing collected; pauses between tries pass on `clock`.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, gathering: Arc::default() }
    }

    /// Reads one object together with whoever else asks for its kind and scope now.
    ///
    /// # Errors
    /// When the shared call fails for good.
    pub async fn read(&self, cx: &Scoped, driver: &'static dyn AnyDriver, id: &str) -> Answer {
        let (sender, receiver) = oneshot::channel();
        self.ask(cx, driver, id, sender);
        receiver.await.unwrap_or_else(|_| {
            Err(CallError::new(ErrorClass::Broken, driver.name(), "the reader stopped before it answered"))
        })
    }

    fn ask(&self, cx: &Scoped, driver: &'static dyn AnyDriver, id: &str, mut sender: oneshot::Sender<Answer>) {
        let most = driver.read_batch();
        let mut gathering = locked(&self.gathering);
        let line = gathering.entry((cx.scope.clone(), driver.name())).or_default();
        line.retain(|batch| !batch.has_departed());
        for batch in line.iter() {
            match batch.join(id, most, sender) {
                Ok(()) => return,
                Err(unasked) => sender = unasked,
            }
        }
        let (batch, before) = (Batch::new(), line.last().cloned());
        // A new batch has room for its first id.
        let _joined = batch.join(id, most.max(1), sender);
        line.push(batch.clone());
        tokio::spawn(depart(self.clock.clone(), cx.clone(), driver, batch, before));
    }
}

/// Waits for company and for the batch before it, then reads and answers.
async fn depart(
    clock: Arc<dyn Clock>,
    cx: Scoped,
    driver: &'static dyn AnyDriver,
    batch: Arc<Batch>,
    before: Option<Arc<Batch>>,
) {
    let departing = Departing(batch.clone());
    tokio::time::sleep(WINDOW).await;
    if let Some(before) = before {
        before.departed().await;
    }
    batch.enter(Stage::Closed);
    let ids: Vec<String> = locked(&batch.asked).keys().cloned().collect();
    let leaving = batch.clone();
    let on_departure = Arc::new(move || leaving.enter(Stage::Departed));
    let mut answers = departure::noticed(on_departure, read_all(&*clock, &cx, driver, &ids)).await;
    drop(departing);
    for (id, senders) in std::mem::take(&mut *locked(&batch.asked)) {
        let answer = answers.remove(&id).unwrap_or(Ok(None));
        for sender in senders {
            // A receiver that is gone belongs to a step that was aborted.
            let _aborted = sender.send(answer.clone());
        }
    }
}

/// Reads `ids`; one that AWS refuses to hear of fails alone: the others are read again without it.
async fn read_all(
    clock: &dyn Clock,
    cx: &Scoped,
    driver: &'static dyn AnyDriver,
    ids: &[String],
) -> BTreeMap<String, Answer> {
    match retried(clock, || driver.read(cx, ids)).await {
        Ok(mut found) => ids.iter().map(|id| (id.clone(), Ok(found.remove(id)))).collect(),
        Err(error) if ids.len() > 1 && matches!(error.class, ErrorClass::Gone | ErrorClass::Invalid) => {
            let (left, right) = ids.split_at(ids.len() / 2);
            let mut answers = Box::pin(read_all(clock, cx, driver, left)).await;
            answers.extend(Box::pin(read_all(clock, cx, driver, right)).await);
            answers
        }
        Err(error) => ids.iter().map(|id| (id.clone(), Err(error.clone()))).collect(),
    }
}

#[cfg(test)]
mod tests;
