//! Ctrl-C: the first settles what is in flight, the second aborts.

use globe_engine::Stop;

use crate::failure::Exit;
use crate::out::Out;

/// Watches for SIGINT and SIGTERM until dropped.
pub struct Interrupts(tokio::task::JoinHandle<()>);

impl Interrupts {
    /// Starts watching.
    pub fn watch(out: &Out, stop: &Stop) -> Self {
        let (out, stop) = (out.clone(), stop.clone());
        Self(tokio::spawn(async move {
            signal().await;
            out.complain("Stopping: nothing new is started; calls in flight are finished and recorded. Once more aborts at once.");
            stop.request();
            signal().await;
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

/// Intents are committed before calls, so that ending here loses nothing.
#[expect(clippy::exit, reason = "the second Ctrl-C must not wait for anything")]
fn abort() {
    std::process::exit(i32::from(Exit::Partly.code()));
}

async fn signal() {
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = tokio::signal::ctrl_c() => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    // Without signal handling the default action ends the process, which is as safe.
    if tokio::signal::ctrl_c().await.is_err() {
        std::future::pending::<()>().await;
    }
}
