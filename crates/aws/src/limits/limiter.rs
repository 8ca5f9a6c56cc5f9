//! Who may call AWS, and when.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use globe_model::{Clock, Timestamp};
use tokio::sync::Notify;

use super::pool::Pool;
use super::table::{Per, Table};
use crate::call::CallName;

/// Service, and region where that has buckets of its own.
type Key = (String, String);

#[derive(Default)]
struct Desk {
    pool: Mutex<Pool>,
    /// Somebody joined: what the pump waits for may come earlier.
    joined: Notify,
}

impl Desk {
    fn pool(&self) -> MutexGuard<'_, Pool> {
        self.pool.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The token buckets of one account; clones share them.
///
/// # Guarantees
/// Calls of one action go in the order in which they came; regions do not hold each other up; where reads and writes
/// share a bucket they take turns. A call that is given up while it waits takes nothing.
#[derive(Clone)]
pub struct Limiter {
    clock: Arc<dyn Clock>,
    desks: Arc<Mutex<BTreeMap<Key, Arc<Desk>>>>,
}

impl fmt::Debug for Limiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Limiter").finish_non_exhaustive()
    }
}

impl Limiter {
    /// Full buckets.
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        Self { clock, desks: Arc::default() }
    }

    /// The time that it goes by.
    pub fn clock(&self) -> &Arc<dyn Clock> {
        &self.clock
    }

    fn desk(&self, call: &CallName) -> Arc<Desk> {
        let region = match Table::built_in().per(&call.service) {
            Per::Region => call.region.clone(),
            Per::Account => String::new(),
        };
        let mut desks = self.desks.lock().unwrap_or_else(PoisonError::into_inner);
        desks.entry((call.service.clone(), region)).or_default().clone()
    }

    /// Waits until `call` may be sent.
    pub async fn admit(&self, call: &CallName) {
        let desk = self.desk(call);
        let admitted = {
            let (mut pool, now) = (desk.pool(), self.clock.now());
            let admitted = pool.join(&call.service, &call.operation, now);
            if pool.serve(now).is_some() && !std::mem::replace(&mut pool.pumped, true) {
                tokio::spawn(self.clone().pump(desk.clone()));
            }
            admitted
        };
        desk.joined.notify_one();
        // The sender is in the pool, and the pool in `desk`: it cannot go away.
        let _never_closed = admitted.await;
    }

    /// Serves as time passes, until nobody waits.
    async fn pump(self, desk: Arc<Desk>) {
        loop {
            let next = {
                let mut pool = desk.pool();
                let next = pool.serve(self.clock.now());
                pool.pumped = next.is_some();
                next
            };
            let Some(next) = next else { return };
            tokio::select! {
                () = self.clock.sleep(next) => {}
                () = desk.joined.notified() => {}
            }
        }
    }

    /// `call`, which was admitted, has been answered, or failed before it could be.
    pub fn answered(&self, call: &CallName) {
        let desk = self.desk(call);
        desk.pool().answered(&call.operation, self.clock.now());
        desk.joined.notify_one();
    }

    /// AWS throttled `call`, which was sent at `sent`.
    pub fn throttled(&self, call: &CallName, sent: Timestamp) {
        let desk = self.desk(call);
        desk.pool().throttled(&call.operation, sent, self.clock.now());
        desk.joined.notify_one();
    }
}
