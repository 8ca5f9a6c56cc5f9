//! The heartbeat that keeps a lease.

use std::sync::Arc;
use std::time::Duration;

use globe_model::{Clock, Journal, JournalError, Lease};
use tokio::task::JoinHandle;

use crate::shared::Stop;

/// How long a lease lasts without a heartbeat. Three heartbeats fit, so one slow write loses nothing; a killed run
/// blocks the next for no longer than this.
pub const LEASE_TTL: Duration = Duration::from_secs(15);

/// Renews a lease until it is dropped; stops the run when the lease is lost.
pub struct Heartbeat(JoinHandle<()>);

impl Heartbeat {
    /// Starts.
    pub fn start(journal: Arc<dyn Journal>, clock: Arc<dyn Clock>, lease: Lease, stop: Stop) -> Self {
        Self(tokio::spawn(async move {
            loop {
                clock.sleep(LEASE_TTL / 3).await;
                if let Err(JournalError::Fenced { scope }) = journal.renew(&lease, LEASE_TTL).await {
                    tracing::error!(%scope, "the lease was lost; nothing new is started");
                    stop.request();
                    return;
                }
            }
        }))
    }
}

impl Drop for Heartbeat {
    fn drop(&mut self) {
        self.0.abort();
    }
}
