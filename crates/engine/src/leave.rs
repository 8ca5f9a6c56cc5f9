//! Objects that AWS deletes slowly: into the ledger, and out of it.

use std::time::Duration;

use globe_model::{Address, Departing, ErrorClass, Event, Leaving, Manner, NameHold, Step};

use crate::delete::delete;
use crate::retry::pause_or_stop;
use crate::shared::{Shared, StepError};

/// When AWS is late, it is looked at again after this.
const LATE: Duration = Duration::from_secs(60 * 60);
/// Longest pause while a name is waited for: an interrupt is heard at once, the progress shows that it goes on.
const LOOK: Duration = Duration::from_secs(15);

/// Enters an object in the ledger; nothing waits for it any more.
///
/// # Errors
/// When the state cannot be written.
pub async fn leave(shared: &Shared, address: &Address, id: &str, leaving: Leaving) -> Result<(), StepError> {
    postpone(shared, address, id, (leaving.window, leaving.name)).await
}

async fn postpone(
    shared: &Shared,
    address: &Address,
    id: &str,
    (window, name): (Duration, NameHold),
) -> Result<(), StepError> {
    let since = shared.ports.clock.now();
    let departing = Departing { address: address.clone(), id: id.to_owned(), since, due: since.after(window), name };
    shared.ports.journal.postpone(shared.lease(), &shared.run, &departing).await?;
    if name == NameHold::Kept {
        shared.hold(address, departing.due);
    }
    Ok(())
}

/// Strikes out what AWS no longer has; where AWS keeps the name for a while, the ledger remembers that.
///
/// # Errors
/// When the state cannot be written.
pub async fn strike(shared: &Shared, address: &Address, id: &str) -> Result<(), StepError> {
    match shared.ports.kind(address)?.leaves() {
        Some(leaving) if leaving.manner == Manner::Gone => leave(shared, address, id, leaving).await,
        _ => Ok(shared.ports.journal.forget(shared.lease(), &shared.run, address, id).await?),
    }
}

/// Looks at an entry of the ledger that is due: strikes it out if AWS has finished, asks again where AWS wants to be
/// asked, and gives AWS more time otherwise.
///
/// # Errors
/// See [`StepError`].
pub async fn finish(shared: &Shared, step: &Step) -> Result<(), StepError> {
    let address = &step.address;
    let id = step.id.clone().unwrap_or_default();
    let forget = || shared.ports.journal.forget(shared.lease(), &shared.run, address, &id);
    let leaving = shared.ports.kind(address)?.leaves();
    match leaving {
        Some(Leaving { manner: Manner::Gone, .. }) => return Ok(forget().await?),
        Some(Leaving { manner: Manner::Repeated, .. }) | None => return delete(shared, step).await,
        Some(Leaving { manner: Manner::Scheduled, .. }) => {}
    }
    if shared.ports.cloud.read(address, &id).await?.is_none() {
        return Ok(forget().await?);
    }
    let name = leaving.map_or(NameHold::Free, |leaving| leaving.name);
    postpone(shared, address, &id, (LATE, name)).await
}

/// Waits until the name of what is about to be made is free.
///
/// # Errors
/// When the user asks to stop.
pub async fn name_is_free(shared: &Shared, step: &Step) -> Result<(), StepError> {
    let address = &step.address;
    loop {
        let now = shared.ports.clock.now();
        let left = shared.held(address).max(step.not_before).map_or(Duration::ZERO, |due| due.since(now));
        if left.is_zero() {
            return Ok(());
        }
        let what = "until AWS frees its name".to_owned();
        shared.ports.tell(Event::Waiting { address: address.clone(), what });
        pause_or_stop(shared, left.min(LOOK), "AWS still keeps its name").await?;
    }
}

/// Whether AWS refuses a delete that is to be asked for again later.
pub fn is_to_be_repeated(leaving: Leaving, class: ErrorClass) -> bool {
    leaving.manner == Manner::Repeated && class == ErrorClass::Dependency
}
