//! Settling what an earlier run left open, before anything else is planned.

use std::collections::{BTreeMap, BTreeSet};

use futures::{StreamExt, stream};
use globe_model::{
    Address, CallError, Desired, ErrorClass, Event, Intent, IntentAction, JournalError, KindTable, Merged, Outcome,
    Record, Recovery, Request, Timestamp,
};

use crate::find::{find, look};
use crate::lease::Tenure;
use crate::retry::{Caller, repeat};
use crate::shared::{Ports, StepError, Stop};

/// Open intents that are looked at together: a search for what may not exist takes its time. A killed run rarely leaves
/// more.
const TOGETHER: usize = 64;

/// An open intent cannot be settled.
#[derive(Debug, thiserror::Error)]
pub enum RecoverError {
    /// Several objects may be the one: a person must decide.
    #[error("an interrupted create of {address} may have made any of {}; delete all but one, globe does not guess", ids.join(", "))]
    Ambiguous {
        /// Which resource.
        address: Address,
        /// The objects.
        ids: Vec<String>,
    },
    /// The state could not be written.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// The user asked to stop.
    #[error("stopped while settling what an interrupted run left open; {left} of it remain")]
    Stopped {
        /// Intents that are still open.
        left: usize,
    },
}

/// What came of settling.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Recovered {
    /// What may be there now and was not recorded before.
    pub made: BTreeSet<Address>,
    /// Intents that stay open because AWS could not be asked: nothing can be said of these resources.
    pub unsettled: BTreeMap<Address, CallError>,
}

/// Settles these open intents, all of them in scopes of the lease. Between two of them it may be stopped. Nothing is
/// made that is not `wanted` any more.
///
/// # Guarantees
/// Afterwards every create that AWS carried out, and that could be asked for, is recorded with its identity. Running it
/// again is harmless.
///
/// # Errors
/// See [`RecoverError`]; what could be settled is.
pub async fn recover(
    ports: &Ports,
    tenure: &Tenure,
    open: &[Intent],
    stop: &Stop,
    wanted: &(dyn Fn(&Address) -> bool + Sync),
) -> Result<Recovered, RecoverError> {
    let caller = Caller { ports, tenure, stop };
    let mut findings = stream::iter(open).map(|intent| finding(caller, intent, wanted)).buffered(TOGETHER);
    let mut recovered = Recovered::default();
    let mut unsettled = None;
    for (settled, intent) in open.iter().enumerate() {
        if stop.is_requested() && tenure.lost().is_none() {
            return Err(RecoverError::Stopped { left: open.len() - settled });
        }
        match findings.next().await {
            Some(Ok(Finding::Unknown(error))) => {
                let finding = format!("what became of it cannot be found out now, so it stays open: {error}");
                ports.tell(Event::Recovered { address: intent.address.clone(), finding });
                recovered.unsettled.insert(intent.address.clone(), error);
            }
            Some(Ok(Finding::Known(outcome, finding))) => {
                if matches!(outcome, Outcome::Created { .. }) {
                    recovered.made.insert(intent.address.clone());
                }
                ports.journal.conclude(tenure.lease(), intent, &outcome).await?;
                ports.tell(Event::Recovered { address: intent.address.clone(), finding });
            }
            Some(Err(RecoverError::Stopped { .. })) => {
                return Err(RecoverError::Stopped { left: open.len() - settled });
            }
            Some(Err(error)) => unsettled = unsettled.or(Some(error)),
            None => break,
        }
    }
    unsettled.map_or(Ok(recovered), Err)
}

/// What AWS says of an open intent.
enum Finding {
    /// How it ended, and in words.
    Known(Outcome, String),
    /// AWS could not be asked.
    Unknown(CallError),
}

async fn finding(
    caller: Caller<'_>,
    intent: &Intent,
    wanted: &(dyn Fn(&Address) -> bool + Sync),
) -> Result<Finding, RecoverError> {
    match intent.action {
        IntentAction::Create => created(caller, intent, wanted(&intent.address)).await,
        // Calls that may be repeated: the plan that follows finds what is still missing.
        IntentAction::Update => Ok(Finding::Known(interrupted(intent), "the change is compared anew".to_owned())),
        IntentAction::Delete => Ok(Finding::Known(interrupted(intent), "the delete is looked at anew".to_owned())),
    }
}

fn interrupted(intent: &Intent) -> Outcome {
    let message = "the run was interrupted before an answer was recorded";
    Outcome::Failed { error: CallError::new(ErrorClass::Ambiguous, &intent.address.kind, message) }
}

/// The intent as the kind has it that this globe knows: what an earlier one began is looked for as its successor.
fn present(kinds: &KindTable, intent: &Intent) -> Intent {
    let Some(retired) = kinds.retired().iter().find(|retired| retired.kind == intent.address.kind) else {
        return intent.clone();
    };
    let (Some(spec), Some(request)) = (&intent.spec, &intent.request) else { return intent.clone() };
    let record = Record {
        address: intent.address.clone(),
        id: intent.id.clone().unwrap_or_default(),
        spec: spec.clone(),
        desired: request.desired(),
        outputs: None,
        at: Timestamp::default(),
    };
    let successor = (retired.succeed)(vec![record]).into_iter().next();
    successor.map_or_else(
        || intent.clone(),
        |Merged { record, .. }| Intent {
            address: record.address,
            spec: Some(record.spec),
            request: Some(record.desired.into()),
            ..intent.clone()
        },
    )
}

/// Repeats no create of what is not wanted any more: it is looked for as what has no token is.
async fn created(caller: Caller<'_>, intent: &Intent, wanted: bool) -> Result<Finding, RecoverError> {
    let ports = caller.ports;
    let intent = &present(&ports.kinds, intent);
    let address = &intent.address;
    let Some(desired) = intent.request.as_ref().map(Request::desired) else {
        return Ok(Finding::Known(interrupted(intent), "asked for nothing".to_owned()));
    };
    let replays = match ports.kind(address) {
        Ok(kind) => wanted && kind.recovery() == Recovery::Token,
        Err(error) => return Ok(Finding::Unknown(error)),
    };
    let found = if replays {
        // What is not visible yet is still remembered with its token.
        look(ports, address, &desired, Some(&intent.token)).await
    } else {
        find(ports, address, &desired, Some(&intent.token)).await
    };
    let found = match found {
        Ok(found) => found,
        Err(error) => return Ok(Finding::Unknown(error)),
    };
    match found.as_slice() {
        [one] => {
            let finding = format!("had been made as {}", one.id);
            Ok(Finding::Known(Outcome::Created { id: one.id.clone() }, finding))
        }
        [] if replays => replay(caller, intent, &desired).await,
        [] => Ok(Finding::Known(interrupted(intent), "had not been made".to_owned())),
        several => {
            let ids = several.iter().map(|candidate| candidate.id.clone()).collect();
            Err(RecoverError::Ambiguous { address: address.clone(), ids })
        }
    }
}

/// AWS remembers the token: repeating the call, as often as it takes, gives the object it made, or makes it now. A
/// refusal means that it was never made.
async fn replay(caller: Caller<'_>, intent: &Intent, desired: &Desired) -> Result<Finding, RecoverError> {
    let address = &intent.address;
    let call = || caller.ports.cloud.create(address, desired, &intent.token);
    match repeat(caller, address, ErrorClass::heals, call).await {
        Ok(id) => {
            let finding = format!("was asked for again with the same token: {id}");
            Ok(Finding::Known(Outcome::Created { id }, finding))
        }
        Err(StepError::Call(error)) if error.class.heals() => Ok(Finding::Unknown(error)),
        Err(StepError::Call(error)) => Ok(Finding::Known(Outcome::Failed { error }, "had not been made".to_owned())),
        Err(StepError::Journal(error)) => Err(error.into()),
        Err(StepError::Stopped(_)) => Err(RecoverError::Stopped { left: 1 }),
    }
}
