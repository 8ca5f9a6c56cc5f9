//! Holding a lease: the heartbeat that keeps it, and the guard that no call slips past once it may have been lost.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use std::time::Duration;

use globe_model::{Clock, Journal, JournalError, Lease, Scope, Timestamp};
use tokio::task::JoinHandle;

use crate::shared::Stop;

/// How long a lease lasts without a heartbeat, unless the user says otherwise. Three heartbeats fit, so one slow write
/// loses nothing; a killed run on another machine blocks the next for no longer than this.
pub const LEASE_TTL: Duration = Duration::from_secs(15);

/// A lease that this process holds, as far as it knows.
///
/// # Guarantees
/// What passes through [`Tenure::guard`] gets no further by a single step while the lease may have run out by this
/// machine's clock: a process that was paused past the end of its lease makes no call before the journal has said that
/// the lease is still its own.
///
/// # Caveats
/// A step is what happens between two polls of the call. A process that is paused inside one, between signing a request
/// and handing it to the connection (milliseconds), still sends that request when it goes on: AWS knows no fence.
pub struct Tenure {
    lease: Lease,
    journal: Arc<dyn Journal>,
    clock: Arc<dyn Clock>,
    ttl: Duration,
    /// Microseconds, as in [`Timestamp`].
    expires: AtomicI64,
    lost: OnceLock<Scope>,
    stop: Stop,
}

impl Tenure {
    /// A lease just acquired for `ttl` by `clock`, the one that the journal goes by. Losing it requests `stop`.
    pub fn new(
        journal: Arc<dyn Journal>,
        clock: Arc<dyn Clock>,
        (lease, ttl): (Lease, Duration),
        stop: Stop,
    ) -> Arc<Self> {
        let expires = AtomicI64::new(lease.expires.0);
        Arc::new(Self { lease, journal, clock, ttl, expires, lost: OnceLock::new(), stop })
    }

    /// The lease.
    pub fn lease(&self) -> &Lease {
        &self.lease
    }

    /// The scope that somebody else has taken over, if it is known that somebody has.
    pub fn lost(&self) -> Option<&Scope> {
        self.lost.get()
    }

    /// Records what a refused write says: the lease is lost, nothing new is started.
    pub fn note(&self, error: &JournalError) {
        if let JournalError::Fenced { scope } = error
            && self.lost.set(scope.clone()).is_ok()
        {
            tracing::info!(%scope, "the lease was lost; nothing new is started");
            self.stop.request();
        }
    }

    /// Makes `call`, as long as the lease is known to hold: before its first step, and before every further one.
    ///
    /// # Errors
    /// [`JournalError::Fenced`] when the lease is lost, another when the journal cannot be asked. The call is then
    /// abandoned where it was: whether AWS got it is for the intent's next owner to find out.
    pub async fn guard<T>(&self, call: impl Future<Output = T>) -> Result<T, JournalError> {
        let mut call = pin!(call);
        loop {
            self.assure().await?;
            let answer = poll_fn(|context| match self.is_fresh() {
                true => call.as_mut().poll(context).map(Some),
                false => Poll::Ready(None),
            });
            if let Some(answer) = answer.await {
                return Ok(answer);
            }
        }
    }

    /// Whether it is certain, by this machine's clock, that nobody can have taken the lease. The last third does not
    /// count: it leaves room for clocks that differ, and for a call on its way.
    fn is_fresh(&self) -> bool {
        let expires = Timestamp(self.expires.load(Ordering::Relaxed));
        self.lost.get().is_none() && expires.since(self.clock.now()) > self.ttl / 3
    }

    async fn assure(&self) -> Result<(), JournalError> {
        while !self.is_fresh() {
            self.renew().await?;
        }
        Ok(())
    }

    async fn renew(&self) -> Result<(), JournalError> {
        if let Some(scope) = self.lost.get() {
            return Err(JournalError::Fenced { scope: scope.clone() });
        }
        match self.journal.renew(&self.lease, self.ttl).await {
            Ok(expires) => {
                self.expires.fetch_max(expires.0, Ordering::Relaxed);
                Ok(())
            }
            Err(error) => {
                self.note(&error);
                Err(error)
            }
        }
    }
}

/// Renews a lease until it is dropped, or the lease is lost.
pub struct Heartbeat(JoinHandle<()>);

impl Heartbeat {
    /// Starts.
    pub fn start(tenure: Arc<Tenure>) -> Self {
        Self(tokio::spawn(async move {
            while tenure.lost().is_none() {
                tenure.clock.sleep(tenure.ttl / 3).await;
                if let Err(error) = tenure.renew().await {
                    tracing::warn!(%error, "no heartbeat");
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
