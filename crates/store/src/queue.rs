//! The way to the one task that owns the connection.

use std::sync::Arc;

use globe_model::{Clock, JournalError};
use tokio::sync::{mpsc, oneshot};

use crate::connect::{Access, Link};
use crate::fault::Fault;
use crate::job::{Job, Operation, ask};
use crate::location::Location;
use crate::worker::{BATCH, Worker};

/// What the task is told.
pub(crate) enum Message {
    /// Carry this out.
    Do(Box<dyn Job>),
    /// End in good order, and say so.
    Close(oneshot::Sender<()>),
}

/// The way to the task.
pub(crate) struct Queue {
    sender: mpsc::Sender<Message>,
    access: Access,
    shown: String,
}

impl Queue {
    /// Starts the task on an open connection. It ends when the queue is dropped.
    pub(crate) fn start(location: Location, access: Access, link: Link, clock: Arc<dyn Clock>) -> Self {
        let (sender, receiver) = mpsc::channel(BATCH);
        let shown = location.shown.clone();
        tokio::spawn(Worker::new(location, access, link, clock).serve(receiver));
        Self { sender, access, shown }
    }

    /// The database without credentials.
    pub(crate) fn database(&self) -> &str {
        &self.shown
    }

    /// Queues an operation and waits until it is durable.
    pub(crate) async fn ask<O: Operation>(&self, operation: O) -> Result<O::Answer, JournalError> {
        let attempt = operation.attempt();
        if operation.stack().is_some() && self.access == Access::Read {
            let fault = Fault::Misfit("it was opened for reading only".into());
            return Err(fault.into_error(&attempt, &self.shown));
        }
        let (job, answer) = ask(operation);
        let closed = || Fault::Misfit("it is closed already".into()).into_error(&attempt, &self.shown);
        self.sender.send(Message::Do(job)).await.map_err(|_| closed())?;
        // The task drops what it has not begun when it closes.
        answer.await.unwrap_or_else(|_| Err(closed()))
    }

    /// Ends the task and the connection in good order. What is asked afterwards is refused.
    pub(crate) async fn close(&self) {
        let (done, closed) = oneshot::channel();
        if self.sender.send(Message::Close(done)).await.is_ok() {
            // An error means that the task has ended, which is what was wanted.
            let _ = closed.await;
        }
    }
}
