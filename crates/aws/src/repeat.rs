//! Repeating reads, and knowing a repeated call for one.

use std::future::Future;
use std::time::Duration;

use globe_model::{CallError, Clock, ErrorClass};

tokio::task_local! {
    static AGAIN: bool;
}

/// Whether this task makes its calls because earlier ones failed.
pub fn is_again() -> bool {
    AGAIN.try_with(|again| *again).unwrap_or(false)
}

/// Does `work`, whose calls repeat earlier ones if `again`.
pub async fn marked<F: Future>(again: bool, work: F) -> F::Output {
    AGAIN.scope(again, work).await
}

/// How often a failed read is repeated.
const TRIES: u32 = 6;
/// First pause; each is twice the one before. Calls that were throttled also wait for the limiter, which spaces them.
const FIRST_PAUSE: Duration = Duration::from_millis(200);

/// Repeats a read while its failure heals by itself: reads change nothing, so repeating them is always safe.
///
/// # Errors
/// The last failure.
pub async fn retried<T, F>(clock: &dyn Clock, call: impl Fn() -> F) -> Result<T, CallError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let heals = |error: &CallError| matches!(error.class, ErrorClass::Throttled | ErrorClass::Ambiguous);
    let (mut tries, mut pause) = (0, FIRST_PAUSE);
    loop {
        match marked(tries > 0, call()).await {
            Err(error) if tries < TRIES && heals(&error) => {
                clock.sleep(pause).await;
                (tries, pause) = (tries + 1, pause * 2);
            }
            answer => return answer,
        }
    }
}
