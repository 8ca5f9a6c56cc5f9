//! What is written around one call to AWS.

use async_trait::async_trait;
use globe_model::{Address, Departing, Intent, IntentAction, Lease, Outcome, Record, Timestamp};

use crate::entry::{Entry, Event, append};
use crate::fault::Fault;
use crate::job::Operation;
use crate::lease::check;
use crate::session::Session;

/// [`globe_model::Journal::intend`].
pub(crate) struct Intend(pub(crate) Lease, pub(crate) Intent);

#[async_trait]
impl Operation for Intend {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.0.stack)
    }

    fn as_intend(&self) -> Option<(&Intend, ())> {
        Some((self, ()))
    }

    fn attempt(&self) -> String {
        format!("commit the intent {} for {}", self.1.token, self.1.address)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<(), Fault> {
        let Self(lease, intent) = self;
        check(session, lease, &intent.address.scope).await?;
        if of_token(session, &lease.stack, intent).await?.is_some() {
            return Err(Fault::Misfit("its token was used before".into()));
        }
        let entry = Entry::Intent(Box::new(intent.clone()));
        append(session, &lease.stack, now, (&intent.run, Some(&intent.address), entry)).await
    }
}

/// The newest event that bears the intent's token.
async fn of_token(session: &mut Session, stack: &str, intent: &Intent) -> Result<Option<Event>, Fault> {
    const SQL: &str = "SELECT * FROM events WHERE stack = $1 AND token = $2 ORDER BY seq DESC LIMIT 1";
    let row = session.row(SQL, &[stack.into(), intent.token.as_str().into()]).await?;
    row.as_ref().map(Event::of_row).transpose()
}

/// [`globe_model::Journal::conclude`].
pub(crate) struct Conclude(pub(crate) Lease, pub(crate) Intent, pub(crate) Outcome);

#[async_trait]
impl Operation for Conclude {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.0.stack)
    }

    fn attempt(&self) -> String {
        format!("commit what came of the intent {} for {}", self.1.token, self.1.address)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<(), Fault> {
        let Self(lease, intent, outcome) = self;
        check(session, lease, &intent.address.scope).await?;
        let entry = concluded(intent, outcome)?;
        match of_token(session, &lease.stack, intent).await? {
            Some(event) if matches!(event.entry, Entry::Intent(_)) => {
                append(session, &lease.stack, now, (&intent.run, Some(&intent.address), entry)).await
            }
            // Repeated after a lost answer.
            Some(event) if event.entry == entry => Ok(()),
            Some(_) => Err(Fault::Misfit("another outcome of it is recorded already".into())),
            None => Err(Fault::Misfit("there is no such intent".into())),
        }
    }
}

fn concluded(intent: &Intent, outcome: &Outcome) -> Result<Entry, Fault> {
    let token = intent.token.clone();
    Ok(match outcome {
        Outcome::Created { id } if intent.action == IntentAction::Create => Entry::Created { token, id: id.clone() },
        // Only the request of a create is the lowered form that a new record holds.
        Outcome::Created { .. } => return Err(Fault::Misfit("nothing was to be created".into())),
        Outcome::Updated => Entry::Updated { token, id: intent.id.clone() },
        Outcome::Deleting => Entry::Deleting { token, id: intent.id.clone() },
        Outcome::Failed { error } => Entry::Failed { token, error: error.clone() },
    })
}

/// [`globe_model::Journal::settle_intent`].
pub(crate) struct SettleIntent {
    /// The lease.
    pub(crate) lease: Lease,
    /// The open intent.
    pub(crate) intent: Intent,
    /// What it made.
    pub(crate) made: Option<String>,
}

#[async_trait]
impl Operation for SettleIntent {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.lease.stack)
    }

    fn attempt(&self) -> String {
        format!("end the intent {} for {}", self.intent.token, self.intent.address)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<(), Fault> {
        let Self { lease, intent, made } = self;
        check(session, lease, &intent.address.scope).await?;
        if made.is_some() && intent.action != IntentAction::Create {
            return Err(Fault::Misfit("nothing was to be created".into()));
        }
        let newest = of_token(session, &lease.stack, intent).await?;
        if !newest.is_some_and(|event| matches!(event.entry, Entry::Intent(_))) {
            return Err(Fault::Misfit("it is open no longer".into()));
        }
        let entry = Entry::IntentSettled { token: intent.token.clone(), made: made.clone() };
        append(session, &lease.stack, now, (&intent.run, Some(&intent.address), entry)).await
    }
}

/// [`globe_model::Journal::settle`].
pub(crate) struct Settle {
    /// The lease.
    pub(crate) lease: Lease,
    /// The run.
    pub(crate) run: String,
    /// The resource.
    pub(crate) record: Record,
}

#[async_trait]
impl Operation for Settle {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.lease.stack)
    }

    fn attempt(&self) -> String {
        format!("record {}", self.record.address)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<(), Fault> {
        let address = &self.record.address;
        check(session, &self.lease, &address.scope).await?;
        // `at` says when it was written, which only the journal knows.
        let entry = Entry::Settled(Box::new(Record { at: now, ..self.record.clone() }));
        append(session, &self.lease.stack, now, (&self.run, Some(address), entry)).await
    }
}

/// [`globe_model::Journal::postpone`].
pub(crate) struct Postpone {
    /// The lease.
    pub(crate) lease: Lease,
    /// The run.
    pub(crate) run: String,
    /// What leaves.
    pub(crate) departing: Departing,
}

#[async_trait]
impl Operation for Postpone {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.lease.stack)
    }

    fn attempt(&self) -> String {
        format!("enter {} ({}) in the ledger", self.departing.address, self.departing.id)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<(), Fault> {
        let address = &self.departing.address;
        check(session, &self.lease, &address.scope).await?;
        let entry = Entry::Postponed(self.departing.clone());
        append(session, &self.lease.stack, now, (&self.run, Some(address), entry)).await
    }
}

/// [`globe_model::Journal::forget`].
pub(crate) struct Forget {
    /// The lease.
    pub(crate) lease: Lease,
    /// The run.
    pub(crate) run: String,
    /// Which resource.
    pub(crate) address: Address,
    /// Its identity; the address may have a current and several deposed ones.
    pub(crate) id: String,
}

#[async_trait]
impl Operation for Forget {
    type Answer = ();

    fn stack(&self) -> Option<&str> {
        Some(&self.lease.stack)
    }

    fn attempt(&self) -> String {
        format!("strike out {} ({})", self.address, self.id)
    }

    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<(), Fault> {
        const SQL: &str = "SELECT id FROM resources WHERE stack = $1 AND address = $2 AND id = $3 \
                           UNION SELECT id FROM ledger WHERE stack = $1 AND address = $2 AND id = $3";
        let stack = self.lease.stack.as_str();
        check(session, &self.lease, &self.address.scope).await?;
        let params = [stack.into(), self.address.to_string().into(), self.id.as_str().into()];
        if session.row(SQL, &params).await?.is_none() {
            // Struck out before, or never recorded: nothing happens, so there is no event.
            return Ok(());
        }
        let entry = Entry::Forgotten { id: self.id.clone() };
        append(session, stack, now, (&self.run, Some(&self.address), entry)).await
    }
}
