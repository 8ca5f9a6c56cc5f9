//! Settling what an earlier run left open, before anything else is planned.

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
    /// AWS could not be asked.
    #[error("could not find out what became of an interrupted change of {address}")]
    Call {
        /// Which resource.
        address: Address,
        /// AWS's words.
        #[source]
        source: CallError,
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

/// Settles these open intents, all of them in scopes of the lease. Between two of them it may be stopped.
///
/// # Guarantees
/// Afterwards every create that AWS carried out is recorded with its identity. Running it again is harmless.
///
/// # Errors
/// See [`RecoverError`]; what could be settled is.
pub async fn recover(ports: &Ports, tenure: &Tenure, open: &[Intent], stop: &Stop) -> Result<(), RecoverError> {
    let caller = Caller { ports, tenure, stop };
    let mut findings = stream::iter(open).map(|intent| finding(caller, intent)).buffered(TOGETHER);
    let mut unsettled = None;
    for (settled, intent) in open.iter().enumerate() {
        if stop.is_requested() && tenure.lost().is_none() {
            return Err(RecoverError::Stopped { left: open.len() - settled });
        }
        match findings.next().await {
            Some(Ok((outcome, finding))) => {
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
    unsettled.map_or(Ok(()), Err)
}

async fn finding(caller: Caller<'_>, intent: &Intent) -> Result<(Outcome, String), RecoverError> {
    match intent.action {
        IntentAction::Create => created(caller, intent).await,
        // Calls that may be repeated: the plan that follows finds what is still missing.
        IntentAction::Update => Ok((interrupted(intent), "the change is compared anew".to_owned())),
        IntentAction::Delete => Ok((interrupted(intent), "the delete is looked at anew".to_owned())),
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

async fn created(caller: Caller<'_>, intent: &Intent) -> Result<(Outcome, String), RecoverError> {
    let ports = caller.ports;
    let intent = &present(&ports.kinds, intent);
    let address = &intent.address;
    let failed = |source| RecoverError::Call { address: address.clone(), source };
    let Some(desired) = intent.request.as_ref().map(Request::desired) else {
        return Ok((interrupted(intent), "asked for nothing".to_owned()));
    };
    let recovery = ports.kind(address).map_err(failed)?.recovery();
    let found = match recovery {
        // What is not visible yet is still remembered with its token.
        Recovery::Token => look(ports, address, &desired, Some(&intent.token)).await,
        _ => find(ports, address, &desired, Some(&intent.token)).await,
    };
    let found = found.map_err(failed)?;
    match (found.as_slice(), recovery) {
        ([one], _) => {
            let finding = format!("had been made as {}", one.id);
            Ok((Outcome::Created { id: one.id.clone() }, finding))
        }
        ([], Recovery::Token) => replay(caller, intent, &desired).await,
        ([], _) => Ok((interrupted(intent), "had not been made".to_owned())),
        (several, _) => {
            let ids = several.iter().map(|candidate| candidate.id.clone()).collect();
            Err(RecoverError::Ambiguous { address: address.clone(), ids })
        }
    }
}

/// AWS remembers the token: repeating the call, as often as it takes, gives the object it made, or makes it now. A
/// refusal means that it was never made.
async fn replay(caller: Caller<'_>, intent: &Intent, desired: &Desired) -> Result<(Outcome, String), RecoverError> {
    let address = &intent.address;
    let call = || caller.ports.cloud.create(address, desired, &intent.token);
    match repeat(caller, address, ErrorClass::heals, call).await {
        Ok(id) => Ok((Outcome::Created { id: id.clone() }, format!("was asked for again with the same token: {id}"))),
        Err(StepError::Call(error)) if error.class.heals() => {
            Err(RecoverError::Call { address: address.clone(), source: error })
        }
        Err(StepError::Call(error)) => Ok((Outcome::Failed { error }, "had not been made".to_owned())),
        Err(StepError::Journal(error)) => Err(error.into()),
        Err(StepError::Stopped(_)) => Err(RecoverError::Stopped { left: 1 }),
    }
}
