//! The one task that owns the connection: group commit.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use globe_model::{Clock, Timestamp};
use tokio::sync::mpsc;

use crate::bulk::intend_all;
use crate::connect::{Access, Link, connect};
use crate::fault::Fault;
use crate::job::Job;
use crate::location::{Location, Place};
use crate::queue::Message;
use crate::session::Session;
use crate::step::Intend;

/// At most so many operations share a transaction, so that the first does not wait for too many others.
pub(crate) const BATCH: usize = 256;
/// How long a server that has gone away is waited for: a restart or a failover takes less.
const RECONNECT: Duration = Duration::from_secs(40);
/// Pause between two attempts to reach it.
const RETRY: Duration = Duration::from_millis(250);
/// How often a read is repeated because the file changed underneath.
const REREADS: usize = 5;
/// Whoever else is about to ask comes along: waits for nobody, but lets all run who can.
async fn gather(queue: &mut mpsc::Receiver<Message>, messages: &mut Vec<Message>) {
    let mut before = 0;
    while before < messages.len() && messages.len() < BATCH {
        before = messages.len();
        tokio::task::yield_now().await;
        while messages.len() < BATCH
            && let Ok(message) = queue.try_recv()
        {
            messages.push(message);
        }
    }
}

/// Owns the connection.
pub(crate) struct Worker {
    location: Location,
    access: Access,
    clock: Arc<dyn Clock>,
    link: Option<Link>,
    /// The server's number of the last writing transaction.
    ticket: Option<i64>,
}

impl Worker {
    /// Of an open connection.
    pub(crate) fn new(location: Location, access: Access, link: Link, clock: Arc<dyn Clock>) -> Self {
        Self { location, access, clock, link: Some(link), ticket: None }
    }

    /// Carries out what is asked for, until it is told to close or nobody can ask any more.
    pub(crate) async fn serve(mut self, mut queue: mpsc::Receiver<Message>) {
        let mut closing = None;
        while closing.is_none() {
            let mut messages = Vec::new();
            if queue.recv_many(&mut messages, BATCH).await == 0 {
                break;
            }
            gather(&mut queue, &mut messages).await;
            // One transaction per stack, since each locks its stack; `None` are the reads.
            let mut groups: BTreeMap<Option<String>, Vec<Box<dyn Job>>> = BTreeMap::new();
            for message in messages {
                match message {
                    Message::Do(job) => groups.entry(job.stack().map(str::to_owned)).or_default().push(job),
                    Message::Close(done) => closing = Some(done),
                }
            }
            for (stack, jobs) in groups {
                self.carry_out(stack.as_deref(), jobs).await;
            }
        }
        self.close().await;
        if let Some(done) = closing {
            // Whoever waited may have gone away.
            let _ = done.send(());
        }
    }

    async fn close(self) {
        if let Some(link) = self.link
            && let Err(error) = link.session.close().await
        {
            tracing::debug!(database = self.location.shown, %error, "could not close the state database");
        }
    }

    async fn carry_out(&mut self, stack: Option<&str>, mut jobs: Vec<Box<dyn Job>>) {
        let mut end = self.transact(stack, &mut jobs).await;
        for _ in 0..REREADS {
            if !self.link.as_ref().is_some_and(|link| link.is_outdated(&self.location.place)) {
                break;
            }
            self.link = None;
            end = self.transact(stack, &mut jobs).await;
        }
        let began = Instant::now();
        while let Some(fault) = lost(&self.location.place, &end).filter(|_| began.elapsed() < RECONNECT) {
            self.link = None;
            pause().await;
            end = self.again(stack, &mut jobs, fault).await;
        }
        if end.is_err() {
            // The next one starts afresh; the database rolls back what a lost connection had begun.
            self.link = None;
        }
        for job in jobs {
            job.answer(&end, &self.location.shown);
        }
    }

    /// Once more after the connection was lost, unless the server has committed it after all: its answer alone may have
    /// gone missing. Fences are checked anew, since others may have taken over meanwhile.
    async fn again(&mut self, stack: Option<&str>, jobs: &mut [Box<dyn Job>], fault: Fault) -> Result<(), Fault> {
        if let (Fault::Unsure(_), Some(ticket)) = (&fault, self.ticket) {
            match self.fate(ticket).await {
                Ok(Fate::Committed) => return Ok(()),
                Ok(Fate::Aborted) => {}
                Ok(Fate::Unknown) | Err(_) => return Err(fault),
            }
        }
        self.transact(stack, jobs).await
    }

    /// What became of a transaction whose commit was not answered.
    async fn fate(&mut self, ticket: i64) -> Result<Fate, Fault> {
        const SQL: &str = "SELECT txid_status($1) AS status";
        let session = self.begin(false).await?;
        let row = session.row(SQL, &[ticket.into()]).await?;
        session.execute("COMMIT", &[]).await?;
        let status = row.map(|row| row.maybe("status")).transpose()?.flatten();
        Ok(match status.as_deref() {
            Some("committed") => Fate::Committed,
            Some("aborted") => Fate::Aborted,
            _ => Fate::Unknown,
        })
    }

    /// All jobs in one transaction.
    async fn transact(&mut self, stack: Option<&str>, jobs: &mut [Box<dyn Job>]) -> Result<(), Fault> {
        let clock = self.clock.clone();
        self.ticket = None;
        let session = self.begin(stack.is_some()).await?;
        let ticket = match stack {
            Some(stack) => lock(session, stack).await?,
            None => None,
        };
        let intents: Vec<&Intend> = jobs.iter().filter_map(|job| job.as_intend()).collect();
        let intended = match stack {
            Some(stack) if intents.len() > 1 => together(session, stack, &intents, clock.now()).await?,
            _ => false,
        };
        for job in jobs {
            if intended && job.grant() {
                continue;
            }
            session.execute("SAVEPOINT job", &[]).await?;
            if !job.run(session, clock.now()).await {
                session.execute("ROLLBACK TO SAVEPOINT job", &[]).await?;
            }
            session.execute("RELEASE SAVEPOINT job", &[]).await?;
        }
        let end = session.execute("COMMIT", &[]).await.map(drop).map_err(|error| Fault::Unsure(Arc::new(error)));
        self.ticket = ticket;
        end
    }

    /// Begins a transaction, on a new connection if the old one has gone: nothing was written yet, so that is safe.
    async fn begin(&mut self, writes: bool) -> Result<&mut Session, Fault> {
        let usable = match &mut self.link {
            Some(link) if link.is_outdated(&self.location.place) => false,
            Some(link) => match link.session.begin(writes).await.map_err(Fault::from) {
                Ok(()) => true,
                Err(fault) if fault.is_lost() => false,
                Err(fault) => return Err(fault),
            },
            None => false,
        };
        if !usable {
            self.link = None;
            let mut link = connect(&self.location.place, self.access).await?;
            link.session.begin(writes).await?;
            self.link = Some(link);
        }
        match &mut self.link {
            Some(link) => Ok(&mut link.session),
            None => Err(Fault::Misfit("the connection has gone away".into())),
        }
    }
}

/// All intents at once. If one of them must be refused, answers no and has written nothing: one by one, it alone will be.
async fn together(session: &mut Session, stack: &str, intents: &[&Intend], now: Timestamp) -> Result<bool, Fault> {
    session.execute("SAVEPOINT intents", &[]).await?;
    let done = intend_all(session, stack, intents, now).await.is_ok();
    if !done {
        session.execute("ROLLBACK TO SAVEPOINT intents", &[]).await?;
    }
    session.execute("RELEASE SAVEPOINT intents", &[]).await?;
    Ok(done)
}

/// What became of a transaction.
enum Fate {
    Committed,
    Aborted,
    /// It is still under way, or too long ago.
    Unknown,
}

/// The failure behind `end`, if a server's connection was lost. A file has none to lose.
fn lost(place: &Place, end: &Result<(), Fault>) -> Option<Fault> {
    match (place, end) {
        (Place::Postgres(_), Err(fault)) if fault.is_lost() => Some(fault.clone()),
        _ => None,
    }
}

/// Not by tokio's clock, which may be virtual: the server's time is real.
async fn pause() {
    // Fails only while the program ends.
    let _ending = tokio::task::spawn_blocking(|| std::thread::sleep(RETRY)).await;
}

/// Makes all writers of a stack, in whichever process, go one after the other: PostgreSQL locks an updated row. Answers
/// the server's number of the transaction, by which its fate can be asked for.
async fn lock(session: &mut Session, stack: &str) -> Result<Option<i64>, Fault> {
    const FILE: &str =
        "INSERT INTO stacks (name, seq) VALUES ($1, 0) ON CONFLICT (name) DO UPDATE SET seq = stacks.seq";
    const SERVER: &str = "INSERT INTO stacks (name, seq) VALUES ($1, 0) \
                          ON CONFLICT (name) DO UPDATE SET seq = stacks.seq RETURNING txid_current() AS ticket";
    if matches!(session, Session::Sqlite(_)) {
        session.execute(FILE, &[stack.into()]).await?;
        return Ok(None);
    }
    let row = session.row(SERVER, &[stack.into()]).await?;
    Ok(row.map(|row| row.int("ticket")).transpose()?)
}
