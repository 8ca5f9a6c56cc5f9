//! Another process, which takes a lease over.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use globe_model::{Journal, LeaseRequest, Scope};
use globe_store::Store;

use crate::dream::Dream;

/// How long a lease lasts.
pub const TTL: Duration = Duration::from_secs(30);

/// Another process with the same state.
#[derive(Clone)]
pub struct Robber {
    journal: Arc<Store>,
    clock: Arc<Dream>,
    has_struck: Arc<AtomicBool>,
}

impl Robber {
    /// It has taken nothing yet.
    pub fn new(journal: Arc<Store>, clock: Arc<Dream>) -> Self {
        Self { journal, clock, has_struck: Arc::default() }
    }

    /// Whether it has taken the lease.
    pub fn has_struck(&self) -> bool {
        self.has_struck.load(Ordering::Relaxed)
    }

    /// Time passes until the lease has run out, and this process takes it. Whoever waits for that gets no turn meanwhile,
    /// as a process that is paused.
    pub async fn strike(&self) {
        let Self { journal, clock, has_struck } = self.clone();
        let robbery = tokio::spawn(async move {
            has_struck.store(true, Ordering::Relaxed);
            clock.advance(TTL * 2);
            journal.acquire(&request("robber")).await.expect("it has run out");
        });
        robbery.await.expect("succeeds");
    }
}

/// Asks for the one region.
pub fn request(holder: &str) -> LeaseRequest {
    LeaseRequest { stack: "acme".into(), scopes: vec![Scope::region("us-east-1")], holder: holder.into(), ttl: TTL }
}
