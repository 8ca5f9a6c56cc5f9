//! Making, changing and adopting: until AWS has what is wanted, ready for use, and the journal knows.

use std::time::Duration;

use globe_model::{
    Action, Address, CallError, Desired, ErrorClass, Event, Intent, IntentAction, Misfit, Outcome, Outputs, Patch,
    Readiness, Record, Recovery, Spec, Step, Timestamp, Token, Verdict,
};

use crate::find::find;
use crate::leave::{name_is_free, strike};
use crate::pace::{Pace, soon};
use crate::retry::{may_repeat_make, patience, pause_or_stop, repeat};
use crate::shared::{Shared, StepError};

/// How often a change in place may fail to show before globe gives up on it.
const MAX_PATCHES: u32 = 30;
/// How often a create may lose its answer before globe gives up.
const MAX_LOST: u32 = 5;
/// How much longer than typical something may take to become ready, and how long at least before globe gives up on it.
const LONGEST: (u32, Duration) = (6, Duration::from_secs(30 * 60));
/// Pause before looking again for what AWS has done and does not show yet.
const BLINK: Duration = Duration::from_secs(1);

/// Carries out a create, an update or an adoption; returns the identity. `exists` is called once outputs are known.
///
/// # Errors
/// See [`StepError`].
pub async fn make(shared: &Shared, step: &Step, mut exists: impl FnMut()) -> Result<String, StepError> {
    let address = &step.address;
    let nothing = || CallError::new(ErrorClass::Broken, &address.kind, "the plan does not say what is wanted");
    let spec = step.spec.clone().ok_or_else(nothing)?;
    let desired = shared.lower(address, &spec)?;
    let id = match (step.action, &step.id) {
        (Action::Create, vanished) => {
            if let Some(id) = vanished {
                strike(shared, address, id).await?;
            }
            name_is_free(shared, step).await?;
            create(shared, address, &spec, &desired).await?
        }
        (_, Some(id)) => id.clone(),
        (_, None) => return Err(CallError::new(ErrorClass::Broken, &address.kind, "the plan names no object").into()),
    };
    let outputs = settle(shared, step, &id, &desired, &mut exists).await?;
    let record = Record {
        address: address.clone(),
        id: id.clone(),
        spec,
        desired,
        outputs: Some(outputs),
        at: Timestamp::default(),
    };
    shared.ports.journal.settle(shared.lease(), &shared.run, &record).await?;
    Ok(id)
}

/// Intent, the one call, outcome.
async fn create(shared: &Shared, address: &Address, spec: &Spec, desired: &Desired) -> Result<String, StepError> {
    let intent = Intent {
        token: Token::random(),
        run: shared.run.clone(),
        address: address.clone(),
        action: IntentAction::Create,
        id: None,
        spec: Some(spec.clone()),
        request: Some(desired.clone().into()),
    };
    shared.ports.journal.intend(shared.lease(), &intent).await?;
    let mut lost = 0;
    match call_create(shared, address, desired, (&intent.token, &mut lost)).await {
        Ok(id) => {
            shared.touch(address);
            shared.ports.journal.conclude(shared.lease(), &intent, &Outcome::Created { id: id.clone() }).await?;
            Ok(id)
        }
        Err(StepError::Call(error)) => {
            // What is still ambiguous stays open: the next run settles it.
            if error.class == ErrorClass::Ambiguous {
                shared.touch(address);
            } else {
                let outcome = Outcome::Failed { error: error.clone() };
                shared.ports.journal.conclude(shared.lease(), &intent, &outcome).await?;
            }
            Err(error.into())
        }
        Err(StepError::Stopped(what)) => {
            // Stopped between two tries, both of which AWS refused: nothing was made. After a lost answer it may have
            // been: that intent stays open too.
            if lost == 0 {
                shared.ports.journal.conclude(shared.lease(), &intent, &stopped(address, &what)).await?;
            }
            Err(StepError::Stopped(what))
        }
        Err(error) => Err(error),
    }
}

/// `lost` counts answers that did not come.
async fn call_create(
    shared: &Shared,
    address: &Address,
    desired: &Desired,
    (token, lost): (&Token, &mut u32),
) -> Result<String, StepError> {
    loop {
        let call = || shared.ports.cloud.create(address, desired, token);
        let error = match repeat(shared.caller(), address, may_repeat_make, call).await {
            Err(StepError::Call(error)) => error,
            other => return other,
        };
        match error.class {
            ErrorClass::Ambiguous if *lost < MAX_LOST => {
                *lost += 1;
                shared.ports.tell(Event::Retrying {
                    address: address.clone(),
                    error: error.clone(),
                    after: Duration::ZERO,
                });
                if let Some(id) = found_again(shared, address, desired, token, &error).await? {
                    return Ok(id);
                }
            }
            ErrorClass::AlreadyExists => return taken(shared, address, desired, error).await,
            _ => return Err(error.into()),
        }
    }
}

/// After a lost answer: with a token the call is simply repeated; otherwise AWS is asked for the nonce or the name.
async fn found_again(
    shared: &Shared,
    address: &Address,
    desired: &Desired,
    token: &Token,
    error: &CallError,
) -> Result<Option<String>, StepError> {
    if shared.ports.kind(address)?.recovery() == Recovery::Token {
        pause_or_stop(shared, BLINK, "an answer was lost").await?;
        return Ok(None);
    }
    let found = find(&shared.ports, address, desired, Some(token)).await?;
    match found.as_slice() {
        [] => Ok(None),
        [one] => Ok(Some(one.id.clone())),
        _ => Err(error.clone().into()),
    }
}

/// The name is taken: by ourselves (an answer lost earlier), or by somebody else.
async fn taken(shared: &Shared, address: &Address, desired: &Desired, error: CallError) -> Result<String, StepError> {
    let found = find(&shared.ports, address, desired, None).await?;
    match found.as_slice() {
        [one] => Ok(one.id.clone()),
        _ => Err(error.into()),
    }
}

/// Looks, patches and waits until AWS has what is wanted; returns the outputs.
async fn settle(
    shared: &Shared,
    step: &Step,
    id: &str,
    desired: &Desired,
    exists: &mut impl FnMut(),
) -> Result<Outputs, StepError> {
    let address = &step.address;
    let kind = shared.ports.kind(address)?;
    let broken = |error: Misfit| CallError::new(ErrorClass::Broken, &address.kind, error.to_string());
    let started = shared.ports.clock.now();
    let typical = kind.durations().create;
    let pace = Pace::new(typical);
    let (mut published, mut patches) = (None, 0);
    loop {
        let Some(live) = shared.ports.cloud.read(address, id).await? else {
            not_visible(shared, address, id, started)?;
            pause_or_stop(shared, BLINK, "it was made and is not visible yet").await?;
            continue;
        };
        if let Some(outputs) = kind.outputs(&live).map_err(broken)?
            && published.as_ref() != Some(&outputs)
        {
            shared.publish(address, outputs.clone());
            published = Some(outputs);
            exists();
        }
        let readiness = kind.ready(&live).map_err(broken)?;
        if let Readiness::Failed { reason } = readiness {
            return Err(
                CallError::new(ErrorClass::Broken, &address.kind, format!("AWS gave up on it: {reason}")).into()
            );
        }
        let what = match (kind.diff(desired, &live).map_err(broken)?, readiness) {
            (Verdict::Patch { patch, .. }, _) if patches < MAX_PATCHES => {
                if patches > 0 {
                    // Reads lag behind writes: the change may be on its way.
                    pause_or_stop(shared, BLINK * 2, "a change was made and does not show yet").await?;
                }
                patches += 1;
                update(shared, step, id, &patch).await?;
                continue;
            }
            (Verdict::Patch { changes, .. }, _) => return Err(does_not_take(address, &changes).into()),
            (Verdict::Replace { changes }, Readiness::Ready) => return Err(does_not_take(address, &changes).into()),
            (_, Readiness::Wait { what }) => what,
            (Verdict::Same, _) => match published {
                Some(outputs) => return Ok(outputs),
                None => "AWS has not filled in its attributes".to_owned(),
            },
            (Verdict::Replace { .. }, Readiness::Failed { reason }) => reason,
        };
        let now = shared.ports.clock.now();
        let waited = now.since(started);
        if waited > (typical * LONGEST.0).max(LONGEST.1) {
            return Err(not_ready(address, &what, waited).into());
        }
        shared.ports.tell(Event::Waiting { address: address.clone(), what: what.clone() });
        // Until its outputs are known, others wait that may be what it waits for: a certificate's validation record.
        let pause = if published.is_some() { pace.pause(started, now) } else { soon(now) };
        pause_or_stop(shared, pause, &what).await?;
    }
}

fn not_ready(address: &Address, what: &str, waited: Duration) -> CallError {
    let minutes = waited.as_secs() / 60;
    let message = format!("AWS has not made it ready in {minutes} min ({what}); the next run goes on waiting");
    CallError::new(ErrorClass::Broken, &address.kind, message)
}

/// Reads lag behind creates by up to minutes; after that it is gone.
fn not_visible(shared: &Shared, address: &Address, id: &str, started: Timestamp) -> Result<(), CallError> {
    if shared.ports.clock.now().since(started) < patience(ErrorClass::NotYetConsistent) {
        return Ok(());
    }
    let message = format!("{id} cannot be seen any more; was it deleted by somebody else?");
    Err(CallError::new(ErrorClass::Gone, &address.kind, message))
}

fn does_not_take(address: &Address, changes: &[globe_model::Change]) -> CallError {
    let fields: Vec<&str> = changes.iter().map(|change| change.field.as_str()).collect();
    let message = format!("AWS accepted the change but does not show it: {}", fields.join(", "));
    CallError::new(ErrorClass::Broken, &address.kind, message)
}

/// Intent, calls that may be repeated, outcome.
async fn update(shared: &Shared, step: &Step, id: &str, patch: &Patch) -> Result<(), StepError> {
    let address = &step.address;
    let intent = Intent {
        token: Token::random(),
        run: shared.run.clone(),
        address: address.clone(),
        action: IntentAction::Update,
        id: Some(id.to_owned()),
        spec: step.spec.clone(),
        request: Some(patch.clone().into()),
    };
    shared.ports.journal.intend(shared.lease(), &intent).await?;
    let result = update_call(shared, address, id, patch).await;
    note_change(shared, address, &result);
    conclude(shared, &intent, &result, Outcome::Updated).await?;
    result
}

/// Remembers that something was changed, or may have been: a patch can be several calls, so that one which fails may
/// have done a part. What AWS does not allow at all has done nothing.
pub fn note_change(shared: &Shared, address: &Address, result: &Result<(), StepError>) {
    let refused = |error: &CallError| matches!(error.class, ErrorClass::Denied | ErrorClass::HoldsData);
    if !matches!(result, Err(StepError::Call(error)) if refused(error)) {
        shared.touch(address);
    }
}

/// Commits what came of a call that may be repeated; `good` if AWS accepted it. Without a journal nothing is committed,
/// and the next run looks.
///
/// # Errors
/// See [`StepError`].
pub async fn conclude(
    shared: &Shared,
    intent: &Intent,
    result: &Result<(), StepError>,
    good: Outcome,
) -> Result<(), StepError> {
    let outcome = match result {
        Ok(()) => good,
        Err(StepError::Call(error)) => Outcome::Failed { error: error.clone() },
        Err(StepError::Stopped(what)) => stopped(&intent.address, what),
        Err(StepError::Journal(_)) => return Ok(()),
    };
    Ok(shared.ports.journal.conclude(shared.lease(), intent, &outcome).await?)
}

fn stopped(address: &Address, what: &str) -> Outcome {
    Outcome::Failed { error: CallError::new(ErrorClass::Ambiguous, &address.kind, format!("stopped; {what}")) }
}

/// An update may be repeated after a lost answer too.
async fn update_call(shared: &Shared, address: &Address, id: &str, patch: &Patch) -> Result<(), StepError> {
    let mut lost = 0;
    loop {
        match repeat(shared.caller(), address, may_repeat_make, || shared.ports.cloud.update(address, id, patch)).await
        {
            Err(StepError::Call(error)) if error.class == ErrorClass::Ambiguous && lost < MAX_LOST => {
                lost += 1;
                pause_or_stop(shared, BLINK, "an answer was lost").await?;
            }
            other => return other,
        }
    }
}
