//! Taking leases, with patience and with words about whoever has them; and saying who took one over.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use globe_engine::{Heartbeat, Stop, Tenure};
use globe_model::{Clock, Holding, Journal, JournalError, LeaseRequest, Scope};
use globe_report::{duration_words, rfc3339};
use serde_json::json;

use crate::args::Lock;
use crate::clock::SystemClock;
use crate::failure::Failure;
use crate::holder;
use crate::interrupt::unless_stopped;
use crate::out::Out;

/// Pause between two tries to take a lease.
const PAUSE: Duration = Duration::from_millis(500);

/// The state of one stack, as one command shares it with others.
pub struct Holder<'a> {
    /// Where to say that it waits.
    pub out: &'a Out,
    /// The state.
    pub journal: &'a Arc<dyn Journal>,
    /// The stack.
    pub stack: &'a str,
    /// Patience.
    pub lock: Lock,
    /// The user's wish to stop.
    pub stop: &'a Stop,
}

/// Scopes that are held, and the heartbeat that keeps them.
pub struct Held {
    /// What is held.
    pub tenure: Arc<Tenure>,
    _heartbeat: Heartbeat,
}

impl Held {
    /// Gives the scopes back. A lease that was lost is nothing to give back: that harms nobody.
    ///
    /// # Errors
    /// When the state cannot be written.
    pub async fn release(self, journal: &dyn Journal) -> Result<(), Failure> {
        match journal.release(self.tenure.lease()).await {
            Err(JournalError::Fenced { .. }) => Ok(()),
            other => Ok(other?),
        }
    }
}

impl Holder<'_> {
    /// Takes the scopes, all or none, and waits for another run if the user is patient.
    ///
    /// # Errors
    /// When another run keeps one of them, the user asks to stop, or the state cannot be used.
    pub async fn take(&self, scopes: BTreeSet<Scope>) -> Result<Held, Failure> {
        let ttl = self.lock.lease_time();
        let request = LeaseRequest {
            stack: self.stack.to_owned(),
            scopes: scopes.into_iter().collect(),
            holder: holder::current(),
            ttl,
        };
        let deadline = SystemClock.now().after(Duration::from_secs(self.lock.lock_timeout));
        let mut told = None;
        loop {
            self.evict_dead().await?;
            let error = match self.journal.acquire(&request).await {
                Ok(lease) => {
                    let clock = Arc::new(SystemClock);
                    let tenure = Tenure::new(self.journal.clone(), clock, (lease, ttl), self.stop.clone());
                    return Ok(Held { _heartbeat: Heartbeat::start(tenure.clone()), tenure });
                }
                Err(error) => error,
            };
            let Some(holding) = self.obstacle(&error).await? else { return Err(error.into()) };
            if SystemClock.now() >= deadline {
                let mut failure = Failure::from(error);
                failure.message = format!("{} of stack {} is being changed by another run", holding.scope, self.stack);
                failure.causes.push(format!("{}; waited {} s for it", sentence(&holding), self.lock.lock_timeout));
                return Err(failure);
            }
            if told.as_ref() != Some(&holding.holder) {
                self.say_waiting(&holding);
                told = Some(holding.holder);
            }
            let pause = async {
                SystemClock.sleep(PAUSE).await;
                Ok(())
            };
            unless_stopped(self.stop, "waiting for another run", pause).await?;
        }
    }

    /// Scopes that somebody else is changing now.
    ///
    /// # Errors
    /// When the state cannot be read.
    pub async fn busy(&self) -> Result<BTreeSet<Scope>, Failure> {
        self.evict_dead().await?;
        let held = self.journal.holdings(self.stack).await?;
        Ok(held.into_iter().filter(is_alive).map(|holding| holding.scope).collect())
    }

    /// Who has the scope that could not be taken.
    async fn obstacle(&self, error: &JournalError) -> Result<Option<Holding>, Failure> {
        let JournalError::Leased { scope, holder, expires, .. } = error else { return Ok(None) };
        let held = self.journal.holdings(self.stack).await?;
        // Let go of since: it is tried again soon.
        let (since, heard) = (SystemClock.now(), SystemClock.now());
        let gone = Holding { scope: scope.clone(), holder: holder.clone(), number: 0, since, heard, expires: *expires };
        Ok(Some(held.into_iter().find(|holding| holding.scope == *scope).unwrap_or(gone)))
    }

    fn say_waiting(&self, holding: &Holding) {
        if self.out.json {
            self.out.json_line("waiting", &json!({"for": described(holding), "seconds": self.lock.lock_timeout}));
        }
        let patience = format!("Waiting up to {} s (--lock-timeout)", self.lock.lock_timeout);
        self.out.note(&format!("{patience}: {}.", sentence(holding)));
    }

    /// A killed run of this machine cannot give back what it held: nobody need wait for it.
    async fn evict_dead(&self) -> Result<(), Failure> {
        for holding in self.journal.holdings(self.stack).await? {
            if holder::is_dead(&holding.holder) && self.journal.evict(self.stack, &holding).await? {
                let who = holder::shown(&holding.holder);
                self.out.note(&format!("{} was held by {who}, which is gone.", holding.scope));
            }
        }
        Ok(())
    }

    /// What became of a scope that this process has lost.
    pub async fn successor(&self, scope: &Scope) -> String {
        let held = self.journal.holdings(self.stack).await.unwrap_or_default();
        match held.iter().find(|holding| holding.scope == *scope && holding.holder != holder::current()) {
            Some(holding) => {
                format!("{} took over {scope} at {}", holder::shown(&holding.holder), rfc3339(holding.since))
            }
            None => format!("{scope} was taken over, or taken away by `globe unlock`; nobody holds it now"),
        }
    }
}

/// Whether a holder may still be at work: its lease has not run out, and its process is not known to be gone.
pub fn is_alive(holding: &Holding) -> bool {
    holding.expires > SystemClock.now() && !holder::is_dead(&holding.holder)
}

/// Who has what since when, in words.
pub fn sentence(holding: &Holding) -> String {
    let now = SystemClock.now();
    format!(
        "{} is held by {} since {} ({}), last heard of {} ago",
        holding.scope,
        holder::shown(&holding.holder),
        rfc3339(holding.since),
        duration_words(now.since(holding.since)),
        duration_words(now.since(holding.heard))
    )
}

/// The same as data.
pub fn described(holding: &Holding) -> serde_json::Value {
    json!({
        "scope": holding.scope,
        "holder": holding.holder,
        "since": rfc3339(holding.since),
        "last_heartbeat": rfc3339(holding.heard),
        "expires": rfc3339(holding.expires),
        "alive": is_alive(holding),
        "dead": holder::is_dead(&holding.holder),
    })
}
