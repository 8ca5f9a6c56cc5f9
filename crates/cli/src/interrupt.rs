//! Ctrl-C and SIGTERM: the first starts nothing new and settles what is in flight, the second aborts.

use std::future::Future;

use globe_engine::Stop;

use crate::failure::{Exit, Failure};
use crate::out::Out;

/// Watches for SIGINT and SIGTERM until dropped.
pub struct Interrupts(tokio::task::JoinHandle<()>);

impl Interrupts {
    /// Starts watching.
    pub fn watch(out: &Out, stop: &Stop) -> Self {
        let (out, stop) = (out.clone(), stop.clone());
        // Listens from now on, not from when the task first runs: a signal in between would end the process.
        let mut signals = Signals::listen();
        Self(tokio::spawn(async move {
            signals.next().await;
            out.complain("Stopping: nothing new is started; calls in flight are finished and recorded. Once more aborts at once.");
            stop.request();
            signals.next().await;
            out.complain("Aborted. Nothing is lost: the next run finds out what became of calls in flight.");
            abort();
        }))
    }
}

impl Drop for Interrupts {
    fn drop(&mut self) {
        self.0.abort();
    }
}

/// Waits for what changes nothing, unless the user asks to stop: then it is abandoned at once.
///
/// # Errors
/// What `work` says, or that it was interrupted.
pub async fn unless_stopped<T>(
    stop: &Stop,
    what: &str,
    work: impl Future<Output = Result<T, Failure>>,
) -> Result<T, Failure> {
    tokio::select! {
        biased;
        () = stop.requested() => Err(interrupted(what)),
        done = work => done,
    }
}

/// Interrupted before anything was changed.
pub fn interrupted(what: &str) -> Failure {
    Failure::new(Exit::Partly, format!("interrupted while {what}; nothing was changed"))
        .hint("run the same command again")
}

/// Intents are committed before calls, so that ending here loses nothing.
#[expect(clippy::exit, reason = "the second Ctrl-C must not wait for anything")]
fn abort() {
    std::process::exit(i32::from(Exit::Partly.code()));
}

/// Both signals, none of which is missed between two looks.
struct Signals {
    #[cfg(unix)]
    unix: Option<(tokio::signal::unix::Signal, tokio::signal::unix::Signal)>,
}

impl Signals {
    #[cfg(unix)]
    fn listen() -> Self {
        use tokio::signal::unix::{SignalKind, signal};
        let both = signal(SignalKind::interrupt()).and_then(|int| Ok((int, signal(SignalKind::terminate())?)));
        Self { unix: both.ok() }
    }

    #[cfg(not(unix))]
    fn listen() -> Self {
        Self {}
    }

    /// Without signal handling the default action ends the process, which is as safe: then this never returns.
    async fn next(&mut self) {
        #[cfg(unix)]
        match &mut self.unix {
            Some((interrupt, terminate)) => {
                tokio::select! {
                    _ = interrupt.recv() => {}
                    _ = terminate.recv() => {}
                }
            }
            None => std::future::pending::<()>().await,
        }
        #[cfg(not(unix))]
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
