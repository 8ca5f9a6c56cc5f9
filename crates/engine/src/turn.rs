//! Turns: what AWS works on for one resource at a time, globe asks for one at a time.
//!
//! AWS would refuse those who come early and take them later, so that this is no matter of correctness: it saves the
//! refused calls, and whoever is next starts when the one before is ready, not when a pause between two tries is over.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use globe_model::{Action, Address, CallError, ErrorClass, Event, Misfit, Step};
use tokio::sync::{Mutex as Queue, OwnedMutexGuard};

use crate::shared::{Shared, StepError};

/// Who is being worked on, by what they share. First come, first served.
#[derive(Debug, Default)]
pub struct Turns(Mutex<BTreeMap<Address, Arc<Queue<()>>>>);

impl Turns {
    fn queue(&self, shared: &Address) -> Arc<Queue<()>> {
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        turns.entry(shared.clone()).or_default().clone()
    }
}

/// Waits until it is this step's turn; it lasts until the answer is dropped. `None` for what needs none.
///
/// # Errors
/// [`StepError::Stopped`] when the user asks to stop meanwhile; a spec that is not of its kind's type.
pub async fn turn(shared: &Shared, step: &Step) -> Result<Option<OwnedMutexGuard<()>>, StepError> {
    let address = &step.address;
    let (Action::Create, Some(spec)) = (step.action, &step.spec) else { return Ok(None) };
    let broken = |error: Misfit| CallError::new(ErrorClass::Broken, &address.kind, error.to_string());
    let Some(key) = shared.ports.kind(address)?.one_at_a_time(spec).map_err(broken)? else { return Ok(None) };
    let queue = shared.turns.queue(&key);
    if let Ok(turn) = queue.clone().try_lock_owned() {
        return Ok(Some(turn));
    }
    let what = format!("its turn: {key} takes one at a time");
    shared.ports.tell(Event::Waiting { address: address.clone(), what });
    tokio::select! {
        turn = queue.lock_owned() => Ok(Some(turn)),
        () = shared.stop.requested() => Err(StepError::Stopped("it waited for its turn".to_owned())),
    }
}
