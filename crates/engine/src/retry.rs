//! How long a failing call is repeated, by what its failure means. Nothing else in globe repeats a mutating call.

use std::future::Future;
use std::time::Duration;

use globe_model::{Address, CallError, ErrorClass, Event};

use crate::lease::Tenure;
use crate::shared::{Ports, Shared, StepError, Stop};

/// First pause between two tries.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
/// Longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(15);

/// How long a class of failure is waited out. Facts: EC2 reads lag up to minutes, IAM about two; load balancers'
/// network interfaces and certificates in use take up to 20 min to let go; replicas of a table are added one by one.
pub fn patience(class: ErrorClass) -> Duration {
    let minutes = match class {
        ErrorClass::Throttled => 15,
        ErrorClass::NotYetConsistent | ErrorClass::Gone => 5,
        ErrorClass::Conflict | ErrorClass::Dependency => 40,
        // An answer lost while deleting: repeating a delete is harmless.
        ErrorClass::Ambiguous => 5,
        _ => 0,
    };
    Duration::from_secs(minutes * 60)
}

/// Whether a failed call of a make (not of a delete) may be repeated as it is: something upstream may not be visible
/// yet, so "not found" is waited out too.
pub fn may_repeat_make(class: ErrorClass) -> bool {
    class == ErrorClass::Gone || (class.heals() && class != ErrorClass::Ambiguous)
}

/// Who makes calls: into which world, by what right, and until who stops it.
#[derive(Clone, Copy)]
pub struct Caller<'a> {
    /// The world.
    pub ports: &'a Ports,
    /// The right to change it.
    pub tenure: &'a Tenure,
    /// The user's wish to stop.
    pub stop: &'a Stop,
}

/// Repeats `call` while `may_repeat` allows and patience lasts.
///
/// # Errors
/// The last failure, [`StepError::Stopped`] when the user asked to stop between two tries, or [`StepError::Journal`] when
/// the lease does not hold any more. This is the one place where mutating calls are made.
pub async fn repeat<T, F>(
    caller: Caller<'_>,
    address: &Address,
    may_repeat: impl Fn(ErrorClass) -> bool,
    call: impl Fn() -> F,
) -> Result<T, StepError>
where
    F: Future<Output = Result<T, CallError>>,
{
    let started = caller.ports.clock.now();
    let mut pause = FIRST_PAUSE;
    loop {
        let error = match caller.tenure.guard(call()).await? {
            Ok(answer) => return Ok(answer),
            Err(error) => error,
        };
        let waited = caller.ports.clock.now().since(started);
        if !may_repeat(error.class) || waited >= patience(error.class) {
            return Err(error.into());
        }
        caller.ports.tell(Event::Retrying { address: address.clone(), error, after: pause });
        caller.pause(pause, "a call was to be repeated").await?;
        pause = (pause * 8 / 5).min(LONGEST_PAUSE);
    }
}

impl Caller<'_> {
    async fn pause(self, pause: Duration, what: &str) -> Result<(), StepError> {
        tokio::select! {
            () = self.ports.clock.sleep(pause) => Ok(()),
            () = self.stop.requested() => Err(StepError::Stopped(what.to_owned())),
        }
    }
}

/// Sleeps, unless the user asks to stop.
///
/// # Errors
/// [`StepError::Stopped`] with what was being waited for.
pub async fn pause_or_stop(shared: &Shared, pause: Duration, what: &str) -> Result<(), StepError> {
    shared.caller().pause(pause, what).await
}
