//! What can be asked of the task that owns the connection.

use async_trait::async_trait;
use globe_model::{JournalError, Timestamp};
use tokio::sync::oneshot;

use crate::fault::Fault;
use crate::session::Session;
use crate::step::Intend;

/// Something to do in a transaction.
#[async_trait]
pub(crate) trait Operation: Send + Sync + 'static {
    /// What comes of it.
    type Answer: Send + 'static;

    /// The stack that it writes to, which is locked for it; `None` if it only reads.
    fn stack(&self) -> Option<&str>;
    /// Itself and its answer, if it is an intent: those are committed together.
    fn as_intend(&self) -> Option<(&Intend, Self::Answer)> {
        None
    }
    /// What it attempts, for errors: "commit an intent".
    fn attempt(&self) -> String;
    /// Does it. An error undoes all that it wrote, and only that.
    async fn run(&self, session: &mut Session, now: Timestamp) -> Result<Self::Answer, Fault>;
}

/// A queued operation of any type.
#[async_trait]
pub(crate) trait Job: Send {
    fn stack(&self) -> Option<&str>;
    /// The operation, if it is an intent.
    fn as_intend(&self) -> Option<&Intend>;
    /// Counts it as carried out if it is an intent; answers whether it is.
    fn grant(&mut self) -> bool;
    /// Answers whether it succeeded.
    async fn run(&mut self, session: &mut Session, now: Timestamp) -> bool;
    /// Tells the caller, once it is known how the transaction ended.
    fn answer(self: Box<Self>, end: &Result<(), Fault>, database: &str);
}

/// An operation, what came of it, and who is told.
struct Ask<O: Operation> {
    operation: O,
    result: Option<Result<O::Answer, Fault>>,
    reply: oneshot::Sender<Result<O::Answer, JournalError>>,
}

#[async_trait]
impl<O: Operation> Job for Ask<O> {
    fn stack(&self) -> Option<&str> {
        self.operation.stack()
    }

    fn as_intend(&self) -> Option<&Intend> {
        self.operation.as_intend().map(|(intend, _)| intend)
    }

    fn grant(&mut self) -> bool {
        let granted = self.operation.as_intend().map(|(_, answer)| self.result.insert(Ok(answer)).is_ok());
        granted.is_some()
    }

    async fn run(&mut self, session: &mut Session, now: Timestamp) -> bool {
        self.result.insert(self.operation.run(session, now).await).is_ok()
    }

    fn answer(self: Box<Self>, end: &Result<(), Fault>, database: &str) {
        let result = match (self.result, end) {
            (Some(Err(fault)), _) => Err(fault),
            (_, Err(fault)) => Err(fault.clone()),
            (Some(Ok(answer)), Ok(())) => Ok(answer),
            // A transaction does not end well before all its operations have run.
            (None, Ok(())) => Err(Fault::Misfit("it was not carried out".into())),
        };
        let result = result.map_err(|fault| fault.into_error(&self.operation.attempt(), database));
        // Whoever asked may have gone away.
        let _ = self.reply.send(result);
    }
}

/// Where an operation's answer arrives.
type Reply<O> = oneshot::Receiver<Result<<O as Operation>::Answer, JournalError>>;

/// An operation for the queue.
pub(crate) fn ask<O: Operation>(operation: O) -> (Box<dyn Job>, Reply<O>) {
    let (reply, answer) = oneshot::channel();
    (Box::new(Ask { operation, result: None, reply }), answer)
}
