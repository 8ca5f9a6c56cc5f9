//! Deleting: until AWS no longer has it, and the journal knows; or until AWS has accepted what it does slowly.

use std::time::Duration;

use globe_model::{CallError, Command, ErrorClass, Event, Intent, IntentAction, Manner, Outcome, Step, Token};

use crate::leave::{is_to_be_repeated, leave, strike};
use crate::make::{conclude, note_change};
use crate::pace::Pace;
use crate::retry::{pause_or_stop, repeat};
use crate::shared::{Shared, StepError};

/// Longest that something may take to go. Facts: network interfaces of functions take up to 45 min.
const LONGEST: Duration = Duration::from_secs(45 * 60);

/// Carries out a delete.
///
/// # Errors
/// See [`StepError`].
pub async fn delete(shared: &Shared, step: &Step) -> Result<(), StepError> {
    let address = &step.address;
    let id = step.id.clone().unwrap_or_default();
    let intent = Intent {
        token: Token::random(),
        run: shared.run.clone(),
        address: address.clone(),
        action: IntentAction::Delete,
        id: Some(id.clone()),
        spec: None,
        request: None,
    };
    shared.ports.journal.intend(shared.lease(), &intent).await?;
    let data = shared.consent.policy(address);
    let call = || shared.ports.cloud.delete(address, &id, data);
    let leaving = shared.ports.kind(address)?.leaves();
    let may_repeat =
        |class: ErrorClass| class.heals() && !leaving.is_some_and(|leaving| is_to_be_repeated(leaving, class));
    let result = repeat(shared.caller(), address, may_repeat, call).await;
    note_change(shared, address, &result);
    conclude(shared, &intent, &result, Outcome::Deleting).await?;
    match (&result, leaving) {
        (Ok(()), Some(leaving)) if leaving.manner == Manner::Scheduled => {
            return leave(shared, address, &id, leaving).await;
        }
        (Err(StepError::Call(error)), Some(leaving)) if is_to_be_repeated(leaving, error.class) => {
            return leave(shared, address, &id, leaving).await;
        }
        _ => result?,
    }
    wait_until_gone(shared, step, &id).await?;
    if shared.plan.command == Command::Down {
        let lingers = shared.ports.kind(address)?.lingers();
        if !lingers.is_zero() {
            shared.ports.tell(Event::Waiting { address: address.clone(), what: "until clients have let go".into() });
            pause_or_stop(shared, lingers, "clients were to let go of it").await?;
        }
    }
    strike(shared, address, &id).await
}

async fn wait_until_gone(shared: &Shared, step: &Step, id: &str) -> Result<(), StepError> {
    let address = &step.address;
    let started = shared.ports.clock.now();
    let pace = Pace::new(shared.ports.kind(address)?.durations().delete);
    while shared.ports.cloud.read(address, id).await?.is_some() {
        if shared.ports.clock.now().since(started) > LONGEST {
            let message = format!("{id} was deleted {} min ago and AWS still shows it", LONGEST.as_secs() / 60);
            return Err(CallError::new(ErrorClass::Broken, &address.kind, message).into());
        }
        shared.ports.tell(Event::Waiting { address: address.clone(), what: "until it is gone".into() });
        let pause = pace.pause(started, shared.ports.clock.now());
        pause_or_stop(shared, pause, "it was being deleted").await?;
    }
    Ok(())
}
