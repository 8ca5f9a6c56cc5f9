//! One batcher for refresh, drift and readiness polling.
//!
//! Ids asked for within [`WINDOW`] per (scope, kind) share calls: forty waiting NAT gateways cost one call per poll.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use backon::{ExponentialBuilder, Retryable};
use globe_model::{CallError, ErrorClass, Scope};
use serde_json::Value;
use tokio::sync::oneshot;

use crate::driver::{AnyDriver, Scoped};

/// How long an id waits for company. Long enough for a wave of steps to ask together, short beside any AWS answer.
const WINDOW: Duration = Duration::from_millis(20);

type Answer = Result<Option<Value>, CallError>;
type Key = (Scope, &'static str);
type Waiting = BTreeMap<Key, Vec<(String, oneshot::Sender<Answer>)>>;

/// Collects reads; clones share one queue.
#[derive(Clone, Default)]
pub struct Batcher {
    waiting: Arc<Mutex<Waiting>>,
}

impl Batcher {
    /// Reads one object together with whoever else asks for its kind and scope now.
    ///
    /// # Errors
    /// When the shared call fails for good.
    pub async fn read(&self, cx: &Scoped, driver: &'static dyn AnyDriver, id: &str) -> Answer {
        let (sender, receiver) = oneshot::channel();
        let key = (cx.scope.clone(), driver.name());
        let first = {
            let mut waiting = self.waiting.lock().unwrap_or_else(PoisonError::into_inner);
            let queue = waiting.entry(key.clone()).or_default();
            queue.push((id.to_owned(), sender));
            queue.len() == 1
        };
        if first {
            tokio::spawn(self.clone().flush(key, cx.clone(), driver));
        }
        receiver.await.unwrap_or_else(|_| {
            Err(CallError::new(ErrorClass::Broken, driver.name(), "the reader stopped before it answered"))
        })
    }

    async fn flush(self, key: Key, cx: Scoped, driver: &'static dyn AnyDriver) {
        tokio::time::sleep(WINDOW).await;
        let queue = self.waiting.lock().unwrap_or_else(PoisonError::into_inner).remove(&key).unwrap_or_default();
        let mut queue: Vec<_> = queue.into_iter().peekable().collect();
        while !queue.is_empty() {
            let rest = queue.split_off(queue.len().min(driver.read_batch()));
            let chunk = std::mem::replace(&mut queue, rest);
            tokio::spawn(answer_chunk(cx.clone(), driver, chunk));
        }
    }
}

async fn answer_chunk(cx: Scoped, driver: &'static dyn AnyDriver, chunk: Vec<(String, oneshot::Sender<Answer>)>) {
    let mut ids: Vec<String> = chunk.iter().map(|(id, _)| id.clone()).collect();
    ids.sort_unstable();
    ids.dedup();
    let found = retried(|| driver.read(&cx, &ids)).await;
    for (id, sender) in chunk {
        let answer = found.as_ref().map(|found| found.get(&id).cloned()).map_err(Clone::clone);
        // A receiver that is gone belongs to a step that was aborted.
        let _aborted = sender.send(answer);
    }
}

/// Repeats a read while its failure heals by itself: reads change nothing, so repeating them is always safe.
///
/// # Errors
/// The last failure.
pub async fn retried<T, F>(call: impl Fn() -> F) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let policy =
        ExponentialBuilder::default().with_min_delay(Duration::from_millis(200)).with_max_times(6).with_jitter();
    let heals = |error: &CallError| matches!(error.class, ErrorClass::Throttled | ErrorClass::Ambiguous);
    call.retry(policy).when(heals).await
}
